package artifact_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/musterproject/muster/pkg/artifact"
)

// member is one entry of an archive to be made. A mode of 0 is a plain file, links and the rest are tar type flags.
type member struct {
	name    string
	content string
	mode    fs.FileMode
	link    string // target of a symbolic link
	flag    byte   // another tar type
}

func makeTar(t testing.TB, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		h := &tar.Header{Name: m.name, Size: int64(len(m.content)), Mode: int64(m.mode.Perm()), Typeflag: tar.TypeReg, Linkname: m.link, Format: tar.FormatPAX}
		switch {
		case m.flag != 0:
			h.Typeflag = m.flag
		case m.link != "":
			h.Typeflag = tar.TypeSymlink
		case m.mode.IsDir():
			h.Typeflag = tar.TypeDir
		}
		if m.mode&fs.ModeSetuid != 0 {
			h.Mode |= 0o4000
		}
		if m.mode&fs.ModeSetgid != 0 {
			h.Mode |= 0o2000
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, m.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func makeZip(t testing.TB, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		h := &zip.FileHeader{Name: m.name, Method: zip.Deflate}
		mode, content := m.mode, m.content
		if m.link != "" {
			mode, content = fs.ModeSymlink|0o777, m.link
		}
		if m.flag == tar.TypeFifo {
			mode = fs.ModeNamedPipe
		}
		h.SetMode(mode)
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipped(t testing.TB, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(content)
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// formats makes the same archive in each format.
func formats(t testing.TB, members ...member) map[string][]byte {
	t.Helper()
	plain := makeTar(t, members...)
	return map[string][]byte{"tar": plain, "tar.gz": zipped(t, plain), "zip": makeZip(t, members...)}
}

var small = artifact.UnpackLimits{MaxBytes: 1000, MaxFiles: 20}

// unpack unpacks into a directory beside which nothing else may be left.
func unpack(ctx context.Context, t testing.TB, archive []byte, limits artifact.UnpackLimits) (string, error) {
	t.Helper()
	file, parent := filepath.Join(t.TempDir(), "archive"), t.TempDir()
	if err := os.WriteFile(file, archive, 0o644); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(parent, "out")
	err := artifact.Unpack(ctx, file, dir, limits)
	left, readErr := os.ReadDir(parent)
	if readErr != nil {
		t.Fatal(readErr)
	}
	if err != nil && len(left) > 0 || err == nil && len(left) != 1 {
		t.Errorf("after %v there are %v", err, left)
	}
	return dir, err
}
