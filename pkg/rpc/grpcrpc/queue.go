package grpcrpc

import (
	"fmt"
	"slices"
	"sync"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
	"github.com/musterproject/muster/pkg/rpc/wire"
)

// queue holds what waits for one peer, as frames already encoded. Its end is an error for all later puts; finish lets the reader take the rest.
type queue struct {
	maxMessage, maxFrame, maxItems, maxBytes int

	mu     sync.Mutex
	filled sync.Cond
	frames []batch // the last may still be filled up
	spare  []byte  // memory of a frame that was sent
	items  int     // waiting or being sent
	bytes  int
	err    error // no more puts
	cut    bool  // no more takes either
}

type batch struct {
	b     []byte
	items int
}

func newQueue(c *Config) *queue {
	q := &queue{maxMessage: c.MaxMessage, maxFrame: c.FrameBytes, maxItems: c.QueueItems, maxBytes: c.QueueBytes}
	q.filled.L = &q.mu
	return q
}

// put appends all items or none. A full queue is rpc.ErrSlowPeer.
func (q *queue) put(items []rpc.Item) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.err != nil {
		return q.err
	}
	frames, last, bytes := len(q.frames), batch{}, q.bytes
	if frames > 0 {
		last = q.frames[frames-1]
	}
	for i := range items {
		if err := q.add(&items[i]); err != nil {
			q.frames, q.bytes = q.frames[:frames], bytes
			if frames > 0 {
				q.frames[frames-1] = last
			}
			return err
		}
	}
	q.items += len(items)
	if q.items > q.maxItems || q.bytes > q.maxBytes {
		return fmt.Errorf("%w: %d items of %d bytes wait for it; the limits are %d and %d", rpc.ErrSlowPeer, q.items, q.bytes, q.maxItems, q.maxBytes)
	}
	q.filled.Signal()
	return nil
}

// add appends one item to the last frame, or to a new one if it would grow too large.
func (q *queue) add(it *rpc.Item) error {
	if len(q.frames) == 0 || len(q.frames[len(q.frames)-1].b) >= q.maxFrame {
		q.frames = append(q.frames, batch{b: q.spare})
		q.spare = nil
	}
	f := &q.frames[len(q.frames)-1]
	start := len(f.b)
	b, err := wire.AppendItem(f.b, it)
	if err != nil {
		return err
	}
	size := len(b) - start
	switch {
	case size > q.maxMessage:
		return fmt.Errorf("%T of %d bytes: %w: one message has at most %d bytes, send it in parts", it.Msg, size, deploy.ErrTooLarge, q.maxMessage)
	case start > 0 && len(b) > q.maxMessage:
		f.b = b[:start]
		q.frames = append(q.frames, batch{b: append([]byte(nil), b[start:]...), items: 1})
	default:
		f.b = b
		f.items++
	}
	q.bytes += size
	return nil
}

// take waits for a frame. ok is false once nothing more will come. Sent must be called for each.
func (q *queue) take() (f batch, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.frames) == 0 && q.err == nil {
		q.filled.Wait()
	}
	if len(q.frames) == 0 || q.cut {
		return batch{}, false
	}
	f = q.frames[0]
	q.frames = slices.Delete(q.frames, 0, 1)
	return f, true
}

// sent gives back the room and the memory of a frame.
func (q *queue) sent(f batch) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.items -= f.items
	q.bytes -= len(f.b)
	if cap(f.b) <= 2*q.maxFrame {
		q.spare = f.b[:0]
	}
}

// finish lets no more in than a last word.
func (q *queue) finish(err error, bye []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.err != nil {
		return
	}
	q.err = err
	q.frames = append(q.frames, batch{b: bye})
	q.bytes += len(bye)
	q.filled.Signal()
}

// drop ends the queue and forgets what waits.
func (q *queue) drop(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.err == nil {
		q.err = err
	}
	q.frames, q.cut = nil, true
	q.filled.Signal()
}
