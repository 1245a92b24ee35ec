package scheduler

import (
	"fmt"
	"slices"

	"github.com/musterproject/muster/pkg/deploy"
)

// Apply brings the replica forward and ends the open view. Rows are absolute: one that says nothing new changes nothing, an update already
// applied does nothing. A faulty update (ErrGap, ErrBadUpdate) changes nothing either.
func (s *State) Apply(u *Update) error {
	s.settle()
	switch {
	case u.Full:
	case !s.loaded:
		return fmt.Errorf("apply update %d to %d to an empty replica: %w", u.From, u.To, ErrGap)
	case u.Epoch != s.epoch:
		return fmt.Errorf("apply update of epoch %d to books of epoch %d: %w", u.Epoch, s.epoch, ErrGap)
	case u.From == s.version:
	case u.To <= s.version:
		return nil
	default:
		return fmt.Errorf("apply update %d to %d to books of version %d: %w", u.From, u.To, s.version, ErrGap)
	}
	if err := s.check(u); err != nil {
		return fmt.Errorf("apply update %d to %d: %w", u.From, u.To, err)
	}
	if u.Full {
		s.reset()
		s.makeRoom(u)
		s.loaded = true
		s.history.floor = u.To
	}
	s.epoch, s.version, s.seed, s.now = u.Epoch, u.To, u.Seed, u.Now
	s.slots, s.allowed = u.DriverSlots, u.DriverSlots
	s.applyRows(u)
	s.wakeAlways()
	return nil
}

func (s *State) applyRows(u *Update) {
	s.applyQueues(u.Queues)
	if u.Full { // in order of id, so that labels need no search
		for _, i := range byID(u.Workers) {
			s.applyWorker(&u.Workers[i])
		}
	} else {
		for i := range u.Workers {
			s.applyWorker(&u.Workers[i])
		}
	}
	for i := range u.Demands {
		s.applyDemand(&u.Demands[i])
	}
	for i := range u.Held {
		s.applyHeld(&u.Held[i])
	}
}

func byID(rows []WorkerRow) []int {
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		switch {
		case rows[a].ID < rows[b].ID:
			return -1
		case rows[a].ID > rows[b].ID:
			return 1
		}
		return a - b
	})
	return order
}

// applyWorker takes over one row, which check has found sound.
func (s *State) applyWorker(row *WorkerRow) {
	w := &s.workers[row.Ref]
	switch {
	case row.Gone && !w.live, w.live && sameWorker(&w.row, row):
		return
	case w.live && (row.Gone || w.row.ID != row.ID):
		s.removeWorker(row.Ref, w)
	}
	s.log(&w.version, uint32(row.Ref), ofWorker)
	if row.Gone {
		return
	}
	s.note(row.Ref, w)
	moves := w.row.Host != row.Host || !slices.Equal(w.row.Labels, row.Labels)
	if moves {
		w.seen.cores, w.seen.memory = -1, -1 // others may want it now
		s.moveOut(w)
	}
	if !w.live {
		w.row.ID = row.ID
		s.enrol(row.Ref, w)
		w.live, w.last = true, -1
		s.blocked[w.closed]++
	}
	s.call(w)
	s.recount(w, row)
	w.row.Ref, w.row.Host, w.row.Blocked, w.row.For = row.Ref, row.Host, row.Blocked, row.For
	s.bar(row.Ref, w, row.Blocked, row.For)
	s.call(w)
	if moves {
		s.moveIn(w)
	}
	copyResources(&w.row.Free, &row.Free)
	copyResources(&w.free, &row.Free)
	s.moves(row.Ref, w)
}

// log remembers that a slot has changed in this version.
func (s *State) log(version *uint64, ref uint32, kind slotKind) {
	if *version != s.version || s.version == 0 {
		*version = s.version
		s.history.add(change{version: s.version, ref: ref, kind: kind})
	}
}

// recount keeps what depends on capacity and labels.
func (s *State) recount(w *worker, row *WorkerRow) {
	if w.counted && sameResources(&w.row.Total, &row.Total) && slices.Equal(w.row.Labels, row.Labels) {
		return
	}
	if w.counted {
		s.evict(uint32(row.Ref), w)
		s.total(uint32(row.Ref), w, false)
		s.dropKinds()
	}
	copyResources(&w.row.Total, &row.Total)
	w.row.Labels = append(w.row.Labels[:0], row.Labels...)
	s.total(uint32(row.Ref), w, true)
	w.counted = true
}

func (s *State) removeWorker(ref WorkerRef, w *worker) {
	s.call(w)
	s.vacate(ref, w)
	s.evict(uint32(ref), w)
	s.names.remove(keyOf(0, w.label, uint32(ref)))
	s.total(uint32(ref), w, false)
	s.dropKinds()
	s.bar(ref, w, deploy.ReasonNone, 0)
	s.blocked[w.closed]--
	w.live, w.counted = false, false
	w.seen.cores, w.seen.memory = -1, -1 // whoever comes next was never seen
	w.row.ID, w.row.Host, w.row.Blocked, w.row.For = "", "", deploy.ReasonNone, 0
}

// evict takes a worker out of the indexes of what is free, before its capacity or id changes.
func (s *State) evict(ref uint32, w *worker) {
	live := w.live
	w.live = false
	s.reindex(ref, w)
	s.moveKinds(ref, w)
	w.inKinds = w.inKinds[:0]
	w.live = live
}

