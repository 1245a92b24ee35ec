package scheduler

// history remembers which slots changed when, for policies that keep books of their own.
type history struct {
	entries []change
	limit   int
	floor   uint64 // changes up to this version are not known any more
}

type change struct {
	version uint64
	ref     uint32    // of the slot, or a share
	worker  WorkerRef // of what is held
	kind    slotKind
}

// slotKind says what a change is of.
type slotKind uint8

const (
	ofWorker slotKind = iota
	ofDemand
	ofQueue
	ofHeld
)

func (h *history) reset(limit int) { *h = history{entries: h.entries[:0], limit: limit} }

func (h *history) add(c change) {
	if len(h.entries) == 2*h.limit {
		h.floor = h.entries[h.limit-1].version
		n := copy(h.entries, h.entries[h.limit:])
		h.entries = h.entries[:n]
	}
	h.entries = append(h.entries, c)
}

// Changes gives all rows that changed after version since, as they are now. If that is not known any more the update is a full one and
// ok is false. The update and its rows are valid as long as the view.
func (v View) Changes(since uint64) (u *Update, ok bool) {
	s := v.state
	if !s.loaded {
		return &Update{Full: true}, false
	}
	full := since < s.history.floor || since > s.version
	u = &Update{Epoch: s.epoch, From: since, To: s.version, Full: full, Seed: s.seed, DriverSlots: s.allowed, Now: s.now}
	if full {
		s.allRows(u)
		return u, false
	}
	for i := len(s.history.entries) - 1; i >= 0; i-- {
		switch c := s.history.entries[i]; {
		case c.version <= since:
			return u, true
		case c.kind == ofWorker && s.workers[c.ref].version == c.version:
			u.Workers = append(u.Workers, s.workerRow(WorkerRef(c.ref)))
		case c.kind == ofDemand && s.demands[c.ref].version == c.version:
			u.Demands = append(u.Demands, s.demandRow(DemandRef(c.ref)))
		case c.kind == ofQueue && s.queues[c.ref].version == c.version:
			u.Queues = append(u.Queues, s.queueRow(c.ref))
		case c.kind == ofHeld: // once for each change of it
			u.Held = append(u.Held, HeldRow{c.ref, c.worker, s.workers[c.worker].tenant(c.ref).held})
		}
	}
	return u, true
}

func (s *State) allRows(u *Update) {
	for ref := range s.workers {
		if s.workers[ref].live {
			u.Workers = append(u.Workers, s.workers[ref].row)
		}
	}
	for ref := range s.demands {
		if s.demands[ref].live {
			u.Demands = append(u.Demands, s.demands[ref].row)
		}
	}
	for _, ref := range s.ranked {
		u.Queues = append(u.Queues, s.queues[ref].row)
	}
	for k, ok := s.rules.tenants.next(key{}, 0); ok; k, ok = s.rules.tenants.next(k, 0) {
		share, w := uint32(k.hi), WorkerRef(k.ref())
		u.Held = append(u.Held, HeldRow{share, w, s.workers[w].tenant(share).held})
	}
}

func (s *State) workerRow(ref WorkerRef) WorkerRow {
	if w := &s.workers[ref]; w.live {
		return w.row
	}
	return WorkerRow{Ref: ref, Gone: true}
}

func (s *State) demandRow(ref DemandRef) DemandRow {
	if d := &s.demands[ref]; d.live {
		return d.row
	}
	return DemandRow{Ref: ref, Gone: true}
}

func (s *State) queueRow(ref uint32) QueueRow {
	if q := &s.queues[ref]; q.live {
		return q.row
	}
	return QueueRow{Ref: ref, Gone: true}
}
