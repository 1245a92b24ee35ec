package schedulertest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
	"github.com/musterproject/muster/pkg/scheduler/schedulertest"
)

// room gives three workers of 4 cores and 4 GiB: the first two on one host, the third an ssd, in another zone.
func room() *schedulertest.Books {
	b := schedulertest.NewBooks()
	r := deploy.Resources{Cores: 4, MemoryMiB: 4096}
	zone := func(z string) deploy.Label { return deploy.Label{Key: "zone", Value: z} }
	b.AddWorker(scheduler.WorkerRow{ID: "w-0", Host: "h-0", Free: r, Total: r, Labels: []deploy.Label{zone("a")}})
	b.AddWorker(scheduler.WorkerRow{ID: "w-1", Host: "h-0", Free: r, Total: r, Labels: []deploy.Label{zone("b")}})
	b.AddWorker(scheduler.WorkerRow{ID: "w-2", Host: "h-1", Free: r, Total: r, Labels: []deploy.Label{{Key: "disk", Value: "ssd"}, zone("b")}})
	return b
}

// want gives a demand for so many executors of one core.
func want(units int32, change func(*scheduler.DemandRow)) scheduler.DemandRow {
	d := scheduler.DemandRow{Subject: "app", Units: units, Cores: deploy.NoLimit, Share: 1, Need: scheduler.Need{Cores: 1, MemoryMiB: 1024}}
	if change != nil {
		change(&d)
	}
	return d
}

func on(group uint32, workers ...scheduler.WorkerRef) (grants []scheduler.Grant) {
	for _, w := range workers {
		grants = append(grants, scheduler.Grant{Worker: w, Cores: 1, Group: group})
	}
	return grants
}

// keep reserves workers for demand 0.
func keep(workers ...scheduler.WorkerRef) (list []scheduler.Reservation) {
	for _, w := range workers {
		list = append(list, scheduler.Reservation{Worker: w})
	}
	return list
}

func block(b *schedulertest.Books, ref scheduler.WorkerRef, code deploy.ReasonCode, holder scheduler.DemandRef) {
	w := b.Workers[ref]
	w.Blocked, w.For = code, holder
	b.SetWorker(w)
}

// limit puts a queue below another and gives both a quota in cores.
func limit(b *schedulertest.Books, upper, lower int64) {
	quota := func(n int64) []deploy.Quantity { return []deploy.Quantity{{Resource: deploy.ResourceCores, Amount: n}} }
	up := b.AddQueue(scheduler.QueueRow{Name: "prod", Weight: 1, Quota: quota(upper)})
	b.AddQueue(scheduler.QueueRow{Name: "prod.etl", Parent: up, Weight: 1, Quota: quota(lower)})
}

