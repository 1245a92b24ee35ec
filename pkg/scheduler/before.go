package scheduler

// maxLooked bounds the workers looked at for a demand that not all of them may serve.
const maxLooked = 256

// before finds out whether others of this plan took what a demand would have fitted on: it orders the workers taken from by what they had
// before. It is filled when it is first asked.
type before struct {
	plain  tree // by (cores, label), values are memory
	custom tree // only those with custom resources
	seen   int  // of State.touched
}

func newBefore(f *forest) before { return before{plain: newTree(f, false), custom: newTree(f, false)} }

func (s *State) clearBefore() {
	if s.before.seen > 0 {
		s.before.plain.drop()
		s.before.custom.drop()
		s.before = newBefore(&s.trees)
	}
}

// displaced tells whether d would fit if nobody else had taken in this plan.
func (s *State) displaced(ref DemandRef, d *demand) bool {
	b, n := &s.before, &d.row.Need
	for ; b.seen < len(s.touched); b.seen++ {
		at := s.touched[b.seen]
		w := &s.workers[at]
		k := keyOf(uint32(w.row.Free.Cores), w.label, uint32(at))
		b.plain.insert(k, uint64(w.row.Free.MemoryMiB))
		if len(w.row.Free.Custom) > 0 {
			b.custom.insert(k, uint64(w.row.Free.MemoryMiB))
		}
	}
	t := &b.plain
	if len(n.Custom) > 0 {
		t = &b.custom
	}
	from := below(uint32(n.Cores))
	for looked := 0; d.shape == 0 && d.rule == 0 || looked < maxLooked; looked++ {
		k, ok := t.next(from, uint64(n.MemoryMiB))
		if !ok {
			return false
		}
		if s.hadRoom(WorkerRef(k.ref()), ref, d) {
			return true
		}
		from = k
	}
	return false
}

// hadRoom tells whether a worker had room for one more unit of a demand, besides what the demand itself took there.
func (s *State) hadRoom(at WorkerRef, ref DemandRef, d *demand) bool {
	w, n := &s.workers[at], &d.row.Need
	if !w.admits(ref) || s.shapes.list[d.shape].unmet(w.row.Labels) >= 0 || !s.allows(d.rule, w) {
		return false
	}
	cores, units, others := int32(0), int32(0), false
	for i := w.last; i >= 0; i = s.back[i] {
		if g := &s.buf.grants[i]; g.Demand == ref {
			cores += g.Cores
			units++
		} else {
			others = true
		}
	}
	if !others || d.row.Grow && units > 0 {
		return false
	}
	have := &w.row.Free
	if have.Cores-cores < n.Cores || have.MemoryMiB/int64(units+1) < n.MemoryMiB {
		return false
	}
	for i := range n.Custom {
		if int64(have.Of(n.Custom[i].Name)) < int64(n.Custom[i].Count)*int64(units+1) {
			return false
		}
	}
	return true
}
