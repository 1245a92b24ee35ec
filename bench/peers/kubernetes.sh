#!/usr/bin/env bash
# Runs the Kubernetes scheduler's own benchmark, scheduler_perf, on this machine, so that its pods per second stand beside our decisions per second.
#
#   bench/peers/kubernetes.sh [WORKLOAD]     SchedulingBasic/5000Nodes unless named
#
# It needs Go and its module proxy, about 3 GB of disk, and builds for some ten minutes. Everything is kept in PEER_DIR (default: a folder below
# the user's cache) and used again. What Kubernetes does more per pod: an API server, etcd and its fsync stand behind each binding.
set -euo pipefail

version=${KUBERNETES_VERSION:-v1.36.3}
workload=${1:-SchedulingBasic/5000Nodes}
dir=${PEER_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/muster-bench/kubernetes-$version}
export GOFLAGS=-mod=mod

mkdir -p "$dir/bin" "$dir/etcd"

if [ ! -x "$dir/bin/etcd" ]; then
	cat > "$dir/etcd/main.go" <<-'GO'
	package main

	import (
		"os"

		"go.etcd.io/etcd/server/v3/etcdmain"
	)

	func main() { etcdmain.Main(os.Args) }
	GO
	(cd "$dir/etcd" && { [ -f go.mod ] || go mod init etcd; } && go mod tidy && go build -o "$dir/bin/etcd" .)
fi

if [ ! -x "$dir/bin/perf.test" ]; then
	from=$(cd "$dir" && GOFLAGS= go mod download -json "k8s.io/kubernetes@$version" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
	rm -rf "$dir/src" && cp -r "$from" "$dir/src" && chmod -R u+w "$dir/src"
	cd "$dir/src"
	# The staged modules are published under v0 of the same minor version; only the repository itself replaces them by folders.
	rm -rf vendor go.work go.work.sum
	sed -i -E -e '/=> \.\/staging/d' -e "s#(^[[:space:]]+k8s\.io/[^ ]+) v0\.0\.0( |$)#\1 v0${version#v1}\2#" go.mod
	go test -c -o "$dir/bin/perf.test" ./test/integration/scheduler_perf/misc
fi

cd "$dir/src/test/integration/scheduler_perf/misc"
PATH=$dir/bin:$PATH "$dir/bin/perf.test" -test.run '^$' -test.benchtime=1ns -test.bench="BenchmarkPerfScheduling/$workload\$" \
	-perf-scheduling-label-filter='' 2> "$dir/last.log" | tr '\t' '\n' |
	grep -E 'SchedulingThroughput/|SchedulingDuration|attempt_duration_ms/(Perc50|Perc99)' || { tail -20 "$dir/last.log" >&2; exit 1; }
