package sim

import (
	"errors"
	"slices"
	"time"

	"github.com/musterproject/muster/internal/mastercore"
	"github.com/musterproject/muster/pkg/scheduler"
)

// placer runs a policy on what the core tells of its books: one plan in flight, updates that come meanwhile wait. Plans come late, propose
// what nobody should grant, and updates get lost.
type placer struct {
	t       *term
	policy  planner
	busy    bool
	pending []*scheduler.Update
}

// planner is a policy with its replica of the books.
type planner interface {
	// apply brings the replica up to date, or gives scheduler.ErrGap.
	apply(u *scheduler.Update) error
	// plan proposes for what was applied last.
	plan() (scheduler.Plan, error)
}

func newPlacer(t *term) placer { return placer{t: t, policy: newPlanner(t.m.w.p.Policy)} }

func (p *placer) update(u *scheduler.Update) {
	w := p.t.m.w
	w.explain(p.t.m.node, "update %+v", *u)
	if !w.healed && w.chance(w.p.PlanForget) {
		w.count("update lost by the placer")
	} else {
		p.pending = append(p.pending, u)
	}
	if !p.busy {
		p.busy = true
		p.t.m.after(w.between(0, time.Millisecond), p.place)
	}
}

func (p *placer) place() {
	w := p.t.m.w
	updates := p.pending
	p.pending = nil
	for _, u := range updates {
		switch err := p.policy.apply(u); {
		case err == nil:
		case !errors.Is(err, scheduler.ErrGap):
			w.fail("placement", "an update of %s cannot be applied: %v", p.t.m.name, err)
			return
		default:
			w.count("placer resynchronised")
			p.busy = false
			p.t.step(mastercore.Resync{})
			return
		}
	}
	plan, err := p.policy.plan()
	if err != nil {
		w.fail("placement", "policy %s: %v", w.p.Policy, err)
		return
	}
	w.explain(p.t.m.node, "plan %+v", plan)
	late := w.between(0, time.Millisecond)
	if !w.healed && w.p.PlanLate > 0 {
		late = w.between(0, w.p.PlanLate)
		w.count("plan late")
	}
	if !w.healed && w.chance(w.p.PlanWrong) {
		p.spoil(&plan)
		w.count("plan wrong")
	}
	p.t.m.after(late, func() {
		p.busy = false
		p.t.step(mastercore.Planned{Plan: plan, Policy: w.p.Policy, Took: late})
		if len(p.pending) > 0 && !p.busy {
			p.busy = true
			p.t.m.after(0, p.place)
		}
	})
}

// spoil adds grants that a good policy would never propose.
func (p *placer) spoil(plan *scheduler.Plan) {
	r := p.t.m.w.rng
	plan.Grants = slices.Clone(plan.Grants)
	for range 1 + r.IntN(4) {
		plan.Grants = append(plan.Grants, scheduler.Grant{
			Demand: scheduler.DemandRef(r.IntN(12)), Worker: scheduler.WorkerRef(r.IntN(12)), Cores: int32(r.IntN(6)) - 1, Group: uint32(r.IntN(3)),
		})
	}
	if r.IntN(3) == 0 {
		plan.Version += uint64(r.IntN(3)) - 1
	}
	if r.IntN(5) == 0 && len(plan.Grants) > 0 {
		plan.Grants = append(plan.Grants, plan.Grants...)
	}
}
