package scheduler

import (
	"iter"

	"github.com/musterproject/muster/pkg/deploy"
)

// admits tells whether a demand may be placed on a worker, room or not.
func (w *worker) admits(d DemandRef) bool {
	return w.open() || w.live && w.closed == deploy.ReasonReserved && w.keptFor == d
}

// bar says why a worker takes no work now, and for whom it is kept all the same.
func (s *State) bar(ref WorkerRef, w *worker, code deploy.ReasonCode, by DemandRef) {
	if w.closed == code && w.keptFor == by {
		return
	}
	s.blocked[w.closed]--
	if w.closed == deploy.ReasonReserved {
		if s.kept.remove(pairKey(uint32(w.keptFor), uint32(ref))); !s.holds(w.keptFor) {
			s.keepers--
		}
	}
	w.closed, w.keptFor = code, by
	s.blocked[w.closed]++
	if w.closed == deploy.ReasonReserved {
		if !s.holds(by) {
			s.keepers++
		}
		s.kept.insert(pairKey(uint32(by), uint32(ref)), 0)
	}
}

// holds tells whether workers are kept for a demand, by the books or by this view.
func (s *State) holds(ref DemandRef) bool {
	k, ok := s.kept.next(pairStart(uint32(ref)), 0)
	return ok && k.hi == uint64(ref)
}

// keptFor lists the workers kept for a demand. It is good until it is called again.
func (s *State) keptFor(ref DemandRef) []WorkerRef {
	s.few = s.few[:0]
	for k, ok := s.kept.next(pairStart(uint32(ref)), 0); ok && k.hi == uint64(ref); k, ok = s.kept.next(k, 0) {
		s.few = append(s.few, WorkerRef(k.ref()))
	}
	return s.few
}

// call asks the demand that a worker is kept for, now that something about the worker changes.
func (s *State) call(w *worker) {
	if w.closed == deploy.ReasonReserved && int(w.keptFor) < len(s.demands) {
		s.pend(&s.demands[w.keptFor])
	}
}

// keptFromOthers tells whether a worker that a demand could run on is kept for another.
func (s *State) keptFromOthers(ref DemandRef) bool {
	d := &s.demands[ref]
	for k, ok := s.kept.next(key{}, 0); ok; k, ok = s.kept.next(k, 0) {
		w := &s.workers[k.ref()]
		if k.hi != uint64(ref) && s.shapes.list[d.shape].unmet(w.row.Labels) < 0 && unitsIn(&w.row.Total, &d.row.Need) > 0 && s.allows(d.rule, w) {
			return true
		}
	}
	return false
}

// maxCandidates bounds Candidates.
const maxCandidates = 1024

// Candidates gives the first 1024 workers by id that d could ever run on: by their whole capacity, their labels and the rules. They take work
// or are kept for d.
func (v View) Candidates(d DemandRef) iter.Seq[WorkerRef] {
	return func(yield func(WorkerRef) bool) {
		if !v.valid() || int(d) >= len(v.state.demands) || !v.state.demands[d].live {
			return
		}
		s := v.state
		x := &s.demands[d]
		n, from := &x.row.Need, key{}
		if !s.whole(x.shape).total.fits(n.Cores, n.MemoryMiB) {
			return // else all of nearly its size would be looked at
		}
		for count := 0; count < maxCandidates; {
			all := &s.whole(x.shape).total
			s.order(all, ByWorkerID, 1)
			k, ok := all.next(n, ByWorkerID, from)
			if !ok {
				return
			}
			from = k
			w := &s.workers[k.ref()]
			if !w.admits(d) || w.row.Total.Cores < n.Cores || w.row.Total.MemoryMiB < n.MemoryMiB || !s.allows(x.rule, w) {
				continue
			}
			if count++; !yield(WorkerRef(k.ref())) {
				return
			}
		}
	}
}
