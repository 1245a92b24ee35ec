package scheduler_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
	"github.com/musterproject/muster/pkg/scheduler/schedulertest"
)

// vector is one row of the peer's tables. Zero cores per executor, cores or executors mean without bound.
type vector struct {
	name             string
	memory           int64
	cores            int32 // per executor
	max              int32
	limit            int32
	limited          bool // limit holds, also when it is 0
	spread, pack     [3]int32
	spreadEx, packEx [3]int32
}

// vectors are for workers of 10 cores and 512 MiB. Cores and executors are per worker, in the order in which the workers are tried.
var vectors = []vector{
	{name: "basic", memory: 128, spread: [3]int32{10, 10, 10}, pack: [3]int32{10, 10, 10}, spreadEx: [3]int32{1, 1, 1}, packEx: [3]int32{1, 1, 1}},
	{name: "more memory", memory: 384, spread: [3]int32{10, 10, 10}, pack: [3]int32{10, 10, 10}, spreadEx: [3]int32{1, 1, 1}, packEx: [3]int32{1, 1, 1}},
	{name: "max 8", memory: 128, max: 8, spread: [3]int32{3, 3, 2}, pack: [3]int32{8, 0, 0}, spreadEx: [3]int32{1, 1, 1}, packEx: [3]int32{1, 0, 0}},
	{name: "max 16", memory: 128, max: 16, spread: [3]int32{6, 5, 5}, pack: [3]int32{10, 6, 0}, spreadEx: [3]int32{1, 1, 1}, packEx: [3]int32{1, 1, 0}},
	{name: "2 cores each", memory: 128, cores: 2, spread: [3]int32{8, 8, 8}, pack: [3]int32{8, 8, 8}, spreadEx: [3]int32{4, 4, 4}, packEx: [3]int32{4, 4, 4}},
	{name: "2 cores each, little memory", memory: 32, cores: 2, spread: [3]int32{10, 10, 10}, pack: [3]int32{10, 10, 10}, spreadEx: [3]int32{5, 5, 5}, packEx: [3]int32{5, 5, 5}},
	{name: "3 cores each", memory: 32, cores: 3, spread: [3]int32{9, 9, 9}, pack: [3]int32{9, 9, 9}, spreadEx: [3]int32{3, 3, 3}, packEx: [3]int32{3, 3, 3}},
	{name: "2 each, max 4", memory: 32, cores: 2, max: 4, spread: [3]int32{2, 2, 0}, pack: [3]int32{4, 0, 0}, spreadEx: [3]int32{1, 1, 0}, packEx: [3]int32{2, 0, 0}},
	{name: "2 each, max 20", memory: 32, cores: 2, max: 20, spread: [3]int32{8, 6, 6}, pack: [3]int32{10, 10, 0}, spreadEx: [3]int32{4, 3, 3}, packEx: [3]int32{5, 5, 0}},
	{name: "3 each, max 20", memory: 32, cores: 3, max: 20, spread: [3]int32{6, 6, 6}, pack: [3]int32{9, 9, 0}, spreadEx: [3]int32{2, 2, 2}, packEx: [3]int32{3, 3, 0}},

	{name: "limit 0", memory: 256, limited: true},
	{name: "limit 2", memory: 256, limited: true, limit: 2, spread: [3]int32{10, 10, 0}, pack: [3]int32{10, 10, 0}, spreadEx: [3]int32{1, 1, 0}, packEx: [3]int32{1, 1, 0}},
	{name: "limit 5", memory: 256, limited: true, limit: 5, spread: [3]int32{10, 10, 10}, pack: [3]int32{10, 10, 10}, spreadEx: [3]int32{1, 1, 1}, packEx: [3]int32{1, 1, 1}},
	{name: "limit 0, max 16", memory: 256, max: 16, limited: true},
	{name: "limit 2, max 16", memory: 256, max: 16, limited: true, limit: 2, spread: [3]int32{8, 8, 0}, pack: [3]int32{10, 6, 0}, spreadEx: [3]int32{1, 1, 0}, packEx: [3]int32{1, 1, 0}},
	{name: "limit 5, max 16", memory: 256, max: 16, limited: true, limit: 5, spread: [3]int32{6, 5, 5}, pack: [3]int32{10, 6, 0}, spreadEx: [3]int32{1, 1, 1}, packEx: [3]int32{1, 1, 0}},
	{name: "limit 0, 4 each", memory: 64, cores: 4, limited: true},
	{name: "limit 2, 4 each", memory: 64, cores: 4, limited: true, limit: 2, spread: [3]int32{4, 4, 0}, pack: [3]int32{8, 0, 0}, spreadEx: [3]int32{1, 1, 0}, packEx: [3]int32{2, 0, 0}},
	{name: "limit 5, 4 each", memory: 64, cores: 4, limited: true, limit: 5, spread: [3]int32{8, 8, 4}, pack: [3]int32{8, 8, 4}, spreadEx: [3]int32{2, 2, 1}, packEx: [3]int32{2, 2, 1}},
	{name: "limit 2, 4 each, max 20", memory: 64, cores: 4, max: 20, limited: true, limit: 2, spread: [3]int32{4, 4, 0}, pack: [3]int32{8, 0, 0}, spreadEx: [3]int32{1, 1, 0}, packEx: [3]int32{2, 0, 0}},
	{name: "limit 5, 4 each, max 20", memory: 64, cores: 4, max: 20, limited: true, limit: 5, spread: [3]int32{8, 8, 4}, pack: [3]int32{8, 8, 4}, spreadEx: [3]int32{2, 2, 1}, packEx: [3]int32{2, 2, 1}},
	{name: "limit 5, 4 each, max 16", memory: 64, cores: 4, max: 16, limited: true, limit: 5, spread: [3]int32{8, 4, 4}, pack: [3]int32{8, 8, 0}, spreadEx: [3]int32{2, 1, 1}, packEx: [3]int32{2, 2, 0}},
	{name: "limit 4, 4 each, max 20", memory: 64, cores: 4, max: 20, limited: true, limit: 4, spread: [3]int32{8, 4, 4}, pack: [3]int32{8, 8, 0}, spreadEx: [3]int32{2, 1, 1}, packEx: [3]int32{2, 2, 0}},
}

