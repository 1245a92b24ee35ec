package sim

import (
	"context"
	"time"

	"github.com/musterproject/muster/pkg/scheduler"
)

// policyNames are the policies a seed may draw.
func policyNames() []string { return []string{"spread", "pack", "fair", "first-fit"} }

// plannerOf gives the policy of a name; the real ones take over the replica of whoever placed before.
func plannerOf(policy string, before planner) planner {
	var by scheduler.SchedulerPolicy
	o := scheduler.DefaultOptions()
	o.Reserve = scheduler.ReserveOptions{After: patience, Max: 2}
	switch policy {
	case "spread":
		by = scheduler.NewSpread(o)
	case "pack":
		by = scheduler.NewPack(o)
	case "fair":
		by = scheduler.NewFair(o)
	default:
		return &firstFit{}
	}
	if r, real := before.(*replica); real {
		r.policy = by
		return r
	}
	return &replica{state: scheduler.NewState(scheduler.Config{}), policy: by}
}

// replica is a real policy beside its real replica of the books.
type replica struct {
	state   *scheduler.State
	policy  scheduler.SchedulerPolicy
	epoch   uint64
	version uint64
	slots   int32
}

func (r *replica) apply(u *scheduler.Update) error {
	if err := r.state.Apply(u); err != nil {
		return err
	}
	r.epoch, r.version, r.slots = u.Epoch, u.To, u.DriverSlots
	return nil
}

func (r *replica) plan() (scheduler.Plan, error) {
	return r.policy.Place(context.Background(), r.state.View(0))
}

func (r *replica) next() (time.Time, bool) { return r.state.NextAlarm() }

func (r *replica) pass(now time.Time) error {
	return r.state.Apply(&scheduler.Update{Epoch: r.epoch, From: r.version, To: r.version, DriverSlots: r.slots, Now: now})
}
