package artifact_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/musterproject/muster/pkg/artifact"
	"github.com/musterproject/muster/pkg/artifact/artifacttest"
)

// BenchmarkPut writes blobs of 4 MiB, each with an fsync of file and directory.
func BenchmarkPut(b *testing.B) {
	b.ReportAllocs()
	s := openStore(b, b.TempDir(), artifact.Limits{})
	content := make([]byte, 4<<20)
	b.SetBytes(int64(len(content)))
	for i := 0; b.Loop(); i++ {
		binary.BigEndian.PutUint64(content, uint64(i))
		d, _, err := s.Put(b.Context(), "", bytes.NewReader(content))
		if err := errors.Join(err, s.Release(b.Context(), d)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLaunch is what a launch costs once its program is cached: get and place.
func BenchmarkLaunch(b *testing.B) {
	b.ReportAllocs()
	c, dir := openCache(b, b.TempDir(), artifact.Limits{}), b.TempDir()
	content := make([]byte, 16<<20)
	d := artifacttest.Digest(content)
	for i := 0; b.Loop(); i++ {
		c.Hold(d)
		path, err := c.Get(b.Context(), d, func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil })
		name := strconv.Itoa(i)
		if err := errors.Join(err, artifact.Place(path, dir, name, true), os.Remove(filepath.Join(dir, name))); err != nil {
			b.Fatal(err)
		}
		c.Release(d)
	}
}
