package schedulertest

import (
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

func avoids(t *testing.T, open func() scheduler.SchedulerPolicy) {
	b := NewBooks()
	bad := b.AddWorker(machine("w-1", 8, 8192))
	good := b.AddWorker(machine("w-2", 2, 8192))
	d := wish(1, 1, 2, 512)
	d.Avoid = []scheduler.WorkerRef{bad}
	ref := b.AddDemand(d)
	x := newBench(t, b, open())
	plan := x.place()
	if len(plan.Grants) != 1 || plan.Grants[0].Worker != good {
		t.Fatalf("another worker fits: got %+v, want a grant on worker %d", plan, good)
	}
	b.Accept(plan.Grants)
	d.Ref = ref
	b.SetDemand(d)
	if plan = x.next(); len(plan.Grants) != 1 || plan.Grants[0].Worker != bad {
		t.Fatalf("no other worker fits: got %+v, want a grant on worker %d", plan, bad)
	}
}

func leavesBlockedAlone(t *testing.T, open func() scheduler.SchedulerPolicy) {
	for _, code := range codesOfWorkers {
		b := NewBooks()
		w := machine("w-1", 8, 8192)
		w.Blocked = code
		ref := b.AddWorker(w)
		b.AddDemand(wish(1, 1, 2, 512))
		x := newBench(t, b, open())
		plan := x.place()
		if len(plan.Grants) != 0 || len(plan.Waiting) != 1 {
			t.Fatalf("the only worker is blocked by %s: got %+v", code, plan)
		}
		b.SetWorker(machine("w-1", 8, 8192))
		if plan = x.next(); len(plan.Grants) != 1 || plan.Grants[0].Worker != ref {
			t.Fatalf("%s has ended: got %+v, want a grant", code, plan)
		}
	}
}

func driver(order uint64) scheduler.DemandRow {
	d := wish(order, 1, 1, 128)
	d.Driver, d.Subject = true, "driver"
	return d
}

func keepsDriverSlots(t *testing.T, open func() scheduler.SchedulerPolicy) {
	b := NewBooks()
	b.DriverSlots = 4
	b.AddWorker(machine("w-1", 10, 10240))
	for i := range uint64(6) {
		b.AddDemand(driver(i))
	}
	x := newBench(t, b, open())
	plan := x.place()
	if len(plan.Grants) != 4 || len(plan.Waiting) != 2 {
		t.Fatalf("6 drivers and 4 slots: got %+v", plan)
	}
	for _, w := range plan.Waiting {
		if w.Reason.Code != deploy.ReasonMaxDrivers {
			t.Fatalf("driver %d waits for %s, want MAX_DRIVERS", w.Demand, w.Reason.Code)
		}
	}
	b.Accept(plan.Grants)
	if plan = x.next(); len(plan.Grants) != 0 {
		t.Fatalf("no slot is free: got %+v", plan)
	}
	b.Finish(0)
	if plan = x.next(); len(plan.Grants) != 1 || plan.Grants[0].Demand != 4 {
		t.Fatalf("a driver has ended: got %+v, want a grant for the first that waits", plan)
	}
}

func driversFirst(t *testing.T, open func() scheduler.SchedulerPolicy) {
	b := NewBooks()
	b.AddWorker(machine("w-1", 1, 10240))
	b.AddDemand(wish(1, 1, 1, 128))
	d := b.AddDemand(driver(2))
	if plan := newBench(t, b, open()).place(); len(plan.Grants) != 1 || plan.Grants[0].Demand != d {
		t.Fatalf("one core, an executor and a driver: got %+v, want the driver placed", plan)
	}
}

func sharesCores(t *testing.T, open func() scheduler.SchedulerPolicy) {
	b := NewBooks()
	for _, id := range []string{"w-1", "w-2", "w-3"} {
		b.AddWorker(machine(id, 10, 10240))
	}
	for profile := range int32(3) {
		d := wish(1, deploy.NoLimit, 2, 128)
		d.Profile, d.Share, d.Cores = profile, 7, 5
		b.AddDemand(d)
	}
	x := newBench(t, b, open())
	plan := x.place()
	if len(plan.Grants) != 2 {
		t.Fatalf("5 cores for three profiles of 2: got %+v, want 2 grants", plan)
	}
	for _, w := range plan.Waiting {
		if w.Reason.Code != deploy.ReasonAppCoresMax {
			t.Fatalf("demand %d waits for %s, want APP_CORES_MAX", w.Demand, w.Reason.Code)
		}
	}
	// Nothing came of the grants: all profiles may have the cores again.
	if plan = x.next(); len(plan.Grants) != 2 || len(plan.Waiting) == 0 {
		t.Fatalf("after grants that came to nothing: got %+v, want the same again", plan)
	}
}

func emptyCluster(t *testing.T, open func() scheduler.SchedulerPolicy) {
	b := NewBooks()
	x := newBench(t, b, open())
	if plan := x.place(); len(plan.Grants)+len(plan.Waiting) > 0 {
		t.Fatalf("nothing to do: got %+v", plan)
	}
	b.AddDemand(wish(1, 1, 1, 128))
	plan := x.next()
	if len(plan.Waiting) != 1 || plan.Waiting[0].Reason.Code != deploy.ReasonNoWorkers {
		t.Fatalf("no worker: got %+v, want NO_WORKERS", plan)
	}
	b.AddWorker(machine("w-1", 1, 128))
	if plan = x.next(); len(plan.Grants) != 1 {
		t.Fatalf("the first worker: got %+v, want a grant", plan)
	}
}
