package scheduler

import (
	"slices"

	"github.com/musterproject/muster/pkg/deploy"
)

// maxPrefer bounds the preferences of a demand: each set of them is a shape.
const maxPrefer = 3

// search is what is known of the demand that Next was asked for last: its classes of workers, and which of them is the best that has one.
type search struct {
	ref    DemandRef
	view   uint64
	takes  uint64 // of State.takes: the tier holds until the next take
	tier   tier
	score  int32 // of tierOpen and tierAvoided
	n      int
	sets   [1 << maxPrefer]preferred // the greatest sum first
	chosen bool
}

// tier says which workers Next gives.
type tier uint8

const (
	tierKept    tier = iota // reserved for the demand
	tierOpen                // not avoided, with a score
	tierAvoided             // with a score
	tierNone
)

// preferred is a set of a demand's preferences: the shape of the workers that meet at least these.
type preferred struct {
	sum   int32
	shape int32
}

// Next gives the worker after the one named, NoWorker for the first, that one more unit of d fits on now by all rules. Only the best class of
// workers that has one is given: those reserved for d; else those that it does not avoid before those that it does, and of them those with the
// greatest sum of preferred weights. Each worker stands where what it has free now puts it, so a worker just taken from has moved. A policy
// collects, takes, and begins again while it finds something.
func (v View) Next(d DemandRef, by By, after WorkerRef) (WorkerRef, bool) {
	if !v.valid() || by > ByWorkerID || int(d) >= len(v.state.demands) || !v.state.demands[d].live {
		return NoWorker, false
	}
	if mutant == memoryByCores && (by == ByMemoryFreeDesc || by == ByMemoryFreeAsc) {
		by -= ByMemoryFreeDesc
	}
	s := v.state
	x := &s.demands[d]
	from := by.start()
	if int(after) < len(s.workers) {
		from = s.workers[after].spot().from(by, uint32(after))
	}
	if len(x.row.Avoid)+len(x.row.Prefer) == 0 && (s.kept.n == 0 || !s.holds(d)) {
		k, ok := s.seek(d, x, x.shape, by, from)
		return found(k, ok)
	}
	c := s.searchFor(d, x)
	if !c.chosen || c.takes != s.takes {
		s.choose(c, x, by)
	}
	return found(s.inTier(c, x, by, from))
}

func found(k key, ok bool) (WorkerRef, bool) {
	if !ok {
		return NoWorker, false
	}
	return WorkerRef(k.ref()), true
}

// searchFor prepares for a demand.
func (s *State) searchFor(ref DemandRef, d *demand) *search {
	c := &s.search
	if c.ref == ref && c.view == s.view {
		return c
	}
	s.dropSearch()
	*c = search{ref: ref, view: s.view, n: 1 << len(d.row.Prefer)}
	for set := range c.n {
		p := preferred{shape: d.shape}
		for i := range d.row.Prefer {
			if set>>i&1 == 1 {
				p.sum += d.row.Prefer[i].Weight
			}
		}
		if set > 0 {
			p.shape = s.intern(d.row.Need.Custom, d.row.Require, d.row.Prefer, set)
		}
		s.shapes.list[p.shape].live++ // none of them is forgotten for the next
		i := set
		for ; i > 0 && c.sets[i-1].sum < p.sum; i-- {
			c.sets[i] = c.sets[i-1]
		}
		c.sets[i] = p
	}
	return c
}

// dropSearch lets the shapes of the last search go.
func (s *State) dropSearch() {
	for _, p := range s.search.sets[:s.search.n] {
		s.shapes.list[p.shape].live--
	}
	s.search = search{}
}

// choose finds the best class that has a worker.
func (s *State) choose(c *search, d *demand, by By) {
	c.chosen, c.takes = true, s.takes
	for c.tier = tierKept; c.tier < tierNone; c.tier++ {
		switch c.tier {
		case tierOpen:
			for i := range c.n {
				c.score = c.sets[i].sum
				if _, ok := s.inTier(c, d, by, by.start()); ok {
					return
				}
			}
			continue
		case tierAvoided:
			c.score = s.bestAvoided(c.ref, d)
		default: // the others have no score
		}
		if _, ok := s.inTier(c, d, by, by.start()); ok {
			return
		}
	}
}

// inTier gives the next worker of the class chosen.
func (s *State) inTier(c *search, d *demand, by By, from key) (first key, ok bool) {
	switch c.tier {
	case tierKept:
		return s.scan(c.ref, d, s.keptFor(c.ref), by, from)
	case tierOpen: // who meets more than such a set would be of a better class
		for i := range c.n {
			if c.sets[i].sum != c.score {
				continue
			}
			if k, some := s.seek(c.ref, d, c.sets[i].shape, by, from); some && (!ok || by.comes(k, first)) {
				first, ok = k, true
			}
		}
		return first, ok
	case tierAvoided:
		s.few = s.few[:0]
		for _, at := range d.row.Avoid {
			if int(at) < len(s.workers) && s.workers[at].open() && d.score(&s.workers[at]) == c.score {
				s.few = append(s.few, at)
			}
		}
		return s.scan(c.ref, d, s.few, by, from)
	default: // there is none
	}
	return key{}, false
}

