package scheduler

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/musterproject/muster/pkg/deploy"
)

// matches says which of the shapes that are built a worker matters to: one bit for each place.
type matches [maxBuilt / 64]uint64

func (m *matches) set(bit int32, on bool) {
	m[bit/64] &^= 1 << (bit % 64)
	if on {
		m[bit/64] |= 1 << (bit % 64)
	}
}

func (m *matches) has(bit int32) bool { return m[bit/64]>>(bit%64)&1 == 1 }

// compareRequirements orders requirements, so that the same ones in another order are the same shape.
func compareRequirements(a, b deploy.Requirement) int {
	return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Operator, b.Operator), slices.Compare(a.Values, b.Values))
}

func sameRequirement(a, b deploy.Requirement) bool { return compareRequirements(a, b) == 0 }

// canonical sorts requirements in place and names each once.
func canonical(list []deploy.Requirement) []deploy.Requirement {
	slices.SortFunc(list, compareRequirements)
	return slices.CompactFunc(list, sameRequirement)
}

func hashOf(custom []deploy.Amount, require []deploy.Requirement) uint64 {
	h := uint64(14695981039346656037)
	for i := range custom {
		h = hashWord(h, custom[i].Name) ^ uint64(custom[i].Count)
	}
	for i := range require {
		h = hashWord(h, require[i].Key) ^ uint64(require[i].Operator)
		for _, v := range require[i].Values {
			h = hashWord(h, v)
		}
	}
	return h
}

func hashWord(h uint64, word string) uint64 {
	const prime = 1099511628211
	for i := range len(word) {
		h = (h ^ uint64(word[i])) * prime
	}
	return (h ^ 1<<40) * prime
}

// unmet gives the place of the first requirement that labels do not meet, -1 if they meet all.
func (sh *shape) unmet(labels []deploy.Label) int {
	for i := range sh.require {
		if !sh.require[i].Holds(labels) {
			return i
		}
	}
	return -1
}

// concerns tells whether a shape must hear when what a worker has free changes. The others fail a requirement, or have no custom resources at
// all where some are needed.
func (sh *shape) concerns(w *worker) bool {
	return (len(sh.custom) == 0 || len(w.row.Total.Custom) > 0) && sh.unmet(w.row.Labels) < 0
}

// serves tells whether a worker has all that a shape, but for shape 0, needs.
func (sh *shape) serves(w *worker) bool {
	if sh.built {
		return w.match.has(sh.bit) && missing(w.free.Custom, sh.custom) < 0
	}
	return missing(w.free.Custom, sh.custom) < 0 && sh.unmet(w.row.Labels) < 0
}

// lack gives the place in lacks of the first that a worker with such custom resources lacks, -1 if it has all.
func (sh *shape) lack(w *worker, custom []deploy.Amount) int {
	if i := sh.unmet(w.row.Labels); i >= 0 {
		return i
	}
	return sh.lackCustom(custom)
}

func (sh *shape) lackCustom(custom []deploy.Amount) int {
	if i := missing(custom, sh.custom); i >= 0 {
		return len(sh.require) + i
	}
	return -1
}

// count counts a worker among those that lack something. Those without any custom resource are what is left over.
func (sh *shape) count(which, lack int, custom []deploy.Amount, by int32) {
	if lack < len(sh.require) || len(custom) > 0 {
		sh.lacks[which][lack] += by
	}
}

// admit adds a worker that takes work (0), or one by its capacity (1), or counts what it lacks.
func (sh *shape) admit(ref uint32, at *spot, w *worker, custom []deploy.Amount, which int) {
	if i := sh.lack(w, custom); i >= 0 {
		sh.count(which, i, custom, 1)
	} else {
		sh.index(which).add(ref, at)
	}
}

// expel undoes admit.
func (sh *shape) expel(ref uint32, at *spot, w *worker, custom []deploy.Amount, which int) {
	if i := sh.lack(w, custom); i >= 0 {
		sh.count(which, i, custom, -1)
	} else {
		sh.index(which).cut(ref, at)
	}
}

// shift follows a worker that goes on taking work in all shapes that it matters to.
func (s *State) shift(ref uint32, w *worker, now *spot) {
	for i, word := range w.match {
		for word &= s.shapes.busy[i]; word != 0; word &= word - 1 {
			sh := &s.shapes.list[s.shapes.built[i*64+bits.TrailingZeros64(word)]]
			was, is := sh.lackCustom(w.inCustom), sh.lackCustom(w.free.Custom)
			switch {
			case was < 0 && is < 0:
				sh.free.move(ref, &w.in, now)
				continue
			case was < 0:
				sh.free.cut(ref, &w.in)
			default:
				sh.count(0, was, w.inCustom, -1)
			}
			if is < 0 {
				sh.free.add(ref, now)
			} else {
				sh.count(0, is, w.free.Custom, 1)
			}
		}
	}
}