// TestCheckFindsWhatIsWrong puts plans before Check, each with one fault or none.
func TestCheckFindsWhatIsWrong(t *testing.T) {
	ssd := []deploy.Requirement{{Key: "disk", Values: []string{"ssd"}}}
	notB := []deploy.Requirement{{Key: "zone", Operator: deploy.OpNotIn, Values: []string{"b"}}}
	disk := []deploy.Requirement{{Key: "disk", Operator: deploy.OpExists}}
	gang := func(d *scheduler.DemandRow) { d.Gang = true }
	for _, c := range []struct {
		name   string
		demand scheduler.DemandRow
		more   func(*schedulertest.Books)
		grants []scheduler.Grant
		keep   []scheduler.Reservation
		fault  string // empty: the plan is sound
	}{
		{"room", want(4, nil), nil, on(0, 0, 0, 0, 0), nil, ""},
		{"no room", want(9, nil), nil, on(0, 0, 0, 0, 0, 0), nil, "does not fit"},
		{"too many", want(1, nil), nil, on(0, 0, 1), nil, "no more units"},
		{"in", want(1, func(d *scheduler.DemandRow) { d.Require = ssd }), nil, on(0, 2), nil, ""},
		{"not in", want(1, func(d *scheduler.DemandRow) { d.Require = ssd }), nil, on(0, 1), nil, "labels"},
		{"notin", want(1, func(d *scheduler.DemandRow) { d.Require = notB }), nil, on(0, 1), nil, "labels"},
		{"notin holds", want(1, func(d *scheduler.DemandRow) { d.Require = notB }), nil, on(0, 0), nil, ""},
		{"exists", want(1, func(d *scheduler.DemandRow) { d.Require = disk }), nil, on(0, 0), nil, "labels"},
		{"exists holds", want(1, func(d *scheduler.DemandRow) { d.Require = disk }), nil, on(0, 2), nil, ""},
		{"apart by host", want(2, func(d *scheduler.DemandRow) { d.Apart = deploy.ApartHost }), nil, on(0, 0, 1), nil, "same host"},
		{"apart by host holds", want(2, func(d *scheduler.DemandRow) { d.Apart = deploy.ApartHost }), nil, on(0, 1, 2), nil, ""},
		{"apart by label", want(2, func(d *scheduler.DemandRow) { d.Apart = "zone" }), nil, on(0, 1, 2), nil, "same zone"},
		{"apart by label holds", want(2, func(d *scheduler.DemandRow) { d.Apart = "zone" }), nil, on(0, 0, 1), nil, ""},
		{"apart by a label nobody has", want(2, func(d *scheduler.DemandRow) { d.Apart = "rack" }), nil, on(0, 0, 1), nil, ""},
		{"apart by a label nobody has, on one worker", want(2, func(d *scheduler.DemandRow) { d.Apart = "rack" }), nil, on(0, 1, 1), nil, "same rack"},
		{"apart from what runs", want(1, func(d *scheduler.DemandRow) { d.Apart = deploy.ApartHost }), func(b *schedulertest.Books) {
			b.SetHeld(scheduler.HeldRow{Share: 1, Worker: 1, Executors: 1})
		}, on(0, 0), nil, "same host"},
		{"one per worker", want(2, func(d *scheduler.DemandRow) { d.MaxPerWorker = 1 }), nil, on(0, 0, 0), nil, "at most 1"},
		{"one per worker runs", want(2, func(d *scheduler.DemandRow) { d.MaxPerWorker = 1 }), func(b *schedulertest.Books) {
			b.SetHeld(scheduler.HeldRow{Share: 1, Worker: 0, Executors: 1})
		}, on(0, 0), nil, "at most 1"},
		{"two per worker", want(2, func(d *scheduler.DemandRow) { d.MaxPerWorker = 2 }), nil, on(0, 0, 0), nil, ""},
		{"quota", want(4, func(d *scheduler.DemandRow) { d.Queue = 2 }), func(b *schedulertest.Books) { limit(b, 9, 2) }, on(0, 0, 1, 2), nil, "prod.etl"},
		{"quota above", want(4, func(d *scheduler.DemandRow) { d.Queue = 2 }), func(b *schedulertest.Books) { limit(b, 2, 9) }, on(0, 0, 1, 2), nil, `"prod"`},
		{"quota with what runs", want(4, func(d *scheduler.DemandRow) { d.Queue = 2 }), func(b *schedulertest.Books) {
			limit(b, 3, 9)
			b.SetUsed(1, []deploy.Quantity{{Resource: deploy.ResourceCores, Amount: 3}})
		}, on(0, 0), nil, `"prod"`},
		{"quota holds", want(4, func(d *scheduler.DemandRow) { d.Queue = 2 }), func(b *schedulertest.Books) { limit(b, 3, 3) }, on(0, 0, 1, 2), nil, ""},
		{"gang", want(3, gang), nil, on(5, 0, 1, 2), nil, ""},
		{"half a gang", want(3, gang), nil, on(5, 0, 1), nil, "gang of 3"},
		{"gang without a group", want(2, gang), nil, on(0, 0, 1), nil, "one group"},
		{"gang in two groups", want(2, gang), nil, append(on(1, 0), on(2, 1)...), nil, "one group"},
		{"reserved for another", want(1, nil), func(b *schedulertest.Books) { block(b, 0, deploy.ReasonReserved, 7) }, on(0, 0), nil, "blocked RESERVED"},
		{"reserved for it", want(1, nil), func(b *schedulertest.Books) { block(b, 0, deploy.ReasonReserved, 0) }, on(0, 0), nil, ""},
		{"avoided", want(1, func(d *scheduler.DemandRow) { d.Avoid = []scheduler.WorkerRef{0} }), nil, on(0, 0), nil, "avoided"},
		{"avoided, others have the wrong labels", want(1, func(d *scheduler.DemandRow) { d.Avoid, d.Require = []scheduler.WorkerRef{2}, ssd }), nil, on(0, 2), nil, ""},
		{"avoided, but reserved for it", want(1, func(d *scheduler.DemandRow) { d.Avoid = []scheduler.WorkerRef{0} }), func(b *schedulertest.Books) {
			block(b, 0, deploy.ReasonReserved, 0)
		}, on(0, 0), nil, ""},
		{"keeps", want(2, nil), nil, nil, keep(0, 1), ""},
		{"keeps for nobody", want(0, nil), nil, nil, keep(0), "wants nothing"},
		{"keeps for a demand that is not there", want(1, nil), nil, nil, []scheduler.Reservation{{Demand: 9}}, "no such demand"},
		{"keeps for who is served", want(2, nil), nil, on(0, 0), keep(1), "granted something"},
		{"keeps for who holds", want(2, nil), func(b *schedulertest.Books) { block(b, 0, deploy.ReasonReserved, 0) }, nil, keep(1), "holds reservations"},
		{"keeps twice", want(2, nil), nil, nil, keep(1, 1), "kept twice"},
		{"keeps a sick one", want(2, nil), func(b *schedulertest.Books) { block(b, 0, deploy.ReasonWorkerUnhealthy, 0) }, nil, keep(0), "cannot be kept"},
		{"keeps one too small", want(1, func(d *scheduler.DemandRow) { d.Need.Cores = 5 }), nil, nil, keep(0), "too small"},
		{"keeps the wrong labels", want(1, func(d *scheduler.DemandRow) { d.Require = ssd }), nil, nil, keep(0), "labels"},
		{"keeps too few for a gang", want(9, gang), nil, nil, keep(0, 1), "gang of 9"},
		{"keeps enough for a gang", want(8, gang), nil, nil, keep(0, 1), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := room()
			b.AddDemand(c.demand)
			if c.more != nil {
				c.more(b)
			}
			err := schedulertest.Check(b, scheduler.Plan{Epoch: b.Epoch, Version: b.Version, Grants: c.grants, Reserve: c.keep})
			switch {
			case c.fault == "" && err != nil:
				t.Errorf("a sound plan: got %v", err)
			case c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault)):
				t.Errorf("got %v, want an error with %q", err, c.fault)
			}
		})
	}
}

