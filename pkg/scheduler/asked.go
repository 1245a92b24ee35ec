package scheduler

// walk is how far a view has come with asking.
type walk struct {
	kind    int       // 0 drivers, 1 executors
	count   int       // asked so far
	max     int       // 0: all
	pending key       // the last one asked of those pending
	slots   key       // the last one asked of those that waited for a driver slot
	heads   [2][]head // heaps of the woken groups, by their next member
	settled int       // asked so far that want nothing more: by the books, or served by this plan
}

// head is a woken group and the next of its members to be asked.
type head struct {
	next  key
	group int32
}

// startWalk begins with every woken group at its first member.
func (s *State) startWalk(max int) {
	w := &s.walk
	*w = walk{max: max, heads: [2][]head{w.heads[0][:0], w.heads[1][:0]}}
	for _, i := range s.waits.woken {
		g := &s.waits.groups[i]
		g.done, g.cursor = false, g.start
		s.enqueue(i, g)
	}
}

// enqueue puts a group into its heap, unless all its members have been asked.
func (s *State) enqueue(i int32, g *group) {
	k, ok := g.members.next(g.cursor, 0)
	if !ok {
		g.done = true
		return
	}
	h := &s.walk.heads[1]
	if g.driver {
		h = &s.walk.heads[0]
	}
	*h = append(*h, head{k, i})
	for j := len(*h) - 1; j > 0 && (*h)[j].next.less((*h)[(j-1)/2].next); j = (j - 1) / 2 {
		(*h)[j], (*h)[(j-1)/2] = (*h)[(j-1)/2], (*h)[j]
	}
}

// dequeue takes the first of a heap out.
func (w *walk) dequeue() head {
	h := w.heads[w.kind]
	top, n := h[0], len(h)-1
	h[0] = h[n]
	h = h[:n]
	for i := 0; ; {
		j := 2*i + 1
		if j >= n {
			break
		}
		if j+1 < n && h[j+1].next.less(h[j].next) {
			j++
		}
		if !h[j].next.less(h[i].next) {
			break
		}
		h[i], h[j] = h[j], h[i]
		i = j
	}
	w.heads[w.kind] = h
	return top
}

// nextAsked gives the next demand to ask: of those pending, of the woken groups that still fit somewhere, and of the drivers that waited
// for a slot while there is one. What nothing would fit now is not asked: its reason stands.
func (s *State) nextAsked() (DemandRef, bool) {
	w := &s.walk
	for w.max == 0 || w.count < w.max {
		k, ok := s.waits.pending[w.kind].next(w.pending, 0)
		from := 0
		if h := w.heads[w.kind]; len(h) > 0 && (!ok || h[0].next.less(k)) {
			k, ok, from = h[0].next, true, 1
		}
		if w.kind == 0 && s.slots > 0 {
			if slot, some := s.waits.slots.next(w.slots, 0); some && (!ok || slot.less(k)) {
				k, ok, from = slot, true, 2
			}
		}
		switch {
		case !ok && w.kind == 1:
			return 0, false
		case !ok:
			w.kind, w.pending = 1, key{}
			continue
		case from == 0:
			w.pending = k
		case from == 1 && !s.advance():
			continue
		case from == 2:
			w.slots = k
		}
		s.tally()
		w.count++
		s.asked = append(s.asked, DemandRef(k.ref()))
		return DemandRef(k.ref()), true
	}
	return 0, false
}

// tally looks at the demand asked last, now that the policy has done with it.
func (s *State) tally() {
	if len(s.asked) == 0 {
		return
	}
	d := &s.demands[s.asked[len(s.asked)-1]]
	if idle := d.row.Units == 0 || !d.row.Driver && d.row.Cores < d.row.Need.Cores; idle || d.granted > 0 && (d.left == 0 || s.coresLeft(d) < d.row.Need.Cores) {
		s.walk.settled++
	}
}

// advance moves the first group on to its next member; false if nothing fits its need any more.
func (s *State) advance() bool {
	top := s.walk.dequeue()
	g := &s.waits.groups[top.group]
	if !s.shape(g.shape).free.fits(g.cores, g.memory) {
		g.done = true
		return false
	}
	g.cursor = top.next
	s.enqueue(top.group, g)
	return true
}
