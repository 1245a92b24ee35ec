package app_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/musterproject/muster/pkg/app"
	"github.com/musterproject/muster/pkg/artifact"
	"github.com/musterproject/muster/pkg/backend"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/election"
	"github.com/musterproject/muster/pkg/master"
	"github.com/musterproject/muster/pkg/recovery"
	"github.com/musterproject/muster/pkg/rpc"
	"github.com/musterproject/muster/pkg/rpc/memrpc"
	"github.com/musterproject/muster/pkg/scheduler"
	"github.com/musterproject/muster/pkg/status"
)

// cluster is real masters and a worker that only says that it runs things, on a network in memory and in virtual time.
type cluster struct {
	t       *testing.T
	network memrpc.Network
	ballot  *election.Ballot
	records *recovery.MemoryStore
	addrs   []deploy.Address
	stops   map[deploy.Address]func()
	running sync.WaitGroup
	worker  context.CancelFunc
}

func newCluster(t *testing.T, hosts ...string) *cluster {
	c := &cluster{t: t, ballot: election.NewBallot(), stops: map[deploy.Address]func(){}}
	c.records = recovery.NewMemoryStore(recovery.Limits{}, c.ballot.Check)
	for _, h := range hosts {
		c.addrs = append(c.addrs, deploy.Address{Host: h, Port: 7077})
	}
	for _, a := range c.addrs {
		c.start(a)
	}
	return c
}

func (c *cluster) transport() *memrpc.Transport { return c.network.Transport(memrpc.DefaultOptions()) }

// start runs a master at one of the addresses.
func (c *cluster) start(at deploy.Address) {
	c.t.Helper()
	l, err := c.network.Listen(at)
	if err != nil {
		c.t.Fatal(err)
	}
	store, err := artifact.OpenFileStore(c.t.TempDir(), artifact.Limits{})
	if err != nil {
		c.t.Fatal(err)
	}
	cfg := master.DefaultConfig()
	cfg.Address, cfg.Masters, cfg.Name = at, c.addrs, at.Host
	transport := c.transport()
	policy := scheduler.NewSpread(scheduler.DefaultOptions())
	m, err := master.New(cfg, master.Deps{
		Mode: c.records.Mode(c.ballot.Candidate(at)), Transport: transport, Listener: l, Policy: policy, Fallback: policy, Blobs: store, Status: status.NewStore(),
	})
	if err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(c.t.Context())
	ended := make(chan struct{})
	c.running.Go(func() {
		defer close(ended)
		if err := errors.Join(m.Run(ctx), transport.Close()); err != nil {
			c.t.Errorf("master %s: %v", at, err)
		}
	})
	c.stops[at] = func() {
		cancel()
		<-ended
	}
}

