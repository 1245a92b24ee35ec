package scheduler_test

import (
	"fmt"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
	"github.com/musterproject/muster/pkg/scheduler/schedulertest"
)

// eachPolicy runs a test with a new policy of each kind.
func eachPolicy(t *testing.T, o scheduler.Options, test func(t *testing.T, p scheduler.SchedulerPolicy)) {
	t.Helper()
	for _, name := range scheduler.Names() {
		p, err := scheduler.Open(name, o)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) { test(t, p) })
	}
}

// stage is a replica that a policy makes checked plans on.
type stage struct {
	t      *testing.T
	books  *schedulertest.Books
	state  *scheduler.State
	policy scheduler.SchedulerPolicy
}

func newStage(t *testing.T, p scheduler.SchedulerPolicy) *stage {
	x := &stage{t, schedulertest.NewBooks(), scheduler.NewState(scheduler.Config{}), p}
	x.books.Delta()
	if err := x.state.Apply(x.books.Full()); err != nil {
		t.Fatal(err)
	}
	return x
}

func (x *stage) worker(host string, cores int32) scheduler.WorkerRef {
	r := deploy.Resources{Cores: cores, MemoryMiB: 1000 * int64(cores)}
	id := fmt.Sprintf("w-%d", len(x.books.Workers))
	return x.books.AddWorker(scheduler.WorkerRow{ID: deploy.WorkerID(id), Host: host, Free: r, Total: r})
}

// place makes a plan and gives it with what it says of a demand.
func (x *stage) place(d scheduler.DemandRef) (scheduler.Plan, scheduler.Waiting) {
	x.t.Helper()
	if err := x.state.Apply(x.books.Delta()); err != nil {
		x.t.Fatal(err)
	}
	plan, err := x.policy.Place(x.t.Context(), x.state.View(0))
	if err != nil {
		x.t.Fatal(err)
	}
	if err := schedulertest.Check(x.books, plan); err != nil {
		x.t.Fatal(err)
	}
	for _, w := range plan.Waiting {
		if w.Demand == d {
			return plan, w
		}
	}
	return plan, scheduler.Waiting{}
}

func gang(units, cores int32) scheduler.DemandRow {
	return scheduler.DemandRow{Subject: "app-gang", Units: units, Cores: deploy.NoLimit, Gang: true, Need: scheduler.Need{Cores: cores, MemoryMiB: 100}}
}

