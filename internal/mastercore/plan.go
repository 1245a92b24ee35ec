package mastercore

import (
	"slices"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// Causes why a grant is turned down; a missing custom resource is its own name.
const (
	rejectEpoch   = "epoch"   // planned for another term or an unknown version
	rejectDemand  = "demand"  // wants nothing any more
	rejectBlocked = "blocked" // held or in its back-off
	rejectWorker  = "worker"  // gone or not to be used now
	rejectCores   = "cores"
	rejectMemory  = "memory"
	rejectShape   = "shape"    // not the cores its profile asks for
	rejectAppMax  = "coresMax" // more than the application may have
	rejectDrivers = "maxDrivers"
	rejectGroup   = "group" // another grant of the group was turned down
	rejectLabel   = "label"
	rejectRule    = "rule" // apart, or enough of its executors there
	rejectQuota   = "quota"
	rejectGang    = "gang"     // not all of it
	rejectKept    = "reserved" // the worker is kept for another
	rejectReserve = "reserve"  // of reservations: the demand or a worker is not as it must be
)

// planned takes a plan: each grant is checked against the books of now, so that a late or wrong plan harms nothing.
func (c *Core) planned(ev *Planned) {
	plan := &ev.Plan
	fact := Placed{Version: plan.Version, Policy: ev.Policy, Fallback: ev.Fallback, Took: ev.Took}
	if !c.alive() || plan.Epoch != uint64(c.epoch) || plan.Version > c.place.version {
		if n := len(plan.Grants) + len(plan.Reserve); n > 0 {
			fact.reject(rejectEpoch, n)
			c.fact(fact)
		}
		return
	}
	stale := plan.Version != c.place.version
	var groups map[uint32][]scheduler.Grant
	for _, g := range plan.Grants {
		if g.Group == 0 {
			l, cause := c.claim(g, plan.Version, false)
			if l == nil {
				fact.reject(cause, 1)
				c.askAgain(g, plan.Version, stale)
				continue
			}
			fact.Granted++
			c.start(l)
			continue
		}
		if groups == nil {
			groups = grouped(plan.Grants)
		}
		if members := groups[g.Group]; members != nil {
			groups[g.Group] = nil
			c.placeGroup(members, plan.Version, stale, &fact)
		}
	}
	c.keepFor(plan, &fact)
	c.hearWaiting(ev)
	if fact.Granted > 0 || fact.Reserved > 0 || fact.Rejected != nil || ev.Fallback != deploy.ReasonNone {
		c.fact(fact)
	}
}

func (f *Placed) reject(cause string, n int) {
	if f.Rejected == nil {
		f.Rejected = map[string]int{}
	}
	f.Rejected[cause] += n
}

func grouped(grants []scheduler.Grant) map[uint32][]scheduler.Grant {
	out := map[uint32][]scheduler.Grant{}
	for _, g := range grants {
		if g.Group != 0 {
			out[g.Group] = append(out[g.Group], g)
		}
	}
	return out
}

// placeGroup starts all grants of a group, or none.
func (c *Core) placeGroup(grants []scheduler.Grant, version uint64, stale bool, fact *Placed) {
	var held []*launch
	whole := c.gangsWhole(grants, version)
	for _, g := range grants {
		l, cause := c.claim(g, version, whole)
		if l != nil {
			held = append(held, l)
			continue
		}
		fact.reject(cause, 1)
		if n := len(grants) - 1; n > 0 {
			fact.reject(rejectGroup, n)
		}
		for _, l := range slices.Backward(held) {
			c.unclaim(l)
		}
		for _, g := range grants {
			c.askAgain(g, version, stale)
		}
		return
	}
	for _, l := range held {
		fact.Granted++
		c.start(l)
	}
}

// gangsWhole tells whether each gang in a group gets all that is missing of it.
func (c *Core) gangsWhole(grants []scheduler.Grant, version uint64) bool {
	var units map[*demand]int32
	for _, g := range grants {
		if d := c.place.d.at(uint32(g.Demand), version); d != nil && d.gang() {
			if units == nil {
				units = map[*demand]int32{}
			}
			units[d]++
		}
	}
	for d, n := range units {
		if n != d.units() && !mutantHalfGang {
			return false
		}
	}
	return true
}

// askAgain tells the placer of a turned-down demand anew, if the books had moved on since its plan. A policy that was wrong about the newest
// books is not asked again until something changes, or it would be for ever.
func (c *Core) askAgain(g scheduler.Grant, version uint64, stale bool) {
	if d := c.place.d.at(uint32(g.Demand), version); d != nil && stale {
		c.touchDemand(d)
	}
}

// claim checks a grant and takes its resources; what depends on it is not told yet. Without a launch the cause says why not. whole says that the
// gangs of its group are.
func (c *Core) claim(g scheduler.Grant, version uint64, whole bool) (*launch, string) {
	d := c.place.d.at(uint32(g.Demand), version)
	w := c.place.w.at(uint32(g.Worker), version)
	switch {
	case d == nil || !c.wants(d):
		return nil, rejectDemand
	case c.blocked(d) != deploy.ReasonNone:
		return nil, rejectBlocked
	case w == nil || w.unusable() != deploy.ReasonNone:
		return nil, rejectWorker
	case w.kept != nil && w.kept.d != d:
		return nil, rejectKept
	case d.driver != nil && c.driverSlots() == 0:
		return nil, rejectDrivers
	case g.Cores < 1 || g.Cores != d.step() && (d.driver != nil || d.profile.Cores != 0):
		return nil, rejectShape
	case d.driver == nil && g.Cores > d.app.coresLeft():
		return nil, rejectAppMax
	case d.gang() && !whole:
		return nil, rejectGang
	}
	need := d.need(g.Cores)
	if cause := breaksRule(d, w); cause != "" {
		return nil, cause
	}
	if q, _ := d.queue().overQuota(&need); q != nil && !mutantQuotaNotChecked {
		return nil, rejectQuota
	}
	l := &launch{id: c.nextLaunch(), worker: w, need: need}
	if d.driver != nil {
		l.driver = d.driver
	} else {
		l.exec = newExecutor(d.app, 0, d.profile, w)
	}
	if cause := c.hold(l, nil); cause != "" {
		return nil, cause
	}
	c.occupy(l)
	return l, ""
}

// occupy counts a wanted launch to its owner.
func (c *Core) occupy(l *launch) {
	if d := l.driver; d != nil {
		d.launch = l
		c.running++
		return
	}
	e := l.exec
	e.launch, e.launchID, e.need, e.addresses = l, l.id, l.need, l.addresses
	e.profile.live++
	e.app.cores += int64(e.need.Cores)
}

// unclaim undoes claim.
func (c *Core) unclaim(l *launch) {
	if l.driver != nil {
		l.driver.launch = nil
		c.running--
	} else {
		l.exec.profile.live--
		l.exec.app.cores -= int64(l.need.Cores)
	}
	c.release(l)
}

// start makes a claimed launch real: numbered, durable where it must be, ordered.
func (c *Core) start(l *launch) {
	order := deploy.Launch{ID: l.id, Need: l.need, Addresses: l.addresses}
	if d := l.driver; d != nil {
		c.attach(d, l)
		order.Driver, order.Attempt, order.Command, order.AppName = d.rec.ID, d.rec.Attempt, d.rec.Spec.Command, d.rec.Spec.Name
		order.Leased = d.rec.Spec.Supervise && c.cfg.DriverLease > 0
		c.served(&d.demand)
	} else {
		e := l.exec
		a := e.app
		c.served(&e.profile.demand)
		e.num = c.nextExecutor(a)
		c.addExecutor(e, "granted")
		c.tellExecutor(e, false)
		c.touchDemands(a)
		order.Executor, order.Profile, order.Command, order.AppName = e.id(), e.profile.ID, a.rec.Spec.Executor, a.rec.Spec.Name
		order.Token = a.token
	}
	c.order(l.worker.session, deploy.LaunchOrder{Launch: order})
	c.arm(&l.timer, c.at+int64(c.cfg.LaunchTimeout))
}