// leader is the address of the master that leads.
func (c *cluster) leader() deploy.Address {
	c.t.Helper()
	term, err := c.ballot.Candidate(deploy.Address{}).Leader(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	return term.Leader
}

func (c *cluster) stop() {
	if c.worker != nil {
		c.worker()
	}
	for _, stop := range c.stops {
		stop()
	}
	c.running.Wait()
}

// work runs a worker of four cores: every launch runs at once, and until it is killed.
func (c *cluster) work() {
	ctx, cancel := context.WithCancel(c.t.Context())
	c.worker = cancel
	w := &worker{spec: deploy.WorkerSpec{ID: "worker-1", Address: deploy.Address{Host: "w1", Port: 1}, Cores: 4, MemoryMiB: 4096}, transport: c.transport()}
	c.running.Go(func() {
		for ctx.Err() == nil {
			for _, a := range c.addrs {
				w.serve(ctx, a)
			}
			select {
			case <-time.After(100 * time.Millisecond):
			case <-ctx.Done():
			}
		}
		if err := w.transport.Close(); err != nil {
			c.t.Error(err)
		}
	})
}

type worker struct {
	spec      deploy.WorkerSpec
	transport *memrpc.Transport
	runs      []deploy.LaunchReport
	seq       uint64
}

// serve keeps a session with a master as long as that leads.
func (w *worker) serve(ctx context.Context, at deploy.Address) {
	conn, err := w.transport.Dial(ctx, at, deploy.Hello{Role: deploy.RoleWorker, Protocol: deploy.ProtocolVersion, ID: string(w.spec.ID)})
	if err != nil {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer conn.Close("over")
	var beats sync.WaitGroup
	defer beats.Wait()
	defer cancel()
	beats.Go(func() {
		for ctx.Err() == nil {
			_ = conn.Send(rpc.Item{Msg: deploy.Heartbeat{}})
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
			}
		}
	})
	err = conn.Send(rpc.Item{Msg: deploy.RegisterWorker{Worker: w.spec, Incarnation: 1, Launches: w.runs}})
	for err == nil {
		var items []rpc.Item
		if items, err = conn.Recv(ctx); err != nil {
			return
		}
		for _, it := range items {
			switch m := it.Msg.(type) {
			case deploy.LaunchOrder:
				w.runs = append(w.runs, deploy.LaunchReport{Launch: m.Launch.ID, Executor: m.Launch.Executor, Need: m.Launch.Need})
				err = w.report(conn, m.Launch.ID, deploy.ExecutorRunning)
			case deploy.KillOrder:
				err = w.report(conn, m.Launch, deploy.ExecutorKilled)
			case deploy.Standby:
				return
			}
		}
	}
}

func (w *worker) report(conn rpc.Conn, id deploy.LaunchID, state deploy.ExecutorState) error {
	i := slices.IndexFunc(w.runs, func(r deploy.LaunchReport) bool { return r.Launch == id })
	if i < 0 {
		return nil
	}
	w.seq++
	w.runs[i].State, w.runs[i].Seq = state, w.seq
	r := w.runs[i]
	if state.Terminal() {
		w.runs = slices.Delete(w.runs, i, i+1)
	}
	return conn.Send(rpc.Item{Msg: deploy.Report{Worker: w.spec.ID, Incarnation: 1, Launch: r}})
}

// session is an application that runs, and what it was told.
type session struct {
	*app.App
	cancel context.CancelCauseFunc
	result chan error

	mu   sync.Mutex
	told []string
}

func (c *cluster) register(spec deploy.AppSpec, change ...func(*app.Config)) *session {
	c.t.Helper()
	cfg := app.DefaultConfig()
	cfg.Masters = c.addrs
	for _, f := range change {
		f(&cfg)
	}
	transport := c.transport()
	a, err := app.New(cfg, app.Deps{Transport: transport})
	if err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(c.t.Context())
	s := &session{App: a, cancel: cancel, result: make(chan error, 1)}
	go func() {
		s.result <- errors.Join(a.Run(ctx, backend.Application{Spec: spec}, s.tell), transport.Close())
	}()
	return s
}

func (s *session) tell(ev backend.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e := ev.(type) {
	case backend.Registered:
		s.told = append(s.told, fmt.Sprintf("registered %d", len(e.Executors)))
	case backend.ExecutorChanged:
		s.told = append(s.told, fmt.Sprintf("%d %s vanished=%t", e.Executor.Executor.Num, e.Executor.State, e.Vanished))
	case backend.Waiting:
		s.told = append(s.told, "waiting "+e.Decision.Code.String())
	case backend.Disconnected:
		s.told = append(s.told, "disconnected")
	}
}

// story gives what was told since the last call.
func (s *session) story() string {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	text := strings.Join(s.told, "; ")
	s.told = nil
	return text
}

func spec(cores, executors int32) deploy.AppSpec {
	return deploy.AppSpec{
		Name: "count", Driver: deploy.Address{Host: "d", Port: 1}, Profiles: []deploy.Profile{{Cores: cores, MemoryMiB: 256}},
		Targets: []deploy.Target{{Total: executors}}, Executor: deploy.Command{Program: "true"},
	}
}
