package artifact_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/musterproject/muster/internal/need"
	"github.com/musterproject/muster/pkg/artifact"
	"github.com/musterproject/muster/pkg/deploy"
)

func blobFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "blob")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o444); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPlaceLinks(t *testing.T) {
	path, dir := blobFile(t), t.TempDir()
	for _, c := range []struct {
		name string
		exec bool
		mode fs.FileMode
	}{{"data", false, 0o444}, {"program", true, 0o555}, {"..data", false, 0o555}, {"wörd count.jar", true, 0o555}} {
		if err := artifact.Place(path, dir, c.name, c.exec); err != nil {
			t.Fatal(err)
		}
		blob, err1 := os.Stat(path)
		placed, err2 := os.Stat(filepath.Join(dir, c.name))
		if err := errors.Join(err1, err2); err != nil || !os.SameFile(blob, placed) || placed.Mode() != c.mode {
			t.Errorf("%s: %v, the same file: %v, mode %v, want %v", c.name, err, os.SameFile(blob, placed), placed.Mode(), c.mode)
		}
	}
}

func TestPlaceRefuses(t *testing.T) {
	path, dir := blobFile(t), t.TempDir()
	for _, name := range []string{"", ".", "..", "../x", "/etc/passwd", "a/b", "a\x00b"} {
		if err := artifact.Place(path, dir, name, false); !errors.Is(err, deploy.ErrInvalid) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if err := artifact.Place(path, dir, "twice", false); err != nil {
		t.Fatal(err)
	}
	if err := artifact.Place(path, dir, "twice", false); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a name that is taken: %v", err)
	}
	if err := artifact.Place(path, filepath.Join(dir, "missing"), "x", false); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a directory that is not there: %v", err)
	}
	for _, exec := range []bool{false, true} {
		if err := artifact.Place(path+"-missing", dir, "x", exec); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a blob that is not there: %v", err)
		}
	}
}

// TestPlaceCopies: to another file system there is no link.
func TestPlaceCopies(t *testing.T) {
	path := blobFile(t)
	dir, err := os.MkdirTemp("/dev/shm", "muster-place-*")
	if err == nil {
		t.Cleanup(func() {
			if err := os.RemoveAll(dir); err != nil {
				t.Error(err)
			}
		})
		err = os.Link(path, filepath.Join(dir, "link"))
	}
	need.Or(t, "two-filesystems", errors.Is(err, syscall.EXDEV), "places a blob on another file system than its own")
	for name, exec := range map[string]bool{"data": false, "program": true} {
		if err := artifact.Place(path, dir, name, exec); err != nil {
			t.Fatal(err)
		}
		placed := filepath.Join(dir, name)
		got, err1 := os.ReadFile(placed)
		info, err2 := os.Stat(placed)
		if err := errors.Join(err1, err2); err != nil || string(got) != "#!/bin/sh\n" || info.Mode()&0o222 != 0 || info.Mode()&0o111 != 0 != exec {
			t.Errorf("%s holds %q, mode %v, %v", name, got, info.Mode(), err)
		}
	}
	if err := artifact.Place(path, dir, "data", false); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a name that is taken: %v", err)
	}
}
