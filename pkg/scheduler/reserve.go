package scheduler

import "github.com/musterproject/muster/pkg/deploy"

// Reserve proposes to keep workers for d until it is served: all of them, or none and false. It must wait without a take and hold none yet,
// and they must take work and be kept for nobody. For the rest of the view they fit nobody else.
func (v View) Reserve(d DemandRef, workers []WorkerRef) bool {
	if !v.valid() || int(d) >= len(v.state.demands) || len(workers) == 0 {
		return false
	}
	s := v.state
	x := &s.demands[d]
	if !x.live || x.row.Blocked != deploy.ReasonNone || x.granted > 0 || x.left == 0 || s.holds(d) {
		return false
	}
	from := len(s.buf.reserve)
	for _, at := range workers {
		if int(at) >= len(s.workers) || !s.workers[at].open() {
			s.letGo(from)
			return false
		}
		s.keep(at, d)
		s.buf.reserve = append(s.buf.reserve, Reservation{d, at})
	}
	return true
}

// keep closes a worker for all but one demand, for this view.
func (s *State) keep(at WorkerRef, d DemandRef) {
	w := &s.workers[at]
	s.bar(at, w, deploy.ReasonReserved, d)
	s.moves(at, w)
}

// letGo opens what was kept from the n-th reservation of this view on.
func (s *State) letGo(n int) {
	for _, r := range s.buf.reserve[n:] {
		w := &s.workers[r.Worker]
		if s.planned {
			s.note(r.Worker, w)
		}
		s.bar(r.Worker, w, w.row.Blocked, w.row.For)
		s.moves(r.Worker, w)
	}
	if !s.planned {
		s.buf.reserve = s.buf.reserve[:n]
	}
}

// Reserved counts the demands that workers are kept for, by the books and by this view.
func (v View) Reserved() int { return v.state.keepers }
