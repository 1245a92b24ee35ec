package mastercore

import (
	"fmt"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// chaosQueues are a few trees of queues, of which some leave out what others have.
func chaosQueues(n int) []deploy.Queue {
	cores := func(n int64) []deploy.Quantity { return []deploy.Quantity{{Resource: deploy.ResourceCores, Amount: n}} }
	return [][]deploy.Queue{
		{{Name: "a", Weight: 2, Quota: cores(5)}, {Name: "a.b", Weight: 1, Min: cores(2)}, {Name: "dyn", Weight: 1, Dynamic: true}},
		{{Name: "a", Weight: 1, Quota: cores(1)}, {Name: "c", Weight: 1}},
		{{Weight: 1, Quota: cores(6), Dynamic: true}, {Name: "a.b", Weight: 1, Quota: []deploy.Quantity{{Resource: "gpu", Amount: 1}}}},
		{{Name: "a", Weight: 3}, {Name: "dyn", Weight: 1, Dynamic: true}, {Name: "dyn.x", Weight: 1, Quota: cores(2)}},
	}[n]
}

func (k *chaos) placement() deploy.Placement {
	p := deploy.Placement{Queue: []string{"", "", "", "a", "a.b", "dyn.x", "dyn.y", "c", "nobody"}[k.next(9)], Priority: int32(k.next(5)) - 2}
	switch k.next(8) {
	case 0:
		p.Require = []deploy.Requirement{{Key: "rack", Values: []string{"0"}}}
	case 1:
		p.Require = []deploy.Requirement{{Key: "rack", Operator: deploy.OpNotIn, Values: []string{"0"}}}
	case 2:
		p.Prefer = []deploy.Preference{{Requirement: deploy.Requirement{Key: "rack", Values: []string{"1"}}, Weight: 3}}
	}
	return p
}

// reserve proposes to keep some workers for some demand, sensible or not.
func (k *chaos) reserve() {
	plan := scheduler.Plan{Epoch: k.r.epoch, Version: k.r.version}
	for range 1 + k.next(3) {
		plan.Reserve = append(plan.Reserve, scheduler.Reservation{Demand: scheduler.DemandRef(k.next(4)), Worker: scheduler.WorkerRef(k.next(5))})
	}
	k.step(fmt.Sprintf("reserve %v", plan.Reserve), Planned{Plan: plan, Policy: "reserve"})
}

// reconfigure changes policy and queues: nothing that runs or waits may suffer.
func (k *chaos) reconfigure() {
	next := k.cfg
	next.Policy, next.Queues, next.DefaultQueue = fmt.Sprint("policy-", k.next(3)), chaosQueues(k.next(4)), ""
	if k.next(2) == 0 {
		next.DefaultQueue = "a"
	}
	next.ReserveFor = time.Duration(1+k.next(20)) * time.Second
	if err := next.Validate(); err != nil {
		k.fail(err)
	}
	launches, waiting := len(k.c.launches), k.c.waiting()
	k.cfg = next
	k.step("reconfigure", Reconfigured{Policy: next.Policy, Queues: next.Queues, DefaultQueue: next.DefaultQueue, ReserveFor: next.ReserveFor})
	if len(k.c.launches) != launches || k.c.waiting() != waiting || len(k.out.Send) > 0 || len(k.out.Persist) > 0 {
		k.fail(fmt.Errorf("new scheduling changed %d launches to %d, %d who wait to %d; it said %v and kept %v",
			launches, len(k.c.launches), waiting, k.c.waiting(), k.out.Send, k.out.Persist))
	}
}

// waiting counts the demands before the placer.
func (c *Core) waiting() (n int) {
	for i := range c.place.d.list {
		if c.place.d.list[i].is != nil {
			n++
		}
	}
	return n
}
