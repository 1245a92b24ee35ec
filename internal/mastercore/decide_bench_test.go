package mastercore

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// press is a core with a policy behind the contract, whose applications ask for executors, get them, and give them back: T1 and T2 count the
// launches that come out of Step.
type press struct {
	*fleet
	r       *rand.Rand
	state   *scheduler.State
	policy  scheduler.SchedulerPolicy
	apps    []deploy.AppID
	started []*launch
	decided time.Duration // processor time from the wish to the launch orders
	granted int
	seq     uint64
}

const (
	pressApps = 64
	pressEach = 256 // launches a round
	pressHeld = 8   // rounds that run at a time
)

// newPress draws n workers by seed: few sizes, an eighth with gpus; skew "memory" leaves 99 of 100 with free cores and almost no memory.
func newPress(b testing.TB, n int, skew string, p scheduler.SchedulerPolicy) *press {
	cfg := testConfig()
	cfg.SuspectAfter, cfg.WorkerTimeout, cfg.LaunchTimeout = time.Hour, 2*time.Hour, time.Hour
	x := &press{fleet: &fleet{now: startOfTests, n: n}, r: rand.New(rand.NewPCG(7, 9)), policy: p, state: scheduler.NewState(scheduler.Config{})}
	x.c = New(cfg, deploy.ClusterID{1}, 1, nil, x.now, &x.out)
	x.tell(b)
	for i := range n {
		spec := specOf(i)
		spec.ID = deploy.WorkerID(fmt.Sprintf("worker-%08x-%d", x.r.Uint32(), i))
		spec.Cores = []int32{8, 16, 16, 32, 64}[x.r.IntN(5)]
		spec.MemoryMiB = int64(spec.Cores) * []int64{1024, 2048, 4096}[x.r.IntN(3)]
		if x.r.IntN(8) == 0 {
			spec.Custom = []deploy.Addresses{{Name: "gpu", Units: []string{"0", "1", "2", "3"}}}
		}
		if skew == "memory" && i%100 != 0 {
			spec.MemoryMiB = 64
		} else if skew == "memory" {
			spec.Cores, spec.MemoryMiB = 1024, 4<<20
		}
		x.step(b, Opened{Peer: peerOf(i), Hello: deploy.Hello{Role: deploy.RoleWorker}})
		x.step(b, Received{Peer: peerOf(i), Msgs: []deploy.Message{deploy.RegisterWorker{Worker: spec, Incarnation: 1}}})
	}
	for i := range pressApps {
		x.step(b, Opened{Peer: peerOf(n + i), Hello: deploy.Hello{Role: deploy.RoleApp}})
		x.step(b, Received{Peer: peerOf(n + i), Msgs: []deploy.Message{deploy.RegisterApp{Request: deploy.RequestID(fmt.Sprint("r", i)), Spec: pressSpec(i)}}})
	}
	x.apps = slices.Sorted(maps.Keys(x.c.apps))
	return x
}

// pressSpec is an application of two profiles, some with gpus; it wants nothing yet.
func pressSpec(i int) deploy.AppSpec {
	s := deploy.AppSpec{Name: "a", Executor: deploy.Command{Program: "p"}, Targets: []deploy.Target{{Profile: 0}, {Profile: 1}}}
	s.Profiles = []deploy.Profile{{ID: 0, Cores: int32(1 + i%4), MemoryMiB: 512 << (i % 3)}, {ID: 1, Cores: 1, MemoryMiB: 1024}}
	if i%8 == 0 {
		s.Profiles[1].Custom = []deploy.Amount{{Name: "gpu", Count: 1}}
	}
	return s
}

func (x *press) step(b testing.TB, ev Event) {
	x.fleet.step(ev)
	x.tell(b)
}

// tell brings the replica up to date.
func (x *press) tell(b testing.TB) {
	if x.out.Place != nil {
		if err := x.state.Apply(x.out.Place); err != nil {
			b.Fatal(err)
		}
	}
}

// round lets one application want more, places, and ends the oldest launches.
func (x *press) round(b testing.TB) {
	a := x.c.apps[x.apps[x.r.IntN(len(x.apps))]]
	profile := int32(x.r.IntN(2))
	total := int32(pressEach)
	for _, e := range a.executors {
		if e.profile.ID == profile {
			total++
		}
	}
	x.seq++
	start := processorTime(b)
	x.step(b, Received{Peer: a.session.peer, Msgs: []deploy.Message{
		deploy.SetTargets{Request: deploy.RequestID(fmt.Sprint("t", x.seq)), App: a.rec.ID, Targets: []deploy.Target{{Profile: profile, Total: total}}}}})
	plan, err := x.policy.Place(b.Context(), x.state.View(0))
	if err != nil {
		b.Fatal(err)
	}
	x.step(b, Planned{Plan: plan, Policy: "bench"})
	x.decided += processorTime(b) - start
	for i := range x.out.Send {
		if order, ok := x.out.Send[i].Msg.(deploy.LaunchOrder); ok {
			x.granted++
			x.started = append(x.started, x.c.launches[order.Launch.ID])
		}
	}
	x.end(b)
}

