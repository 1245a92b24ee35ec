package scheduler

import "slices"

// search is which class of workers Next gives for the demand it was asked for last.
type search struct {
	ref     DemandRef
	view    uint64
	takes   uint64 // of State.takes: what was found holds until the next take
	avoided bool   // nothing fits but on workers that the demand avoids
}

// Next gives the worker after the one named, NoWorker for the first, that one more unit of d fits on now by all rules. Only the best class of
// workers that has one is given: those that d does not avoid, else those that it does. Each worker stands where what it has free now puts it, so
// a worker just taken from has moved. A policy collects, takes, and begins again while it finds something.
func (v View) Next(d DemandRef, by By, after WorkerRef) (WorkerRef, bool) {
	if !v.valid() || by > ByWorkerID || int(d) >= len(v.state.demands) || !v.state.demands[d].live {
		return NoWorker, false
	}
	s := v.state
	x := &s.demands[d]
	from := by.start()
	if int(after) < len(s.workers) {
		from = s.workers[after].spot().from(by, uint32(after))
	}
	if len(x.row.Avoid) == 0 {
		return s.seek(d, x, by, from)
	}
	return s.classed(d, x, by, from)
}

// classed finds in the best class.
func (s *State) classed(ref DemandRef, d *demand, by By, from key) (WorkerRef, bool) {
	c := &s.search
	if c.ref != ref || c.view != s.view || c.takes != s.takes {
		_, some := s.seek(ref, d, by, by.start())
		*c = search{ref: ref, view: s.view, takes: s.takes, avoided: !some}
	}
	if c.avoided {
		return s.scan(ref, d, d.row.Avoid, by, from)
	}
	return s.seek(ref, d, by, from)
}

// seek goes through the index of a demand's shape and passes over what the demand avoids.
func (s *State) seek(ref DemandRef, d *demand, by By, from key) (WorkerRef, bool) {
	x := &s.shape(d.shape).free
	s.order(x, by)
	for {
		k, ok := x.next(&d.row.Need, by, from)
		if !ok {
			return NoWorker, false
		}
		if at := WorkerRef(k.ref()); s.bears(ref, d, at) && !slices.Contains(d.row.Avoid, at) {
			return at, true
		}
		from = k
	}
}

// scan finds the first behind a place among a few workers.
func (s *State) scan(ref DemandRef, d *demand, list []WorkerRef, by By, from key) (found WorkerRef, ok bool) {
	var first key
	for _, at := range list {
		if int(at) >= len(s.workers) || !s.bears(ref, d, at) {
			continue
		}
		k := s.workers[at].spot().from(by, uint32(at))
		if by.comes(from, k) && (!ok || by.comes(k, first)) {
			found, first, ok = at, k, true
		}
	}
	if !ok {
		return NoWorker, false
	}
	return found, true
}

// comes tells whether a stands before b in an order.
func (b By) comes(before, after key) bool {
	if b == ByCoresFreeDesc || b == ByMemoryFreeDesc {
		return after.less(before)
	}
	return before.less(after)
}

// bears tells whether a worker has room for one more unit of a demand by all rules.
func (s *State) bears(ref DemandRef, d *demand, at WorkerRef) bool {
	w := &s.workers[at]
	return w.open() && w.fits(&d.row.Need) && !(d.row.Grow && s.grows(ref, w))
}

// Room gives how many units of d worker w takes now, or how many cores if d grows, by all rules. What d may still have is Left.
func (v View) Room(d DemandRef, w WorkerRef) int32 {
	if !v.valid() || int(d) >= len(v.state.demands) || int(w) >= len(v.state.workers) {
		return 0
	}
	s := v.state
	x := &s.demands[d]
	if !x.live || !s.bears(d, x, w) {
		return 0
	}
	free, n := &s.workers[w].free, &x.row.Need
	if x.row.Grow {
		return free.Cores
	}
	units := int64(free.Cores / n.Cores)
	if n.MemoryMiB > 0 {
		units = min(units, free.MemoryMiB/n.MemoryMiB)
	}
	for i := range n.Custom {
		units = min(units, int64(free.Of(n.Custom[i].Name)/n.Custom[i].Count))
	}
	return int32(units)
}
