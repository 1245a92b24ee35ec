package scheduler_test

import (
	"fmt"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
	"github.com/musterproject/muster/pkg/scheduler/schedulertest"
)

// step is one change of an application's target, after the oldest executors were ended, and what then runs on w-0 and w-1.
type step struct {
	end          int32 // the oldest so many executors; -1: all
	target       int32
	spread, pack [2]int32
}

// targetVectors are for two workers of 10 cores and 2048 MiB, in order of id.
var targetVectors = []struct {
	name  string
	cores int32 // per executor; 0: it grows
	steps []step
}{
	{"growing", 0, []step{
		{0, deploy.NoLimit, [2]int32{1, 1}, [2]int32{1, 1}},
		{-1, 0, [2]int32{}, [2]int32{}},
		{0, 1, [2]int32{1, 0}, [2]int32{1, 0}},
		{0, 2, [2]int32{1, 1}, [2]int32{1, 1}},
		{0, 3, [2]int32{1, 1}, [2]int32{1, 1}},
		{-1, 1, [2]int32{1, 0}, [2]int32{1, 0}},
		{-1, 0, [2]int32{}, [2]int32{}},
		{0, 1000, [2]int32{1, 1}, [2]int32{1, 1}},
	}},
	{"2 cores each", 2, []step{
		{0, deploy.NoLimit, [2]int32{5, 5}, [2]int32{5, 5}},
		{-1, 0, [2]int32{}, [2]int32{}},
		{0, 1, [2]int32{1, 0}, [2]int32{1, 0}},
		{0, 4, [2]int32{3, 1}, [2]int32{4, 0}},
		{0, 14, [2]int32{5, 5}, [2]int32{5, 5}},
		{2, 12, [2]int32{5, 5}, [2]int32{5, 5}},
		{4, 8, [2]int32{3, 5}, [2]int32{4, 4}},
		{0, 5, [2]int32{3, 5}, [2]int32{4, 4}}, // a lower target ends nothing
		{-1, 0, [2]int32{}, [2]int32{}},
		{0, 1000, [2]int32{5, 5}, [2]int32{5, 5}},
	}},
}

// TestTargetsUpAndDown moves a target and looks at what runs after each plan was booked.
func TestTargetsUpAndDown(t *testing.T) {
	for _, v := range targetVectors {
		for _, spread := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/spread=%v", v.name, spread), func(t *testing.T) {
				d := scheduler.DemandRow{Subject: "app", Cores: deploy.NoLimit, Grow: v.cores == 0, Need: scheduler.Need{Cores: max(1, v.cores), MemoryMiB: 256}}
				life := newLife(t, spread, scheduler.Options{Order: scheduler.ByWorkerID}, 2, deploy.Resources{Cores: 10, MemoryMiB: 2048}, d)
				for i, s := range v.steps {
					want := s.pack
					if spread {
						want = s.spread
					}
					for s.end != 0 && len(life.books.Running) > 0 {
						life.books.Finish(0)
						s.end--
					}
					life.target(0, s.target)
					life.plan()
					if got := [2]int32(life.running(0)); got != want {
						t.Fatalf("step %d, target %d: got %v executors, want %v", i, s.target, got, want)
					}
				}
			})
		}
	}
}

// TestProfileTargets moves the targets of two profiles of one application that may have 12 cores.
func TestProfileTargets(t *testing.T) {
	for _, spread := range []bool{true, false} {
		small := scheduler.DemandRow{Subject: "app", Cores: 12, Share: 1, Need: scheduler.Need{Cores: 1, MemoryMiB: 128}}
		large := scheduler.DemandRow{Subject: "app", Profile: 1, Cores: 12, Share: 1, Need: scheduler.Need{Cores: 4, MemoryMiB: 1024}}
		life := newLife(t, spread, scheduler.Options{Order: scheduler.ByWorkerID}, 2, deploy.Resources{Cores: 10, MemoryMiB: 2048}, small, large)
		for i, s := range []struct {
			small, large           int32
			wantSmall, wantLarge   [2]int32 // spread
			packedSmall, packLarge [2]int32
		}{
			{2, 0, [2]int32{1, 1}, [2]int32{}, [2]int32{2, 0}, [2]int32{}},
			{2, 9, [2]int32{1, 1}, [2]int32{1, 1}, [2]int32{2, 0}, [2]int32{1, 1}}, // 10 of 12 cores: no third large one
			{9, 9, [2]int32{2, 2}, [2]int32{1, 1}, [2]int32{4, 0}, [2]int32{1, 1}}, // the rest goes to the small ones
			{1, 1, [2]int32{2, 2}, [2]int32{1, 1}, [2]int32{4, 0}, [2]int32{1, 1}}, // less is wanted: nothing ends
		} {
			life.target(0, s.small)
			life.target(1, s.large)
			life.plan()
			wantSmall, wantLarge := s.packedSmall, s.packLarge
			if spread {
				wantSmall, wantLarge = s.wantSmall, s.wantLarge
			}
			if a, b := [2]int32(life.running(0)), [2]int32(life.running(1)); a != wantSmall || b != wantLarge {
				t.Fatalf("step %d, spread %v: got %v small and %v large, want %v and %v", i, spread, a, b, wantSmall, wantLarge)
			}
		}
	}
}