func (v *vector) demand() scheduler.DemandRow {
	d := scheduler.DemandRow{Subject: "app", Units: deploy.NoLimit, Cores: deploy.NoLimit, Need: scheduler.Need{Cores: v.cores, MemoryMiB: v.memory}}
	if v.limited {
		d.Units = v.limit
	}
	if v.max > 0 {
		d.Cores = v.max
	}
	if v.cores == 0 {
		d.Grow, d.Need.Cores = true, 1
	}
	return d
}

// ties says in which order equal workers w-0, w-1, w-2 are tried: a descending order is the ascending one reversed.
var ties = map[scheduler.By][3]scheduler.WorkerRef{
	scheduler.ByCoresFreeAsc: {0, 1, 2}, scheduler.ByCoresFreeDesc: {2, 1, 0},
	scheduler.ByMemoryFreeAsc: {0, 1, 2}, scheduler.ByMemoryFreeDesc: {2, 1, 0},
	scheduler.ByWorkerID: {0, 1, 2},
}

func TestVectorTables(t *testing.T) {
	for _, v := range vectors {
		for by, order := range ties {
			for _, spread := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s/%s/spread=%v", v.name, by, spread), func(t *testing.T) {
					cores, executors := v.spread, v.spreadEx
					if !spread {
						cores, executors = v.pack, v.packEx
					}
					_, plan := place(t, spread, scheduler.Options{Order: by}, trio(10, 512), v.demand())
					gotCores, gotExecutors := perWorker(plan.Grants, 0, true), perWorker(plan.Grants, 0, false)
					for i, w := range order {
						if gotCores[w] != cores[i] || gotExecutors[w] != executors[i] {
							t.Errorf("w-%d, tried as number %d: got %d cores in %d executors, want %d in %d", w, i, gotCores[w], gotExecutors[w], cores[i], executors[i])
						}
					}
				})
			}
		}
	}
}

// trio gives three equal workers.
func trio(cores int32, memory int64) []deploy.Resources {
	r := deploy.Resources{Cores: cores, MemoryMiB: memory}
	return []deploy.Resources{r, r, r}
}

