package artifact

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"

	"github.com/musterproject/muster/pkg/deploy"
)

// evict drops what nobody holds and nobody is fetching, least recently used first, until the limit is kept. What cannot be removed stays listed,
// and is tried again with the next.
func (c *Cache) evict() {
	for _, d := range c.surplus() {
		if mine, _ := c.fetches.board(d); !mine {
			continue // in use after all
		}
		if b := c.forget(d); b != nil {
			if err := os.Remove(c.disk.path(d, b.size)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				c.remember(d, b)
			}
		}
		c.fetches.land(context.Background(), d, nil)
	}
}

// surplus lists what must go. The newest stays whatever its size: somebody is about to use it.
func (c *Cache) surplus() []deploy.Digest {
	c.mu.Lock()
	defer c.mu.Unlock()
	var idle []deploy.Digest
	bytes := int64(0)
	for d, b := range c.blobs {
		if c.held[d] == 0 && b.used < c.clock {
			idle = append(idle, d)
			bytes += b.size
		}
	}
	limit := c.limits.MaxTotalBytes
	if limit <= 0 || bytes <= limit {
		return nil
	}
	slices.SortFunc(idle, func(a, b deploy.Digest) int {
		return cmp.Or(cmp.Compare(c.blobs[a].used, c.blobs[b].used), cmp.Compare(a, b))
	})
	n := 0
	for ; bytes > limit; n++ {
		bytes -= c.blobs[idle[n]].size
	}
	return idle[:n]
}

// forget takes a blob off the list unless it is held by now.
func (c *Cache) forget(d deploy.Digest) *cached {
	c.mu.Lock()
	defer c.mu.Unlock()
	b := c.blobs[d]
	if b == nil || c.held[d] > 0 {
		return nil
	}
	delete(c.blobs, d)
	return b
}

func (c *Cache) remember(d deploy.Digest, b *cached) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.blobs[d] = b
}
