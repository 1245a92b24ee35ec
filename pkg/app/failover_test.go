package app_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/musterproject/muster/pkg/app"
	"github.com/musterproject/muster/pkg/backend"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

func TestLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, "m1")
		defer c.stop()
		c.work()
		s := c.register(spec(1, 2))
		time.Sleep(time.Second)
		if got := s.story(); !strings.Contains(got, "registered 0") || !strings.Contains(got, "0 RUNNING") || !strings.Contains(got, "1 RUNNING") {
			t.Errorf("told: %s", got)
		}
		if err := s.SetTargets(t.Context(), nil, []deploy.Target{{Total: 1}}); err != nil {
			t.Error(err)
		}
		killed, err := s.Kill(t.Context(), []int32{0, 7})
		if err != nil || !slices.Equal(killed, []int32{0}) {
			t.Errorf("killed %v: %v", killed, err)
		}
		if got := s.story(); got != "0 KILLED vanished=false" {
			t.Errorf("told: %s", got)
		}
		s.cancel(nil)
		if err := <-s.result; err != nil {
			t.Error(err)
		}
		if _, err := s.Kill(t.Context(), []int32{1}); !errors.Is(err, backend.ErrNotRunning) {
			t.Errorf("kill after the end: %v", err)
		}
	})
}

// The leader goes; the next one hears of the worker's executors, and the application finds it.
func TestFailover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, "m1", "m2", "m3")
		defer c.stop()
		c.work()
		s := c.register(spec(1, 2))
		time.Sleep(time.Second)
		s.story()
		for range 3 {
			old := c.leader()
			c.stops[old]()
			time.Sleep(15 * time.Second) // recovery included
			got := s.story()
			if !strings.HasPrefix(got, "disconnected") || !strings.Contains(got, "registered 2") || strings.Contains(got, "vanished=true") {
				t.Errorf("told after %s has gone: %s", old, got)
			}
			if next := c.leader(); next == old {
				t.Errorf("%s still leads", old)
			}
			if err := s.SetTargets(t.Context(), nil, []deploy.Target{{Total: 2}}); err != nil {
				t.Error(err)
			}
			c.start(old)
		}
		s.cancel(errors.New("bad input"))
		if err := <-s.result; err != nil {
			t.Error(err)
		}
	})
}

// Questions asked while nobody leads are answered by the next leader.
func TestAskedWhileNobodyLeads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, "m1")
		defer c.stop()
		s := c.register(spec(1, 2))
		time.Sleep(time.Second)
		c.stops[c.addrs[0]]()
		answered := make(chan error, 1)
		go func() { answered <- s.SetTargets(t.Context(), nil, []deploy.Target{{Total: 3}}) }()
		early, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.Kill(early, []int32{1}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("nobody can have answered: %v", err)
		}
		c.start(c.addrs[0])
		if err := <-answered; err != nil {
			t.Error(err)
		}
		s.cancel(nil)
		if err := <-s.result; err != nil {
			t.Error(err)
		}
	})
}

func TestNobodyAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cluster{t: t, addrs: []deploy.Address{{Host: "m1", Port: 7077}, {Host: "m2", Port: 7078}}}
		began := time.Now()
		err := <-c.register(spec(1, 1)).result
		if !errors.Is(err, backend.ErrEnded) || !strings.Contains(err.Error(), "m1:7077") || !strings.Contains(err.Error(), "m2:7078") {
			t.Errorf("%v", err)
		}
		if d := time.Since(began); d != 20*time.Second {
			t.Errorf("gave up after %s", d)
		}
	})
}

func TestAnotherCluster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		defer c.stop()
		c.addrs = []deploy.Address{{Host: "m1", Port: 7077}}
		l, err := c.network.Listen(c.addrs[0])
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		c.running.Go(func() { serve(ctx, t, c.transport(), l) })
		began := time.Now()
		err = <-c.register(spec(1, 1), func(cfg *app.Config) { cfg.Cluster = "blue" }).result
		if !errors.Is(err, deploy.ErrMismatch) && (err == nil || !strings.Contains(err.Error(), "blue") || !strings.Contains(err.Error(), "green")) {
			t.Errorf("%v", err)
		}
		if time.Since(began) != 0 {
			t.Error("what cannot help was tried again")
		}
		cancel()
	})
}

func serve(ctx context.Context, t *testing.T, transport rpc.Transport, l net.Listener) {
	err := transport.Serve(ctx, l, rpc.Server{
		Hello: func() deploy.Hello {
			return deploy.Hello{Role: deploy.RoleMaster, Protocol: deploy.ProtocolVersion, Cluster: "green"}
		},
		Session: func(context.Context, rpc.Conn) error { return nil },
	})
	if err = errors.Join(err, transport.Close()); err != nil {
		t.Error(err)
	}
}

func TestRefusedSpec(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, "m1")
		defer c.stop()
		s := spec(1, 1)
		s.Profiles = nil
		err := <-c.register(s).result
		if !errors.Is(err, backend.ErrEnded) || !errors.Is(err, deploy.ErrInvalid) {
			t.Errorf("%v", err)
		}
		s = spec(1, 1)
		s.Name = "two\nlines"
		if err := <-c.register(s).result; !errors.Is(err, deploy.ErrInvalid) || !strings.Contains(err.Error(), "application name") {
			t.Errorf("%v", err)
		}
	})
}
