package scheduler

import (
	"context"
	"fmt"
)

// maxGrants bounds a plan, so that one application that wants millions of executors does not keep the master waiting for all of them. Who has
// not got everything by then is asked again.
const maxGrants = 1 << 16

// fifo places what is asked in order and lets nobody who does not fit hold up the next. It touches the workers it grants on and no others:
// they are taken from the index in exact order until the demand is served.
type fifo struct {
	opts    Options
	pile    bool      // one worker to the brim, then the next; else one each, again and again
	last    WorkerRef // of the last driver
	left    int32     // grants until the plan is full
	group   uint32    // of the last gang
	turns   int
	drivers bool    // the first one has been placed
	spots   []place // workers for the demand at hand, in order
	keeper  keeper
}

// place is a worker for the demand at hand.
type place struct {
	ref   WorkerRef
	room  int32 // units it can take, or cores if the demand grows
	given int32
}

// run makes a plan.
func (f *fifo) run(ctx context.Context, v View) (Plan, error) {
	f.begin()
	for d := range v.Asked() {
		if !f.turn(ctx) {
			break
		}
		f.place(v, d)
		if f.left == 0 {
			break
		}
	}
	return f.finish(ctx, v)
}

func (f *fifo) begin() {
	f.last, f.left, f.turns, f.drivers = NoWorker, maxGrants, 0, false
}

// turn tells whether there is time for one more demand.
func (f *fifo) turn(ctx context.Context) bool {
	f.turns++
	return f.turns%64 != 0 || ctx.Err() == nil
}

// finish keeps workers for those who have waited too long, and ends the plan.
func (f *fifo) finish(ctx context.Context, v View) (Plan, error) {
	if ctx.Err() != nil {
		epoch, version := v.Version()
		return Plan{}, fmt.Errorf("place version %d of epoch %d: %w", version, epoch, context.Cause(ctx))
	}
	f.keeper.keep(v, f.opts.Reserve)
	return v.Plan(), nil
}

// place gives a demand what it may have, and a reason if it wants more.
func (f *fifo) place(v View, d DemandRef) {
	row := v.Demand(d)
	switch {
	case row.Driver:
		f.driver(v, d, row)
	case row.Gang:
		f.gang(v, d, row)
	default:
		f.executors(v, d, row)
	}
	if f.left > 0 {
		f.explain(v, d, row)
	}
}

// explain gives a demand that wants more its reason. It is overdue once it has got nothing for too long.
func (f *fifo) explain(v View, d DemandRef, row *DemandRow) {
	if row.Units > 0 && v.state.demands[d].left == 0 {
		return // it has got all it wanted
	}
	reason, until := v.Explain(d)
	if until.Kind == WakeNeedFits && f.opts.Reserve.After > 0 && !row.Since.IsZero() {
		until.At = row.Since.Add(f.opts.Reserve.After)
	}
	v.Wait(d, reason, until)
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
	if f.opts.SpreadDrivers && !f.drivers {
		f.drivers, f.last = true, start(v)
	}
	w, ok := v.Next(d, ByWorkerID, f.last)
	if !ok {
		w, ok = v.Next(d, ByWorkerID, NoWorker)
	}
	if !ok {
		return
	}
	f.take(v, d, w, row.Need.Cores, 0)
	if f.opts.SpreadDrivers {
		f.last = w
	}
}

// executors places what a demand may have, class by class of workers.
func (f *fifo) executors(v View, d DemandRef, row *DemandRow) {
	for f.serve(v, d, row, 0) {
	}
}

// serve collects as many workers as the demand can use, deals, and takes. It tells whether it took something and more is wanted.
func (f *fifo) serve(v View, d DemandRef, row *DemandRow, group uint32) bool {
	units, cores := v.Left(d)
	if !row.Grow {
		units = min(units, cores/row.Need.Cores)
	}
	if units = min(units, f.left); units == 0 || cores == 0 {
		return false
	}
	if units == 1 && !row.Grow { // most often, and nothing to deal
		if w, ok := v.Next(d, f.opts.Order, NoWorker); ok {
			f.take(v, d, w, row.Need.Cores, group)
		}
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
			f.take(v, d, p.ref, p.given, 0)
		case !row.Grow:
			for range p.given {
				if group > 0 && row.Apart != "" && v.Room(d, p.ref) == 0 {
					break // one that is refused would undo its group
				}
				f.take(v, d, p.ref, row.Need.Cores, group)
			}
		}
	}
	return f.left < before && before-f.left < units
}

func (f *fifo) take(v View, d DemandRef, w WorkerRef, cores int32, group uint32) bool {
	ok := v.Take(d, w, cores, group)
	if ok {
		f.left--
	}
	return ok
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
