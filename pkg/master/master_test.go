package master_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/musterproject/muster/pkg/artifact"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/election"
	"github.com/musterproject/muster/pkg/master"
	"github.com/musterproject/muster/pkg/recovery"
	"github.com/musterproject/muster/pkg/rpc"
	"github.com/musterproject/muster/pkg/rpc/memrpc"
	"github.com/musterproject/muster/pkg/scheduler"
	"github.com/musterproject/muster/pkg/status"
)

// town is a master in virtual time and what talks to it.
type town struct {
	t    *testing.T
	net  *memrpc.Network
	at   deploy.Address
	m    *master.Master
	ask  *rpc.Cluster
	ends func() error // of the master's Run
}

func begin(t *testing.T, mode *recovery.Mode, policy scheduler.SchedulerPolicy) *town {
	t.Helper()
	w := &town{t: t, net: &memrpc.Network{}, at: deploy.Address{Host: "master", Port: 7077}}
	l, err := w.net.Listen(w.at)
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := artifact.OpenFileStore(t.TempDir(), artifact.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	cfg := master.DefaultConfig()
	cfg.Address = w.at
	cfg.DriverLease = 0
	w.m, err = master.New(cfg, master.Deps{
		Mode: mode, Transport: w.net.Transport(memrpc.DefaultOptions()), Listener: l, Policy: policy,
		Fallback: scheduler.NewSpread(scheduler.DefaultOptions()), Blobs: blobs, Status: status.NewStore(),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.m.Run(ctx) }()
	w.ends = func() error { cancel(); return <-ended }
	synctest.Wait() // elected, or standing by
	w.ask = rpc.NewCluster(w.net.Transport(memrpc.DefaultOptions()), []deploy.Address{w.at}, 5*time.Second)
	return w
}

func (w *town) close() {
	if err := w.ends(); err != nil {
		w.t.Errorf("Run ended with %v", err)
	}
}

func memory() *recovery.Mode {
	return recovery.NewMemoryStore(recovery.Limits{}, nil).Mode(election.NewMonarchy(deploy.Address{Host: "master", Port: 7077}))
}

func spread() scheduler.SchedulerPolicy { return scheduler.NewSpread(scheduler.DefaultOptions()) }

// hand is a worker played by hand: it registers and confirms whatever it is told to launch.
type hand struct {
	conn     rpc.Conn
	launches chan deploy.Launch
	over     chan struct{}
	why      error // the session ended
}

func (w *town) worker(id string, cores int32) *hand {
	w.t.Helper()
	at := deploy.Address{Host: id, Port: 1}
	conn, err := w.net.Transport(memrpc.DefaultOptions()).Dial(context.Background(), w.at,
		deploy.Hello{Role: deploy.RoleWorker, Protocol: deploy.ProtocolVersion, ID: id, Address: at})
	if err != nil {
		w.t.Fatal(err)
	}
	h := &hand{conn: conn, launches: make(chan deploy.Launch, 100), over: make(chan struct{})}
	register := deploy.RegisterWorker{Incarnation: 1, Worker: deploy.WorkerSpec{ID: deploy.WorkerID(id), Address: at, Cores: cores, MemoryMiB: 1024}}
	if err := conn.Send(rpc.Item{Msg: register}); err != nil {
		w.t.Fatal(err)
	}
	go h.run(deploy.WorkerID(id))
	go h.beat()
	return h
}

func (h *hand) beat() {
	for n := uint64(1); h.conn.Send(rpc.Item{Msg: deploy.Heartbeat{N: n}}) == nil; n++ {
		select {
		case <-time.After(time.Second):
		case <-h.over:
			return
		}
	}
}

func (h *hand) run(id deploy.WorkerID) {
	defer close(h.launches)
	defer close(h.over)
	for {
		items, err := h.conn.Recv(context.Background())
		if err != nil {
			h.why = err
			return
		}
		for _, it := range items {
			order, ok := it.Msg.(deploy.LaunchOrder)
			if !ok {
				continue
			}
			l := order.Launch
			h.launches <- l
			if err := h.conn.Send(rpc.Item{Msg: deploy.Report{Worker: id, Incarnation: 1, Launch: deploy.LaunchReport{
				Launch: l.ID, Driver: l.Driver, Attempt: l.Attempt, Executor: l.Executor, Need: l.Need, Seq: l.ID.Seq, State: deploy.ExecutorRunning}}}); err != nil {
				return
			}
		}
	}
}

func submit(id string, cores int32) deploy.SubmitDriver {
	return deploy.SubmitDriver{Request: deploy.RequestID(id), Spec: deploy.DriverSpec{
		Name: id, Need: deploy.Resources{Cores: cores, MemoryMiB: 64}, Command: deploy.Command{Program: "/bin/true"}}}
}

func TestSubmitIsPlacedAndARepeatIsTheSameDriver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := begin(t, memory(), spread())
		defer w.close()
		h := w.worker("worker-a", 4)
		defer h.conn.Close("done")
		first, err := w.ask.Call(t.Context(), submit("one", 2))
		if err != nil {
			t.Fatal(err)
		}
		again, err := w.ask.Call(t.Context(), submit("one", 2))
		if err != nil || again.(deploy.Accepted).ID != first.(deploy.Accepted).ID {
			t.Fatalf("a repeat gave %v, %v after %v", again, err, first)
		}
		if l := <-h.launches; string(l.Driver) != first.(deploy.Accepted).ID || l.Need.Cores != 2 {
			t.Fatalf("launched %+v, %v", l, h.why)
		}
		synctest.Wait()
		select {
		case l := <-h.launches:
			t.Fatalf("launched a second time: %+v", l)
		default:
		}
		row := one[deploy.DriverRow](t, w, deploy.RowDriver)
		if row.State != deploy.DriverRunning || row.Worker != "worker-a" {
			t.Fatalf("readers see %+v", row)
		}
	})
}

