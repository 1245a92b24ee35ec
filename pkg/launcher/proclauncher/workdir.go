//go:build linux

package proclauncher

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
)

const (
	dirMode    = 0o700
	outputMode = 0o600
)

// owner is the user a child runs as; nil is the keeper's own.
type owner struct {
	name   string
	uid    int
	gid    int
	groups []uint32
}

// findOwner looks a user up by name, or by number.
func findOwner(name string) (*owner, error) {
	if name == "" {
		return nil, nil
	}
	u, err := user.Lookup(name)
	if unknown := (user.UnknownUserError)(""); errors.As(err, &unknown) {
		if byID, err := user.LookupId(name); err == nil {
			return ownerOf(byID)
		}
	}
	if err != nil {
		return nil, err
	}
	return ownerOf(u)
}

func ownerOf(u *user.User) (*owner, error) {
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	ids, err3 := u.GroupIds()
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, fmt.Errorf("user %s: %w", u.Username, err)
	}
	if uid == os.Geteuid() {
		return nil, nil
	}
	o := &owner{name: u.Username, uid: uid, gid: gid}
	for _, id := range ids {
		g, err := strconv.ParseUint(id, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("user %s: group %s: %w", u.Username, id, err)
		}
		o.groups = append(o.groups, uint32(g))
	}
	return o, nil
}

func (o *owner) credential() *syscall.Credential {
	if o == nil {
		return nil
	}
	return &syscall.Credential{Uid: uint32(o.uid), Gid: uint32(o.gid), Groups: o.groups}
}

// own gives what stands at path to the user.
func (o *owner) own(path string) error {
	if o == nil {
		return nil
	}
	return os.Lchown(path, o.uid, o.gid)
}

// makeDir makes the working directory, or takes one over that is ours already, for the process alone.
func makeDir(dir string, who *owner) error {
	err := os.Mkdir(dir, dirMode)
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(filepath.Dir(dir), 0o755); err == nil {
			err = os.Mkdir(dir, dirMode)
		}
	}
	if errors.Is(err, fs.ErrExist) {
		err = reuseDir(dir, who)
	}
	if err != nil {
		return err
	}
	return who.own(dir)
}

func reuseDir(dir string, who *owner) error {
	var st unix.Stat_t
	if err := unix.Lstat(dir, &st); err != nil {
		return &fs.PathError{Op: "lstat", Path: dir, Err: err}
	}
	switch {
	case st.Mode&unix.S_IFMT != unix.S_IFDIR:
		return fmt.Errorf("working directory %s: %w", dir, unix.ENOTDIR) // a link to a directory is none either
	case int(st.Uid) != os.Geteuid() && (who == nil || int(st.Uid) != who.uid):
		return fmt.Errorf("working directory %s: %w: it belongs to user %d", dir, deploy.ErrDenied, st.Uid)
	}
	return os.Chmod(dir, dirMode)
}

// placeFile puts a file of the spec into dir: another name for the same bytes, or a copy where the file system or the mode forbids that.
func placeFile(dir string, f launcher.File, who *owner) error {
	path := filepath.Join(dir, f.Name)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	info, err := os.Stat(f.Source)
	if err != nil {
		return err
	}
	if !f.Executable || info.Mode()&0o111 != 0 { // the mode is shared with all other names
		if os.Link(f.Source, path) == nil {
			return nil
		}
	}
	mode := info.Mode().Perm()
	if f.Executable {
		mode |= 0o500
	}
	if err := copyFile(path, f.Source, mode); err != nil {
		return err
	}
	return who.own(path)
}

func copyFile(path, source string, mode fs.FileMode) error {
	from, err := os.Open(source)
	if err != nil {
		return err
	}
	defer from.Close()
	return fill(path, mode, func(to *os.File) error {
		_, err := io.Copy(to, from)
		return err
	})
}

// fill makes a new file and closes it, or leaves none.
func fill(path string, mode fs.FileMode, content func(*os.File) error) error {
	to, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	if err := errors.Join(content(to), to.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

func placeSecret(dir string, s secret, who *owner) error {
	path := filepath.Join(dir, s.Name)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	err := fill(path, 0o400, func(f *os.File) error {
		_, err := f.WriteString(s.Text)
		return err
	})
	if err != nil {
		return err
	}
	return who.own(path)
}

// openOutput opens an output to be written at its end. What the last process in this directory left in its place must be a file.
func openOutput(dir, name string) (*os.File, error) {
	const flags = unix.O_WRONLY | unix.O_CREAT | unix.O_APPEND | unix.O_NOFOLLOW | unix.O_CLOEXEC
	path := filepath.Join(dir, name)
	fd, err := unix.Open(path, flags|unix.O_EXCL, outputMode)
	if errors.Is(err, unix.EEXIST) {
		fd, err = reopenOutput(path, flags)
	}
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(fd), path), nil
}

// reopenOutput does not wait for the reader of a pipe that a process may have left there.
func reopenOutput(path string, flags int) (int, error) {
	fd, err := unix.Open(path, flags|unix.O_NONBLOCK, outputMode)
	if err != nil {
		return -1, err
	}
	var st unix.Stat_t
	err = unix.Fstat(fd, &st)
	if err == nil && st.Mode&unix.S_IFMT != unix.S_IFREG {
		err = fmt.Errorf("it is not a file: %w", deploy.ErrDenied)
	}
	if err == nil {
		err = unix.SetNonblock(fd, false)
	}
	if err != nil {
		return -1, errors.Join(err, unix.Close(fd))
	}
	return fd, nil
}
