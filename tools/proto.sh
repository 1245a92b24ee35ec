#!/usr/bin/env bash
# Generates the Go code of all .proto files beside them, with the generators that go.mod pins.
#   tools/proto.sh generate   writes the tree
#   tools/proto.sh check      generates aside and compares; without protoc it says so, and fails if MUSTER_REQUIRE is set
set -euo pipefail
cd "$(dirname "$0")/.."

folders=(pkg/rpc/wire plugins/wire)

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

shopt -s nullglob
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

status=0
for folder in "${folders[@]}"; do
	protos=("$folder"/*.proto)
	if [[ ${#protos[@]} == 0 ]]; then continue; fi
	out=.
	if [[ $mode == check ]]; then out=$scratch; fi
	PATH=$tools:$PATH protoc -I . \
		--go_out="$out" --go_opt=paths=source_relative \
		--go-grpc_out="$out" --go-grpc_opt=paths=source_relative \
		"${protos[@]}"
	if [[ $mode == generate ]]; then continue; fi

	# The compiler's own version stands in the head of each file and may differ between machines.
	while IFS= read -r name; do
		if ! diff -u -I '^// .*protoc ' "$name" "$scratch/$name" 2>&1; then
			echo "proto: $name is not what its source says: run make proto" >&2
			status=1
		fi
	done < <({
		find "$folder" -maxdepth 1 -name '*.pb.go'
		cd "$scratch" && find "$folder" -maxdepth 1 -name '*.pb.go'
	} | sort -u)
done
exit $status