// place puts demands before a new policy on new workers w-0, w-1, ...
func place(t *testing.T, spread bool, o scheduler.Options, workers []deploy.Resources, demands ...scheduler.DemandRow) (*schedulertest.Books, scheduler.Plan) {
	t.Helper()
	b := schedulertest.NewBooks()
	for i, r := range workers {
		b.AddWorker(scheduler.WorkerRow{ID: deploy.WorkerID(fmt.Sprintf("w-%d", i)), Free: r, Total: r})
	}
	for _, d := range demands {
		b.AddDemand(d)
	}
	var p scheduler.SchedulerPolicy = scheduler.NewPack(o)
	if spread {
		p = scheduler.NewSpread(o)
	}
	s := scheduler.NewState(scheduler.Config{})
	if err := s.Apply(b.Full()); err != nil {
		t.Fatal(err)
	}
	plan, err := p.Place(t.Context(), s.View(0))
	if err != nil {
		t.Fatal(err)
	}
	if err := schedulertest.Check(b, plan); err != nil {
		t.Fatal(err)
	}
	return b, plan
}

// perWorker counts the cores or the grants of one demand on the first three workers.
func perWorker(grants []scheduler.Grant, d scheduler.DemandRef, cores bool) (got [3]int32) {
	for _, g := range grants {
		switch {
		case g.Demand != d:
		case cores:
			got[g.Worker] += g.Cores
		default:
			got[g.Worker]++
		}
	}
	return got
}

// TestWorkerSelection asks for two executors of all orders, on workers that each order ranks in its own way.
func TestWorkerSelection(t *testing.T) {
	workers := []deploy.Resources{{Cores: 4, MemoryMiB: 4000}, {Cores: 5, MemoryMiB: 6000}, {Cores: 6, MemoryMiB: 5000}}
	for _, c := range []struct {
		by           scheduler.By
		spread, pack []scheduler.WorkerRef
	}{
		{scheduler.ByCoresFreeAsc, []scheduler.WorkerRef{0, 1}, []scheduler.WorkerRef{0, 0}},
		{scheduler.ByCoresFreeDesc, []scheduler.WorkerRef{2, 1}, []scheduler.WorkerRef{2, 2}},
		{scheduler.ByMemoryFreeAsc, []scheduler.WorkerRef{0, 2}, []scheduler.WorkerRef{0, 0}},
		{scheduler.ByMemoryFreeDesc, []scheduler.WorkerRef{1, 2}, []scheduler.WorkerRef{1, 1}},
		{scheduler.ByWorkerID, []scheduler.WorkerRef{0, 1}, []scheduler.WorkerRef{0, 0}},
	} {
		for _, spread := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/spread=%v", c.by, spread), func(t *testing.T) {
				d := scheduler.DemandRow{Subject: "app", Units: 2, Cores: deploy.NoLimit, Need: scheduler.Need{Cores: 2, MemoryMiB: 1000}}
				_, plan := place(t, spread, scheduler.Options{Order: c.by}, workers, d)
				want := c.pack
				if spread {
					want = c.spread
				}
				got := make([]scheduler.WorkerRef, 0, 2)
				for _, g := range plan.Grants {
					got = append(got, g.Worker)
				}
				if !slices.Equal(got, want) {
					t.Errorf("got %v, want %v", got, want)
				}
			})
		}
	}
}

func TestDrivers(t *testing.T) {
	one := scheduler.DemandRow{Driver: true, Subject: "driver", Units: 1, Need: scheduler.Need{Cores: 1, MemoryMiB: 512}}
	three := []scheduler.DemandRow{one, one, one}
	for i := range three {
		three[i].Order = uint64(i)
	}
	total := func(grants []scheduler.Grant) (sum [3]int32) {
		for _, g := range grants {
			sum[g.Worker]++
		}
		return sum
	}
	_, plan := place(t, true, scheduler.Options{SpreadDrivers: true}, trio(10, 10240), three...)
	if got := total(plan.Grants); got != [3]int32{1, 1, 1} {
		t.Errorf("spread: got %v, want one on each", got)
	}
	_, plan = place(t, true, scheduler.Options{}, trio(10, 10240), three...)
	if got := total(plan.Grants); got != [3]int32{3, 0, 0} {
		t.Errorf("not spread: got %v, want all on the first", got)
	}
	done := one
	done.Units = 0
	_, want := place(t, true, scheduler.Options{SpreadDrivers: true}, trio(10, 10240), one)
	_, plan = place(t, true, scheduler.Options{SpreadDrivers: true}, trio(10, 10240), done, one)
	if len(plan.Grants) != 1 || plan.Grants[0].Worker != want.Grants[0].Worker {
		t.Errorf("behind a driver that wants nothing: got %v, want worker %d", plan.Grants, want.Grants[0].Worker)
	}
	big := one
	big.Need.Cores = 20
	_, plan = place(t, true, scheduler.DefaultOptions(), trio(10, 10240), big, one)
	if len(plan.Grants) != 1 || plan.Grants[0].Demand != 1 {
		t.Errorf("a driver that fits nowhere stands before one that does: got %v", plan.Grants)
	}
}

