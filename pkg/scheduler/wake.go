package scheduler

// wakeTimed makes those pending or overdue whose time has come.
func (s *State) wakeTimed() {
	end := alarmKey(s.now, ^DemandRef(0))
	s.expire(end)
	for {
		k, ok := s.waits.alarms.next(key{}, 0)
		if !ok || end.less(k) {
			return
		}
		s.pend(&s.demands[k.ref()])
	}
}

// wakeAlways makes those pending that want to be asked at every update.
func (s *State) wakeAlways() {
	for {
		k, ok := s.waits.always.next(key{}, 0)
		if !ok {
			return
		}
		s.pend(&s.demands[k.ref()])
	}
}

// wakeFitting wakes the groups that a quota or a worker which has grown since a policy last saw it may fit.
func (s *State) wakeFitting() {
	s.wakeWithin()
	for _, ref := range s.changed {
		w := &s.workers[ref]
		w.fresh = false
		if !w.open() {
			continue
		}
		if w.free.Cores <= w.seen.cores && w.free.MemoryMiB <= w.seen.memory && len(w.free.Custom) == 0 {
			continue
		}
		s.wakeGroups(0, w)
		for i := 1; i < len(s.shapes.list); i++ {
			if sh := &s.shapes.list[i]; sh.groups.n > 0 && sh.serves(w) {
				s.wakeGroups(int32(i), w)
			}
		}
	}
	s.changed = s.changed[:0]
	s.wakeEased()
}

// wakeGroups wakes what fits into a worker. A woken group leaves its shape's tree, so it is found once.
func (s *State) wakeGroups(i int32, w *worker) {
	groups := &s.shapes.list[i].groups
	if groups.n == 0 {
		return
	}
	end := above(uint32(w.free.Cores))
	k := key{}
	for {
		var ok bool
		if k, ok = groups.next(k, ^uint64(w.free.MemoryMiB)); !ok || end.less(k) {
			return
		}
		if g := &s.waits.groups[k.ref()]; s.allows(g.rule, w) {
			groups.remove(k)
			s.release(int32(k.ref()), g)
		}
	}
}

// calm puts woken groups back to sleep once a plan has dealt with them; what it has not asked to the end stays woken.
func (s *State) calm() {
	q := &s.waits
	kept := q.woken[:0]
	for _, i := range q.woken {
		g := &q.groups[i]
		if !g.done && g.members.n > 0 {
			g.start = g.cursor
			kept = append(kept, i)
			continue
		}
		g.woken = false
		if g.members.n == 0 {
			s.dissolve(i)
		} else {
			s.rest(i, g)
		}
	}
	q.woken = kept
}
