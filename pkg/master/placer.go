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
	ready chan struct{}

	mu      sync.Mutex
	pending []*scheduler.Update
}

func newPlacer(t *term) *placer {
	return &placer{t: t, state: scheduler.NewState(scheduler.Config{}), ready: make(chan struct{}, 1)}
}

// update queues what the core said, from the loop.
func (p *placer) update(u *scheduler.Update) {
	p.mu.Lock()
	p.pending = append(p.pending, u)
	p.mu.Unlock()
	select {
	case p.ready <- struct{}{}:
	default:
	}
}

func (p *placer) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.ready:
		}
		p.mu.Lock()
		updates := p.pending
		p.pending = nil
		p.mu.Unlock()
		ev, err := p.step(ctx, updates)
		if err != nil {
			return err
		}
		if err := p.t.inbox.put(ctx, ev); err != nil {
			return err
		}
	}
}

func (p *placer) step(ctx context.Context, updates []*scheduler.Update) (mastercore.Event, error) {
	for _, u := range updates {
		if err := p.state.Apply(u); errors.Is(err, scheduler.ErrGap) {
			return mastercore.Resync{}, nil
		} else if err != nil {
			return nil, fmt.Errorf("scheduler replica: %w", err)
		}
	}
	began := time.Now()
	name, why := p.t.m.cfg.Policy, deploy.ReasonNone
	plan, err := p.ask(ctx, p.t.m.deps.Policy)
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
	// Cloned, because the inbox may keep it while the next plans are made in the same memory.
	return mastercore.Planned{Plan: plan.Clone(), Policy: name, Fallback: why, Took: time.Since(began)}, nil
}

// ask lets one policy look at the books of now, within the time it has.
func (p *placer) ask(ctx context.Context, policy scheduler.SchedulerPolicy) (scheduler.Plan, error) {
	ctx, cancel := context.WithTimeout(ctx, p.t.m.cfg.PlaceTimeout)
	defer cancel()
	return policy.Place(ctx, p.state.View(0))
}
