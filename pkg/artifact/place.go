package artifact

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/musterproject/muster/pkg/deploy"
)

// Place puts the blob at path into dir under name: by a hard link, by a copy where a link is impossible, as to another file system. The file is
// read-only, and executable if exec says so. A file of that name that is there already is fs.ErrExist.
func Place(path, dir, name string, exec bool) error {
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00") {
		return fmt.Errorf("place artifact %q: %w: its name must be that of a file in the working directory, without separators", name, deploy.ErrInvalid)
	}
	mode := fs.FileMode(0o444)
	if exec {
		mode = 0o555
		// All links of a blob share one mode: once a program, it is executable wherever it is placed.
		if err := os.Chmod(path, mode); err != nil {
			return fmt.Errorf("place artifact %q: %w", name, err)
		}
	}
	to := filepath.Join(dir, name)
	if err := os.Link(path, to); err != nil {
		if copied := copyFile(path, to, mode); copied != nil {
			return fmt.Errorf("place artifact %q: %w", name, errors.Join(err, copied))
		}
	}
	return nil
}

// copyFile copies to a file that must not exist; after an error there is none.
func copyFile(from, to string, mode fs.FileMode) (err error) {
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	w, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	err = errors.Join(err, w.Chmod(mode), w.Close())
	if err != nil {
		err = errors.Join(err, os.Remove(to))
	}
	return err
}