// TestProfiles gives one application three profiles, in order of their ids, on workers of 4 cores, 4 GiB and 10 gpus in all.
func TestProfiles(t *testing.T) {
	gpu := func(n int32) []deploy.Amount { return []deploy.Amount{{Name: "gpu", Count: n}} }
	workers := []deploy.Resources{
		{Cores: 4, MemoryMiB: 4096, Custom: gpu(3)}, {Cores: 4, MemoryMiB: 4096, Custom: gpu(3)}, {Cores: 4, MemoryMiB: 4096},
	}
	app := func(max int32, profiles ...scheduler.DemandRow) []scheduler.DemandRow {
		for i := range profiles {
			profiles[i].Subject, profiles[i].Profile, profiles[i].Share, profiles[i].Cores = "app", int32(i), 1, max
		}
		return profiles
	}
	units := func(n, cores int32, memory int64, custom []deploy.Amount) scheduler.DemandRow {
		return scheduler.DemandRow{Units: n, Need: scheduler.Need{Cores: cores, MemoryMiB: memory, Custom: custom}}
	}
	for _, c := range []struct {
		name string
		rows []scheduler.DemandRow
		want [][3]int32 // executors per profile and worker
	}{
		{"the smaller id first", app(deploy.NoLimit, units(2, 3, 1024, nil), units(9, 1, 1024, nil)), [][3]int32{{1, 1, 0}, {1, 1, 4}}},
		{"max cores over all", app(7, units(2, 3, 1024, nil), units(9, 1, 1024, nil)), [][3]int32{{1, 1, 0}, {1, 0, 0}}},
		{"a larger one does not hold up", app(4, units(9, 5, 1024, nil), units(9, 2, 1024, nil)), [][3]int32{{}, {1, 1, 0}}},
		{"whole addresses", app(deploy.NoLimit, units(9, 1, 512, gpu(2)), units(9, 1, 512, gpu(1)), units(1, 1, 512, nil)), [][3]int32{{1, 1, 0}, {1, 1, 0}, {1, 0, 0}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, plan := place(t, true, scheduler.Options{Order: scheduler.ByWorkerID}, workers, c.rows...)
			for i, want := range c.want {
				if got := perWorker(plan.Grants, scheduler.DemandRef(i), false); got != want {
					t.Errorf("profile %d: got %v, want %v", i, got, want)
				}
			}
		})
	}
}

// TestFirstInFirstOut lets a later application pass one that fits nowhere, and an earlier one take all it may.
func TestFirstInFirstOut(t *testing.T) {
	big := scheduler.DemandRow{Subject: "big", Order: 1, Units: deploy.NoLimit, Cores: deploy.NoLimit, Need: scheduler.Need{Cores: 2, MemoryMiB: 4096}}
	all := scheduler.DemandRow{Subject: "all", Order: 2, Units: deploy.NoLimit, Cores: deploy.NoLimit, Grow: true, Need: scheduler.Need{Cores: 1, MemoryMiB: 128}}
	late := all
	late.Subject, late.Order = "late", 3
	_, plan := place(t, true, scheduler.DefaultOptions(), trio(10, 512), late, all, big)
	if got := perWorker(plan.Grants, 1, true); got != [3]int32{10, 10, 10} {
		t.Errorf("the first that fits: got %v, want all cores", got)
	}
	want := map[scheduler.DemandRef]deploy.ReasonCode{0: deploy.ReasonQueueBehind, 1: deploy.ReasonInsufficientCores, 2: deploy.ReasonInfeasible}
	for _, w := range plan.Waiting {
		if w.Reason.Code != want[w.Demand] {
			t.Errorf("demand %d: got %s, want %s", w.Demand, w.Reason.Code, want[w.Demand])
		}
	}
	if len(plan.Waiting) != 3 {
		t.Errorf("got %d waiting, want 3", len(plan.Waiting))
	}
}
