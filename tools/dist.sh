#!/usr/bin/env bash
# Packs the program for each os/arch given: dist/muster-VERSION-os-arch.tar.gz and dist/SHA256SUMS.
# The same commit gives the same bytes.
set -euo pipefail
cd "$(dirname "$0")/.."

: "${VERSION:?is set by make dist}" "${LDFLAGS:?is set by make dist}"
if [[ $# == 0 ]]; then
	echo "usage: VERSION=… LDFLAGS=… tools/dist.sh os/arch…" >&2
	exit 2
fi
stamp=$(git log -1 --format=%ct 2>/dev/null || echo 0)

rm -rf dist
mkdir -p dist
for platform in "$@"; do
	os=${platform%/*} arch=${platform#*/}
	name=muster-$VERSION-$os-$arch
	mkdir "dist/$name"
	CGO_ENABLED=0 GOOS=$os GOARCH=$arch go build -trimpath -ldflags "$LDFLAGS" -o "dist/$name/muster" ./cmd/reference
	cp LICENSE README.md "dist/$name/"
	tar --sort=name --mtime="@$stamp" --owner=0 --group=0 --numeric-owner -C dist -cf - "$name" | gzip -n9 >"dist/$name.tar.gz"
	rm -r "dist/$name"
done
cd dist
sha256sum ./*.tar.gz | sed 's| \./| |' >SHA256SUMS
cat SHA256SUMS
