package scheduler

import "slices"

// kind is a custom resource that some worker has. It finds the worker that misses least of it.
type kind struct {
	name    string
	workers int32
	free    tree // workers that take work, by (units free, label)
	total   tree // all of them, by (units, label)
}

func (s *State) kindOf(name string) *kind {
	for i := range s.kinds {
		if s.kinds[i].name == name {
			return &s.kinds[i]
		}
	}
	return nil
}

// countKinds adds a worker's capacity, or takes it out. A kind that no worker has any more goes.
func (s *State) countKinds(ref uint32, w *worker, in bool) {
	for _, a := range w.row.Total.Custom {
		k := s.kindOf(a.Name)
		if k == nil {
			s.kinds = append(s.kinds, kind{name: a.Name, free: newTree(&s.trees, false), total: newTree(&s.trees, false)})
			k = &s.kinds[len(s.kinds)-1]
		}
		at := keyOf(uint32(a.Count), w.label, ref)
		if in {
			k.workers++
			k.total.insert(at, 0)
			continue
		}
		k.workers--
		k.total.remove(at)
	}
}

// dropKinds forgets the kinds that are left without a worker. They are empty by then.
func (s *State) dropKinds() {
	s.kinds = slices.DeleteFunc(s.kinds, func(k kind) bool { return k.workers <= 0 })
}

// stir says that the kinds must look at a worker again. They wait until somebody asks, which placing alone never does.
func (s *State) stir(ref uint32, w *worker) {
	if !w.stirred {
		w.stirred = true
		s.stirred = append(s.stirred, ref)
	}
}

// settleKinds brings what the kinds know of free units up to date with the indexes.
func (s *State) settleKinds() {
	for _, ref := range s.stirred {
		w := &s.workers[ref]
		w.stirred = false
		s.moveKinds(ref, w)
	}
	s.stirred = s.stirred[:0]
}

func (s *State) moveKinds(ref uint32, w *worker) {
	for len(w.inKinds) < len(w.row.Total.Custom) {
		w.inKinds = append(w.inKinds, -1)
	}
	for i, a := range w.row.Total.Custom {
		was, is := w.inKinds[i], int32(-1) // -1: not there
		if w.indexed {
			is = count(w.inCustom, a.Name)
		}
		if was == is {
			continue
		}
		k := s.kindOf(a.Name)
		if was >= 0 {
			k.free.remove(keyOf(uint32(was), w.label, ref))
		}
		if is >= 0 {
			k.free.insert(keyOf(uint32(is), w.label, ref), 0)
		}
		w.inKinds[i] = is
	}
}

func (k *kind) by(which int) *tree {
	if which == 0 {
		return &k.free
	}
	return &k.total
}

// nearest gives the worker with the most below want in an order, the first by id of equals.
func nearest(t interface {
	next(k key, want uint64) (key, bool)
	prev(k key, want uint64) (key, bool)
}, want uint32) (ref WorkerRef, have int64) {
	k, ok := t.prev(below(want), 0)
	if !ok {
		return NoWorker, 0
	}
	k, _ = t.next(below(uint32(k.hi>>32)), 0)
	return WorkerRef(k.ref()), int64(k.hi >> 32)
}

// rebuildKinds fills all kinds anew, after the labels have changed.
func (s *State) rebuildKinds() {
	for i := range s.kinds {
		k := &s.kinds[i]
		k.free.drop()
		k.total.drop()
		k.workers = 0
	}
	for ref := range s.workers {
		w := &s.workers[ref]
		w.inKinds = w.inKinds[:0]
		if w.live && w.counted {
			s.countKinds(uint32(ref), w, true)
			s.moveKinds(uint32(ref), w)
		}
	}
}
