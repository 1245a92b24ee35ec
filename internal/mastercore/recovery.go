package mastercore

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// recovery is the time between taking over and leading on: who was there in the last epoch is expected to register again. It ends when all have,
// or at its deadline.
type recovery struct {
	workers int // UNKNOWN ones
	apps    int
	of      int // workers expected at the beginning
	until   time.Time
	timer   timer
}

// answered notes that an UNKNOWN worker has registered.
func (r *recovery) answered(w *worker) {
	if w.state() == deploy.WorkerUnknown && w.expected {
		w.expected = false
		r.workers--
	}
}

func (r *recovery) wake(c *Core) {
	c.completeRecovery(fmt.Sprintf("%v are over; %s and %s have not answered", c.cfg.RecoveryTimeout, deploy.Count(int64(r.workers), "worker"),
		deploy.Count(int64(r.apps), "application")))
}

// restore rebuilds the books from records. Nothing in them can make it fail: what contradicts itself is left out with a fact.
func (c *Core) restore(saved []deploy.Change) {
	var r records
	for _, ch := range saved {
		switch ch := ch.(type) {
		case deploy.PutBlock:
			c.numbers.restore(ch)
		case deploy.PutWorker:
			r.workers = append(r.workers, ch.Record)
		case deploy.PutApp:
			r.apps = append(r.apps, ch.Record)
		case deploy.PutDriver:
			r.drivers = append(r.drivers, ch.Record)
		case deploy.PutAnswer:
			r.answers = append(r.answers, ch.Answer)
		}
	}
	r.sort()
	for _, rec := range r.workers {
		c.restoreWorker(rec)
	}
	for _, rec := range r.apps {
		c.restoreApp(rec)
	}
	for _, rec := range r.drivers {
		c.restoreDriver(rec)
	}
	c.answers.restore(r.answers)
	for _, a := range r.answers { // kills that may not have reached their workers
		if app := c.apps[deploy.AppID(a.ID)]; app != nil && len(a.Killed) > 0 {
			app.rememberKilled(a.Killed)
		}
	}
	c.beginRecovery()
}

// records are what was saved, in a fixed order.
type records struct {
	workers []deploy.WorkerRecord
	apps    []deploy.AppRecord
	drivers []deploy.DriverRecord
	answers []deploy.Answer
}

func (r *records) sort() {
	slices.SortFunc(r.workers, func(a, b deploy.WorkerRecord) int { return cmp.Compare(a.Spec.ID, b.Spec.ID) })
	slices.SortFunc(r.apps, func(a, b deploy.AppRecord) int { return cmp.Or(cmp.Compare(a.Order, b.Order), cmp.Compare(a.ID, b.ID)) })
	slices.SortFunc(r.drivers, func(a, b deploy.DriverRecord) int {
		return cmp.Or(cmp.Compare(a.Order, b.Order), cmp.Compare(a.ID, b.ID))
	})
}

// beginRecovery waits for who was there in the last epoch, if anybody was.
func (c *Core) beginRecovery() {
	c.dirty.master = true
	c.recovery.timer.owner = &c.recovery
	if len(c.workers) == 0 && len(c.apps) == 0 {
		c.become(deploy.MasterAlive, "nobody to wait for")
		c.startPlacing()
		return
	}
	c.recovery.of = len(c.workers)
	c.recovery.until = c.now.Add(c.cfg.RecoveryTimeout)
	c.become(deploy.MasterRecovering, fmt.Sprintf("%s and %s are expected", deploy.Count(int64(len(c.workers)), "worker"), deploy.Count(int64(len(c.apps)), "application")))
	c.arm(&c.recovery.timer, c.recovery.until.UnixNano())
}

func (c *Core) restoreWorker(rec deploy.WorkerRecord) {
	id := rec.Spec.ID
	if id == "" || c.workers[id] != nil || c.addresses[rec.Spec.Address] != nil {
		c.fact(Oddity{What: "record worker/" + string(id), Reason: "its id or address is empty or taken by another record"})
		return
	}
	w := newWorker(id)
	w.spec, w.incarnation, w.decommissioned = rec.Spec, rec.Incarnation, rec.Decommissioned
	w.recorded, w.expected = true, true
	w.heard = c.heardAt(c.restoredLease() - int64(c.cfg.DriverLease))
	w.reason = "not heard since the master changed"
	c.workers[id], c.addresses[w.spec.Address] = w, w
	c.recovery.workers++
	c.touchWorker(w)
}

