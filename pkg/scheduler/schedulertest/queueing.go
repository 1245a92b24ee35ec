package schedulertest

import (
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

func leavesReservedToHolder(t *testing.T, open func() scheduler.SchedulerPolicy) {
	b := NewBooks()
	w := b.AddWorker(taken(machine("w-1", 8, 8192), 2))
	small := b.AddDemand(wish(1, 1, 1, 512))
	big := b.AddDemand(wish(2, 1, 4, 512))
	b.Reserve([]scheduler.Reservation{{Demand: big, Worker: w}})
	x := newBench(t, b, open())
	plan := x.place()
	x.grants(plan, "the only worker is kept for another", small)
	x.waits(plan, "the only worker is kept for another", small, deploy.ReasonReserved)
	x.waits(plan, "its worker is not free yet", big, deploy.ReasonInsufficientCores)
	plan = x.after(func() { b.SetWorker(taken(b.Workers[w], 5)) })
	x.grants(plan, "its worker is free", big, w)
	x.grants(plan, "what is left there is still kept", small)
	b.AcceptPlan(plan)
	x.grants(x.next(), "the reservation has ended", small, w)
}

func servesReservedFirst(t *testing.T, open func() scheduler.SchedulerPolicy) {
	for _, kept := range []scheduler.WorkerRef{0, 1} {
		b := NewBooks()
		b.AddWorker(machine("w-1", 8, 8192))
		b.AddWorker(machine("w-2", 8, 8192))
		d := b.AddDemand(wish(1, 1, 4, 512))
		b.Reserve([]scheduler.Reservation{{Demand: d, Worker: kept}})
		x := newBench(t, b, open())
		x.grants(x.place(), "both fit, one is kept for it", d, kept)
	}
}

func quota(resource string, amount int64) []deploy.Quantity {
	return []deploy.Quantity{{Resource: resource, Amount: amount}}
}

func keepsQuotas(t *testing.T, open func() scheduler.SchedulerPolicy) {
	for _, c := range []struct {
		name         string
		upper, lower []deploy.Quantity
		limiting     uint32
	}{
		{"its own", nil, quota(deploy.ResourceCores, 4), 2},
		{"of the queue above", quota(deploy.ResourceCores, 5), quota(deploy.ResourceCores, 90), 1},
		{"memory", quota(deploy.ResourceMemory, 1024), nil, 1},
		{"custom", nil, quota("gpu", 3), 2},
	} {
		b := NewBooks()
		row := machine("w-1", 16, 16384)
		row.Total.Custom = []deploy.Amount{{Name: "gpu", Count: 8}}
		row.Free.Custom = row.Total.Custom
		w := b.AddWorker(row)
		up := b.AddQueue(scheduler.QueueRow{Name: "prod", Weight: 1, Quota: c.upper})
		low := b.AddQueue(scheduler.QueueRow{Name: "prod.etl", Parent: up, Weight: 1, Quota: c.lower})
		bound := wish(1, 3, 2, 512)
		bound.Queue, bound.Need.Custom = low, []deploy.Amount{{Name: "gpu", Count: 1}}
		if c.name == "custom" {
			bound.Need.Custom[0].Count = 2
			bound.Units = 2
		}
		d := b.AddDemand(bound)
		free := b.AddDemand(wish(2, 1, 2, 512))
		x := newBench(t, b, open())
		plan := x.place()
		fits := []scheduler.WorkerRef{w, w}[:bound.Units-1]
		x.grants(plan, c.name, d, fits...)
		x.grants(plan, "the quota of others", free, w)
		if r := x.waits(plan, c.name, d, deploy.ReasonQuota); r.Queue != c.limiting {
			t.Fatalf("quota %s: the reason names queue %d, want %d", c.name, r.Queue, c.limiting)
		}
		b.AcceptPlan(plan)
		if plan = x.next(); len(plan.Grants) > 0 {
			t.Fatalf("quota %s is used up: got %+v", c.name, plan)
		}
		x.grants(x.after(func() { b.Finish(firstOf(b, low)) }), "the quota frees: "+c.name, d, w)
	}
}

// firstOf finds what runs of a queue.
func firstOf(b *Books, queue uint32) int {
	for i, run := range b.Running {
		if run.Queue == queue {
			return i
		}
	}
	return -1
}

func wakesWhenAQuotaRises(t *testing.T, open func() scheduler.SchedulerPolicy) {
	b := NewBooks()
	w := b.AddWorker(machine("w-1", 16, 16384))
	q := b.AddQueue(scheduler.QueueRow{Name: "prod", Weight: 1, Quota: quota(deploy.ResourceCores, 1)})
	row := wish(1, 1, 2, 512)
	row.Queue = q
	d := b.AddDemand(row)
	x := newBench(t, b, open())
	x.waits(x.place(), "one unit is more than the quota", d, deploy.ReasonQuota)
	plan := x.after(func() {
		up := b.Queues[q]
		up.Quota = quota(deploy.ResourceCores, 2)
		b.SetQueue(up)
	})
	x.grants(plan, "the quota was raised", d, w)
}

func gangsAllOrNone(t *testing.T, open func() scheduler.SchedulerPolicy) {
	b := NewBooks()
	b.AddWorker(machine("w-1", 4, 8192))
	b.AddWorker(machine("w-2", 4, 8192))
	row := wish(1, 5, 2, 512)
	row.Gang = true
	d := b.AddDemand(row)
	x := newBench(t, b, open())
	plan := x.place()
	x.grants(plan, "four of a gang of five fit", d)
	if len(plan.Waiting) != 1 {
		t.Fatalf("a gang that does not fit: got %+v, want it explained", plan)
	}
	small := b.AddDemand(wish(2, 1, 2, 512))
	plan = x.next()
	if len(plan.Grants) != 1 || plan.Grants[0].Demand != small {
		t.Fatalf("a gang that does not fit holds nobody up: got %+v, want a grant for demand %d", plan, small)
	}
	w := scheduler.NoWorker
	plan = x.after(func() { w = b.AddWorker(machine("w-3", 2, 1024)) }) // nothing came of the small one's grant
	if n := len(plan.Grants); n < 5 {
		t.Fatalf("the gang fits with worker %d: got %+v", w, plan)
	}
	x.grants(plan, "the gang fits", d, 0, 0, 1, 1, w) // Check holds that it is one group
	b.AcceptPlan(plan)
	if plan = x.next(); len(plan.Grants) > 0 {
		t.Fatalf("the gang runs and all is full: got %+v", plan)
	}
}

func namesTheLargest(t *testing.T, open func() scheduler.SchedulerPolicy) {
	for _, c := range []struct {
		cores   int32
		memory  int64
		code    deploy.ReasonCode
		largest scheduler.WorkerRef
		have    int64
	}{
		{16, 512, deploy.ReasonInsufficientCores, 1, 8},
		{1, 65536, deploy.ReasonInsufficientMemory, 2, 16384},
	} {
		b := NewBooks()
		b.AddWorker(machine("w-1", 4, 8192))
		b.AddWorker(taken(machine("w-2", 8, 8192), 1)) // what is free does not matter
		b.AddWorker(machine("w-3", 6, 16384))
		d := b.AddDemand(wish(1, 1, c.cores, c.memory))
		x := newBench(t, b, open())
		r := x.waits(x.place(), "no worker is large enough", d, deploy.ReasonInfeasible)
		if got := causeOf(r, c.code); got.Nearest != c.largest || got.Have != c.have {
			t.Fatalf("infeasible: got %+v, want worker %d, which has %d, as the nearest", r.Causes, c.largest, c.have)
		}
	}
}
