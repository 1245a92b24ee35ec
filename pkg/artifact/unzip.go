package artifact

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// directoryBytes is how much of a zip's directory is read for each entry that the limit allows; the rest of the entries' names are shorter.
const directoryBytes = 512

func (u *unpacker) unzip(ctx context.Context, f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	directory := &budget{r: f, left: int64(u.limits.MaxFiles)*directoryBytes + 1<<20}
	z, err := zip.NewReader(directory, info.Size())
	if errors.Is(err, errBudget) {
		return fmt.Errorf("%w: more than %d files", ErrArchive, u.limits.MaxFiles)
	}
	if err != nil {
		return damagedArchive(err)
	}
	directory.left = -1
	for _, entry := range z.File {
		if err := u.unzipEntry(ctx, entry); err != nil {
			return err
		}
	}
	return nil
}

func (u *unpacker) unzipEntry(ctx context.Context, e *zip.File) error {
	mode := e.Mode()
	name, err := u.entry(ctx, strings.TrimSuffix(e.Name, "/"), mode)
	if err != nil {
		return err
	}
	if mode.IsDir() {
		return u.directory(name)
	}
	if e.Flags&1 != 0 {
		return refuse(e.Name, "is encrypted")
	}
	if mode.Type()&^fs.ModeSymlink != 0 {
		return refuse(e.Name, "is neither file, nor directory, nor link")
	}
	size := e.UncompressedSize64
	if size > uint64(u.limits.MaxBytes) {
		return fmt.Errorf("%w: more than %d bytes when unpacked", ErrArchive, u.limits.MaxBytes)
	}
	r, err := e.Open()
	if err != nil {
		return damagedArchive(fmt.Errorf("entry %.200q: %w", e.Name, err))
	}
	if mode.Type() == fs.ModeSymlink {
		target, readErr := io.ReadAll(io.LimitReader(r, longestName+1))
		if err := errors.Join(readErr, r.Close()); err != nil {
			return damagedArchive(err)
		}
		return u.symlink(name, string(target))
	}
	return errors.Join(u.write(ctx, name, mode, int64(size), r), r.Close())
}

var errBudget = errors.New("directory too large")

// budget bounds what is read of a zip's directory, which is kept in memory; afterwards, with left negative, nothing is bounded.
type budget struct {
	r    io.ReaderAt
	left int64
}

func (b *budget) ReadAt(p []byte, at int64) (int, error) {
	if b.left >= 0 {
		if b.left -= int64(len(p)); b.left < 0 {
			b.left = 0
			return 0, errBudget
		}
	}
	return b.r.ReadAt(p, at)
}
