package rpctest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

func testHello(t *testing.T, p Pair) {
	sessions, session := held()
	w := serve(t, p, rpc.Server{Session: session})
	c := w.dial(t, worker)
	if got := c.Peer().Hello; got != master {
		t.Errorf("the dialler heard %+v, want %+v", got, master)
	}
	s := wait(t, "session", sessions)
	peer := s.Peer()
	if peer.Hello != worker || peer.Remote == "" || peer.Principal.Name != worker.ID || peer.Principal.Authenticated {
		t.Errorf("the server heard %+v", peer)
	}
}

func testMismatch(t *testing.T, p Pair) {
	w := serve(t, p, rpc.Server{Session: echo})
	newer, elsewhere, anywhere := worker, worker, worker
	newer.Protocol, newer.Version = 77, "9.9"
	elsewhere.Cluster = "staging"
	anywhere.Cluster = ""
	for name, c := range map[string]struct {
		hello deploy.Hello
		words []string
	}{
		"protocol": {newer, []string{"77", "9.9", fmt.Sprint(deploy.ProtocolVersion), master.Version, worker.ID, master.ID}},
		"cluster":  {elsewhere, []string{"staging", "prod", worker.ID, master.ID}},
	} {
		_, err := w.Client.Dial(within(t), w.Address, c.hello)
		if !errors.Is(err, rpc.ErrHello) || !errors.Is(err, deploy.ErrMismatch) {
			t.Fatalf("%s: dial gave %v, want ErrHello and ErrMismatch", name, err)
		}
		for _, word := range c.words {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%s: %q does not name %s", name, err, word)
			}
		}
	}
	w.dial(t, anywhere)
}

func testNobody(t *testing.T, p Pair) {
	if err := p.Listener.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := p.Client.Dial(within(t), p.Address, worker)
	if !errors.Is(err, deploy.ErrUnavailable) || !strings.Contains(err.Error(), p.Address.String()) {
		t.Errorf("dial of nobody gave %v, want ErrUnavailable with the address", err)
	}
	if err := errors.Join(p.Client.Close(), p.Server.Close()); err != nil {
		t.Error(err)
	}
}

func testOrder(t *testing.T, p Pair) {
	const n = 20_000
	w := serve(t, p, rpc.Server{Session: echo})
	c := w.dial(t, worker)
	var sender sync.WaitGroup
	defer sender.Wait()
	sender.Go(func() {
		for i := 0; i < n; {
			step := min(1+i%7, n-i)
			if err := c.Send(beats(i, step)...); err != nil {
				t.Errorf("send: %v", err)
				return
			}
			i += step
		}
	})
	for next := 0; next < n; {
		next = inOrder(t, recv(t, c), next)
	}
}

func testItems(t *testing.T, p Pair) {
	w := serve(t, p, rpc.Server{Session: echo})
	c := w.dial(t, worker)
	want := []rpc.Item{
		{Stamp: deploy.Stamp{Cluster: deploy.ClusterID{9}, Epoch: 4, Session: 5, Seq: 6}, Msg: deploy.KillOrder{Launch: deploy.LaunchID{Epoch: 4, Seq: 2}, Reason: "no longer wanted"}},
		{Re: 12, Msg: deploy.Accepted{Request: "r1", ID: "driver-1", Killed: []int32{1, 2}}},
		{Msg: deploy.Refused{Request: "r2", Fault: deploy.Fault{Kind: deploy.ErrNotFound, Text: "no such app"}}},
		{Msg: deploy.RunTasks{Tasks: []deploy.Task{{ID: 1, Func: "count", Input: []byte("words")}, {ID: 2, Attempt: 1, Func: "count"}}}},
	}
	if err := c.Send(want...); err != nil {
		t.Fatal(err)
	}
	var got []rpc.Item
	for len(got) < len(want) {
		got = append(got, recv(t, c)...)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("received %+v\nsent     %+v", got, want)
	}
}

func testCloseHere(t *testing.T, p Pair) {
	const n = 5_000
	type end struct {
		items []rpc.Item
		err   error
	}
	ends := make(chan end, 1)
	w := serve(t, p, rpc.Server{Session: func(ctx context.Context, c rpc.Conn) error {
		items, err := drain(t, c)
		ends <- end{items, err}
		return nil
	}})
	c := w.dial(t, worker)
	if err := c.Send(beats(0, n)...); err != nil {
		t.Fatal(err)
	}
	c.Close("worker is leaving")
	c.Close("a second close changes nothing")
	if err := c.Send(beats(0, 1)...); !errors.Is(err, rpc.ErrClosed) {
		t.Errorf("send after close gave %v", err)
	}
	if _, err := c.Recv(within(t)); !errors.Is(err, rpc.ErrClosed) {
		t.Errorf("recv after close gave %v", err)
	}
	e := wait(t, "end of session", ends)
	if next := inOrder(t, e.items, 0); next != n {
		t.Errorf("%d of %d items arrived before the end", next, n)
	}
	if !errors.Is(e.err, rpc.ErrClosed) || !strings.Contains(e.err.Error(), "worker is leaving") {
		t.Errorf("the server saw the end as %v", e.err)
	}
}