func (c *Core) restoreApp(rec deploy.AppRecord) {
	if rec.ID == "" || c.apps[rec.ID] != nil || len(rec.Spec.Profiles) == 0 {
		c.fact(Oddity{What: "record app/" + string(rec.ID), Reason: "it has no id, no profile, or is there twice"})
		return
	}
	a := c.newApp(rec, deploy.AppUnknown)
	a.nextNum, a.burnt = rec.Executors, rec.Executors
	if mutantExecutorNumbersReused {
		a.nextNum = 0
	}
	a.broken = c.heardAt(c.at)
	c.answers.pin(deploy.Answer{Request: rec.Request, At: rec.SubmittedAt, ID: string(rec.ID)})
	c.recovery.apps++
	c.touchApp(a)
	c.touchDemands(a)
}

// restoreDriver takes over a submission. A record that says RUNNING has an attempt somewhere: its worker will tell.
func (c *Core) restoreDriver(rec deploy.DriverRecord) {
	if rec.ID == "" || c.drivers[rec.ID] != nil {
		c.fact(Oddity{What: "record driver/" + string(rec.ID), Reason: "it has no id or is there twice"})
		return
	}
	c.answers.pin(deploy.Answer{Request: rec.Request, At: rec.SubmittedAt, ID: string(rec.ID)})
	d := c.newDriver(rec, rec.State)
	c.touchDriver(d)
	c.touchDemand(&d.demand)
	switch {
	case d.done():
		c.ended = append(c.ended, d)
	case rec.State == deploy.DriverRunning:
		c.driverBecomes(d, deploy.DriverUnknown, "not heard since the master changed")
		if w := c.workers[rec.Worker]; w != nil && !rec.Launch.IsZero() && c.launches[rec.Launch] == nil {
			d.address = w.spec.Address
			l := &launch{id: rec.Launch, worker: w, driver: d, expected: true}
			c.occupy(l)
			c.list(l)
		}
	case !rec.LeaseUntil.IsZero(): // by another master's clock; no lease is longer than a whole one from now
		c.setLease(d, c.restoredLease())
		c.armDriver(d)
	}
}

// restoredLease is when the leases that earlier leaders have renewed end. A deposed one may go on for about a heartbeat before it notices.
func (c *Core) restoredLease() int64 {
	return c.started.UnixNano() + int64(2*c.cfg.Heartbeat) + int64(c.cfg.DriverLease)
}

// rememberKilled keeps the numbers of executors that may still run although their kill was acknowledged.
func (a *app) rememberKilled(nums []int32) {
	if a.killed == nil {
		a.killed = map[int32]bool{}
	}
	for _, num := range nums {
		a.killed[num] = true
	}
}

// recoverIfAllAnswered ends the recovery early.
func (c *Core) recoverIfAllAnswered() {
	if c.life.State() == deploy.MasterRecovering && c.recovery.workers == 0 && c.recovery.apps == 0 {
		c.completeRecovery("all have answered")
	}
}

// completeRecovery writes off who has not answered and leads on. It cannot fail, so nobody stays in recovery.
func (c *Core) completeRecovery(reason string) {
	c.timers.disarm(&c.recovery.timer)
	c.become(deploy.MasterCompletingRecovery, reason)
	for _, id := range slices.Sorted(maps.Keys(c.workers)) {
		if w := c.workers[id]; w.expected {
			c.loseWorker(w, "did not register again after the master changed")
		}
	}
	for _, a := range c.appsInOrder() {
		if a.state() == deploy.AppUnknown {
			c.recovery.apps--
			c.appReturns(a, "not heard since the master changed")
		}
	}
	c.become(deploy.MasterAlive, reason)
	for _, a := range c.appsInOrder() {
		a.killed = nil
		if a.session == nil {
			a.broken = c.heardAt(c.at)
		} else if a.session.held {
			c.welcome(a)
		}
		c.armApp(a)
	}
	c.startPlacing()
}

// startPlacing lets the placer begin with the whole books, after what no worker can answer for is written off.
func (c *Core) startPlacing() {
	for _, d := range c.driversInOrder() {
		if d.state() == deploy.DriverUnknown && d.launch == nil {
			c.running++ // detach counts it out
			c.attemptLost(d, "its worker is not known any more", c.restoredLease())
		}
		c.touchDemand(&d.demand)
	}
	for _, a := range c.appsInOrder() {
		c.touchDemands(a)
	}
	c.place.full = true
}

// appsInOrder gives the applications that have not ended, in the order of the queue.
func (c *Core) appsInOrder() []*app {
	var out []*app
	for _, a := range c.apps {
		if !a.ended() {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b *app) int {
		return cmp.Or(cmp.Compare(a.rec.Order, b.rec.Order), cmp.Compare(a.rec.ID, b.rec.ID))
	})
	return out
}

// driversInOrder gives the drivers that have not ended, in the order of the queue.
func (c *Core) driversInOrder() []*driver {
	var out []*driver
	for _, d := range c.drivers {
		if !d.done() {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b *driver) int {
		return cmp.Or(cmp.Compare(a.rec.Order, b.rec.Order), cmp.Compare(a.rec.ID, b.rec.ID))
	})
	return out
}
