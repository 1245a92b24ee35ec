package artifact

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/musterproject/muster/pkg/deploy"
)

// Limits bound what a store or cache keeps, in bytes; 0 is no limit.
type Limits struct {
	MaxBlobBytes  int64 // of one blob
	MaxTotalBytes int64 // of all blobs of a store; of a cache, of those that nobody holds
}

// blobs is a directory of blobs, owned by one process:
//
//	blobs/2c/2cf2…9824.5   a blob of 5 bytes; the size stands in the name, so that a truncated one is noticed after a restart
//	incoming/…             being written; swept at open
type blobs struct{ dir string }

const copyChunk = 64 << 10 // bytes between two looks at the context

// openBlobs makes the directory, sweeps what a crash left, and gives the sizes of what is there.
func openBlobs(dir string) (blobs, map[deploy.Digest]int64, error) {
	b := blobs{dir}
	for _, d := range []string{b.incoming(), filepath.Join(dir, "blobs")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return b, nil, fmt.Errorf("artifact directory: %w", err)
		}
	}
	err := sweep(b.incoming())
	if err == nil {
		err = errors.Join(syncDir(dir), syncDir(filepath.Dir(dir)))
	}
	if err != nil {
		return b, nil, fmt.Errorf("artifact directory: %w", err)
	}
	sizes, err := b.scan()
	return b, sizes, err
}

func sweep(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	return err
}

func (b blobs) incoming() string { return filepath.Join(b.dir, "incoming") }

func (b blobs) path(d deploy.Digest, size int64) string {
	return filepath.Join(b.dir, "blobs", string(d[:2]), string(d)+"."+strconv.FormatInt(size, 10))
}

// scan reads digests and sizes off the names; other files are nobody's and stay.
func (b blobs) scan() (map[deploy.Digest]int64, error) {
	names, err := filepath.Glob(filepath.Join(b.dir, "blobs", "??", "*.*"))
	if err != nil {
		return nil, fmt.Errorf("artifact directory: %w", err)
	}
	sizes := make(map[deploy.Digest]int64, len(names))
	for _, name := range names {
		digest, text, _ := strings.Cut(filepath.Base(name), ".")
		size, err := strconv.ParseInt(text, 10, 64)
		if d := deploy.Digest(digest); err == nil && CheckDigest(d) == nil && b.path(d, size) == name {
			sizes[d] = size
		}
	}
	return sizes, nil
}

// whole tells whether a blob is there in its full size.
func (b blobs) whole(d deploy.Digest, size int64) (fs.FileInfo, error) {
	info, err := os.Stat(b.path(d, size))
	if err == nil && info.Size() != size {
		err = fmt.Errorf("blob %s: %w: %d of %d bytes are there", d, ErrDigest, info.Size(), size)
	}
	return info, err
}

// arrival is a blob that has been read whole and is durable under a temporary name.
type arrival struct {
	path   string
	digest deploy.Digest
	size   int64
}

// receive reads r to its end; room is asked before each write. After an error nothing is left.
func (b blobs) receive(ctx context.Context, r io.Reader, room func(written, more int64) error) (a arrival, err error) {
	f, err := os.CreateTemp(b.incoming(), "blob-*")
	if err != nil {
		return a, err
	}
	a.path = f.Name()
	defer func() {
		err = errors.Join(err, f.Close())
		if err != nil {
			err = errors.Join(err, os.Remove(a.path))
		}
	}()
	h := sha256.New()
	buf := make([]byte, copyChunk)
	for {
		if err := ctx.Err(); err != nil {
			return a, err
		}
		n, readErr := r.Read(buf)
		if n > 0 {
			if err := room(a.size, int64(n)); err != nil {
				return a, err
			}
			if _, err := f.Write(buf[:n]); err != nil {
				return a, err
			}
			h.Write(buf[:n])
			a.size += int64(n)
		}
		if errors.Is(readErr, io.EOF) {
			break
		}
		if readErr != nil {
			return a, fmt.Errorf("read after %d bytes: %w", a.size, readErr)
		}
	}
	a.digest = sumOf(h)
	return a, errors.Join(f.Chmod(0o444), f.Sync())
}

// keep gives an arrival its name for good.
func (b blobs) keep(a arrival) (string, error) {
	path := b.path(a.digest, a.size)
	folder := filepath.Dir(path)
	if err := os.Mkdir(folder, 0o755); err == nil {
		err = syncDir(filepath.Dir(folder))
		if err != nil {
			return "", errors.Join(err, b.discard(a))
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return "", errors.Join(err, b.discard(a))
	}
	if err := os.Rename(a.path, path); err != nil {
		return "", errors.Join(err, b.discard(a))
	}
	if err := syncDir(folder); err != nil {
		return "", errors.Join(err, os.Remove(path))
	}
	return path, nil
}

func (b blobs) discard(a arrival) error { return os.Remove(a.path) }

// remove drops a blob; one that is not there is no error.
func (b blobs) remove(d deploy.Digest, size int64) error {
	path := b.path(d, size)
	if err := os.Remove(path); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes names of a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// during gives a reader that ends with ctx, between two reads.
func during(ctx context.Context, r io.Reader) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return r.Read(p)
	})
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
