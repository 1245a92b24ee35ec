package door

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// Options holds the limits of a door and what is behind it.
type Options struct {
	Insecure   bool          // may listen where other machines reach it although nobody proves who he is
	HTTPHint   string        // for browsers that come here: where the pages are
	FirstBytes time.Duration // for a connection to say what it is
	MaxConns   int           // open connections, handed on ones too
	MaxPerIP   int           // open connections of one IP address

	// Protocols may be spoken besides gRPC. They are asked in order, after gRPC and before HTTP.
	Protocols []Protocol
	// Secure wraps each connection before its first byte is read, as a TLS server does; nil leaves it as it is.
	Secure func(net.Conn) net.Conn
	// Report hears what happened to connections that were not handed on. It is called by many goroutines and must not block; nil hears nothing.
	Report func(Fact)
}

// DefaultOptions gives the values for daemons.
func DefaultOptions() Options {
	return Options{FirstBytes: 5 * time.Second, MaxConns: 20_000, MaxPerIP: 2_000, HTTPHint: "pages and the REST interface have a port of their own"}
}

// Fact is a connection that was turned away.
type Fact struct {
	Remote string
	Reason string // a sentence
	Bytes  []byte // the first of what it said, at most 16
}

// Door is a listener whose connections speak gRPC.
type Door struct {
	listener net.Listener
	opts     Options
	grpc     chan net.Conn
	closed   chan struct{}
	crowd    crowd
	waiting  sync.WaitGroup
	close    func() error
}

var _ net.Listener = (*Door)(nil)

// Listen opens a port; 0 takes a free one. ctx bounds the look-up of a host name and is handed, without its end, to protocols.
func Listen(ctx context.Context, address string, o Options) (*Door, error) {
	if err := permitted(ctx, address, o.Insecure); err != nil {
		return nil, err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, explain(ctx, address, err)
	}
	d := &Door{listener: l, opts: o, grpc: make(chan net.Conn), closed: make(chan struct{})}
	d.crowd.limits(o.MaxConns, o.MaxPerIP)
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	d.close = sync.OnceValue(func() error {
		close(d.closed)
		cancel()
		err := l.Close()
		d.crowd.closeUndecided()
		d.waiting.Wait()
		return err
	})
	d.waiting.Go(func() { d.accept(ctx) })
	return d, nil
}

// Addr is where it listens.
func (d *Door) Addr() net.Addr { return d.listener.Addr() }

// Accept gives the next connection that speaks gRPC.
func (d *Door) Accept() (net.Conn, error) {
	select {
	case c := <-d.grpc:
		return c, nil
	case <-d.closed:
		return nil, fmt.Errorf("accept on %s: %w", d.Addr(), net.ErrClosed)
	}
}

// Close gives the port back and closes what has not been handed on.
func (d *Door) Close() error { return d.close() }

// accept takes connections until the door is closed. When the process runs out of descriptors it waits and goes on.
func (d *Door) accept(ctx context.Context) {
	rest := time.Duration(0)
	for {
		raw, err := d.listener.Accept()
		if err == nil {
			rest = 0
			d.enter(ctx, raw)
			continue
		}
		if errors.Is(err, net.ErrClosed) || ctx.Err() != nil {
			return
		}
		d.report("", nil, fmt.Sprintf("cannot accept a connection: %v", err))
		rest = min(max(2*rest, 5*time.Millisecond), time.Second)
		t := time.NewTimer(rest)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return
		}
	}
}

// enter admits a connection and looks at it in a goroutine of its own.
func (d *Door) enter(ctx context.Context, raw net.Conn) {
	c, err := d.crowd.admit(raw)
	if err != nil {
		_ = raw.Close() // it is turned away
		d.report(raw.RemoteAddr().String(), nil, err.Error())
		return
	}
	d.waiting.Go(func() {
		defer d.crowd.decided(c)
		d.look(ctx, c)
	})
}

// look finds out what a connection speaks and hands it on.
func (d *Door) look(ctx context.Context, held *guest) {
	var c net.Conn = held
	if d.opts.Secure != nil {
		c = d.opts.Secure(c)
	}
	remote := held.RemoteAddr().String()
	_ = c.SetDeadline(time.Now().Add(d.opts.FirstBytes)) // a broken one fails to be read next
	first, p, err := d.opts.recognise(c)
	if err != nil {
		_ = c.Close() // it is turned away
		d.report(remote, first, err.Error())
		return
	}
	_ = c.SetDeadline(time.Time{})
	again := &replayed{Conn: c, first: first}
	if p.Handle != nil {
		p.Handle(ctx, again)
		return
	}
	select {
	case d.grpc <- again:
	case <-d.closed:
		_ = c.Close() // nobody accepts it any more
	}
}

func (d *Door) report(remote string, first []byte, reason string) {
	if d.opts.Report != nil {
		d.opts.Report(Fact{Remote: remote, Reason: reason, Bytes: first[:min(len(first), 16)]})
	}
}