func one[R deploy.Row](t *testing.T, w *town, kind deploy.RowKind) R {
	t.Helper()
	for rows, err := range w.ask.Watch(t.Context(), rpc.Query{Kind: kind, Ended: true}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows.Rows {
			return r.(R)
		}
	}
	t.Errorf("no %s", kind)
	var none R
	return none
}

// A policy that fails, hangs or lies costs time, never books: the built-in one places.
func TestBadPolicies(t *testing.T) {
	for name, p := range map[string]scheduler.SchedulerPolicy{
		"fails": place(func(context.Context, scheduler.View) (scheduler.Plan, error) {
			return scheduler.Plan{}, errors.New("broken")
		}),
		"hangs": place(func(ctx context.Context, _ scheduler.View) (scheduler.Plan, error) {
			<-ctx.Done()
			return scheduler.Plan{}, ctx.Err()
		}),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := begin(t, memory(), p)
				defer w.close()
				h := w.worker("worker-a", 4)
				defer h.conn.Close("done")
				if _, err := w.ask.Call(t.Context(), submit("one", 1)); err != nil {
					t.Fatal(err)
				}
				if l, ok := <-h.launches; !ok || l.Need.Cores != 1 {
					t.Fatalf("launched %+v, %v", l, h.why)
				}
			})
		})
	}
}

func TestAPolicyThatOvercommitsIsCheckedGrantByGrant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		greedy := place(func(ctx context.Context, v scheduler.View) (scheduler.Plan, error) {
			plan, err := spread().Place(ctx, v)
			return double(plan), err
		})
		w := begin(t, memory(), greedy)
		defer w.close()
		h := w.worker("worker-a", 3)
		defer h.conn.Close("done")
		for i := range 4 {
			if _, err := w.ask.Call(t.Context(), submit(fmt.Sprint("driver", i), 1)); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		seen := map[deploy.DriverID]bool{}
		for range 3 {
			l := <-h.launches
			if seen[l.Driver] {
				t.Fatalf("%s was launched twice", l.Driver)
			}
			seen[l.Driver] = true
		}
		synctest.Wait()
		if len(h.launches) != 0 {
			t.Fatal("more was launched than the worker has cores")
		}
	})
}

type place func(context.Context, scheduler.View) (scheduler.Plan, error)

func (f place) Place(ctx context.Context, v scheduler.View) (scheduler.Plan, error) { return f(ctx, v) }

func double(p scheduler.Plan) scheduler.Plan {
	p.Grants = append(slices.Clone(p.Grants), p.Grants...)
	p.Grants = append(p.Grants, scheduler.Grant{Demand: 1 << 19, Worker: 0, Cores: 1}, scheduler.Grant{Worker: 1 << 18, Cores: 1})
	return p
}

