package mastercore

import (
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// demand is what a driver, or one profile of an application, wants placed. It holds a slot with the placer while it wants something.
type demand struct {
	app     *app
	profile *profile
	driver  *driver

	slot    slotRef
	listed  bool // in placement.demands
	changed bool // its row, not only its decision

	since time.Time    // it has got nothing since then although it may
	tries int32        // reservations that were not enough
	kept  *reservation // workers are kept for it

	decision *decision
	policy   policyWord
}

// subject is the id that decisions name.
func (d *demand) subject() string {
	if d.driver != nil {
		return string(d.driver.rec.ID)
	}
	return string(d.app.rec.ID)
}

func (d *demand) profileID() int32 {
	if d.driver != nil {
		return 0
	}
	return d.profile.ID
}

// touchDemand says that the row of d may have changed.
func (c *Core) touchDemand(d *demand) {
	d.changed = true
	c.redecide(d)
}

// touchDemands does so for all profiles of an application: they share its cores.
func (c *Core) touchDemands(a *app) {
	for _, p := range a.profiles {
		c.touchDemand(&p.demand)
	}
}

// redecide says that the reason why d waits may have changed.
func (c *Core) redecide(d *demand) {
	if !d.listed {
		d.listed = true
		c.place.demands = append(c.place.demands, d)
	}
}

// settleDemands gives slots to the demands that want something now, takes them from those that do not, and decides why they wait.
func (c *Core) settleDemands() {
	for i := 0; i < len(c.place.demands); i++ {
		d := c.place.demands[i]
		d.listed = false
		if d.changed {
			d.changed = false
			c.settleSlot(d)
		}
		c.decide(d)
	}
	clear(c.place.demands)
	c.place.demands = c.place.demands[:0]
}

func (c *Core) settleSlot(d *demand) {
	wants := c.wants(d)
	free := wants && c.blocked(d) == deploy.ReasonNone
	switch {
	case !free:
		d.since = time.Time{}
		if d.kept != nil && !mutantReservationForgotten {
			c.endReservation(d.kept, "it was for something that wants nothing now, or may not have it")
		}
	case d.since.IsZero():
		d.since = c.now
	}
	if wants {
		c.place.d.add(&d.slot, d, c.place.version+1)
	} else {
		c.place.d.remove(&d.slot)
		d.policy.stands, d.tries = false, 0
	}
}

// served says that d has got something: what waits of it waits since now.
func (c *Core) served(d *demand) {
	d.since, d.tries = c.now, 0
	if d.kept != nil {
		c.endReservation(d.kept, "it got what it waited for")
	}
}

// wants tells whether d belongs before the placer.
func (c *Core) wants(d *demand) bool {
	if !c.alive() {
		return false
	}
	if d.driver != nil {
		return d.driver.queued()
	}
	a := d.app
	return !a.ended() && a.session != nil && d.units() > 0 && int64(a.coresLeft()) >= d.least()
}

// units is how many executors, or the one driver, are still wanted.
func (d *demand) units() int32 {
	switch {
	case d.driver != nil:
		return 1
	case d.profile.target == deploy.NoLimit:
		return deploy.NoLimit
	}
	return max(0, d.profile.target-d.profile.live)
}

// step is the least number of cores a grant gives.
func (d *demand) step() int32 {
	if d.driver != nil {
		return d.driver.rec.Spec.Need.Cores
	}
	return max(1, d.profile.Cores)
}

// least is the number of cores without which nothing of d can start: a grant's, or those of a whole gang.
func (d *demand) least() int64 {
	if d.gang() {
		return int64(d.step()) * int64(d.units())
	}
	return int64(d.step())
}

// need is what one grant of cores takes.
func (d *demand) need(cores int32) deploy.Resources {
	if d.driver != nil {
		return d.driver.rec.Spec.Need
	}
	return deploy.Resources{Cores: cores, MemoryMiB: d.profile.MemoryMiB, Custom: d.profile.Custom}
}

// blocked says why d must not be placed now although it wants to be, NONE if it may.
func (c *Core) blocked(d *demand) deploy.ReasonCode {
	held, waits := "", false
	if d.driver != nil {
		held, waits = d.driver.rec.Held, d.driver.olds > 0 || d.driver.notBefore() > c.at
	} else {
		held, waits = d.app.rec.Held, d.app.nextTry > c.at
	}
	switch {
	case held != "":
		return deploy.ReasonHeld
	case waits:
		return deploy.ReasonBackoff
	}
	return deploy.ReasonNone
}

// demandRow describes d to the placer.
func (c *Core) demandRow(d *demand) scheduler.DemandRow {
	need, place := d.need(d.step()), d.place()
	row := scheduler.DemandRow{
		Ref: scheduler.DemandRef(d.slot.ref()), Subject: d.subject(), Profile: d.profileID(), Order: d.order(), Units: d.units(), Blocked: c.blocked(d),
		Need:  scheduler.Need{Cores: need.Cores, MemoryMiB: need.MemoryMiB, Custom: need.Custom},
		Cores: deploy.NoLimit, Driver: d.driver != nil, Gang: d.gang(), Since: d.since, Tries: d.tries, Queue: d.queue().slot.ref(),
		Require: place.Require, Prefer: place.Prefer, Apart: place.Apart, MaxPerWorker: place.MaxPerWorker,
	}
	if a := d.app; a != nil {
		row.Grow, row.Cores = d.profile.Cores == 0, a.coresLeft()
		if len(a.profiles) > 1 || a.ruled() {
			row.Share = a.share
		}
	}
	for _, w := range d.avoid() {
		if w.slot.taken() {
			row.Avoid = append(row.Avoid, scheduler.WorkerRef(w.slot.ref()))
		}
	}
	return row
}

func (d *demand) avoid() []*worker {
	if d.driver != nil {
		return d.driver.avoid
	}
	return d.app.avoid
}
