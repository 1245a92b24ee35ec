package scheduler

import (
	"context"
	"fmt"

	"github.com/musterproject/muster/pkg/deploy"
)

// Options of the built-in policies.
type Options struct {
	Order         By   // in which workers are tried for executors
	SpreadDrivers bool // each driver behind the worker of the last, from a place drawn by the update's seed; else the first by id that fits
}

// DefaultOptions gives what the peer does by default.
func DefaultOptions() Options { return Options{Order: ByCoresFreeDesc, SpreadDrivers: true} }

// maxGrants bounds a plan, so that one application that wants millions of executors does not keep the master waiting for all of them. Who has
// not got everything by then is asked again.
const maxGrants = 1 << 16

// fifo places what is asked in order and lets nobody who does not fit hold up the next. It touches the workers it grants on and no others:
// they are taken from the index in exact order until the demand is served.
type fifo struct {
	opts  Options
	pile  bool      // one worker to the brim, then the next; else one each, again and again
	last  WorkerRef // of the last driver
	left  int32     // grants until the plan is full
	spots []place   // workers for the demand at hand, in order
}

// place is a worker for the demand at hand.
type place struct {
	ref   WorkerRef
	room  int32 // units it can take, or cores if the demand grows
	given int32
}

// run makes a plan.
func (f *fifo) run(ctx context.Context, v View) (Plan, error) {
	f.last, f.left = NoWorker, maxGrants
	drivers, n := false, 0
	for d := range v.Asked() {
		if n++; n%64 == 0 && ctx.Err() != nil {
			break
		}
		row := v.Demand(d)
		switch {
		case !row.Driver:
			f.executors(v, d, row)
		case !drivers && f.opts.SpreadDrivers:
			drivers = true
			f.last = start(v)
			fallthrough
		default:
			f.driver(v, d, row)
		}
		if f.left == 0 {
			break
		}
		if reason, until := v.Explain(d); reason.Code != deploy.ReasonExecutorLimit || row.Units == 0 { // else it is served
			v.Wait(d, reason, until)
		}
	}
	if ctx.Err() != nil {
		epoch, version := v.Version()
		return Plan{}, fmt.Errorf("place version %d of epoch %d: %w", version, epoch, context.Cause(ctx))
	}
	return v.Plan(), nil
}

// start draws the worker behind which the first driver looks.
func start(v View) WorkerRef {
	n := uint64(v.Workers())
	if n == 0 || v.Seed()%n == 0 {
		return NoWorker
	}
	return v.Worker(int(v.Seed()%n) - 1)
}

// driver places one driver, behind the last one if they spread.
func (f *fifo) driver(v View, d DemandRef, row *DemandRow) {
	if units, _ := v.Left(d); units == 0 || v.DriverSlots() == 0 {
		return
	}
	w, ok := v.Next(d, ByWorkerID, f.last)
	if !ok {
		w, ok = v.Next(d, ByWorkerID, NoWorker)
	}
	if !ok {
		return
	}
	f.take(v, d, w, row.Need.Cores)
	if f.opts.SpreadDrivers {
		f.last = w
	}
}

// executors places what a demand may have, class by class of workers.
func (f *fifo) executors(v View, d DemandRef, row *DemandRow) {
	for f.serve(v, d, row) {
	}
}

// serve collects as many workers as the demand can use, deals, and takes. It tells whether anything was taken.
func (f *fifo) serve(v View, d DemandRef, row *DemandRow) bool {
	units, cores := v.Left(d)
	if !row.Grow {
		units = min(units, cores/row.Need.Cores)
	}
	if units = min(units, f.left); units == 0 || cores == 0 {
		return false
	}
	f.collect(v, d, row, units, cores)
	left, before := units, f.left
	if row.Grow {
		left = cores
	}
	if f.pile {
		dealPiled(f.spots, left)
	} else {
		dealEvenly(f.spots, left)
	}
	for i := range f.spots {
		p := &f.spots[i]
		switch {
		case row.Grow && p.given > 0:
			f.take(v, d, p.ref, p.given)
		case !row.Grow:
			for range p.given {
				f.take(v, d, p.ref, row.Need.Cores)
			}
		}
	}
	return f.left < before
}

func (f *fifo) take(v View, d DemandRef, w WorkerRef, cores int32) {
	if v.Take(d, w, cores, 0) {
		f.left--
	}
}

// collect lists the next workers that fit until they are enough: one per unit if each gets one first, else until their room suffices.
func (f *fifo) collect(v View, d DemandRef, row *DemandRow, units, cores int32) {
	f.spots = f.spots[:0]
	need := int64(min(units, cores))
	if row.Grow && f.pile {
		need = int64(cores)
	}
	for at := NoWorker; need > 0 && len(f.spots) < int(units); {
		w, ok := v.Next(d, f.opts.Order, at)
		if !ok {
			return
		}
		at = w
		p := place{ref: w, room: v.Room(d, w)}
		f.spots = append(f.spots, p)
		if f.pile {
			need -= int64(p.room)
		} else {
			need--
		}
	}
}
