#!/usr/bin/env bash
# Generates the Go code of all .proto files beside them, with the generators that go.mod pins.
#   tools/proto.sh generate   writes the tree
#   tools/proto.sh check      generates aside and compares; without protoc it says so, and fails if MUSTER_REQUIRE is set
set -euo pipefail
cd "$(dirname "$0")/.."

# Import paths in .proto files start at these folders.
roots=(pkg/rpc/wire plugins/wire)

mode=${1:-}
case "$mode" in
generate | check) ;;
*)
	echo "usage: tools/proto.sh generate|check" >&2
	exit 2
	;;
esac

if ! command -v protoc >/dev/null; then
	echo "proto: protoc is missing (Debian: apt-get install protobuf-compiler)" >&2
	if [[ $mode == generate || -n ${MUSTER_REQUIRE:-} ]]; then exit 1; fi
	exit 0
fi

tools=$PWD/.tools/proto
GOBIN=$tools go install google.golang.org/protobuf/cmd/protoc-gen-go google.golang.org/grpc/cmd/protoc-gen-go-grpc

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

list() { (cd "$1" 2>/dev/null && find . -name "$2" | sed 's|^\./||' | sort) || true; }

status=0
for root in "${roots[@]}"; do
	protos=$(list "$root" '*.proto')
	if [[ -z $protos ]]; then continue; fi
	out=$root
	if [[ $mode == check ]]; then
		out=$scratch/$root
		mkdir -p "$out"
	fi
	# shellcheck disable=SC2086 # one word per file
	PATH=$tools:$PATH protoc -I "$root" -I "${roots[0]}" \
		--go_out="$out" --go_opt=paths=source_relative \
		--go-grpc_out="$out" --go-grpc_opt=paths=source_relative \
		$protos
	if [[ $mode == generate ]]; then continue; fi

	# The compiler's own version stands in the head of each file and may differ between machines.
	for name in $({ list "$root" '*.pb.go' && list "$out" '*.pb.go'; } | sort -u); do
		if ! diff -u -I '^// .*protoc ' "$root/$name" "$out/$name" 2>&1; then
			echo "proto: $root/$name is not what its source says: run make proto" >&2
			status=1
		fi
	done
done
exit $status
