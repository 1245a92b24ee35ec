#!/usr/bin/env bash
# Runs every fuzz target of the tree for a while each.
#   tools/fuzz.sh 10s [name]     with a name, only targets whose name has it inside
set -euo pipefail
cd "$(dirname "$0")/.."

time=${1:-10s}
only=${2:-}

count=0
while IFS=: read -r file target; do
	if [[ $target != *"$only"* ]]; then continue; fi
	count=$((count + 1))
	echo "== $(dirname "$file") $target ($time)"
	go test "./$(dirname "$file")" -run '^$' -fuzz "^$target\$" -fuzztime "$time"
done < <(grep -rHo --include='*_test.go' --exclude-dir=testdata --exclude-dir=.tools '^func Fuzz[A-Za-z0-9_]*(' . |
	sed 's/:func /:/; s/($//' | sort)

if [[ $count == 0 ]]; then
	echo "fuzz: no target${only:+ with $only in its name}" >&2
	exit 1
fi
echo "$count targets, $time each, no failure"
