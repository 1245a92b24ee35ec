package artifact

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// Cache is what a worker has fetched, in a directory that it owns alone.
//
// A blob is verified when it is fetched, once more at its first use in each process, and whenever its size or time has changed: a program may
// have written through a hard link. What nobody holds is dropped, least recently used first, once it is over the limit.
type Cache struct {
	disk    blobs
	limits  Limits
	fetches flights

	mu    sync.Mutex
	blobs map[deploy.Digest]*cached
	held  map[deploy.Digest]int // also of blobs that are not here yet
	clock uint64                // counts uses
}

// cached is a blob in the cache.
type cached struct {
	size     int64
	verified bool      // in this process
	changed  time.Time // as it was when verified
	used     uint64
}

// OpenCache opens the cache in dir, which is made if it is missing.
func OpenCache(dir string, limits Limits) (*Cache, error) {
	disk, sizes, err := openBlobs(dir)
	if err != nil {
		return nil, fmt.Errorf("open artifact cache: %w", err)
	}
	c := &Cache{disk: disk, limits: limits, blobs: map[deploy.Digest]*cached{}, held: map[deploy.Digest]int{}}
	for d, size := range sizes {
		c.blobs[d] = &cached{size: size}
	}
	return c, nil
}

// Hold keeps the blob, present or not yet, from being dropped, until it has been released as often as it was held.
func (c *Cache) Hold(d deploy.Digest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held[d]++
}

// Release takes one Hold back.
func (c *Cache) Release(d deploy.Digest) {
	c.mu.Lock()
	if c.held[d]--; c.held[d] <= 0 {
		delete(c.held, d)
	}
	c.mu.Unlock()
	c.evict()
}

// Get gives the path of a blob, read-only and verified; fetch is called if it is not here, once however many ask. The path stays while the
// caller holds d.
func (c *Cache) Get(ctx context.Context, d deploy.Digest, fetch func(ctx context.Context) (io.ReadCloser, error)) (string, error) {
	if err := errors.Join(ctx.Err(), CheckDigest(d)); err != nil {
		return "", err
	}
	for {
		if path, ok := c.ready(d); ok {
			return path, nil
		}
		mine, other := c.fetches.board(d)
		if mine {
			return c.bring(ctx, d, fetch)
		}
		if err := other.wait(ctx); err != nil {
			return "", fmt.Errorf("wait for blob %s: %w", d, err)
		}
		if other.err != nil {
			return "", other.err
		}
	}
}

// ready gives the path of a blob that needs no verifying.
func (c *Cache) ready(d deploy.Digest) (string, bool) {
	c.mu.Lock()
	b, ok := c.blobs[d]
	if !ok || !b.verified {
		c.mu.Unlock()
		return "", false
	}
	size, changed := b.size, b.changed
	c.clock++
	b.used = c.clock
	c.mu.Unlock()
	info, err := c.disk.whole(d, size)
	return c.disk.path(d, size), err == nil && info.ModTime().Equal(changed)
}

// bring verifies or fetches a blob, alone on its digest.
func (c *Cache) bring(ctx context.Context, d deploy.Digest, fetch func(ctx context.Context) (io.ReadCloser, error)) (path string, err error) {
	landed := errors.New("the fetch panicked")
	defer func() { c.fetches.land(ctx, d, landed) }()
	path, err = c.verify(ctx, d)
	if err == nil && path == "" {
		path, err = c.fetch(ctx, d, fetch)
	}
	if err != nil {
		err = fmt.Errorf("get blob %s: %w", d, err)
	}
	landed = err
	return path, err
}

// verify hashes a blob that is here. A damaged one is removed and its path empty, as if it had never been here.
func (c *Cache) verify(ctx context.Context, d deploy.Digest) (string, error) {
	c.mu.Lock()
	b, ok := c.blobs[d]
	c.mu.Unlock()
	if !ok {
		return "", nil
	}
	path := c.disk.path(d, b.size)
	info, err := c.disk.whole(d, b.size)
	if err == nil {
		err = hashFile(ctx, path, d)
	}
	switch {
	case err == nil:
		c.enter(d, b.size, info)
		return path, nil
	case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, ErrDigest):
		return "", err
	}
	if err := c.disk.remove(d, b.size); err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.blobs, d)
	return "", nil
}

func hashFile(ctx context.Context, path string, want deploy.Digest) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	h := sha256.New()
	_, err = io.Copy(h, during(ctx, f))
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if got := sumOf(h); got != want {
		return mismatch(want, got)
	}
	return nil
}

func (c *Cache) fetch(ctx context.Context, d deploy.Digest, fetch func(ctx context.Context) (io.ReadCloser, error)) (string, error) {
	r, err := fetch(ctx)
	if err != nil {
		return "", fmt.Errorf("fetch: %w", err)
	}
	a, err := c.disk.receive(ctx, r, func(written, more int64) error {
		if limit := c.limits.MaxBlobBytes; limit > 0 && written+more > limit {
			return fmt.Errorf("%w: over the limit of %d bytes", ErrTooLarge, limit)
		}
		return nil
	})
	closed := r.Close()
	switch {
	case err != nil:
		return "", errors.Join(err, closed)
	case a.digest != d:
		return "", errors.Join(mismatch(d, a.digest), c.disk.discard(a))
	}
	path, err := c.disk.keep(a)
	if err != nil {
		return "", err
	}
	info, err := c.disk.whole(d, a.size)
	if err != nil {
		return "", err
	}
	c.enter(d, a.size, info)
	return path, nil
}

// enter lists a verified blob.
func (c *Cache) enter(d deploy.Digest, size int64, info fs.FileInfo) {
	c.mu.Lock()
	c.clock++
	c.blobs[d] = &cached{size: size, verified: true, changed: info.ModTime(), used: c.clock}
	c.mu.Unlock()
	c.evict()
}
