package sim

import (
	"context"

	"github.com/musterproject/muster/pkg/scheduler"
)

// policyNames are the policies a seed may draw.
func policyNames() []string { return []string{"spread", "pack", "first-fit"} }

func newPlanner(policy string) planner {
	switch policy {
	case "spread":
		return &replica{state: scheduler.NewState(scheduler.Config{}), policy: scheduler.NewSpread(scheduler.DefaultOptions())}
	case "pack":
		return &replica{state: scheduler.NewState(scheduler.Config{}), policy: scheduler.NewPack(scheduler.DefaultOptions())}
	}
	return &firstFit{}
}

// replica is a real policy beside its real replica of the books.
type replica struct {
	state  *scheduler.State
	policy scheduler.SchedulerPolicy
}

func (r *replica) apply(u *scheduler.Update) error { return r.state.Apply(u) }

func (r *replica) plan() (scheduler.Plan, error) {
	return r.policy.Place(context.Background(), r.state.View(0))
}
