package scheduler

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// due tells whether a wait is overdue now.
func (s *State) due(w *Wake) bool {
	return w.Kind == WakeNeedFits && !w.At.IsZero() && !w.At.After(s.now)
}

// await watches the time of a demand that waits for room.
func (s *State) await(d *demand) {
	switch {
	case d.wake.At.IsZero():
	case s.due(&d.wake):
		d.overdue = true
		s.waits.overdue[d.kind()].insert(d.turn(), 0)
	default:
		s.waits.dues.insert(alarmKey(d.wake.At, d.row.Ref), 0)
	}
}

func (s *State) unawait(d *demand) {
	switch {
	case d.wake.At.IsZero():
	case d.overdue:
		d.overdue = false
		s.waits.overdue[d.kind()].remove(d.turn())
	default:
		s.waits.dues.remove(alarmKey(d.wake.At, d.row.Ref))
	}
}

// expire makes those overdue whose time has come.
func (s *State) expire(end key) {
	for {
		k, ok := s.waits.dues.next(key{}, 0)
		if !ok || end.less(k) {
			return
		}
		s.waits.dues.remove(k)
		d := &s.demands[k.ref()]
		d.overdue = true
		s.waits.overdue[d.kind()].insert(d.turn(), 0)
	}
}

// NextAlarm gives the next time at which a view would ask somebody, or find somebody overdue, because of the time alone.
func (s *State) NextAlarm() (time.Time, bool) {
	k, ok := s.waits.alarms.next(key{}, 0)
	if due, some := s.waits.dues.next(key{}, 0); some && (!ok || due.less(k)) {
		k, ok = due, true
	}
	at := time.Time{}
	if ok {
		at = time.Unix(int64(k.hi^1<<63), int64(k.lo>>32))
	}
	if s.open && s.planned { // whom this plan leaves waiting is not in the trees yet
		for i := range s.buf.waiting {
			w := &s.buf.waiting[i].Until
			timed := w.Kind == WakeAt || w.Kind == WakeNeedFits && !w.At.IsZero() && !s.due(w)
			if timed && (!ok || w.At.Before(at)) {
				at, ok = w.At, true
			}
		}
	}
	return at, ok
}

// Overdue gives, drivers first and in order, the demands whose WakeNeedFits has passed its At, by this view or before: nothing was granted to
// them since, they miss nothing but room on a worker, and none is reserved for them yet.
func (v View) Overdue() iter.Seq[DemandRef] {
	return func(yield func(DemandRef) bool) {
		if !v.valid() {
			return
		}
		s := v.state
		late := s.sortLate()
		for kind := range s.waits.overdue {
			k, ok := s.waits.overdue[kind].next(key{}, 0)
			for ok || len(late) > 0 && s.demands[late[0]].kind() == kind {
				d := DemandRef(k.ref())
				if first := len(late) > 0 && s.demands[late[0]].kind() == kind; first && (!ok || !k.less(s.demands[late[0]].turn())) {
					d, late = late[0], late[1:]
				}
				if ok && d == DemandRef(k.ref()) {
					k, ok = s.waits.overdue[kind].next(k, 0)
				}
				if s.suffers(d) && !yield(d) {
					return
				}
			}
		}
	}
}

// sortLate gives those that this view has found late, each once and in order.
func (s *State) sortLate() []DemandRef {
	slices.SortFunc(s.late, func(a, b DemandRef) int {
		x, y := &s.demands[a], &s.demands[b]
		return cmp.Or(cmp.Compare(x.kind(), y.kind()), x.turn().compare(y.turn()))
	})
	s.late = slices.Compact(s.late)
	return s.late
}

// suffers tells whether a demand that was overdue still is.
func (s *State) suffers(ref DemandRef) bool {
	d := &s.demands[ref]
	wake := &d.wake
	if d.waited >= 0 {
		wake = &s.buf.waiting[d.waited].Until
	}
	switch {
	case d.granted > 0 || d.row.Blocked != deploy.ReasonNone || !s.due(wake) || s.holds(ref):
		return false
	case d.left == 0 || int64(s.coresLeft(d)) < times(int64(d.row.Need.Cores), d.atOnce()) || d.row.Driver && s.slots == 0:
		return false
	}
	_, number := s.barred(d)
	return number < 0
}