// applyDemand takes over one row. A new or changed one is asked.
func (s *State) applyDemand(row *DemandRow) {
	d := &s.demands[row.Ref]
	if row.Gone && !d.live || d.live && sameDemand(&d.row, row) {
		return
	}
	s.log(&d.version, uint32(row.Ref), ofDemand)
	shape, slot, rule := int32(0), int32(-1), int32(0)
	if !row.Gone {
		shape, slot = s.intern(row.Need.Custom, row.Require, nil, 0), s.shareOf(row.Share)
		rule = s.ruleOf(row, slot)
		s.shapes.list[shape].live++
	}
	if d.live {
		s.forget(d)
		s.shapes.list[d.shape].live--
		s.unrule(d.rule, d.share)
		s.part(d.share)
		s.queues[d.row.Queue].members--
	}
	d.live, d.shape, d.share, d.rule = !row.Gone, shape, slot, rule
	if row.Gone {
		d.row.Subject = ""
		return
	}
	custom, avoid := append(d.row.Need.Custom[:0], row.Need.Custom...), append(d.row.Avoid[:0], row.Avoid...)
	require, prefer := d.row.Require[:0], d.row.Prefer[:0]
	if len(row.Require)+len(row.Prefer) > 0 {
		require, prefer = copyRequired(require, row.Require), copyPreferred(prefer, row.Prefer)
	}
	d.row = *row
	d.row.Need.Custom, d.row.Avoid, d.row.Require, d.row.Prefer = custom, avoid, require, prefer
	d.left, d.granted, d.waited = row.Units, 0, -1
	s.queues[row.Queue].members++
	s.pend(d)
}

// shareOf counts a demand in and gives the slot of its share.
func (s *State) shareOf(number uint32) int32 {
	if number == 0 {
		return -1
	}
	i, ok := s.byShare[number]
	if !ok {
		i = int32(len(s.shares))
		if n := len(s.unused); n > 0 {
			i, s.unused = s.unused[n-1], s.unused[:n-1]
		} else {
			s.shares = append(s.shares, share{})
		}
		s.shares[i] = share{number: number}
		s.byShare[number] = i
	}
	s.shares[i].demands++
	return i
}

// part counts a demand out of its share.
func (s *State) part(slot int32) {
	if slot < 0 {
		return
	}
	if x := &s.shares[slot]; x.demands > 1 {
		x.demands--
		return
	}
	delete(s.byShare, s.shares[slot].number)
	s.unused = append(s.unused, slot)
}

// copyRequired copies selectors with their values: the memory of an update belongs to who gave it.
func copyRequired(to, from []deploy.Requirement) []deploy.Requirement {
	to = slices.Grow(to[:0], len(from))[:len(from)]
	for i := range from {
		copyRequirement(&to[i], &from[i])
	}
	return to
}

func copyPreferred(to, from []deploy.Preference) []deploy.Preference {
	to = slices.Grow(to[:0], len(from))[:len(from)]
	for i := range from {
		copyRequirement(&to[i].Requirement, &from[i].Requirement)
		to[i].Weight = from[i].Weight
	}
	return to
}

func copyRequirement(to, from *deploy.Requirement) {
	to.Key, to.Operator, to.Values = from.Key, from.Operator, append(to.Values[:0], from.Values...)
}

func copyResources(to, from *deploy.Resources) {
	to.Cores, to.MemoryMiB = from.Cores, from.MemoryMiB
	to.Custom = append(to.Custom[:0], from.Custom...)
}

func sameResources(a, b *deploy.Resources) bool {
	return a.Cores == b.Cores && a.MemoryMiB == b.MemoryMiB && slices.Equal(a.Custom, b.Custom)
}

func sameWorker(a, b *WorkerRow) bool {
	return !b.Gone && a.ID == b.ID && a.Host == b.Host && a.Blocked == b.Blocked && a.For == b.For && sameResources(&a.Free, &b.Free) &&
		sameResources(&a.Total, &b.Total) && slices.Equal(a.Labels, b.Labels)
}

func sameDemand(a, b *DemandRow) bool {
	return !b.Gone && a.Driver == b.Driver && a.Subject == b.Subject && a.Profile == b.Profile && a.Order == b.Order && a.Grow == b.Grow &&
		a.Need.Cores == b.Need.Cores && a.Need.MemoryMiB == b.Need.MemoryMiB && slices.Equal(a.Need.Custom, b.Need.Custom) &&
		a.Units == b.Units && a.Cores == b.Cores && a.Share == b.Share && slices.Equal(a.Avoid, b.Avoid) && a.Blocked == b.Blocked && a.Queue == b.Queue &&
		slices.EqualFunc(a.Require, b.Require, sameRequirement) && slices.EqualFunc(a.Prefer, b.Prefer, samePreference) &&
		a.Apart == b.Apart && a.MaxPerWorker == b.MaxPerWorker && a.Gang == b.Gang && a.Since.Equal(b.Since) && a.Tries == b.Tries
}

func samePreference(a, b deploy.Preference) bool {
	return a.Weight == b.Weight && sameRequirement(a.Requirement, b.Requirement)
}
