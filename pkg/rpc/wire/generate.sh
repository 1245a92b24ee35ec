#!/bin/sh
# Makes the Go code of muster/v1 again. Needs protoc (Debian: protobuf-compiler); the plug-ins are tools of go.mod.
set -eu
cd "$(dirname "$0")"
out=${1:-.}
exec protoc --plugin=protoc-gen-go="$(go tool -n protoc-gen-go)" --plugin=protoc-gen-go-grpc="$(go tool -n protoc-gen-go-grpc)" \
	-I . --go_out="$out" --go_opt=paths=source_relative --go-grpc_out="$out" --go-grpc_opt=paths=source_relative muster/v1/*.proto