// bestAvoided gives the greatest score of the avoided workers that fit.
func (s *State) bestAvoided(ref DemandRef, d *demand) (best int32) {
	for _, at := range d.row.Avoid {
		if int(at) < len(s.workers) && s.workers[at].open() && s.bears(ref, d, at) {
			best = max(best, d.score(&s.workers[at]))
		}
	}
	return best
}

// score sums the weights of the preferences that a worker meets.
func (d *demand) score(w *worker) (sum int32) {
	for i := range d.row.Prefer {
		if d.row.Prefer[i].Holds(w.row.Labels) {
			sum += d.row.Prefer[i].Weight
		}
	}
	return sum
}

// seek goes through the index of a shape and passes over what a demand avoids.
func (s *State) seek(ref DemandRef, d *demand, shape int32, by By, from key) (key, bool) {
	x := &s.shape(shape).free
	s.order(x, by, 0)
	for {
		k, ok := x.next(&d.row.Need, by, from)
		if !ok {
			return key{}, false
		}
		if w := &s.workers[k.ref()]; w.fits(&d.row.Need) && s.mayTake(ref, d, w) && (!slices.Contains(d.row.Avoid, WorkerRef(k.ref())) || mutant == avoidIgnored) {
			return k, true
		}
		from = k
	}
}

// scan finds the first behind a place among a few workers.
func (s *State) scan(ref DemandRef, d *demand, list []WorkerRef, by By, from key) (first key, ok bool) {
	for _, at := range list {
		if !s.bears(ref, d, at) {
			continue
		}
		k := s.workers[at].spot().from(by, uint32(at))
		if by.comes(from, k) && (!ok || by.comes(k, first)) {
			first, ok = k, true
		}
	}
	return first, ok
}

// comes tells whether one place stands before another in an order.
func (b By) comes(before, after key) bool {
	if b == ByCoresFreeDesc || b == ByMemoryFreeDesc {
		return after.less(before)
	}
	return before.less(after)
}

// bears tells whether a worker has room for one more unit of a demand by all rules.
func (s *State) bears(ref DemandRef, d *demand, at WorkerRef) bool {
	w := &s.workers[at]
	return w.admits(ref) && s.suits(d, w) && w.fits(&d.row.Need) && s.mayTake(ref, d, w)
}

// suits tells whether a worker has the labels and the custom resources that a demand needs.
func (s *State) suits(d *demand, w *worker) bool {
	return d.shape == 0 || s.shapes.list[d.shape].serves(w)
}

// mayTake tells whether the rules and this view bear one more unit of a demand on a worker.
func (s *State) mayTake(ref DemandRef, d *demand, w *worker) bool {
	return s.allows(d.rule, w) && !(d.row.Grow && d.granted > 0 && s.grows(ref, w))
}

// fitsOpen tells whether one more unit of what a group or a demand needs fits on a worker that takes work.
func (s *State) fitsOpen(shape int32, n *Need, rule int32) bool {
	x := &s.shape(shape).free
	if rule == 0 {
		return x.fits(n.Cores, n.MemoryMiB)
	}
	for k, ok := x.next(n, ByCoresFreeDesc, ByCoresFreeDesc.start()); ok; k, ok = x.next(n, ByCoresFreeDesc, k) {
		if s.allows(rule, &s.workers[k.ref()]) {
			return true
		}
	}
	return false
}

// fitsNow tells whether one more unit of a demand fits anywhere.
func (s *State) fitsNow(ref DemandRef, d *demand) bool {
	return s.fitsOpen(d.shape, &d.row.Need, d.rule) || s.fitsKept(ref)
}

// fitsKept tells whether one more unit of a demand fits on a worker that is kept for it.
func (s *State) fitsKept(ref DemandRef) bool {
	return slices.ContainsFunc(s.keptFor(ref), func(at WorkerRef) bool { return s.bears(ref, &s.demands[ref], at) })
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
	if x.row.Grow {
		return s.workers[w].free.Cores
	}
	return min(unitsIn(&s.workers[w].free, &x.row.Need), s.spare(x.rule, &s.workers[w]))
}

// unitsIn gives how many units of a need resources hold.
func unitsIn(have *deploy.Resources, n *Need) int32 {
	units := int64(have.Cores / n.Cores)
	if n.MemoryMiB > 0 {
		units = min(units, have.MemoryMiB/n.MemoryMiB)
	}
	for i := range n.Custom {
		units = min(units, int64(have.Of(n.Custom[i].Name)/n.Custom[i].Count))
	}
	return int32(units)
}