// life is an application that lives through many plans.
type life struct {
	t      *testing.T
	books  *schedulertest.Books
	state  *scheduler.State
	policy scheduler.SchedulerPolicy
}

func newLife(t *testing.T, spread bool, o scheduler.Options, workers int, size deploy.Resources, demands ...scheduler.DemandRow) *life {
	t.Helper()
	l := &life{t, schedulertest.NewBooks(), scheduler.NewState(scheduler.Config{}), scheduler.NewPack(o)}
	if spread {
		l.policy = scheduler.NewSpread(o)
	}
	for i := range workers {
		l.books.AddWorker(scheduler.WorkerRow{ID: deploy.WorkerID(fmt.Sprintf("w-%d", i)), Free: size, Total: size})
	}
	for _, d := range demands {
		l.books.AddDemand(d)
	}
	l.books.Delta()
	if err := l.state.Apply(l.books.Full()); err != nil {
		t.Fatal(err)
	}
	return l
}

// target says how many executors of a demand there shall be.
func (l *life) target(d scheduler.DemandRef, total int32) {
	row := l.books.Demands[d]
	if row.Units = total; total != deploy.NoLimit {
		for _, n := range l.running(d) {
			row.Units -= n
		}
	}
	row.Units = max(0, row.Units)
	l.books.SetDemand(row)
}

// running counts the executors of a demand by worker. The needs of the demands differ in memory.
func (l *life) running(d scheduler.DemandRef) []int32 {
	count := make([]int32, len(l.books.Workers))
	for _, run := range l.books.Running {
		if run.Need.MemoryMiB == l.books.Demands[d].Need.MemoryMiB {
			count[run.Worker]++
		}
	}
	return count
}

// plan makes a plan and books it.
func (l *life) plan() {
	l.t.Helper()
	if err := l.state.Apply(l.books.Delta()); err != nil {
		l.t.Fatal(err)
	}
	plan, err := l.policy.Place(l.t.Context(), l.state.View(0))
	if err != nil {
		l.t.Fatal(err)
	}
	if err := schedulertest.Check(l.books, plan); err != nil {
		l.t.Fatal(err)
	}
	l.books.Accept(plan.Grants)
}

// TestDriversInEachOrder places 3 drivers of one core on 3 workers: one on each or all on the first by id, whatever the order of workers for
// executors is; and 6 of which 4 may run.
func TestDriversInEachOrder(t *testing.T) {
	for _, by := range orders {
		for _, spread := range []bool{true, false} {
			for drivers, want := range map[bool][3]int32{true: {1, 1, 1}, false: {3, 0, 0}} {
				life := newLife(t, spread, scheduler.Options{Order: by, SpreadDrivers: drivers}, 3, deploy.Resources{Cores: 10, MemoryMiB: 10240}, fleet(3)...)
				life.plan()
				var got [3]int32
				for _, run := range life.books.Running {
					got[run.Worker]++
				}
				if got != want {
					t.Errorf("%s, spread %v, drivers spread %v: got %v, want %v", by, spread, drivers, got, want)
				}
			}
			life := newLife(t, spread, scheduler.Options{Order: by, SpreadDrivers: true}, 1, deploy.Resources{Cores: 10, MemoryMiB: 10240}, fleet(6)...)
			life.books.DriverSlots = 4
			life.plan()
			if n := len(life.books.Running); n != 4 || life.books.Demands[4].Gone || life.books.Demands[5].Gone {
				t.Errorf("%s, spread %v: %d of 6 drivers run and 4 may, demands %+v", by, spread, n, life.books.Demands)
			}
		}
	}
}

func fleet(n uint64) []scheduler.DemandRow {
	list := make([]scheduler.DemandRow, n)
	for i := range list {
		list[i] = scheduler.DemandRow{Driver: true, Subject: "driver", Order: uint64(i), Units: 1, Need: scheduler.Need{Cores: 1, MemoryMiB: 512}}
	}
	return list
}
