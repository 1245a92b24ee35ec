package master

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/musterproject/muster/internal/mastercore"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// Scheduling is what may change while a master runs: who places, and the tree of queues.
type Scheduling struct {
	Name         string // of the policy, for rows and decisions
	Policy       scheduler.SchedulerPolicy
	Queues       []deploy.Queue // parents not named come into being
	DefaultQueue string         // of who names none; empty is the root
	ReserveFor   time.Duration  // how long a worker is kept for a demand that has waited long
}

const mostPolicyName = 200 // bytes

// Reconfigure takes new scheduling over, in the order of calls. Where this master leads, what it decides after the call goes by it: the policy
// sees the whole books first, and no decision of the one before is lost. A master that stands by keeps it for the term to come. All faults are
// told at once, and then nothing has changed.
func (m *Master) Reconfigure(ctx context.Context, s Scheduling) error {
	if err := s.validate(m.cfg.Rules); err != nil {
		return fmt.Errorf("reconfigure master %s: %w", m.cfg.Name, err)
	}
	s.Queues = slices.Clone(s.Queues)
	m.scheduling.Store(&s)
	t := m.term.Load()
	if t == nil {
		return nil
	}
	select {
	case t.reschedule <- struct{}{}:
	case <-t.over: // the next term begins with it
	case <-ctx.Done():
		return fmt.Errorf("reconfigure master %s: the change is kept, its loop has not taken it over yet: %w", m.cfg.Name, context.Cause(ctx))
	}
	return nil
}

// scheduling is what a master begins with.
func (c Config) scheduling(policy scheduler.SchedulerPolicy) *Scheduling {
	return &Scheduling{Name: c.Policy, Policy: policy, Queues: c.Queues, DefaultQueue: c.DefaultQueue, ReserveFor: c.ReserveFor}
}

func (s *Scheduling) validate(rules Rules) error {
	var missing error
	if s.Policy == nil {
		missing = fmt.Errorf("the policy is missing: give scheduler.NewSpread(scheduler.DefaultOptions()) or one of your own: %w", deploy.ErrInvalid)
	}
	return errors.Join(deploy.CheckTitle("policy name", s.Name, mostPolicyName), missing, s.over(rules).Validate())
}

// over gives rules with this scheduling.
func (s *Scheduling) over(rules Rules) Rules {
	rules.Policy, rules.Queues, rules.DefaultQueue, rules.ReserveFor = s.Name, s.Queues, s.DefaultQueue, s.ReserveFor
	return rules
}

// reconfigure takes the newest scheduling over unless it rules already. The core answers with the whole books, and the placer hears of the
// policy before it hears of them.
func (t *term) reconfigure(batch *mastercore.Effects) {
	s := t.m.scheduling.Load()
	if s == t.scheduling {
		return
	}
	t.scheduling = s
	t.core.Step(time.Now(), mastercore.Reconfigured{Policy: s.Name, Queues: s.Queues, DefaultQueue: s.DefaultQueue, ReserveFor: s.ReserveFor}, batch)
	t.placer.use(s)
	t.place(batch)
	t.m.log.Info("scheduling changed", "policy", s.Name, "queues", len(s.Queues), "default_queue", s.DefaultQueue)
}
