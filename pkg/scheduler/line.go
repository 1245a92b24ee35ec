package scheduler

import (
	"math"
	"sort"
)

// line is who of one queue is to be asked, and who waits: drivers or executors, in order.
type line struct {
	pending tree  // to be asked, by turn
	waiting tree  // for room or for a driver slot, by turn
	woken   heads // groups to be asked, by the next of their members
	at      key   // the last one asked of those pending
	next    key   // who comes next, key{} if nobody
	grouped bool  // it is one of the first woken group
	busy    bool  // in waits.busy
	asked   []standing
	front   key    // who is the first that still wants something, if found, else nobody up to it does
	found   bool   // in this view
	viewed  uint64 // by which view
}

// standing is one that was asked in this view.
type standing struct {
	demand DemandRef
	before int32 // those asked before it in its line that want nothing more: by the books, or served by this plan
}

// head is the next of several: a group's member, or a queue's.
type head struct {
	next key
	of   uint32 // group or queue
}

// heads is a heap with the first at the top.
type heads []head

func (h *heads) push(x head) {
	l := append(*h, x)
	for j := len(l) - 1; j > 0 && l[j].next.less(l[(j-1)/2].next); j = (j - 1) / 2 {
		l[j], l[(j-1)/2] = l[(j-1)/2], l[j]
	}
	*h = l
}

// put replaces the top by one that comes later, or takes it out.
func (h *heads) put(next key, some bool) {
	l := *h
	if some {
		l[0].next = next
	} else {
		n := len(l) - 1
		l[0] = l[n]
		l = l[:n]
		*h = l
	}
	for i := 0; ; {
		j := 2*i + 1
		if j >= len(l) {
			return
		}
		if j+1 < len(l) && l[j+1].next.less(l[j].next) {
			j++
		}
		if !l[j].next.less(l[i].next) {
			return
		}
		l[i], l[j] = l[j], l[i]
		i = j
	}
}

// look finds who comes next.
func (l *line) look() {
	k, ok := l.pending.next(l.at, 0)
	l.next, l.grouped = key{}, false
	if ok {
		l.next = k
	}
	if len(l.woken) > 0 && (!ok || l.woken[0].next.less(k)) {
		l.next, l.grouped = l.woken[0].next, true
	}
}

// line gives the line that a demand stands in.
func (s *State) line(d *demand) *line { return &s.queues[d.row.Queue].lines[d.kind()] }

// attend puts a line among those that a view looks at.
func (s *State) attend(queue uint32, kind int) *line {
	l := &s.queues[queue].lines[kind]
	if !l.busy {
		l.busy = true
		s.waits.busy[kind] = append(s.waits.busy[kind], queue)
	}
	return l
}

// wantsNothing tells whether a demand that was asked is done with: by the books, or served by this plan.
func (s *State) wantsNothing(d *demand) bool {
	idle := d.row.Units == 0 || !d.row.Driver && int64(d.row.Cores) < times(int64(d.row.Need.Cores), d.atOnce())
	return idle || d.granted > 0 && (d.left == 0 || s.coresLeft(d) < d.row.Need.Cores)
}

// doneWith counts those asked before a turn in this view that want nothing more.
func (s *State) doneWith(l *line, turn key) int {
	i := len(l.asked)
	if i == 0 {
		return 0
	}
	if last := &s.demands[l.asked[i-1].demand]; last.turn().less(turn) {
		n := int(l.asked[i-1].before)
		if s.wantsNothing(last) {
			n++
		}
		return n
	}
	i = sort.Search(i, func(j int) bool { return !s.demands[l.asked[j].demand].turn().less(turn) })
	return int(l.asked[i].before)
}

// restand looks again at who wants nothing more, after takes have been given back.
func (s *State) restand() {
	for kind, busy := range s.waits.busy {
		for _, ref := range busy {
			l, before := &s.queues[ref].lines[kind], int32(0)
			for i := range l.asked {
				l.asked[i].before = before
				if d := &s.demands[l.asked[i].demand]; i+1 < len(l.asked) {
					if d.done = s.wantsNothing(d); d.done {
						before++
					}
				}
			}
			l.viewed = 0
		}
	}
}

// position gives the place of a demand in its queue, itself included, and who is the first there if that is another. It counts who waits for
// room or is still to be served, drivers before executors, whether they were asked in this view or not.
func (s *State) position(d *demand) (at int, ahead DemandRef) {
	q, l, turn := &s.queues[d.row.Queue], s.line(d), d.turn()
	n := l.pending.rank(turn) + l.waiting.rank(turn) - s.doneWith(l, turn) + 1
	if drivers := &q.lines[0]; !d.row.Driver {
		n += drivers.pending.n + drivers.waiting.n - s.doneWith(drivers, above(math.MaxUint32))
	}
	if n <= 1 {
		return n, NoDemand
	}
	for i := range q.lines[:d.kind()+1] {
		if first, ok := s.first(&q.lines[i]); ok && first != d.row.Ref {
			return n, first
		} else if ok {
			break
		}
	}
	return n, NoDemand
}

// first gives who is the first of a line that still wants something. The trees stand as long as the view, so it goes on from whom it found last.
func (s *State) first(l *line) (DemandRef, bool) {
	if l.viewed != s.view {
		l.viewed, l.found, l.front = s.view, false, key{}
	}
	for {
		if !l.found {
			k, ok := l.pending.next(l.front, 0)
			if w, some := l.waiting.next(l.front, 0); some && (!ok || w.less(k)) {
				k, ok = w, true
			}
			if !ok {
				return NoDemand, false
			}
			l.found, l.front = true, k
		}
		ref := DemandRef(l.front.ref())
		d, n := &s.demands[ref], len(l.asked)
		if last := n > 0 && l.asked[n-1].demand == ref; !d.done && !(last && s.wantsNothing(d)) {
			return ref, true
		}
		l.found = false
	}
}
