package mastercore

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// fleet is a core with n registered workers of 16 cores.
type fleet struct {
	c   *Core
	out Effects
	now time.Time
	n   int
}

func newFleet(n int) *fleet {
	cfg := testConfig()
	cfg.SuspectAfter, cfg.WorkerTimeout = time.Hour, 2*time.Hour
	f := &fleet{now: startOfTests, n: n}
	f.c = New(cfg, deploy.ClusterID{1}, 1, nil, f.now, &f.out)
	for i := range n {
		f.step(Opened{Peer: peerOf(i), Hello: deploy.Hello{Role: deploy.RoleWorker}})
		f.step(Received{Peer: peerOf(i), Msgs: []deploy.Message{deploy.RegisterWorker{Worker: specOf(i), Incarnation: 1}}})
	}
	return f
}

func peerOf(i int) deploy.PeerID { return deploy.PeerID(i + 1) }

func specOf(i int) deploy.WorkerSpec {
	return deploy.WorkerSpec{ID: deploy.WorkerID(fmt.Sprintf("worker-%06d", i)), Cores: 16, MemoryMiB: 64 << 10,
		Address: deploy.Address{Host: fmt.Sprintf("h%d", i/60_000), Port: uint16(i%60_000) + 1}}
}

func (f *fleet) step(ev Event) {
	f.out.Reset()
	f.c.Step(f.now, ev, &f.out)
}

// eventsOf is one frame of each worker. They share their messages, which in life are fresh from the network and so in the cache.
func eventsOf(n int, msgs []deploy.Message) []Event {
	events := make([]Event, n)
	for i := range events {
		events[i] = Received{Peer: peerOf(i), Msgs: msgs}
	}
	return events
}

var sizesOfFleets = []int{1000, 10_000, 100_000}

// BenchmarkHeartbeats takes in frames of 64 heartbeats, from one worker after the other. T12 counts heartbeats per second, T20 allocations.
func BenchmarkHeartbeats(b *testing.B) {
	const frame = 64
	for _, n := range sizesOfFleets {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			f := newFleet(n)
			msgs := make([]deploy.Message, frame)
			for j := range msgs {
				msgs[j] = deploy.Heartbeat{N: uint64(j)}
			}
			events := eventsOf(n, msgs)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				f.now = f.now.Add(time.Millisecond / 10)
				f.step(events[i%n])
				i++
			}
			b.ReportMetric(float64(b.N)*frame/b.Elapsed().Seconds(), "heartbeats/s")
		})
	}
}

// BenchmarkHeartbeat takes in frames of a single heartbeat, the worst case of T12.
func BenchmarkHeartbeat(b *testing.B) {
	for _, n := range sizesOfFleets {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			f := newFleet(n)
			events := eventsOf(n, []deploy.Message{deploy.Heartbeat{N: 1}})
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				f.now = f.now.Add(time.Microsecond)
				f.step(events[i%n])
				i++
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "heartbeats/s")
		})
	}
}

// BenchmarkSilence has every worker beat once a second of virtual time with the default timings: what the timers cost besides.
func BenchmarkSilence(b *testing.B) {
	for _, n := range sizesOfFleets {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			f := newFleet(n)
			f.c.cfg.SuspectAfter, f.c.cfg.WorkerTimeout = 2*time.Second, 10*time.Second
			for _, w := range f.c.workers {
				f.c.armWorker(w)
			}
			events := eventsOf(n, []deploy.Message{deploy.Heartbeat{N: 1}})
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				f.now = f.now.Add(time.Second / time.Duration(n))
				f.step(events[i%n])
				i++
			}
			for _, w := range f.c.workers {
				if w.session.suspect && i > 2*n {
					b.Fatal("a worker that beats is suspect")
				}
			}
		})
	}
}

// BenchmarkLoseAndRegister loses one worker of many and takes it in again.
func BenchmarkLoseAndRegister(b *testing.B) {
	for _, n := range sizesOfFleets {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			f := newFleet(n)
			peer := peerOf(n)
			last := peerOf(n / 2)
			spec := specOf(n / 2)
			b.ReportAllocs()
			for b.Loop() {
				f.step(Closed{Peer: last, Reason: "reset"})
				peer++
				last = peer
				f.step(Opened{Peer: last, Hello: deploy.Hello{Role: deploy.RoleWorker}})
				f.step(Received{Peer: last, Msgs: []deploy.Message{deploy.RegisterWorker{Worker: spec, Incarnation: 1}}})
			}
		})
	}
}

// BenchmarkExecutorCycle places one executor, hears of its start and end, and is back where it began: four steps.
func BenchmarkExecutorCycle(b *testing.B) {
	for _, n := range sizesOfFleets {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			f := newFleet(n)
			app := peerOf(n)
			f.step(Opened{Peer: app, Hello: deploy.Hello{Role: deploy.RoleApp}})
			f.step(Received{Peer: app, Msgs: []deploy.Message{deploy.RegisterApp{Request: "r", Spec: deploy.AppSpec{Name: "a",
				Executor: deploy.Command{Program: "p"}, Profiles: []deploy.Profile{{Cores: 1, MemoryMiB: 100}}, Targets: []deploy.Target{{Total: 1}}}}}})
			worker := 0
			b.ReportAllocs()
			for b.Loop() {
				worker = (worker + 1) % n
				f.step(Planned{Plan: scheduler.Plan{Epoch: 1, Version: f.c.place.version,
					Grants: []scheduler.Grant{{Demand: 0, Worker: scheduler.WorkerRef(worker), Cores: 1}}}})
				l := f.c.apps[appOf(f)].executors[0].launch
				f.report(worker, l, deploy.ExecutorRunning)
				f.report(worker, l, deploy.ExecutorExited)
			}
		})
	}
}

