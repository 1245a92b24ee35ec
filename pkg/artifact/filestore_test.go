package artifact_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/musterproject/muster/internal/need"
	"github.com/musterproject/muster/pkg/artifact"
	"github.com/musterproject/muster/pkg/artifact/artifacttest"
	"github.com/musterproject/muster/pkg/deploy"
)

func openStore(t testing.TB, dir string, limits artifact.Limits) *artifact.FileStore {
	t.Helper()
	s, err := artifact.OpenFileStore(dir, limits)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// leftovers names what lies in the incoming folder.
func leftovers(dir string) error {
	entries, err := os.ReadDir(filepath.Join(dir, "incoming"))
	if err == nil && len(entries) > 0 {
		err = fmt.Errorf("%d temporary files, such as %s", len(entries), entries[0].Name())
	}
	return err
}

func TestFileStore(t *testing.T) {
	for _, limits := range []artifact.Limits{{}, {MaxBlobBytes: 4000, MaxTotalBytes: 1 << 20}} {
		artifacttest.Run(t, func(t *testing.T) artifacttest.Store {
			dir := filepath.Join(t.TempDir(), "deep", "store")
			return artifacttest.Store{
				Store: openStore(t, dir, limits), MaxBlobBytes: limits.MaxBlobBytes,
				Reopen: func() artifact.Store { return openStore(t, dir, limits) },
				Clean:  func() error { return leftovers(dir) },
			}
		})
	}
}

func put(t *testing.T, s artifact.Store, content string) deploy.Digest {
	t.Helper()
	d, _, err := s.Put(t.Context(), "", strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// fileOf finds the file of a blob.
func fileOf(t *testing.T, dir string, d deploy.Digest) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "blobs", "*", string(d)+".*"))
	if err != nil || len(names) != 1 {
		t.Fatalf("files of %s: %q, %v", d, names, err)
	}
	return names[0]
}

func TestBlobsAreReadOnly(t *testing.T) {
	dir := t.TempDir()
	d := put(t, openStore(t, dir, artifact.Limits{}), "content")
	info, err := os.Stat(fileOf(t, dir, d))
	if err != nil || info.Mode() != 0o444 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestTruncatedBlobIsNoticed(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, artifact.Limits{})
	d := put(t, s, "0123456789")
	if err := os.Truncate(fileOf(t, dir, d), 5); err != nil {
		t.Fatal(err)
	}
	for _, s := range []*artifact.FileStore{s, openStore(t, dir, artifact.Limits{})} {
		if ok, err := s.Has(t.Context(), d); ok || err != nil {
			t.Errorf("has: %v, %v", ok, err)
		}
		if _, _, err := s.Open(t.Context(), d); !errors.Is(err, artifact.ErrDigest) {
			t.Errorf("open: %v", err)
		}
	}
	put(t, s, "0123456789")
	if ok, err := s.Has(t.Context(), d); !ok || err != nil {
		t.Errorf("has, once it was put again: %v, %v", ok, err)
	}
}

func TestVanishedBlobIsNotFound(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, artifact.Limits{})
	d := put(t, s, "here")
	if err := os.Remove(fileOf(t, dir, d)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Open(t.Context(), d); !errors.Is(err, artifact.ErrNotFound) {
		t.Errorf("open: %v", err)
	}
}

func TestOpenSweepsAndIgnores(t *testing.T) {
	dir := t.TempDir()
	d := put(t, openStore(t, dir, artifact.Limits{}), "kept")
	for _, name := range []string{"incoming/blob-123", "blobs/notes.txt", "blobs/ab/abc.5", "blobs/ab/" + string(d) + ".4"} {
		file := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte("half"), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	s := openStore(t, dir, artifact.Limits{MaxTotalBytes: 8})
	if err := leftovers(dir); err != nil {
		t.Error(err)
	}
	put(t, s, "four") // room is left: only the kept blob counts
	if ok, err := s.Has(t.Context(), d); !ok || err != nil {
		t.Errorf("has: %v, %v", ok, err)
	}
}

func TestStoreFull(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, artifact.Limits{MaxTotalBytes: 10})
	first := put(t, s, "123456")
	if _, _, err := s.Put(t.Context(), first, strings.NewReader("123456")); err != nil {
		t.Fatalf("put what is there, which takes no room: %v", err)
	}
	_, _, err := s.Put(t.Context(), "", strings.NewReader("12345"))
	if !errors.Is(err, artifact.ErrFull) || !strings.Contains(err.Error(), "6 of 10 bytes") {
		t.Fatalf("put into a full store: %v", err)
	}
	if _, _, err := s.Put(t.Context(), first[:63]+"x", strings.NewReader("1")); !errors.Is(err, deploy.ErrInvalid) {
		t.Fatal(err)
	}
	if _, _, err := s.Put(t.Context(), first[:1]+first[:63], strings.NewReader("1234")); !errors.Is(err, artifact.ErrDigest) {
		t.Fatal(err)
	}
	put(t, s, "1234") // what failed has given its room back
	if err := s.Release(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	put(t, s, "abcdef")
	if err := leftovers(dir); err != nil {
		t.Error(err)
	}
}

// TestPutsShare: the second Put of a digest waits for the first and does not read.
func TestPutsShare(t *testing.T) {
	s := openStore(t, t.TempDir(), artifact.Limits{})
	content := []byte("shared content")
	reading, goOn := make(chan struct{}), make(chan struct{})
	first := io.MultiReader(readerFunc(func([]byte) (int, error) {
		close(reading)
		<-goOn
		return 0, io.EOF
	}), bytes.NewReader(content))
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, _, err := s.Put(t.Context(), artifacttest.Digest(content), first); err != nil {
			t.Errorf("first put: %v", err)
		}
	})
	<-reading
	wg.Go(func() {
		unread := readerFunc(func([]byte) (int, error) { return 0, errors.New("was read") })
		if _, size, err := s.Put(t.Context(), artifacttest.Digest(content), unread); err != nil || size != int64(len(content)) {
			t.Errorf("second put: %d bytes, %v", size, err)
		}
	})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := s.Put(ended, artifacttest.Digest(content), bytes.NewReader(content)); !errors.Is(err, context.Canceled) {
		t.Errorf("a put that gives up waiting: %v", err)
	}
	close(goOn)
	wg.Wait()
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestDiskFull: the operating system's words reach the caller, nothing stays, and the store works on once there is room.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m")
	need.Or(t, "tmpfs", err == nil, "mounts a file system of 1 MiB to fill it")
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	s := openStore(t, dir, artifact.Limits{})
	d := put(t, s, "before")
	_, _, err = s.Put(t.Context(), "", bytes.NewReader(make([]byte, 2<<20)))
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "no space left on device") {
		t.Errorf("put on a full disk: %v", err)
	}
	if err := leftovers(dir); err != nil {
		t.Error(err)
	}
	put(t, s, "after")
	if ok, err := s.Has(t.Context(), d); !ok || err != nil {
		t.Errorf("has: %v, %v", ok, err)
	}
}

func TestOpenStoreFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := artifact.OpenFileStore(file, artifact.Limits{}); !errors.Is(err, syscall.ENOTDIR) || !strings.Contains(err.Error(), file) {
		t.Errorf("a store in a file: %v", err)
	}
	var pathErr *fs.PathError
	if _, err := artifact.OpenCache(file, artifact.Limits{}); !errors.As(err, &pathErr) {
		t.Errorf("a cache in a file: %v", err)
	}
}
