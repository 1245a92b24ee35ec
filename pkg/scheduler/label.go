package scheduler

import "cmp"

// Labels stand for worker ids in the indexes: they compare as the ids do and cost one word. A new id gets a label between its neighbours';
// where none is left, all are dealt anew. Nothing outside depends on their values.
const (
	firstLabel = uint64(1) << 63
	labelStep  = uint64(1) << 40 // beyond the last or before the first
	labelRun   = uint64(1) << 20 // beside the one that came just before, because ids come in runs
)

// enrol gives a new worker its label.
func (s *State) enrol(ref WorkerRef, w *worker) {
	at := s.seat(ref, w)
	label, ok := s.between(at)
	if !ok {
		s.relabel()
		label, _ = s.between(at)
	}
	w.label = label
	s.newest = uint32(ref)
	s.names.insert(keyOf(0, label, uint32(ref)), 0)
}

// seat counts the workers before ref in order of id; equal ids, which a core does not give, stand by slot.
func (s *State) seat(ref WorkerRef, w *worker) int {
	before := func(i int) bool {
		r := s.names.at(i).ref()
		c := cmp.Compare(s.workers[r].row.ID, w.row.ID)
		return c < 0 || c == 0 && WorkerRef(r) < ref
	}
	lo, hi := 0, s.names.n
	if hi > 0 && before(hi-1) { // most come with a later time than all before
		return hi
	}
	for lo < hi {
		if m := (lo + hi) / 2; before(m) {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo
}

// between gives a label for the place with at workers before it.
func (s *State) between(at int) (uint64, bool) {
	n := s.names.n
	switch {
	case n == 0:
		return firstLabel, true
	case at == n:
		last := s.workers[s.names.at(n-1).ref()].label
		return last + labelStep, last < ^uint64(0)-2*labelStep
	case at == 0:
		first := s.workers[s.names.at(0).ref()].label
		return first - labelStep, first > 2*labelStep
	}
	l, r := s.names.at(at-1).ref(), s.names.at(at).ref()
	lo, hi := s.workers[l].label, s.workers[r].label
	half := (hi - lo) / 2
	switch {
	case half == 0:
		return 0, false
	case l == s.newest:
		return lo + min(half, labelRun), true
	case r == s.newest:
		return hi - min(half, labelRun), true
	}
	return lo + half, true
}

// relabel deals all labels anew, evenly around the middle, and builds the indexes from them.
func (s *State) relabel() {
	step := firstLabel / uint64(s.names.n+2)
	label := firstLabel / 2
	refs := make([]uint32, 0, s.names.n)
	for k, ok := s.names.next(key{}, 0); ok; k, ok = s.names.next(k, 0) {
		refs = append(refs, k.ref())
	}
	s.names.drop()
	s.names = newTree(&s.trees, false)
	for _, ref := range refs {
		label += step
		w := &s.workers[ref]
		w.label, w.in.label = label, label
		s.names.insert(keyOf(0, label, ref), 0)
	}
	for _, i := range s.shapes.built {
		s.unbuild(i)
	}
	s.build(0)
	s.rebuildKinds()
}