func testCloseThere(t *testing.T, p Pair) {
	const n = 3_000
	w := serve(t, p, rpc.Server{Session: func(ctx context.Context, c rpc.Conn) error {
		if _, err := c.Recv(ctx); err != nil {
			return err
		}
		if err := c.Send(beats(0, n)...); err != nil {
			return err
		}
		return errors.New("ask the leader")
	}})
	c := w.dial(t, worker)
	if err := c.Send(beats(0, 1)...); err != nil {
		t.Fatal(err)
	}
	items, err := drain(t, c)
	if next := inOrder(t, items, 0); next != n {
		t.Errorf("%d of %d items arrived before the end", next, n)
	}
	if !errors.Is(err, rpc.ErrClosed) || !strings.Contains(err.Error(), "ask the leader") {
		t.Errorf("the end was seen as %v", err)
	}
	if err := c.Send(beats(0, 1)...); !errors.Is(err, rpc.ErrClosed) {
		t.Errorf("send after the other side's close gave %v", err)
	}
}

// overrun sends until the peer is hung up.
func overrun(c rpc.Conn) error {
	blob := make([]byte, 1000)
	for range 1_000_000 {
		if err := c.Send(rpc.Item{Msg: deploy.RunTasks{Tasks: []deploy.Task{{Func: "f", Input: blob}}}}); err != nil {
			return err
		}
	}
	return nil
}

func isSlow(t *testing.T, c rpc.Conn, err error) {
	t.Helper()
	if !errors.Is(err, rpc.ErrSlowPeer) || !errors.Is(err, rpc.ErrClosed) {
		t.Fatalf("sending to a peer that does not read gave %v", err)
	}
	if err := c.Send(beats(0, 1)...); !errors.Is(err, rpc.ErrSlowPeer) {
		t.Errorf("send afterwards gave %v", err)
	}
	if _, err := c.Recv(within(t)); !errors.Is(err, rpc.ErrSlowPeer) {
		t.Errorf("recv afterwards gave %v", err)
	}
}

func testSlowServer(t *testing.T, p Pair) {
	sessions, session := held()
	w := serve(t, p, rpc.Server{Session: session})
	c := w.dial(t, worker)
	s := wait(t, "session", sessions)
	isSlow(t, c, overrun(c))
	if _, err := drain(t, s); !errors.Is(err, rpc.ErrClosed) {
		t.Errorf("the slow side saw %v", err)
	}
}

func testSlowClient(t *testing.T, p Pair) {
	ends := make(chan error, 1)
	w := serve(t, p, rpc.Server{Session: func(ctx context.Context, c rpc.Conn) error {
		if _, err := c.Recv(ctx); err != nil {
			return err
		}
		err := overrun(c)
		isSlow(t, c, err)
		ends <- err
		return err
	}})
	c := w.dial(t, worker)
	if err := c.Send(beats(0, 1)...); err != nil {
		t.Fatal(err)
	}
	happens(t, "hang-up", ends)
	if _, err := drain(t, c); !errors.Is(err, rpc.ErrClosed) {
		t.Errorf("the slow side saw %v", err)
	}
}

func testRecvContext(t *testing.T, p Pair) {
	w := serve(t, p, rpc.Server{Session: echo})
	c := w.dial(t, worker)
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("had enough")
	cancel(why)
	if _, err := c.Recv(ctx); !errors.Is(err, context.Canceled) || !errors.Is(err, why) {
		t.Errorf("recv with an ended context gave %v, want its end and its cause", err)
	}
	if err := c.Send(beats(0, 1)...); err != nil {
		t.Fatalf("the session did not survive: %v", err)
	}
	inOrder(t, recv(t, c), 0)
}

