package artifact

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/musterproject/muster/pkg/deploy"
)

// UnpackLimits bound what comes out of an archive. Both must be positive: an archive of kilobytes can hold petabytes.
type UnpackLimits struct {
	MaxBytes int64 // of all files together
	MaxFiles int   // files, directories and links
}

// DefaultUnpackLimits is more than a program needs and less than a disk.
func DefaultUnpackLimits() UnpackLimits {
	return UnpackLimits{MaxBytes: 10 << 30, MaxFiles: 100_000}
}

const (
	longestName  = 4096 // bytes of an entry's name or a link's target
	deepestEntry = 100  // directories above an entry
)

// Unpack unpacks a zip, tar or tar.gz archive into dir, which must be missing or empty. An archive with an absolute name, a name or link that
// leaves dir, a device, a set-user-id bit, a name twice, or more than the limits is ErrArchive as a whole. After an error nothing is left.
func Unpack(ctx context.Context, archive, dir string, limits UnpackLimits) error {
	if limits.MaxBytes <= 0 || limits.MaxFiles <= 0 {
		return fmt.Errorf("unpack %s: %w: limits of %d bytes and %d files; both must be positive", archive, deploy.ErrInvalid, limits.MaxBytes, limits.MaxFiles)
	}
	limits = UnpackLimits{MaxBytes: min(limits.MaxBytes, 1<<50), MaxFiles: min(limits.MaxFiles, 1<<30)} // beyond any disk: sums of them do not overflow
	if err := unpack(ctx, archive, dir, limits); err != nil {
		return fmt.Errorf("unpack %s: %w", archive, err)
	}
	return nil
}

// unpack works in a directory beside dir that becomes dir once it is complete.
func unpack(ctx context.Context, archive, dir string, limits UnpackLimits) (err error) {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	work, err := os.MkdirTemp(filepath.Dir(dir), ".unpack-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(work))
		}
	}()
	root, err := os.OpenRoot(work)
	if err != nil {
		return err
	}
	u := &unpacker{root: root, limits: limits, dirs: map[string]bool{".": true}}
	err = u.read(ctx, f)
	if err == nil {
		err = u.makeLinks()
	}
	if err = errors.Join(err, root.Close()); err != nil {
		return err
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err // it is not empty
	}
	return errors.Join(os.Chmod(work, 0o755), os.Rename(work, dir))
}

// unpacker is one unpacking. It writes through root only, which follows nothing that leaves it.
type unpacker struct {
	root   *os.Root
	limits UnpackLimits
	dirs   map[string]bool // made
	links  []link          // made last, so that nothing is written through one
	files  int
	bytes  int64
}

type link struct{ name, target string }

func (u *unpacker) read(ctx context.Context, f *os.File) error {
	start := make([]byte, 512)
	n, err := f.ReadAt(start, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch start = start[:n]; {
	case hasPrefix(start, "PK\x03\x04"), hasPrefix(start, "PK\x05\x06"):
		return u.unzip(ctx, f)
	case hasPrefix(start, "\x1f\x8b"):
		z, err := gzip.NewReader(f)
		if err != nil {
			return damagedArchive(err)
		}
		return errors.Join(u.untar(ctx, z), z.Close())
	case len(start) > 262 && hasPrefix(start[257:], "ustar"):
		return u.untar(ctx, f)
	}
	return fmt.Errorf("%w: it is neither zip, nor tar, nor tar.gz", ErrArchive)
}

func hasPrefix(b []byte, prefix string) bool { return strings.HasPrefix(string(b), prefix) }

func damagedArchive(err error) error { return fmt.Errorf("%w: it is damaged: %w", ErrArchive, err) }

func refuse(name, why string) error { return fmt.Errorf("%w: entry %.200q %s", ErrArchive, name, why) }

// entry counts an entry, checks its name and makes the directories above it. It returns the name to use.
func (u *unpacker) entry(ctx context.Context, name string, mode fs.FileMode) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	switch {
	case len(name) > longestName:
		return "", refuse(name, "has a name over 4096 bytes")
	case strings.ContainsRune(name, 0):
		return "", refuse(name, "has a zero byte in its name")
	case strings.HasPrefix(name, "/"):
		return "", refuse(name, "is absolute")
	case mode&(fs.ModeSetuid|fs.ModeSetgid) != 0:
		return "", refuse(name, "has a set-user-id or set-group-id bit")
	case strings.Count(name, "/") > deepestEntry:
		return "", refuse(name, "is more than 100 directories deep")
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return "", refuse(name, "leaves the directory")
		}
	}
	clean := path.Clean(name)
	return clean, u.mkdir(path.Dir(clean))
}

