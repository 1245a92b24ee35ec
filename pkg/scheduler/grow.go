package scheduler

// Grow adds cores to the executor that growing d got on w in this view, if w has them free and d may have them.
func (v View) Grow(d DemandRef, w WorkerRef, cores int32) bool {
	if !v.valid() || cores < 1 || int(d) >= len(v.state.demands) || int(w) >= len(v.state.workers) {
		return false
	}
	s := v.state
	x, at := &s.demands[d], &s.workers[w]
	if _, left := v.Left(d); !x.live || !x.row.Grow || left < cores || at.free.Cores < cores || !at.touched {
		return false
	}
	for i := at.last; i >= 0; i = s.back[i] {
		if g := &s.buf.grants[i]; g.Demand == d {
			g.Cores += cores
			s.enlarge(x, at, cores)
			s.moves(w, at)
			return true
		}
	}
	return false
}

// enlarge books more cores for an executor of this view.
func (s *State) enlarge(d *demand, w *worker, cores int32) {
	s.takes++
	w.free.Cores -= cores
	d.granted += cores
	if d.share >= 0 {
		s.shares[d.share].granted += cores
	}
	s.charge(d.row.Queue, &Need{}, cores, 1)
}
