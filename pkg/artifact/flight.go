package artifact

import (
	"context"
	"sync"

	"github.com/musterproject/muster/pkg/deploy"
)

// flights lets one caller at a time work on a digest.
type flights struct {
	mu   sync.Mutex
	open map[deploy.Digest]*flight
}

// flight is work under way. After done is closed, err is what others may take for their own: not the end of the worker's own context.
type flight struct {
	done chan struct{}
	err  error
}

// board makes the caller the one who works on d, or gives the flight of the one who does. Who boards lands.
func (f *flights) board(d deploy.Digest) (mine bool, other *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if other := f.open[d]; other != nil {
		return false, other
	}
	if f.open == nil {
		f.open = map[deploy.Digest]*flight{}
	}
	f.open[d] = &flight{done: make(chan struct{})}
	return true, nil
}

// land ends the caller's work on d.
func (f *flights) land(ctx context.Context, d deploy.Digest, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if ctx.Err() == nil {
		f.open[d].err = err
	}
	close(f.open[d].done)
	delete(f.open, d)
}

// alone boards as soon as nobody else works on d.
func (f *flights) alone(ctx context.Context, d deploy.Digest) error {
	for {
		mine, other := f.board(d)
		if mine {
			return nil
		}
		if err := other.wait(ctx); err != nil {
			return err
		}
	}
}

// wait waits for another's work.
func (f *flight) wait(ctx context.Context) error {
	select {
	case <-f.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