// TestGangs puts gangs before two workers of 4 cores on one host and one of 6 on another, of which one core is taken.
func TestGangs(t *testing.T) {
	with := func(d scheduler.DemandRow, change func(*scheduler.DemandRow)) scheduler.DemandRow {
		change(&d)
		return d
	}
	for _, c := range []struct {
		name   string
		d      scheduler.DemandRow
		quota  int64 // cores of its queue, 0 for none
		code   deploy.ReasonCode
		has    int64 // units that fit now by the cause, with a code
		causes int
	}{
		{name: "fits", d: gang(6, 2)},
		{name: "fits to the last core", d: gang(13, 1)},
		{name: "fits with an avoided worker", d: with(gang(6, 2), func(d *scheduler.DemandRow) { d.Avoid = []scheduler.WorkerRef{0} })},
		{name: "apart", d: with(gang(2, 2), func(d *scheduler.DemandRow) { d.Apart, d.Share = deploy.ApartHost, 1 })},
		{name: "so many on each", d: with(gang(6, 1), func(d *scheduler.DemandRow) { d.MaxPerWorker, d.Share = 2, 1 })},
		{name: "one too many", d: gang(7, 2), code: deploy.ReasonInsufficientCores, has: 6, causes: 1},
		{name: "all but a core", d: gang(14, 1), code: deploy.ReasonInsufficientCores, has: 13, causes: 1},
		{name: "some have no room for one", d: gang(2, 5), code: deploy.ReasonInfeasible, has: 1, causes: 2},
		{name: "never", d: gang(8, 2), code: deploy.ReasonInfeasible, has: 7, causes: 1},
		{name: "never apart", d: with(gang(3, 1), func(d *scheduler.DemandRow) { d.Apart, d.Share = deploy.ApartHost, 1 }), code: deploy.ReasonInfeasible, has: 2, causes: 1},
		{name: "cores of the application", d: with(gang(3, 2), func(d *scheduler.DemandRow) { d.Cores = 5 }), code: deploy.ReasonAppCoresMax},
		{name: "quota", d: gang(3, 2), quota: 5, code: deploy.ReasonQuota},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachPolicy(t, scheduler.DefaultOptions(), func(t *testing.T, p scheduler.SchedulerPolicy) {
				x := newStage(t, p)
				x.worker("h1", 4)
				x.worker("h1", 4)
				third := x.worker("h2", 6)
				w := x.books.Workers[third]
				w.Free.Cores--
				x.books.SetWorker(w)
				if c.quota > 0 {
					c.d.Queue = x.books.AddQueue(scheduler.QueueRow{Name: "q", Weight: 1, Quota: quantities("cores", c.quota)})
				}
				d := x.books.AddDemand(c.d)
				plan, said := x.place(d)
				if c.code == deploy.ReasonNone {
					if len(plan.Grants) != int(c.d.Units) || len(plan.Waiting) > 0 {
						t.Fatalf("got %+v, want %d grants", plan, c.d.Units)
					}
					return
				}
				if len(plan.Grants) > 0 || said.Reason.Code != c.code || len(said.Reason.Causes) != c.causes {
					t.Fatalf("got %+v, want %s and %d causes", plan, c.code, c.causes)
				}
				for _, cause := range said.Reason.Causes {
					if cause.Resource == deploy.ResourceGang && (cause.Have != c.has || cause.Want != int64(c.d.Units)) {
						t.Errorf("got %+v, want %d of %d", cause, c.has, c.d.Units)
					}
				}
			})
		})
	}
}

// TestGangsHoldNobodyUp lets a small request pass a gang that does not fit, and the gang start when the room comes.
func TestGangsHoldNobodyUp(t *testing.T) {
	eachPolicy(t, scheduler.DefaultOptions(), func(t *testing.T, p scheduler.SchedulerPolicy) {
		x := newStage(t, p)
		x.worker("h1", 4)
		x.worker("h2", 4)
		first := x.books.AddDemand(gang(3, 2))
		x.place(first)
		d := x.books.AddDemand(gang(4, 2))
		plan, _ := x.place(d)
		if len(plan.Grants) != 3 || plan.Grants[0].Demand != first {
			t.Fatalf("got %+v, want the first gang again", plan)
		}
		x.books.Accept(plan.Grants)
		small := x.books.AddDemand(scheduler.DemandRow{Subject: "app-small", Order: 9, Units: 1, Cores: deploy.NoLimit, Need: scheduler.Need{Cores: 1}})
		plan, _ = x.place(d)
		if len(plan.Grants) != 1 || plan.Grants[0].Demand != small {
			t.Fatalf("got %+v, want the small one passed", plan)
		}
		x.books.Accept(plan.Grants)
		x.books.Finish(3)
		x.books.Finish(2)
		if plan, said := x.place(d); len(plan.Grants) > 0 || said.Reason.Code != deploy.ReasonInsufficientCores {
			t.Fatalf("4 cores are taken still: got %+v", plan)
		}
		x.books.Finish(1)
		x.books.Finish(0)
		if plan, _ = x.place(d); len(plan.Grants) != 4 {
			t.Fatalf("all is free: got %+v, want the gang placed", plan)
		}
		if plan, _ = x.place(d); len(plan.Grants) != 4 {
			t.Fatalf("nothing came of it: got %+v, want the gang placed again", plan)
		}
	})
}
