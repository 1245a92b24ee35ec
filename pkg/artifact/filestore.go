package artifact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"

	"github.com/musterproject/muster/pkg/deploy"
)

// FileStore is a Store in a directory, which it owns alone.
type FileStore struct {
	disk   blobs
	limits Limits
	writes flights

	mu    sync.Mutex
	sizes map[deploy.Digest]int64
	total int64 // of sizes, and of what is being written
}

var _ Store = (*FileStore)(nil)

// OpenFileStore opens the store in dir, which is made if it is missing. What a crash left half-written is removed.
func OpenFileStore(dir string, limits Limits) (*FileStore, error) {
	disk, sizes, err := openBlobs(dir)
	if err != nil {
		return nil, fmt.Errorf("open artifact store: %w", err)
	}
	s := &FileStore{disk: disk, limits: limits, sizes: sizes}
	for _, size := range sizes {
		s.total += size
	}
	return s, nil
}

// Put keeps what r gives. Concurrent Puts of one wanted digest are written once.
func (s *FileStore) Put(ctx context.Context, want deploy.Digest, r io.Reader) (deploy.Digest, int64, error) {
	if want == "" {
		return s.put(ctx, want, r)
	}
	if err := CheckDigest(want); err != nil {
		return "", 0, err
	}
	if err := s.writes.alone(ctx, want); err != nil {
		return "", 0, fmt.Errorf("put blob %s: %w", want, err)
	}
	defer s.writes.land(ctx, want, nil) // who waits has a reader of its own and tries itself
	if whole, err := s.Has(ctx, want); err != nil || whole {
		size, _ := s.size(want)
		return want, size, err
	}
	return s.put(ctx, want, r)
}

func (s *FileStore) put(ctx context.Context, want deploy.Digest, r io.Reader) (deploy.Digest, int64, error) {
	taken := int64(0)
	a, err := s.disk.receive(ctx, r, func(written, more int64) error {
		if limit := s.limits.MaxBlobBytes; limit > 0 && written+more > limit {
			return fmt.Errorf("%w: over the limit of %d bytes", ErrTooLarge, limit)
		}
		if err := s.take(more); err != nil {
			return err
		}
		taken += more
		return nil
	})
	kept := false
	switch {
	case err != nil:
	case want != "" && want != a.digest:
		err = errors.Join(mismatch(want, a.digest), s.disk.discard(a))
	case want != "":
		kept, err = s.keep(ctx, a)
	default:
		if err = s.writes.alone(ctx, a.digest); err == nil {
			kept, err = s.keep(ctx, a)
			s.writes.land(ctx, a.digest, nil)
		} else {
			err = errors.Join(err, s.disk.discard(a))
		}
	}
	if !kept {
		s.giveBack(taken)
	}
	if err != nil {
		return "", 0, fmt.Errorf("put %s: %w", strings.TrimSpace("blob "+string(want)), err)
	}
	return a.digest, a.size, nil
}

// keep takes an arrival in, alone on its digest; false if the blob was there.
func (s *FileStore) keep(ctx context.Context, a arrival) (bool, error) {
	if whole, err := s.Has(ctx, a.digest); err != nil || whole {
		return false, errors.Join(err, s.disk.discard(a))
	}
	if _, err := s.disk.keep(a); err != nil {
		return false, err
	}
	return s.enter(a), nil
}

// take reserves room for what is about to be written.
func (s *FileStore) take(more int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if limit := s.limits.MaxTotalBytes; limit > 0 && s.total+more > limit {
		return fmt.Errorf("%w: it holds %d of %d bytes; release what is no longer needed, or raise the limit", ErrFull, s.total, limit)
	}
	s.total += more
	return nil
}

func (s *FileStore) giveBack(taken int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.total -= taken
}

// enter lists a blob; false if it was listed already, and a damaged copy has been replaced.
func (s *FileStore) enter(a arrival) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, known := s.sizes[a.digest]
	s.sizes[a.digest] = a.size
	return !known
}

func (s *FileStore) size(d deploy.Digest) (int64, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	size, ok := s.sizes[d]
	return size, ok
}

// Open reads a blob.
func (s *FileStore) Open(ctx context.Context, d deploy.Digest) (io.ReadCloser, int64, error) {
	if err := errors.Join(ctx.Err(), CheckDigest(d)); err != nil {
		return nil, 0, err
	}
	size, ok := s.size(d)
	if !ok {
		return nil, 0, fmt.Errorf("blob %s: %w", d, ErrNotFound)
	}
	if _, err := s.disk.whole(d, size); err != nil {
		return nil, 0, missing(d, err)
	}
	f, err := os.Open(s.disk.path(d, size))
	if err != nil {
		return nil, 0, missing(d, err)
	}
	return f, size, nil
}

// missing calls a file that is not there a blob that is not there.
func missing(d deploy.Digest, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("blob %s: %w: %w", d, ErrNotFound, err)
	}
	return err
}

// Has looks whether the file is there in its full size.
func (s *FileStore) Has(ctx context.Context, d deploy.Digest) (bool, error) {
	if err := errors.Join(ctx.Err(), CheckDigest(d)); err != nil {
		return false, err
	}
	size, ok := s.size(d)
	if !ok {
		return false, nil
	}
	_, err := s.disk.whole(d, size)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrDigest) {
		return false, nil
	}
	return err == nil, err
}

// Release removes the blob.
func (s *FileStore) Release(ctx context.Context, d deploy.Digest) error {
	if err := errors.Join(ctx.Err(), CheckDigest(d)); err != nil {
		return err
	}
	if err := s.writes.alone(ctx, d); err != nil {
		return fmt.Errorf("release blob %s: %w", d, err)
	}
	defer s.writes.land(ctx, d, nil)
	size, ok := s.size(d)
	if !ok {
		return nil
	}
	if err := s.disk.remove(d, size); err != nil {
		return fmt.Errorf("release blob %s: %w", d, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sizes, d)
	s.total -= size
	return nil
}