// TestCheckReadsReasons refuses what is said of demands and cannot be.
func TestCheckReadsReasons(t *testing.T) {
	b := room()
	b.Advance(time.Minute)
	limit(b, 2, 2)
	b.AddDemand(want(1, func(d *scheduler.DemandRow) { d.Queue = 1 }))
	for _, c := range []struct {
		waiting []scheduler.Waiting
		fault   string
	}{
		{[]scheduler.Waiting{{Demand: 0, Reason: scheduler.Reason{Code: deploy.ReasonQuota, Queue: 1}}}, ""},
		{[]scheduler.Waiting{{Demand: 0, Reason: scheduler.Reason{Code: deploy.ReasonQuota, Queue: 2}}}, "quota of queue 2"},
		{[]scheduler.Waiting{{Demand: 0, Reason: scheduler.Reason{Code: deploy.ReasonQuota}}}, "quota of queue 0"},
		{[]scheduler.Waiting{{Demand: 0, Reason: scheduler.Reason{Code: deploy.ReasonNoWorkers, Position: 2, Ahead: 7}}}, "waits behind"},
		{[]scheduler.Waiting{{Demand: 0, Reason: scheduler.Reason{Code: deploy.ReasonNoWorkers, Position: 1}}}, "which is itself"},
		{[]scheduler.Waiting{{Demand: 0}}, "without a reason"},
		{[]scheduler.Waiting{{Demand: 3, Reason: scheduler.Reason{Code: deploy.ReasonHeld}}}, "does not exist"},
	} {
		err := schedulertest.Check(b, scheduler.Plan{Epoch: b.Epoch, Version: b.Version, Waiting: c.waiting})
		if (err == nil) != (c.fault == "") || err != nil && !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%+v: got %v, want %q", c.waiting, err, c.fault)
		}
	}
}
