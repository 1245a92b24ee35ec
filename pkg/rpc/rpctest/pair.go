package rpctest

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// Pair is a transport that serves and one that dials, and a place where they meet.
type Pair struct {
	Server, Client rpc.Transport
	Listener       net.Listener
	Address        deploy.Address // of the listener, as the client dials it
	Sized          bool           // it knows the size of messages
}

// Limits of a pair; 0 is the transport's default.
type Limits struct {
	MaxMessage int
	QueueItems int
	QueueBytes int
}

// Make makes a pair. It does not start anything that it does not end by itself at the end of the test.
type Make func(t testing.TB, l Limits) Pair

// patience is how long the suite waits for what must come.
const patience = 10 * time.Second

// world is a served pair.
type world struct {
	Pair
	stop func() error // ends Serve and gives what it returned
}

// serve serves s, with a hello if it has none, until the test ends.
func serve(t *testing.T, p Pair, s rpc.Server) *world {
	t.Helper()
	if s.Hello == nil {
		s.Hello = func() deploy.Hello { return master }
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- p.Server.Serve(ctx, p.Listener, s) }()
	w := &world{Pair: p, stop: sync.OnceValue(func() error {
		cancel()
		return <-served
	})}
	t.Cleanup(func() {
		if err := errors.Join(p.Client.Close(), w.stop(), p.Server.Close()); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return w
}

// dial opens a session as h.
func (w *world) dial(t *testing.T, h deploy.Hello) rpc.Conn {
	t.Helper()
	c, err := w.Client.Dial(within(t), w.Address, h)
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	return c
}

// within gives a context for something that must come.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	t.Cleanup(cancel)
	return ctx
}

var (
	master = deploy.Hello{Role: deploy.RoleMaster, Protocol: deploy.ProtocolVersion, Version: "1.0", Cluster: "prod", ID: "m1", Epoch: 3, ClusterID: deploy.ClusterID{1, 2}}
	worker = deploy.Hello{
		Role: deploy.RoleWorker, Protocol: deploy.ProtocolVersion, Version: "1.1", Cluster: "prod", ID: "w1",
		Address: deploy.Address{Host: "node7", Port: 7078},
	}
)

// recv gives the items of the next frame.
func recv(t testing.TB, c rpc.Conn) []rpc.Item {
	t.Helper()
	items, err := c.Recv(within(t))
	if err != nil {
		t.Fatalf("recv: %v", err)
	}
	return items
}

// drain receives to the end and gives all items and the end.
func drain(t testing.TB, c rpc.Conn) (items []rpc.Item, end error) {
	ctx := within(t)
	for {
		frame, err := c.Recv(ctx)
		if err != nil {
			return items, err
		}
		items = append(items, frame...)
	}
}

// beats gives heartbeats numbered from, from+1, ...
func beats(from, n int) []rpc.Item {
	items := make([]rpc.Item, n)
	for i := range items {
		items[i] = rpc.Item{Msg: deploy.Heartbeat{N: uint64(from + i)}}
	}
	return items
}

// inOrder checks heartbeats numbered from, from+1, ... and gives the next number.
func inOrder(t testing.TB, items []rpc.Item, from int) int {
	t.Helper()
	for _, it := range items {
		if b, ok := it.Msg.(deploy.Heartbeat); !ok || b.N != uint64(from) {
			t.Fatalf("received %+v, want heartbeat %d", it.Msg, from)
		}
		from++
	}
	return from
}

// echo is a session that sends back what it receives, until the other side ends it.
func echo(ctx context.Context, c rpc.Conn) error {
	for {
		items, err := c.Recv(ctx)
		if errors.Is(err, rpc.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := c.Send(items...); err != nil {
			return err
		}
	}
}

// held gives sessions out to the test and keeps them open until it ends them.
func held() (sessions chan rpc.Conn, session func(context.Context, rpc.Conn) error) {
	sessions = make(chan rpc.Conn, 1)
	return sessions, func(ctx context.Context, c rpc.Conn) error {
		sessions <- c
		<-ctx.Done()
		return nil
	}
}

// happens waits until something comes out of a channel.
func happens[T any](t testing.TB, what string, c <-chan T) {
	t.Helper()
	_ = wait(t, what, c) // that it came is enough
}

// wait gives what comes out of a channel.
func wait[T any](t testing.TB, what string, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-within(t).Done():
		t.Fatalf("no %s within %v", what, patience)
	}
	return v
}
