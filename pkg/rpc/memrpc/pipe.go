package memrpc

import (
	"context"
	"fmt"
	"sync"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
	"github.com/musterproject/muster/pkg/rpc/wire"
)

// end is one side of a session. Both share a lock.
type end struct {
	peer  rpc.Peer
	opts  *Options
	mu    *sync.Mutex
	other *end

	waiting []rpc.Item    // received, not yet taken
	news    chan struct{} // holds one token when something has changed
	err     error         // the end: nothing is sent any more; received is what waits
	decoder wire.Decoder
}

func newPipe(opts *Options, dialler, server rpc.Peer) (atDialler, atServer *end) {
	mu := &sync.Mutex{}
	atDialler = &end{peer: server, opts: opts, mu: mu, news: make(chan struct{}, 1)}
	atServer = &end{peer: dialler, opts: opts, mu: mu, news: make(chan struct{}, 1), other: atDialler}
	atDialler.other = atServer
	return atDialler, atServer
}

// Peer is the other side.
func (e *end) Peer() rpc.Peer { return e.peer }

// Send hands items to the other side.
func (e *end) Send(items ...rpc.Item) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err != nil {
		return e.err
	}
	if e.opts.Encode {
		var err error
		if items, err = e.throughBytes(items); err != nil {
			return err
		}
	}
	to := e.other
	if n := len(to.waiting) + len(items); n > e.opts.QueueItems {
		err := fmt.Errorf("%w: %w: %d items wait for it; the limit is %d", rpc.ErrClosed, rpc.ErrSlowPeer, n, e.opts.QueueItems)
		e.finish(err, true)
		to.finish(fmt.Errorf("%w: %s hung up", rpc.ErrClosed, to.peer.Remote), true)
		return err
	}
	to.waiting = append(to.waiting, items...)
	to.tell()
	return nil
}

// throughBytes makes items anew from the bytes that gRPC would carry.
func (e *end) throughBytes(items []rpc.Item) ([]rpc.Item, error) {
	var frame []byte
	for i := range items {
		start := len(frame)
		var err error
		if frame, err = wire.AppendItem(frame, &items[i]); err != nil {
			return nil, err
		}
		if size := len(frame) - start; size > e.opts.MaxMessage {
			return nil, fmt.Errorf("%T of %d bytes: %w: one message has at most %d bytes, send it in parts", items[i].Msg, size, deploy.ErrTooLarge, e.opts.MaxMessage)
		}
	}
	f, err := e.decoder.Frame(frame)
	return f.Items, err
}

// Recv takes all that waits.
func (e *end) Recv(ctx context.Context) ([]rpc.Item, error) {
	for {
		items, err := e.take()
		if items != nil || err != nil {
			return items, err
		}
		select {
		case <-e.news:
		case <-ctx.Done():
			return nil, fmt.Errorf("receive from %s: %w", e.peer.Remote, rpc.Ended(ctx))
		}
	}
}

func (e *end) take() ([]rpc.Item, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.waiting) > 0 {
		items := e.waiting
		e.waiting = nil
		return items, nil
	}
	if e.err != nil {
		e.tell() // for the next one who asks
	}
	return nil, e.err
}

// Close ends both sides; the other still receives what was sent before.
func (e *end) Close(reason string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err != nil {
		return
	}
	e.finish(fmt.Errorf("%w here: %s", rpc.ErrClosed, reason), true)
	e.other.finish(fmt.Errorf("%w by %s: %s", rpc.ErrClosed, e.other.peer.Remote, reason), false)
}

// finish notes the first end of this side; forget drops what waits.
func (e *end) finish(err error, forget bool) {
	if e.err == nil {
		e.err = err
	}
	if forget {
		e.waiting = nil
	}
	e.tell()
}

func (e *end) ended() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.err != nil
}

func (e *end) tell() {
	select {
	case e.news <- struct{}{}:
	default:
	}
}