func testDialContext(t *testing.T, p Pair) {
	w := serve(t, p, rpc.Server{Session: echo})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.Client.Dial(ctx, w.Address, worker); !errors.Is(err, context.Canceled) {
		t.Errorf("dial with an ended context gave %v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	c, err := w.Client.Dial(ctx, w.Address, worker)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := c.Send(beats(0, 1)...); err != nil {
		t.Fatalf("the session ended with the context of its dial: %v", err)
	}
	inOrder(t, recv(t, c), 0)
}

func testManySessions(t *testing.T, p Pair) {
	const sessions, n = 60, 50
	w := serve(t, p, rpc.Server{Session: echo})
	var all sync.WaitGroup
	for i := range sessions {
		all.Go(func() {
			h := worker
			h.ID = fmt.Sprintf("w%d", i)
			c, err := w.Client.Dial(within(t), w.Address, h)
			if err != nil {
				t.Errorf("dial: %v", err)
				return
			}
			defer c.Close("done")
			for next := range n {
				if err := c.Send(beats(next, 1)...); err != nil {
					t.Error(err)
					return
				}
				items, err := c.Recv(within(t))
				if err != nil || len(items) != 1 || items[0].Msg != (deploy.Heartbeat{N: uint64(next)}) {
					t.Errorf("session %d: received %v, %v", i, items, err)
					return
				}
			}
		})
	}
	all.Wait()
}

func testManySenders(t *testing.T, p Pair) {
	const senders, n = 8, 500
	w := serve(t, p, rpc.Server{Session: echo})
	c := w.dial(t, worker)
	var all sync.WaitGroup
	defer all.Wait()
	for i := range senders {
		all.Go(func() {
			for j := range n {
				if err := c.Send(rpc.Item{Re: deploy.CallID(i), Msg: deploy.Heartbeat{N: uint64(j)}}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	var next [senders]uint64
	for got := 0; got < senders*n; {
		for _, it := range recv(t, c) {
			if b, ok := it.Msg.(deploy.Heartbeat); !ok || b.N != next[it.Re] {
				t.Fatalf("sender %d: received %+v, want %d", it.Re, it.Msg, next[it.Re])
			}
			next[it.Re]++
			got++
		}
	}
}

func testTooLarge(t *testing.T, p Pair) {
	if !p.Sized {
		return
	}
	w := serve(t, p, rpc.Server{Session: echo})
	c := w.dial(t, worker)
	items := append(beats(0, 3), rpc.Item{Msg: deploy.RunTasks{Tasks: []deploy.Task{{Func: "f", Input: make([]byte, 200<<10)}}}})
	err := c.Send(items...)
	if !errors.Is(err, deploy.ErrTooLarge) || !strings.Contains(err.Error(), "131072") || !strings.Contains(err.Error(), "2048") {
		t.Fatalf("an oversized message gave %v, want ErrTooLarge with both sizes", err)
	}
	for next := range 3 { // large ones that fit are cut into frames that fit
		big := deploy.RunTasks{Tasks: []deploy.Task{{ID: uint64(next), Input: make([]byte, 100<<10)}}}
		if err := c.Send(rpc.Item{Msg: big}, rpc.Item{Msg: big}); err != nil {
			t.Fatal(err)
		}
	}
	for got := 0; got < 6; {
		for _, it := range recv(t, c) {
			if m, ok := it.Msg.(deploy.RunTasks); !ok || m.Tasks[0].ID != uint64(got/2) {
				t.Fatalf("received %T, want tasks %d: a refused send leaves nothing behind", it.Msg, got/2)
			}
			got++
		}
	}
}

func testServeEnds(t *testing.T, p Pair) {
	sessions := make(chan error, 1)
	w := serve(t, p, rpc.Server{Session: func(ctx context.Context, c rpc.Conn) error {
		_, err := c.Recv(ctx)
		sessions <- err
		return err
	}})
	c := w.dial(t, worker)
	if err := w.stop(); err != nil {
		t.Errorf("serve returned %v", err)
	}
	happens(t, "end of session", sessions)
	if _, err := drain(t, c); !errors.Is(err, rpc.ErrClosed) || !strings.Contains(err.Error(), "stopping") {
		t.Errorf("the session ended with %v", err)
	}
	if _, err := w.Client.Dial(within(t), w.Address, worker); !errors.Is(err, deploy.ErrUnavailable) {
		t.Errorf("dial afterwards gave %v", err)
	}
}

func testTransportCloses(t *testing.T, p Pair) {
	ends := make(chan error, 1)
	w := serve(t, p, rpc.Server{Session: func(_ context.Context, c rpc.Conn) error {
		_, err := drain(t, c)
		ends <- err
		return nil
	}})
	c := w.dial(t, worker)
	if err := w.Client.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if err := wait(t, "end of session", ends); !errors.Is(err, rpc.ErrClosed) || !strings.Contains(err.Error(), "stopping") {
		t.Errorf("the session ended with %v", err)
	}
	if err := c.Send(beats(0, 1)...); !errors.Is(err, rpc.ErrClosed) {
		t.Errorf("send afterwards gave %v", err)
	}
	if _, err := w.Client.Dial(within(t), w.Address, worker); !errors.Is(err, deploy.ErrUnavailable) {
		t.Errorf("dial afterwards gave %v", err)
	}
	if _, err := w.Client.Client(w.Address); !errors.Is(err, deploy.ErrUnavailable) {
		t.Errorf("client afterwards gave %v", err)
	}
}
