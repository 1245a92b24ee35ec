package master

import (
	"context"
	"fmt"
	"time"

	"github.com/musterproject/muster/internal/mastercore"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
	"github.com/musterproject/muster/pkg/scheduler"
	"github.com/musterproject/muster/pkg/why"
)

// Explain says why an application or a driver waits, and on which workers. It reads what readers see; one such question is answered at a time,
// so that however many are asked the loop keeps a core for itself.
func (m *Master) Explain(ctx context.Context, q deploy.Explain) (deploy.Explanation, error) {
	if m.term.Load() == nil {
		return deploy.Explanation{}, &rpc.NotLeader{Standby: m.standby(ctx)}
	}
	if err := m.turn(ctx); err != nil {
		return deploy.Explanation{}, fmt.Errorf("explain %q: %w", q.ID, err)
	}
	defer m.done()
	return why.Explain(ctx, m.deps.Status, time.Now(), q)
}

// Plan says what would become of a request, and changes nothing. It takes its turn with Explain.
func (m *Master) Plan(ctx context.Context, ask deploy.Plan) (deploy.Outlook, error) {
	if m.term.Load() == nil {
		return deploy.Outlook{}, &rpc.NotLeader{Standby: m.standby(ctx)}
	}
	if err := mastercore.CheckPlan(&ask); err != nil {
		return deploy.Outlook{}, err
	}
	if err := m.turn(ctx); err != nil {
		return deploy.Outlook{}, fmt.Errorf("plan: %w", err)
	}
	defer m.done()
	row, _ := m.deps.Status.Get(deploy.RowKey{Kind: deploy.RowMaster, ID: m.cfg.Name})
	if r, ok := row.(deploy.MasterRow); !ok || r.State != deploy.MasterAlive {
		return deploy.Outlook{}, fmt.Errorf("plan: master %s has just taken over and does not know all workers yet; ask again: %w", m.cfg.Name, deploy.ErrRecovering)
	}
	return why.Plan(ctx, m.deps.Status, time.Now(), m.terms(), ask)
}

// terms are those of now. A policy that cannot be had twice is stood in for by the one that places when it fails.
func (m *Master) terms() why.Terms {
	s := m.scheduling.Load()
	t := why.Terms{Name: s.Name, DefaultCores: m.cfg.DefaultCores, MaxDrivers: m.cfg.MaxDrivers, Queues: s.Queues, DefaultQueue: s.DefaultQueue}
	var ok bool
	if t.Policy, ok = scheduler.Fresh(s.Policy); !ok {
		t.Policy, t.Name = scheduler.NewSpread(scheduler.DefaultOptions()), "spread, standing in for "+s.Name
	}
	return t
}

// turn waits until nobody else asks, or ctx ends.
func (m *Master) turn(ctx context.Context) error {
	select {
	case m.asking <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("others are being answered: %w", context.Cause(ctx))
	}
}

func (m *Master) done() { <-m.asking }