// end reports the oldest launches beyond those that may run as gone, and lowers the targets of their applications.
func (x *press) end(b testing.TB) {
	for len(x.started) > pressHeld*pressEach {
		l := x.started[0]
		x.started = x.started[1:]
		a := l.exec.app
		x.seq++
		x.step(b, Received{Peer: a.session.peer, Msgs: []deploy.Message{deploy.SetTargets{Request: deploy.RequestID(fmt.Sprint("t", x.seq)), App: a.rec.ID,
			Targets: []deploy.Target{{Profile: l.exec.profile.ID, Total: max(0, l.exec.profile.live-1)}}}}})
		x.step(b, Received{Peer: l.worker.session.peer, Msgs: []deploy.Message{deploy.Report{Worker: l.worker.spec.ID, Incarnation: 1, Launch: deploy.LaunchReport{
			Launch: l.id, Executor: l.exec.id(), Need: l.need, Addresses: l.addresses, Seq: x.seq, State: deploy.ExecutorExited, Lived: time.Minute}}}})
	}
}

// TestPressOverCommitsNothing checks a second time what the benchmark counts: what the orders out of Step have given and nobody has ended is
// summed up anew and held against what the workers said of themselves.
func TestPressOverCommitsNothing(t *testing.T) {
	for _, skew := range []string{"mixed", "memory"} {
		for _, policy := range []scheduler.SchedulerPolicy{
			scheduler.NewSpread(scheduler.DefaultOptions()), scheduler.NewPack(scheduler.DefaultOptions()), scheduler.NewFair(scheduler.FairOptions()),
		} {
			x := newPress(t, 300, skew, policy)
			for range 3 * pressHeld {
				x.round(t)
				x.recount(t)
			}
			if x.granted < 5*pressEach {
				t.Errorf("%s, %T: %d launches, want some more", skew, policy, x.granted)
			}
		}
	}
}

// recount sums up all launches that have not ended.
func (x *press) recount(t *testing.T) {
	t.Helper()
	used, units := map[*worker]deploy.Resources{}, map[string]bool{}
	for _, l := range x.started {
		u := used[l.worker]
		u.Cores += l.need.Cores
		u.MemoryMiB += l.need.MemoryMiB
		used[l.worker] = u
		for _, a := range l.addresses {
			for _, unit := range a.Units {
				name := fmt.Sprint(l.worker.spec.ID, a.Name, unit)
				if units[name] {
					t.Fatalf("%s is given twice", name)
				}
				units[name] = true
			}
		}
	}
	for w, u := range used {
		if u.Cores > w.spec.Cores || u.MemoryMiB > w.spec.MemoryMiB {
			t.Fatalf("%s has %d cores and %d MiB, and %s are given", w.spec.ID, w.spec.Cores, w.spec.MemoryMiB, u)
		}
	}
}

func processorTime(b testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkDecide counts launches out of Step: an application wants 256 executors more, the policy places them behind its contract, the core
// re-checks, books and orders them. T1 at 5 000 workers, T2 between the sizes.
func BenchmarkDecide(b *testing.B) {
	o := scheduler.DefaultOptions()
	for _, skew := range []string{"mixed", "memory"} {
		for _, policy := range []struct {
			name string
			is   scheduler.SchedulerPolicy
		}{{"spread", scheduler.NewSpread(o)}, {"pack", scheduler.NewPack(o)}} {
			for _, n := range []int{1000, 5000, 10_000, 100_000} {
				b.Run(fmt.Sprintf("%s/%s/%d", skew, policy.name, n), func(b *testing.B) {
					x := newPress(b, n, skew, policy.is)
					for range 2 * pressHeld {
						x.round(b)
					}
					x.granted, x.decided = 0, 0
					b.ReportAllocs()
					b.ResetTimer()
					for x.granted < b.N {
						x.round(b)
					}
					b.ReportMetric(float64(x.granted)/x.decided.Seconds(), "decisions/s")
				})
			}
		}
	}
}
