package memrpc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// Options holds the limits of a transport.
type Options struct {
	Encode     bool // items go through bytes
	MaxMessage int  // bytes of one message; looked at with Encode
	QueueItems int  // items that may wait for one peer
}

// DefaultOptions gives those of the gRPC transport, with Encode.
func DefaultOptions() Options { return Options{Encode: true, MaxMessage: 4 << 20, QueueItems: 100_000} }

// Transport is a rpc.Transport of a network.
type Transport struct {
	network *Network
	opts    Options

	mu     sync.Mutex
	closed bool
	ends   []*end // dialled
}

var _ rpc.Transport = (*Transport)(nil)

// Transport makes one. A process stands for several machines by having several.
func (n *Network) Transport(o Options) *Transport { return &Transport{network: n, opts: o} }

// host is what serves at an address.
type host struct {
	server rpc.Server
	at     deploy.Address

	mu       sync.Mutex
	stopping bool
	ends     map[*end]bool
	users    sync.WaitGroup
	ctx      func() (context.Context, context.CancelFunc) // what is served is derived from it
}

// Serve answers on l, which Listen of the same network gave, until ctx ends.
func (t *Transport) Serve(ctx context.Context, l net.Listener, s rpc.Server) error {
	own, ok := l.(*listener)
	if !ok || own.network != t.network || s.Hello == nil {
		return errors.Join(fmt.Errorf("serve on %s: %w: it takes a listener of its own network and a Hello", l.Addr(), deploy.ErrInvalid), l.Close())
	}
	h := &host{server: s, at: own.address, ends: map[*end]bool{}, ctx: func() (context.Context, context.CancelFunc) { return context.WithCancel(ctx) }}
	if err := t.network.serve(own, h); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
	case <-own.closed:
	}
	err := ctx.Err()
	if err == nil {
		err = fmt.Errorf("serve on %s: %w", own.address, net.ErrClosed)
	} else {
		err = own.Close()
	}
	h.stop()
	return err
}

func (h *host) stop() {
	h.mu.Lock()
	h.stopping = true
	for e := range h.ends {
		e.Close(h.stopReason())
	}
	h.mu.Unlock()
	h.users.Wait()
}

func (h *host) stopReason() string {
	hello := h.server.Hello()
	return fmt.Sprintf("the %s %s is stopping", hello.Role, hello.ID)
}

// Dial opens a session with whoever serves at an address.
func (t *Transport) Dial(ctx context.Context, to deploy.Address, me deploy.Hello) (rpc.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("dial %s: %w", to, rpc.Ended(ctx))
	}
	h, err := t.reach(ctx, to)
	if err != nil {
		return nil, fmt.Errorf("dial %w", err)
	}
	theirs := h.server.Hello()
	if err := rpc.Agree(theirs, me); err != nil {
		return nil, fmt.Errorf("dial %s: %w", to, err)
	}
	if h.server.Session == nil {
		return nil, fmt.Errorf("dial %s: %w", to, rpc.Unanswered(theirs, "sessions"))
	}
	mine, served := newPipe(&t.opts, rpc.Peer{Hello: me, Principal: rpc.Claimed(me), Remote: "memory:" + me.ID},
		rpc.Peer{Hello: theirs, Principal: rpc.Claimed(theirs), Remote: to.String()})
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed || !h.begin(served) { //nolint:contextcheck // a session ends with Serve, not with the attempt to dial it
		return nil, fmt.Errorf("dial %s: %w: it is stopping", to, deploy.ErrUnavailable)
	}
	t.ends = append(slices.DeleteFunc(t.ends, (*end).ended), mine)
	return mine, nil
}

// begin starts the server's side of a session.
func (h *host) begin(e *end) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopping {
		return false
	}
	h.ends[e] = true
	h.users.Go(func() {
		ctx, cancel := h.ctx()
		defer cancel()
		reason := "the session is over"
		if err := h.server.Session(ctx, e); ctx.Err() != nil {
			reason = h.stopReason()
		} else if err != nil {
			reason = err.Error()
		}
		e.Close(reason)
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.ends, e)
	})
	return true
}

// reach gives who serves at an address.
func (t *Transport) reach(ctx context.Context, to deploy.Address) (*host, error) {
	t.mu.Lock()
	closed := t.closed
	t.mu.Unlock()
	if closed {
		return nil, fmt.Errorf("%s: %w: the transport is closed", to, deploy.ErrUnavailable)
	}
	return t.network.host(ctx, to)
}

// Client gives a client of one address.
func (t *Transport) Client(to deploy.Address) (rpc.Client, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil, fmt.Errorf("client of %s: %w: the transport is closed", to, deploy.ErrUnavailable)
	}
	return &client{transport: t, to: to}, nil
}

// Close ends the sessions that were dialled.
func (t *Transport) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	for _, e := range t.ends {
		e.Close("the other side is stopping")
	}
	t.ends = nil
	return nil
}
