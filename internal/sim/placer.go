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
	name    string
	policy  planner
	alarm   alarm // when the policy wants to be asked because of the time alone
	busy    bool
	pending []*scheduler.Update
}

// planner is a policy with its replica of the books.
type planner interface {
	// apply brings the replica up to date, or gives scheduler.ErrGap.
	apply(u *scheduler.Update) error
	// plan proposes for what was applied last.
	plan() (scheduler.Plan, error)
	// next tells when the time alone makes a plan worth asking for; pass lets the time pass.
	next() (time.Time, bool)
	pass(now time.Time) error
}

func newPlacer(t *term) placer {
	p := placer{t: t, alarm: alarm{n: t.m.node}}
	p.swap(t.m.cfg.Policy)
	return p
}

// swap lets another policy place from now on. It knows nothing until it hears the whole books.
func (p *placer) swap(policy string) {
	if policy != p.name {
		p.name, p.policy = policy, plannerOf(policy, p.policy)
	}
}

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
			p.resync()
			return
		}
	}
	if len(updates) == 0 {
		if err := p.policy.pass(p.t.m.time()); errors.Is(err, scheduler.ErrGap) {
			p.resync()
			return
		} else if err != nil {
			w.fail("placement", "time cannot pass for %s: %v", p.name, err)
			return
		}
	}
	plan, err := p.policy.plan()
	if err != nil {
		w.fail("placement", "policy %s: %v", p.name, err)
		return
	}
	name := p.name
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
		p.t.step(mastercore.Planned{Plan: plan, Policy: name, Took: late})
		if len(p.pending) > 0 && !p.busy {
			p.busy = true
			p.t.m.after(0, p.place)
		}
		p.wait()
	})
}

// resync asks for the whole books.
func (p *placer) resync() {
	p.t.m.w.count("placer resynchronised")
	p.busy = false
	p.t.step(mastercore.Resync{})
}

// wait sets the alarm for what only the time will change.
func (p *placer) wait() {
	at, ok := p.policy.next()
	if !ok {
		p.alarm.off()
		return
	}
	p.alarm.ring(max(p.t.m.when(at), p.t.m.w.now+100*time.Millisecond), func() {
		if !p.busy && !p.t.over {
			p.busy = true
			p.place()
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
		d := scheduler.DemandRef(r.IntN(12))
		plan.Reserve = slices.Clone(plan.Reserve)
		for range 1 + r.IntN(2) {
			plan.Reserve = append(plan.Reserve, scheduler.Reservation{Demand: d, Worker: scheduler.WorkerRef(r.IntN(10))})
		}
	}
	if r.IntN(3) == 0 {
		plan.Version += uint64(r.IntN(3)) - 1
	}
	if r.IntN(5) == 0 && len(plan.Grants) > 0 {
		plan.Grants = append(plan.Grants, plan.Grants...)
	}
}
