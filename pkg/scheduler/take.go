package scheduler

import (
	"slices"

	"github.com/musterproject/muster/pkg/deploy"
)

// take grants if everything bears it.
func (s *State) take(ref DemandRef, at WorkerRef, cores int32, group uint32) bool {
	if int(ref) >= len(s.demands) || int(at) >= len(s.workers) || group != 0 && slices.Contains(s.failed, group) {
		return false
	}
	d, w := &s.demands[ref], &s.workers[at]
	n := &d.row.Need
	switch {
	case !d.live || d.row.Blocked != deploy.ReasonNone || !w.admits(ref) || d.left == 0:
		return false
	case d.row.Driver && s.slots == 0:
		return false
	case cores != n.Cores && (!d.row.Grow || cores < n.Cores), s.coresLeft(d) < cores:
		return false
	case w.free.Cores < cores || !s.bears(ref, d, at):
		return false
	case d.row.Gang && (group == 0 || d.granted > 0 && d.ganged != group):
		return false
	}
	if s.limited > 0 {
		one := *n
		one.Cores = cores
		if _, number := s.beyond(d.row.Queue, &one, 1, false); number >= 0 {
			return false
		}
	}
	if !w.touched {
		w.touched, w.last = true, -1
		s.touched = append(s.touched, at)
	}
	if d.granted == 0 {
		s.gained = append(s.gained, ref)
		d.ganged = group
	}
	s.groups = max(s.groups, group)
	s.move(d, w, cores, 1)
	s.moves(at, w)
	s.back = append(s.back, w.last)
	w.last = int32(len(s.buf.grants))
	s.buf.grants = append(s.buf.grants, Grant{ref, at, cores, group})
	return true
}

// move books a grant, or with sign -1 takes it back.
func (s *State) move(d *demand, w *worker, cores, sign int32) {
	s.takes++
	w.spend(&d.row.Need, cores, sign)
	s.charge(d.row.Queue, &d.row.Need, cores, sign)
	d.granted += sign * cores
	if d.row.Units != deploy.NoLimit {
		d.left -= sign
	}
	if d.share >= 0 {
		x := &s.shares[d.share]
		if x.granted += sign * cores; x.rule != 0 && !d.row.Driver {
			s.lodge(w, x.number, 0, sign)
		}
	}
	if d.row.Driver && s.allowed != deploy.NoLimit {
		s.slots -= sign
	}
}

// grows tells whether a growing demand has its executor of this plan on a worker.
func (s *State) grows(ref DemandRef, w *worker) bool {
	if !w.touched {
		return false
	}
	for i := w.last; i >= 0; i = s.back[i] {
		if s.buf.grants[i].Demand == ref {
			return true
		}
	}
	return false
}

// coresLeft gives what may still be granted to a demand's application.
func (s *State) coresLeft(d *demand) int32 {
	switch {
	case d.row.Driver || d.row.Cores == deploy.NoLimit:
		return deploy.NoLimit
	case d.share >= 0:
		return max(0, d.row.Cores-s.shares[d.share].granted)
	}
	return max(0, d.row.Cores-d.granted)
}

// fail takes all grants of a group back; it gets no more in this view.
func (s *State) fail(group uint32) {
	s.failed = append(s.failed, group)
	kept := s.buf.grants[:0]
	for _, g := range s.buf.grants {
		if g.Group != group {
			kept = append(kept, g)
			continue
		}
		w := &s.workers[g.Worker]
		s.note(g.Worker, w) // what a group gave back may fit those asked before
		s.move(&s.demands[g.Demand], w, g.Cores, -1)
		s.moves(g.Worker, w)
	}
	s.restand()
	s.buf.grants, s.back = kept, s.back[:0]
	for _, at := range s.touched {
		s.workers[at].last = -1
	}
	for i, g := range kept {
		w := &s.workers[g.Worker]
		s.back = append(s.back, w.last)
		w.last = int32(i)
	}
}

// settle ends the open view: its takes are taken back, and if its plan was made, what it left waiting waits.
func (s *State) settle() {
	if !s.open {
		return
	}
	s.open = false
	if s.planned {
		s.commit()
	}
	for _, at := range s.touched {
		w := &s.workers[at]
		if s.planned {
			s.note(at, w)
		}
		w.touched, w.last = false, -1
		s.untake(w)
		copyResources(&w.free, &w.row.Free)
		s.moves(at, w)
	}
	for _, ref := range s.gained {
		d := &s.demands[ref]
		d.left, d.granted = d.row.Units, 0
		if d.share >= 0 {
			s.shares[d.share].granted = 0
		}
	}
	s.uncharge()
	s.letGo(0)
	s.slots = s.allowed
	for i := range s.buf.waiting {
		s.demands[s.buf.waiting[i].Demand].waited = -1
	}
	s.touched, s.gained, s.late = s.touched[:0], s.gained[:0], s.late[:0]
	for kind, busy := range s.waits.busy {
		for _, ref := range busy {
			l := &s.queues[ref].lines[kind]
			for _, x := range l.asked {
				s.demands[x.demand].done = false
			}
			l.asked = l.asked[:0]
		}
	}
	s.clearBefore()
}

// commit lets demands wait as the plan says. What has takes is asked again, in case the core does not bear them: if it does, the row changes
// anyway. The same holds for whoever is out of cores only because others of its application took some.
func (s *State) commit() {
	for kind := range s.waits.busy {
		for _, ref := range s.waits.busy[kind] {
			for _, x := range s.queues[ref].lines[kind].asked {
				if d := &s.demands[x.demand]; d.waited < 0 {
					s.pend(d)
				}
			}
		}
	}
	for _, ref := range s.gained {
		s.pend(&s.demands[ref])
	}
	for i := range s.buf.waiting {
		x := &s.buf.waiting[i]
		d := &s.demands[x.Demand]
		switch {
		case d.row.Blocked != deploy.ReasonNone, d.granted > 0:
		case x.Until.Kind == WakeChanged && d.share >= 0 && s.shares[d.share].granted > 0:
			s.pend(d)
		default:
			s.park(d, x.Until)
		}
	}
	s.calm()
}
