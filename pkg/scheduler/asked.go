package scheduler

// walk is how far a view has come with asking.
type walk struct {
	kind  int      // what Asked gives: 0 drivers, 1 executors
	count int      // asked so far
	max   int      // 0: all
	lines [2]heads // of the queues, by who of them comes next
	slots key      // the last one asked of the drivers that waited for a driver slot
}

// startWalk begins with every line and every woken group at its first.
func (s *State) startWalk(max int) {
	w := &s.walk
	*w = walk{max: max, lines: [2]heads{w.lines[0][:0], w.lines[1][:0]}}
	for kind := range s.waits.busy {
		for _, ref := range s.waits.busy[kind] {
			l := &s.queues[ref].lines[kind]
			l.at, l.woken = key{}, l.woken[:0]
		}
	}
	for _, i := range s.waits.woken {
		g := &s.waits.groups[i]
		g.done, g.cursor = false, g.start
		s.enqueue(s.attend(g.queue, g.kind()), i, g)
	}
	for kind := range s.waits.busy {
		busy := s.waits.busy[kind][:0]
		for _, ref := range s.waits.busy[kind] {
			l := &s.queues[ref].lines[kind]
			if l.look(); l.next == (key{}) {
				l.busy = false
				continue
			}
			busy = append(busy, ref)
			w.lines[kind].push(head{l.next, ref})
		}
		s.waits.busy[kind] = busy
	}
}

// enqueue puts a group into its line, unless all its members have been asked.
func (s *State) enqueue(l *line, i int32, g *group) {
	if k, ok := g.members.next(g.cursor, 0); ok {
		l.woken.push(head{k, uint32(i)})
		return
	}
	g.done = true
}

// nextAsked gives the next demand to ask of all queues, drivers or executors.
func (s *State) nextAsked(kind int) (DemandRef, bool) {
	w := &s.walk
	for w.max == 0 || w.count < w.max {
		lines := &w.lines[kind]
		if kind == 0 && s.slots > 0 {
			if k, ok := s.waits.slots.next(w.slots, 0); ok && (len(*lines) == 0 || k.less((*lines)[0].next)) {
				w.slots = k
				return s.ask(s.attend(s.demands[k.ref()].row.Queue, 0), DemandRef(k.ref())), true
			}
		}
		if len(*lines) == 0 {
			return 0, false
		}
		top := (*lines)[0]
		l := &s.queues[top.of].lines[kind]
		fresh := l.next == top.next // else NextOf went on with it
		d, ok := DemandRef(0), false
		if fresh {
			d, ok = s.advance(l)
		}
		lines.put(l.next, l.next != key{})
		if ok {
			return d, true
		}
	}
	return 0, false
}

// nextOf gives the next executor demand to ask of one queue.
func (s *State) nextOf(queue uint32) (DemandRef, bool) {
	w := &s.walk
	if int(queue) >= len(s.queues) {
		return 0, false
	}
	for l := &s.queues[queue].lines[1]; l.busy && l.next != (key{}) && (w.max == 0 || w.count < w.max); {
		if d, ok := s.advance(l); ok {
			return d, true
		}
	}
	return 0, false
}

// advance asks who comes next in a line, unless it is of a woken group of which nothing fits any more: then its reason stands.
func (s *State) advance(l *line) (DemandRef, bool) {
	k := l.next
	if !l.grouped {
		l.at = k
		l.look()
		return s.ask(l, DemandRef(k.ref())), true
	}
	g, next, more := &s.waits.groups[l.woken[0].of], key{}, false
	fits := s.roomFor(g)
	if fits {
		g.cursor = k
		next, more = g.members.next(k, 0)
	}
	g.done = !more
	l.woken.put(next, more)
	l.look()
	if !fits {
		return 0, false
	}
	return s.ask(l, DemandRef(k.ref())), true
}

// roomFor tells whether a group's need fits a worker, by the rules, and the quotas now.
func (s *State) roomFor(g *group) bool {
	n := s.need(g)
	if _, number := s.beyond(g.queue, &n, g.units, false); number >= 0 {
		return false
	}
	return s.fitsOpen(g.shape, &n, g.rule) || g.owner != 0 && s.fitsKept(DemandRef(g.owner-1))
}

// ask counts a demand as asked, and looks at the one asked before it in its line, now that the policy has done with that.
func (s *State) ask(l *line, ref DemandRef) DemandRef {
	before := int32(0)
	if n := len(l.asked); n > 0 {
		last := &l.asked[n-1]
		before = last.before
		if x := &s.demands[last.demand]; s.wantsNothing(x) {
			x.done = true
			before++
		}
	}
	l.asked = append(l.asked, standing{ref, before})
	s.walk.count++
	return ref
}
