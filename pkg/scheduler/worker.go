package scheduler

import (
	"math/bits"
	"slices"

	"github.com/musterproject/muster/pkg/deploy"
)

// worker is one slot.
type worker struct {
	free     deploy.Resources // of now: the books less the takes of this view
	in       spot             // as the indexes have it
	inCustom []deploy.Amount
	match    matches
	inKinds  []int32 // units by place in Total.Custom as the kinds have them, -1 if not there
	label    uint64
	live     bool
	counted  bool // is in the indexes by capacity
	indexed  bool // takes work and is in the indexes
	moved    bool // the indexes must look again
	stirred  bool // the kinds must look again
	touched  bool // this view has taken here
	fresh    bool // what a policy last saw is in seen
	seen     struct {
		cores  int32 // -1: took no work
		memory int64
	}
	last    int32             // the last grant of this view here, -1 if none
	named   uint64            // the update that named the slot last
	leaves  bool              // in that update
	version uint64            // of the last change
	closed  deploy.ReasonCode // why it takes no work now: by the books, or RESERVED by this view
	keptFor DemandRef         // if that is RESERVED
	tenants []tenant          // who has executors here, of those that have rules
	row     WorkerRow
}

func (w *worker) open() bool {
	return w.live && (w.closed == deploy.ReasonNone || mutant == reservationOpen && w.closed == deploy.ReasonReserved)
}

func (w *worker) capacity() *spot {
	return &spot{label: w.label, memory: w.row.Total.MemoryMiB, cores: w.row.Total.Cores}
}

// spot is where what is free now puts a worker.
func (w *worker) spot() *spot {
	return &spot{label: w.label, memory: w.free.MemoryMiB, cores: w.free.Cores}
}

// count gives the units of a custom resource in a list.
func count(list []deploy.Amount, name string) int32 {
	for i := range list {
		if list[i].Name == name {
			return list[i].Count
		}
	}
	return 0
}

// fits tells whether one unit of n fits into what is free now.
func (w *worker) fits(n *Need) bool {
	return w.free.Cores >= n.Cores && w.free.MemoryMiB >= n.MemoryMiB && (len(n.Custom) == 0 || missing(w.free.Custom, n.Custom) < 0)
}

// spend takes a need with so many cores from what is free, or gives it back.
func (w *worker) spend(n *Need, cores int32, sign int32) {
	w.free.Cores -= sign * cores
	w.free.MemoryMiB -= int64(sign) * n.MemoryMiB
	h := 0
	for i := range n.Custom {
		for w.free.Custom[h].Name != n.Custom[i].Name {
			h++
		}
		w.free.Custom[h].Count -= sign * n.Custom[i].Count
	}
}

// note keeps what a policy last saw of a worker, so that View wakes only for what grew since.
func (s *State) note(ref WorkerRef, w *worker) {
	if w.fresh {
		return
	}
	w.fresh = true
	w.seen.cores, w.seen.memory = -1, -1
	if w.open() {
		w.seen.cores, w.seen.memory = w.free.Cores, w.free.MemoryMiB
	}
	s.changed = append(s.changed, ref)
}

// moves says that the indexes must look at a worker again.
func (s *State) moves(ref WorkerRef, w *worker) {
	if !w.moved {
		w.moved = true
		s.moved = append(s.moved, ref)
	}
}

// flush brings the indexes up to date. It waits for the next question, so that taking back and granting for good costs nothing.
func (s *State) flush() {
	if len(s.moved) == 0 {
		return
	}
	for _, ref := range s.moved {
		w := &s.workers[ref]
		w.moved = false
		s.reindex(uint32(ref), w)
	}
	s.moved = s.moved[:0]
}

func (s *State) reindex(ref uint32, w *worker) {
	now := spot{label: w.label, memory: w.free.MemoryMiB, cores: w.free.Cores}
	open := w.open()
	custom := len(w.row.Total.Custom) > 0
	if w.indexed == open && (!open || w.in == now && (!custom || slices.Equal(w.inCustom, w.free.Custom))) {
		return
	}
	if custom {
		s.stir(ref, w)
	}
	switch {
	case w.indexed && open:
		s.shift(ref, w, &now)
	case open:
		s.eachBuilt(func(sh *shape) { sh.admit(ref, &now, w, w.free.Custom, 0) })
	default:
		s.eachBuilt(func(sh *shape) { sh.expel(ref, &w.in, w, w.inCustom, 0) })
	}
	w.indexed, w.in = open, now
	w.inCustom = append(w.inCustom[:0], w.free.Custom...)
}

// eachBuilt calls f for each shape that has indexes.
func (s *State) eachBuilt(f func(sh *shape)) {
	for i, word := range s.shapes.busy {
		for ; word != 0; word &= word - 1 {
			f(&s.shapes.list[s.shapes.built[i*64+bits.TrailingZeros64(word)]])
		}
	}
}

// total puts a worker into the indexes by capacity, or takes it out.
func (s *State) total(ref uint32, w *worker, in bool) {
	at := w.capacity()
	s.countCapacity(&w.row.Total, in)
	s.countKinds(ref, w, in)
	s.eachBuilt(func(sh *shape) {
		w.match.set(sh.bit, sh.concerns(w))
		switch {
		case !sh.whole:
		case in:
			sh.admit(ref, at, w, w.row.Total.Custom, 1)
		default:
			sh.expel(ref, at, w, w.row.Total.Custom, 1)
		}
	})
}
