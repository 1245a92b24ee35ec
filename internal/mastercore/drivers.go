package mastercore

import (
	"fmt"
	"slices"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// driver is one submission. Each attempt is a launch; the record changes before an attempt is ordered.
//
//	SUBMITTED --granted, runs--> RUNNING --exit 0--> FINISHED
//	RUNNING --failed, supervised; worker lost--> RELAUNCHING --back-off, lease over; granted, runs--> RUNNING
//	record of an attempt -> UNKNOWN --its worker reports--> RUNNING or an end; --does not list it, is lost--> RELAUNCHING, SUBMITTED or ERROR
type driver struct {
	rec     deploy.DriverRecord
	life    deploy.Life[deploy.DriverState]
	launch  *launch // of the wanted attempt, nil while it waits
	olds    int     // earlier attempts that their workers are still ending: no new one before
	killing bool    // a kill is acknowledged and durable: nothing more will start
	queue   *queue  // until it has ended
	scope   *scope  // nil: all workers
	address deploy.Address
	units   []deploy.Addresses

	lease    int64 // a lost attempt may live until then
	backoff  time.Duration
	nextTry  int64
	lastFail string
	avoid    []*worker

	startedAt time.Time
	endedAt   time.Time
	demand    demand
	timer     timer
	dirty     bool // its row
}

func (d *driver) state() deploy.DriverState { return d.life.State() }
func (d *driver) done() bool                { return d.life.Terminal() }

// notBefore is when a new attempt may start.
func (d *driver) notBefore() int64 { return max(d.lease, d.nextTry) }

// queued tells whether d waits for a worker.
func (d *driver) queued() bool {
	return !d.done() && !d.killing && d.launch == nil && d.state() != deploy.DriverUnknown
}

func (c *Core) newDriver(rec deploy.DriverRecord, state deploy.DriverState) *driver {
	d := &driver{rec: rec, life: deploy.NewLife(state)}
	d.timer.owner = d
	d.demand = demand{driver: d}
	if !d.done() {
		d.queue = c.enterQueue(rec.Spec.Place.Queue, 0, 1)
		d.scope = c.enterScope(rec.Spec.Place.Require)
	}
	c.drivers[rec.ID] = d
	return d
}

// submitDriver takes in a submission.
func (c *Core) submitDriver(m *deploy.SubmitDriver, by asker) (deploy.Answer, error) {
	spec := m.Spec
	if err := c.checkDriver(&spec); err != nil {
		return deploy.Answer{}, err
	}
	d := c.newDriver(deploy.DriverRecord{
		ID: c.nextDriverID(), Spec: spec, Request: m.Request, Owner: by.from.Name, Order: c.take(&c.numbers.order), SubmittedAt: c.now,
	}, deploy.DriverSubmitted)
	c.persistDriver(d)
	c.fact(DriverChanged{Driver: d.rec.ID, Reason: "submitted"})
	c.touchDriver(d)
	c.touchDemand(&d.demand)
	return deploy.Answer{ID: string(d.rec.ID)}, nil
}

// driverBecomes steps the life of d and keeps what must survive.
func (c *Core) driverBecomes(d *driver, next deploy.DriverState, reason string) {
	from := d.state()
	if d.life.To(next) != nil && from != next {
		return
	}
	d.rec.Message = reason
	c.touchDriver(d)
	c.fact(DriverChanged{Driver: d.rec.ID, Attempt: d.rec.Attempt, Worker: d.rec.Worker, From: from, To: next, Exit: d.rec.Exit, Reason: reason})
}

// persistDriver keeps what a later leader must know. RUNNING in a record says that an attempt has been ordered, KILLED that nothing more may
// start, if the process has ended or not.
func (c *Core) persistDriver(d *driver) {
	kept := d.rec
	kept.State = d.state()
	switch {
	case d.done():
	case d.killing:
		kept.State, kept.Message = deploy.DriverKilled, "killed by request"
	case d.launch != nil || d.state() == deploy.DriverUnknown:
		kept.State = deploy.DriverRunning
	}
	c.persist(deploy.PutDriver{Record: kept})
}

// attach begins the next attempt of d, for which it holds l: durable before the order leaves.
func (c *Core) attach(d *driver, l *launch) {
	c.clearLease(d)
	d.rec.Attempt++
	d.rec.Launch, d.rec.Worker, d.rec.LeaseUntil, d.rec.Exit = l.id, l.worker.spec.ID, time.Time{}, deploy.Exit{}
	d.address, d.units = l.worker.spec.Address, l.addresses
	c.persistDriver(d)
	c.fact(DriverChanged{Driver: d.rec.ID, Attempt: d.rec.Attempt, Worker: d.rec.Worker, From: d.state(), To: d.state(), Reason: "granted"})
	c.touchDriver(d)
	c.touchDemand(&d.demand)
}

// detach takes the wanted attempt from d.
func (c *Core) detach(d *driver) {
	d.launch = nil
	d.units = nil
	c.running--
	c.touchDriver(d)
	c.touchDemand(&d.demand)
}

// driverRuns is the worker's word that the process is there. It is not made durable: the record of the attempt says enough.
func (c *Core) driverRuns(d *driver) {
	d.startedAt = c.now
	if d.state() != deploy.DriverRunning {
		c.driverBecomes(d, deploy.DriverRunning, "")
	}
	c.redecide(&d.demand)
}

// attemptEnded draws the consequences of the end of the wanted attempt.
func (c *Core) attemptEnded(d *driver, end ending) {
	c.detach(d)
	d.rec.Exit = end.exit
	switch {
	case d.killing:
		c.endDriver(d, deploy.DriverKilled, "killed by request")
	case end.state == deploy.ExecutorExited && end.exit.OK():
		c.endDriver(d, deploy.DriverFinished, "")
	case end.failed():
		c.attemptFailed(d, &end)
	default: // ended with its worker, or by our own order without a request
		reason := "ended without a request: " + end.String()
		if !d.rec.Spec.Supervise {
			c.endDriver(d, deploy.DriverError, reason)
			return
		}
		c.relaunch(d, reason, c.longer(0), 0)
	}
}

// attemptFailed relaunches a supervised driver with growing back-off, away from the worker it failed on, and ends any other.
func (c *Core) attemptFailed(d *driver, end *ending) {
	if end.lived < c.cfg.DriverProvenAfter {
		c.noteFailure(end.worker, string(d.rec.ID))
	}
	spec := &d.rec.Spec
	switch {
	case !spec.Supervise:
		c.endDriver(d, deploy.DriverFailed, end.String())
		return
	case spec.MaxRestarts >= 0 && d.rec.Restarts >= spec.MaxRestarts:
		c.endDriver(d, deploy.DriverFailed, fmt.Sprintf("%s, after %d restarts of %d allowed", end, d.rec.Restarts, spec.MaxRestarts))
		return
	}
	if end.lived > c.cfg.DriverProvenAfter {
		d.backoff, d.avoid = 0, forgive(d.avoid, &d.demand)
	}
	d.rec.Restarts++
	d.backoff = c.longer(d.backoff)
	d.avoid = avoid(d.avoid, end.worker, &d.demand)
	c.relaunch(d, end.String(), d.backoff, 0)
}

// attemptLost deals with an attempt written off with its worker; it may live until leaseEnd.
func (c *Core) attemptLost(d *driver, reason string, leaseEnd int64) {
	c.detach(d)
	switch {
	case d.killing:
		c.endDriver(d, deploy.DriverKilled, "killed by request; "+reason)
	case !d.rec.Spec.Supervise:
		c.endDriver(d, deploy.DriverError, reason)
	default:
		c.relaunch(d, reason, 0, leaseEnd)
	}
}

// attemptNeverBegan puts d back in the queue: its order has not arrived anywhere.
func (c *Core) attemptNeverBegan(d *driver) {
	c.detach(d)
	if d.killing {
		c.endDriver(d, deploy.DriverKilled, "killed by request before it began")
		return
	}
	d.rec.Launch, d.rec.Worker = deploy.LaunchID{}, ""
	if d.state() == deploy.DriverUnknown {
		next := deploy.DriverSubmitted
		if d.rec.Attempt > 1 {
			next = deploy.DriverRelaunching
		}
		c.driverBecomes(d, next, "the launch order never arrived")
	}
	c.persistDriver(d)
}

// attemptReturned says that a worker still holds an attempt of d that is not wanted: it is being ended, and no new one starts before it is gone.
func (c *Core) attemptReturned(l *launch) {
	l.driver.olds++
	c.touchDemand(&l.driver.demand)
}

// attemptGone says that one of those is gone, or lost with its worker again and may live until leaseEnd.
func (c *Core) attemptGone(l *launch, leaseEnd int64) {
	d := l.driver
	d.olds--
	if !d.done() && d.launch == nil && d.rec.Spec.Supervise {
		if l.id == d.rec.Launch {
			c.clearLease(d)
		}
		c.setLease(d, max(d.lease, leaseEnd))
		c.armDriver(d)
	}
	c.touchDemand(&d.demand)
}

// setLease keeps d from starting before at, unless the worker of its last attempt registers without it before.
func (c *Core) setLease(d *driver, at int64) {
	if c.cfg.DriverLease <= 0 || at <= c.at || at == d.lease || mutantLeaseIgnored {
		return
	}
	d.lease = at
	if owed := c.leases[d.rec.Worker]; !slices.Contains(owed, d) {
		c.leases[d.rec.Worker] = append(owed, d)
	}
}

// clearLease says that the last attempt of d is surely over.
func (c *Core) clearLease(d *driver) {
	d.lease = 0
	id := d.rec.Worker
	owed := slices.DeleteFunc(c.leases[id], func(x *driver) bool { return x == d })
	if c.leases[id] = owed; len(owed) == 0 {
		delete(c.leases, id)
	}
}

// leasesMoot frees the drivers that waited for attempts which their worker, back again, does not hold.
func (c *Core) leasesMoot(w *worker, listed map[deploy.LaunchID]bool) {
	for _, d := range slices.Clone(c.leases[w.spec.ID]) {
		if !listed[d.rec.Launch] {
			c.clearLease(d)
			c.armDriver(d)
			c.touchDemand(&d.demand)
		}
	}
}

// relaunch lets d wait for its next attempt: not before the back-off and, where the last one may still live, its lease.
func (c *Core) relaunch(d *driver, reason string, wait time.Duration, leaseEnd int64) {
	c.clearLease(d)
	d.nextTry, d.lastFail = 0, reason
	if wait > 0 {
		d.nextTry = c.at + int64(wait)
	}
	c.setLease(d, leaseEnd)
	d.rec.LeaseUntil = c.wall(d.lease)
	c.driverBecomes(d, deploy.DriverRelaunching, reason)
	c.persistDriver(d)
	c.armDriver(d)
	c.touchDemand(&d.demand)
}

func (c *Core) armDriver(d *driver) {
	c.timers.disarm(&d.timer)
	if at := d.notBefore(); at > c.at {
		c.arm(&d.timer, at)
	}
}

// wake says that back-off or lease is over.
func (d *driver) wake(c *Core) {
	if d.queued() {
		if d.lease <= c.at {
			c.clearLease(d)
		}
		c.armDriver(d)
		c.touchDriver(d)
		c.touchDemand(&d.demand)
	}
}

// endDriver ends a submission. Its record stays, without what was only needed to run it, so that a later leader knows the end.
func (c *Core) endDriver(d *driver, state deploy.DriverState, reason string) {
	c.driverBecomes(d, state, reason)
	d.endedAt = c.now
	c.timers.disarm(&d.timer)
	c.clearLease(d)
	d.rec.LeaseUntil = time.Time{}
	d.rec.Spec.Command = deploy.Command{Program: d.rec.Spec.Command.Program}
	d.avoid = forgive(d.avoid, &d.demand)
	c.persistDriver(d)
	c.touchDemand(&d.demand)
	c.leaveQueue(d.queue, 0, 1)
	c.leaveScope(d.scope)
	c.retainDriver(d)
}

// retainDriver keeps an ended driver for readers and later leaders; the oldest ones go, their answers stay.
func (c *Core) retainDriver(d *driver) {
	if limit := c.cfg.RetainedDrivers; len(c.ended) >= limit {
		n := min(max(limit/10, 1), len(c.ended))
		for _, old := range c.ended[:n] {
			c.answers.unpin(c, old.rec.Request, nil)
			c.persist(deploy.DropDriver{ID: old.rec.ID})
			delete(c.drivers, old.rec.ID)
			c.dirty.gone(deploy.RowKey{Kind: deploy.RowDriver, ID: string(old.rec.ID)})
		}
		c.ended = slices.Delete(c.ended, 0, n)
	}
	c.ended = append(c.ended, d)
}

// killDriver ends a submission by request. The record says KILLED from now on, so that no later leader starts it again; the books say so when
// the process is gone.
func (c *Core) killDriver(m *deploy.KillDriver) (deploy.Answer, error) {
	d := c.drivers[m.Driver]
	switch {
	case d == nil:
		return deploy.Answer{}, fmt.Errorf("driver %s: no such submission; list them with get drivers: %w", m.Driver, deploy.ErrNotFound)
	case d.done() || d.killing:
		return deploy.Answer{}, fmt.Errorf("driver %s: it is %s already: %w", m.Driver, d.endState(), deploy.ErrAlreadyFinished)
	}
	if d.launch == nil && d.state() != deploy.DriverUnknown {
		c.endDriver(d, deploy.DriverKilled, "killed by request")
		return deploy.Answer{ID: string(m.Driver)}, nil
	}
	d.killing = true
	c.persistDriver(d)
	if d.launch != nil {
		c.kill(d.launch, "killed by request")
	}
	c.touchDriver(d)
	return deploy.Answer{ID: string(m.Driver)}, nil
}

// endState names the end of d, or the one it is about to have.
func (d *driver) endState() string {
	if d.killing && !d.done() {
		return "being killed"
	}
	return d.state().String()
}