// count takes one more file, directory or link.
func (u *unpacker) count() error {
	if u.files++; u.files > u.limits.MaxFiles {
		return fmt.Errorf("%w: more than %d files", ErrArchive, u.limits.MaxFiles)
	}
	return nil
}

// taken calls a name that exists an entry that is there twice; other errors speak for themselves.
func (u *unpacker) taken(name string, err error) error {
	if errors.Is(err, fs.ErrExist) {
		return refuse(name, "is there twice")
	}
	return err
}

// directory makes a directory that the archive names.
func (u *unpacker) directory(name string) error {
	if u.dirs[name] {
		return u.count() // again, or after what is in it
	}
	return u.mkdir(name)
}

// mkdir makes a directory and those above it.
func (u *unpacker) mkdir(name string) error {
	if u.dirs[name] {
		return nil
	}
	if err := errors.Join(u.mkdir(path.Dir(name)), u.count()); err != nil {
		return err
	}
	if err := u.root.Mkdir(name, 0o755); err != nil {
		return u.taken(name, err)
	}
	u.dirs[name] = true
	return nil
}

// write makes a file of what r gives, at most size bytes by the archive's own word and never more than the limit.
func (u *unpacker) write(ctx context.Context, name string, mode fs.FileMode, size int64, r io.Reader) (err error) {
	left := u.limits.MaxBytes - u.bytes
	if err := u.count(); err != nil {
		return err
	}
	if size < 0 || size > left {
		return fmt.Errorf("%w: more than %d bytes when unpacked", ErrArchive, u.limits.MaxBytes)
	}
	perm := fs.FileMode(0o644)
	if mode&0o111 != 0 {
		perm = 0o755
	}
	f, err := u.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return u.taken(name, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	n, err := io.Copy(f, io.LimitReader(during(ctx, r), left+1))
	u.bytes += n
	if pathErr := (*fs.PathError)(nil); err != nil && ctx.Err() == nil && !errors.As(err, &pathErr) {
		return damagedArchive(fmt.Errorf("entry %.200q: %w", name, err))
	}
	if err == nil && n > left {
		return fmt.Errorf("%w: more than %d bytes when unpacked", ErrArchive, u.limits.MaxBytes)
	}
	return err
}

// symlink remembers a symbolic link after checking that it stays inside.
func (u *unpacker) symlink(name, target string) error {
	if err := u.count(); err != nil {
		return err
	}
	if target == "" || len(target) > longestName || strings.ContainsRune(target, 0) || strings.HasPrefix(target, "/") {
		return refuse(name, fmt.Sprintf("links to %.200q; a link must be relative", target))
	}
	// Up and then down, never up again: what is passed on the way down may be a link itself, and up from there is somewhere else.
	depth, down := strings.Count(name, "/"), false
	for part := range strings.SplitSeq(target, "/") {
		switch {
		case part == "" || part == ".":
		case part != "..":
			down = true
		case down || depth == 0:
			return refuse(name, fmt.Sprintf("links to %.200q, which leaves the directory", target))
		default:
			depth--
		}
	}
	u.links = append(u.links, link{name, target})
	return nil
}

// hardLink links to a file that the archive has brought before.
func (u *unpacker) hardLink(ctx context.Context, name, target string) error {
	if err := u.count(); err != nil {
		return err
	}
	to, err := u.entry(ctx, target, 0)
	if err != nil {
		return err
	}
	if info, err := u.root.Lstat(to); err != nil || !info.Mode().IsRegular() {
		return refuse(name, fmt.Sprintf("links to %.200q, which is no file that came before it", target))
	}
	if err := u.root.Link(to, name); err != nil {
		return u.taken(name, err)
	}
	return nil
}

func (u *unpacker) makeLinks() error {
	for _, l := range u.links {
		if err := u.root.Symlink(l.target, l.name); err != nil {
			return u.taken(l.name, err)
		}
	}
	for _, l := range u.links {
		if _, err := u.root.Stat(l.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return refuse(l.name, "is a link that cannot be followed: "+err.Error())
		}
	}
	return nil
}
