package mastercore

import (
	"slices"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// reservation keeps workers for a demand that has waited long: nobody else is placed there, and what runs there runs on. It ends when the demand
// gets something or wants nothing, with any of its workers, or with its time.
type reservation struct {
	d       *demand
	workers []*worker
	since   int64
	until   int64
	timer   timer
}

const longestReservation = 24 * time.Hour

// keepFor takes over what a plan reserves: all that it wants for a demand, or nothing.
func (c *Core) keepFor(plan *scheduler.Plan, fact *Placed) {
	named := map[scheduler.DemandRef][]scheduler.WorkerRef{}
	for _, r := range plan.Reserve {
		named[r.Demand] = append(named[r.Demand], r.Worker)
	}
	for _, r := range plan.Reserve {
		refs := named[r.Demand]
		if refs == nil {
			continue
		}
		named[r.Demand] = nil
		d := c.place.d.at(uint32(r.Demand), plan.Version)
		if workers := c.keepable(d, refs, plan.Version); workers != nil {
			fact.Reserved += len(workers)
			c.keep(d, workers)
		} else {
			fact.reject(rejectReserve, len(refs))
		}
	}
}

// keepable gives the workers that a plan wants to keep for a demand, nil if one of them, or the demand, is not as it must be.
func (c *Core) keepable(d *demand, refs []scheduler.WorkerRef, version uint64) []*worker {
	if d == nil || !c.wants(d) || c.blocked(d) != deploy.ReasonNone || d.kept != nil || c.reserved >= c.cfg.ReserveMax {
		return nil
	}
	workers, twice := make([]*worker, 0, len(refs)), map[*worker]bool{}
	for _, ref := range refs {
		w := c.place.w.at(uint32(ref), version)
		if w == nil || w.blocked() != deploy.ReasonNone || twice[w] || !couldHold(d, w) {
			return nil
		}
		twice[w] = true
		workers = append(workers, w)
	}
	return workers
}

// couldHold tells whether the empty worker would hold a unit of d.
func couldHold(d *demand, w *worker) bool {
	need := d.need(d.step())
	for i := range d.place().Require {
		if !d.place().Require[i].Holds(w.spec.Labels) {
			return false
		}
	}
	whole := &w.books.capacity
	return need.Cores <= whole.Cores && need.MemoryMiB <= whole.MemoryMiB &&
		!slices.ContainsFunc(need.Custom, func(a deploy.Amount) bool { return whole.Of(a.Name) < a.Count })
}

func (c *Core) keep(d *demand, workers []*worker) {
	r := &reservation{d: d, workers: workers, since: c.at, until: c.at + int64(c.reserveFor(d.tries))}
	r.timer.owner = r
	c.arm(&r.timer, r.until)
	d.kept = r
	c.reserved++
	for _, w := range workers {
		w.kept = r
		c.touchWorker(w)
	}
	c.fact(Reserved{Subject: d.subject(), Profile: d.profileID(), Workers: r.ids(), Until: c.wall(r.until), Tries: d.tries})
}

// reserveFor is longer each time that a reservation was not enough.
func (c *Core) reserveFor(tries int32) time.Duration {
	d := c.cfg.ReserveFor
	for ; tries > 0 && d < longestReservation; tries-- {
		d *= 2
	}
	return min(d, longestReservation)
}

func (r *reservation) ids() []deploy.WorkerID {
	ids := make([]deploy.WorkerID, len(r.workers))
	for i, w := range r.workers {
		ids[i] = w.spec.ID
	}
	return ids
}

// wake ends a reservation that was not enough: another one will last longer, and may be elsewhere.
func (r *reservation) wake(c *Core) {
	r.d.tries++
	c.touchDemand(r.d)
	c.endReservation(r, "its time is up")
}

func (c *Core) endReservation(r *reservation, reason string) {
	c.timers.disarm(&r.timer)
	r.d.kept = nil
	c.reserved--
	for _, w := range r.workers {
		w.kept = nil
		c.touchWorker(w)
	}
	c.fact(ReservationEnded{Subject: r.d.subject(), Profile: r.d.profileID(), Workers: r.ids(), Reason: reason, Took: time.Duration(c.at - r.since)})
}

// settleReservations ends those whose worker has gone or takes no work any more.
func (c *Core) settleReservations() {
	for i := 0; i < len(c.dirty.workers); i++ {
		w := c.dirty.workers[i]
		if w.kept == nil {
			continue
		}
		if why := w.unusable(); why != deploy.ReasonNone || !w.member() {
			c.endReservation(w.kept, "worker "+string(w.spec.ID)+" takes no work: "+why.String())
		}
	}
}