// What could not be made durable is told to nobody; the master stands back, leads again, and a repeat is answered.
func TestAFailedBatchEndsTheTermBeforeAnybodyHears(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mode := memory()
		broken := &breakable{PersistenceEngine: mode.Engine}
		mode.Engine = broken
		w := begin(t, mode, spread())
		defer w.close()
		synctest.Wait()
		before, _ := w.m.Leading()
		broken.fail.Store(true)
		cl, err := w.net.Transport(memrpc.DefaultOptions()).Client(w.at)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := cl.Call(t.Context(), submit("one", 1)); err == nil {
			t.Fatalf("what was not durable was acknowledged: %v", got)
		}
		broken.fail.Store(false)
		got, err := w.ask.Call(t.Context(), submit("one", 1))
		if err != nil || got.(deploy.Accepted).ID == "" {
			t.Fatalf("after the repair: %v, %v", got, err)
		}
		if after, leads := w.m.Leading(); !leads || after <= before {
			t.Fatalf("epoch %d, leading %v, after %d", after, leads, before)
		}
	})
}

// A leader that has been deposed without hearing of it finds out by itself, although it writes nothing, and stops answering heartbeats.
func TestADeposedLeaderFindsOutWithoutWriting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := recovery.NewMemoryStore(recovery.Limits{}, nil)
		mode := store.Mode(election.NewMonarchy(deploy.Address{Host: "master", Port: 7077}))
		w := begin(t, mode, spread())
		defer w.close()
		h := w.worker("worker-a", 1)
		before, _ := w.m.Leading()
		if _, err := store.Mode(nil).Engine.Begin(t.Context(), election.Claim{}); err != nil {
			t.Fatal(err)
		}
		<-h.over
		<-time.After(10 * time.Second)
		if after, leads := w.m.Leading(); !leads || after <= before {
			t.Fatalf("epoch %d, leading %v, after %d", after, leads, before)
		}
	})
}

// breakable is an engine whose disk can be taken away.
type breakable struct {
	recovery.PersistenceEngine
	fail atomic.Bool
}

func (b *breakable) Apply(ctx context.Context, epoch deploy.Epoch, batch []recovery.Mutation) error {
	if b.fail.Load() && len(batch) > 0 {
		return errors.New("no space left on device")
	}
	return b.PersistenceEngine.Apply(ctx, epoch, batch)
}

func TestAcknowledgedWorkSurvivesTheTerm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := recovery.NewMemoryStore(recovery.Limits{}, nil)
		agent := func() election.LeaderElectionAgent {
			return election.NewMonarchy(deploy.Address{Host: "master", Port: 7077})
		}
		w := begin(t, store.Mode(agent()), spread())
		first, err := w.ask.Call(t.Context(), submit("one", 1))
		if err != nil {
			t.Fatal(err)
		}
		w.close()
		w = begin(t, store.Mode(agent()), spread())
		defer w.close()
		again, err := w.ask.Call(t.Context(), submit("one", 1))
		if err != nil || again.(deploy.Accepted).ID != first.(deploy.Accepted).ID {
			t.Fatalf("the next leader answered %v, %v after %v", again, err, first)
		}
		h := w.worker("worker-a", 1)
		defer h.conn.Close("done")
		if l := <-h.launches; string(l.Driver) != first.(deploy.Accepted).ID {
			t.Fatalf("launched %+v", l)
		}
	})
}

func TestStandbySaysWhoLeads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leader := deploy.Address{Host: "other", Port: 7077}
		mode := memory()
		mode.Agent = follower{leader}
		w := begin(t, mode, spread())
		defer w.close()
		cl, err := w.net.Transport(memrpc.DefaultOptions()).Client(w.at)
		if err != nil {
			t.Fatal(err)
		}
		var not *rpc.NotLeader
		if _, err := cl.Call(t.Context(), submit("one", 1)); !errors.As(err, &not) || not.Standby.Leader != leader {
			t.Fatalf("got %v", err)
		}
		h := w.worker("worker-a", 1)
		if _, open := <-h.launches; open {
			t.Fatal("a standby launched something")
		}
	})
}

// follower never leads.
type follower struct{ leader deploy.Address }

func (f follower) Lead(ctx context.Context, _ func(context.Context, election.Term) error) error {
	<-ctx.Done()
	return ctx.Err()
}

func (f follower) Leader(context.Context) (election.Term, error) {
	return election.Term{Leader: f.leader}, nil
}

func TestConfigAndDepsFaultsAreToldTogether(t *testing.T) {
	cfg := master.DefaultConfig()
	cfg.InboxEvents, cfg.PlaceTimeout = 0, -1
	_, err := master.New(cfg, master.Deps{})
	for _, want := range []string{"InboxEvents", "PlaceTimeout", "Deps.Mode", "Deps.Transport", "Deps.Policy", "Deps.Status"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
}
