package master

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/musterproject/muster/internal/mastercore"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// placer runs the policy beside the loop, one plan in flight; updates that arrive meanwhile are applied together before the next.
type placer struct {
	t     *term
	state *scheduler.State
	by    *Scheduling // whose policy makes the next plan
	clock clock
	ready chan struct{}

	mu      sync.Mutex
	pending []tidings
}

// tidings come from the loop, in order: an update of the books, or who places from then on.
type tidings struct {
	update *scheduler.Update
	by     *Scheduling
}

func newPlacer(t *term) *placer {
	return &placer{t: t, state: scheduler.NewState(scheduler.Config{}), by: t.scheduling, ready: make(chan struct{}, 1)}
}

// update queues what the core said.
func (p *placer) update(u *scheduler.Update) { p.tell(tidings{update: u}) }

// use lets another policy make the plans for all updates to come.
func (p *placer) use(s *Scheduling) { p.tell(tidings{by: s}) }

func (p *placer) tell(what tidings) {
	p.mu.Lock()
	p.pending = append(p.pending, what)
	p.mu.Unlock()
	select {
	case p.ready <- struct{}{}:
	default:
	}
}

func (p *placer) run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		p.arm(timer)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.ready:
		case <-timer.C:
		}
		p.mu.Lock()
		heard := p.pending
		p.pending = nil
		p.mu.Unlock()
		news, err := p.take(heard)
		if len(heard) == 0 {
			news, err = p.passTime()
		}
		var ev mastercore.Event = mastercore.Resync{}
		switch {
		case errors.Is(err, scheduler.ErrGap):
		case err != nil:
			return fmt.Errorf("scheduler replica: %w", err)
		case !news:
			continue
		default:
			if ev, err = p.plan(ctx); err != nil {
				return err
			}
		}
		if err := p.t.inbox.put(ctx, ev); err != nil {
			return err
		}
	}
}

// take brings the replica up to date and tells whether the books have changed.
func (p *placer) take(heard []tidings) (news bool, err error) {
	var gap error
	for _, h := range heard {
		if h.by != nil {
			p.by = h.by
			continue
		}
		news = true
		if err := p.state.Apply(h.update); errors.Is(err, scheduler.ErrGap) {
			gap = err // a whole one may follow, and who places must be heard in any case
		} else if err != nil {
			return news, err
		} else {
			gap = nil
			p.clock.heard(h.update)
		}
	}
	return news, gap
}

func (p *placer) plan(ctx context.Context) (mastercore.Event, error) {
	began := time.Now()
	name, why := p.by.Name, deploy.ReasonNone
	plan, err := p.ask(ctx, p.by.Policy)
	if err != nil && ctx.Err() == nil {
		p.t.m.log.Error("policy failed, the built-in one places", "policy", name, "error", err)
		name, why = "built-in", deploy.ReasonPluginError
		if errors.Is(err, context.DeadlineExceeded) {
			why = deploy.ReasonPluginTimeout
		}
		plan, err = p.ask(ctx, p.t.m.deps.Fallback)
	}
	if err != nil {
		return nil, fmt.Errorf("built-in policy: %w", err)
	}
	if len(plan.Grants) > 0 || len(plan.Reserve) > 0 {
		p.clock.rest = time.Now().Add(p.t.m.cfg.PlaceTimeout)
	}
	// Cloned, because the inbox may keep it while the next plans are made in the same memory.
	made := mastercore.Planned{Plan: plan.Clone(), Policy: name, Fallback: why, Took: time.Since(began)}
	p.t.plans.made(ctx, &made, began)
	return made, nil
}

// ask lets one policy look at the books of now, within the time it has.
func (p *placer) ask(ctx context.Context, policy scheduler.SchedulerPolicy) (scheduler.Plan, error) {
	ctx, cancel := context.WithTimeout(ctx, p.t.m.cfg.PlaceTimeout)
	defer cancel()
	return policy.Place(ctx, p.state.View(0))
}