func appOf(f *fleet) deploy.AppID {
	for id := range f.c.apps {
		return id
	}
	return ""
}

func (f *fleet) report(worker int, l *launch, state deploy.ExecutorState) {
	w := l.worker
	f.step(Received{Peer: peerOf(worker), Msgs: []deploy.Message{deploy.Report{Worker: w.spec.ID, Incarnation: 1, Launch: deploy.LaunchReport{
		Launch: l.id, Executor: l.exec.id(), Need: l.need, Seq: 1, State: state, Lived: time.Minute}}}})
}

// BenchmarkGrant re-checks and starts executors, many grants to a plan, and forgets them: the cost of one placement in the core (T20).
func BenchmarkGrant(b *testing.B) {
	const each = 256
	f := newFleet(1000)
	app := peerOf(f.n)
	f.step(Opened{Peer: app, Hello: deploy.Hello{Role: deploy.RoleApp}})
	f.step(Received{Peer: app, Msgs: []deploy.Message{deploy.RegisterApp{Request: "r", Spec: deploy.AppSpec{Name: "a",
		Executor: deploy.Command{Program: "p"}, Profiles: []deploy.Profile{{Cores: 1, MemoryMiB: 100}}}}}})
	plan := scheduler.Plan{Epoch: 1}
	for i := range each {
		plan.Grants = append(plan.Grants, scheduler.Grant{Worker: scheduler.WorkerRef(i * 3), Cores: 1})
	}
	b.ReportAllocs()
	for b.Loop() {
		plan.Version = f.c.place.version
		f.step(Planned{Plan: plan})
		if len(f.c.launches) != each {
			b.Fatalf("%d launches", len(f.c.launches))
		}
		b.StopTimer()
		for _, l := range f.c.launches {
			f.c.out = &f.out
			f.c.release(l)
			f.c.executorEnded(l.exec, ending{state: deploy.ExecutorExited, worker: l.worker, lived: time.Hour})
		}
		f.c.finish()
		b.StartTimer()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*each), "ns/grant")
}

// BenchmarkRecovery takes over 10 000 workers and 10 000 applications: records in, everyone registered, ALIVE.
func BenchmarkRecovery(b *testing.B) {
	const n = 10_000
	var saved []deploy.Change
	for i := range n {
		saved = append(saved, deploy.PutWorker{Record: deploy.WorkerRecord{Spec: specOf(i), Incarnation: 1}},
			deploy.PutApp{Record: deploy.AppRecord{ID: deploy.AppID(fmt.Sprintf("app-%d", i)), Request: deploy.RequestID(fmt.Sprintf("r-%d", i)),
				Order: uint64(i), Executors: 64, Spec: deploy.AppSpec{Name: "a", Profiles: []deploy.Profile{{Cores: 1, MemoryMiB: 1}}}}})
	}
	for b.Loop() {
		var out Effects
		c := New(testConfig(), deploy.ClusterID{1}, 2, saved, startOfTests, &out)
		for i := range n {
			out.Reset()
			c.Step(startOfTests, Opened{Peer: peerOf(i), Hello: deploy.Hello{Role: deploy.RoleWorker}}, &out)
			c.Step(startOfTests, Received{Peer: peerOf(i), Msgs: []deploy.Message{deploy.RegisterWorker{Worker: specOf(i), Incarnation: 1}}}, &out)
			c.Step(startOfTests, Opened{Peer: peerOf(n + i), Hello: deploy.Hello{Role: deploy.RoleApp}}, &out)
			c.Step(startOfTests, Received{Peer: peerOf(n + i), Msgs: []deploy.Message{deploy.RegisterApp{Request: deploy.RequestID(fmt.Sprintf("r-%d", i))}}}, &out)
		}
		if !c.alive() {
			b.Fatal("not ALIVE")
		}
	}
}

// BenchmarkMassLoss loses a tenth of the workers, each by an event of its own.
func BenchmarkMassLoss(b *testing.B) {
	const n = 100_000
	for b.Loop() {
		b.StopTimer()
		f := newFleet(n)
		b.StartTimer()
		for i := range n / 10 {
			f.step(Closed{Peer: peerOf(i), Reason: "reset"})
		}
	}
}

// BenchmarkMemory tells what the books keep for a worker and for an application.
func BenchmarkMemory(b *testing.B) {
	const n = 20_000
	var before, workers, apps runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		f := newFleet(n)
		f.out = Effects{}
		runtime.GC()
		runtime.ReadMemStats(&workers)
		for i := range n {
			f.step(Opened{Peer: peerOf(n + i), Hello: deploy.Hello{Role: deploy.RoleApp}})
			f.step(Received{Peer: peerOf(n + i), Msgs: []deploy.Message{deploy.RegisterApp{Request: deploy.RequestID(fmt.Sprintf("r-%d", i)), Spec: deploy.AppSpec{
				Name: "a", Executor: deploy.Command{Program: "p"}, Profiles: []deploy.Profile{{Cores: 1, MemoryMiB: 100}}, Targets: []deploy.Target{{Total: 0}}}}}})
		}
		f.out = Effects{}
		runtime.GC()
		runtime.ReadMemStats(&apps)
		runtime.KeepAlive(f)
	}
	b.ReportMetric(float64(workers.HeapAlloc-before.HeapAlloc)/n, "B/worker")
	b.ReportMetric(float64(apps.HeapAlloc-workers.HeapAlloc)/n, "B/app")
}
