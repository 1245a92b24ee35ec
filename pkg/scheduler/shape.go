package scheduler

import (
	"slices"

	"github.com/musterproject/muster/pkg/deploy"
)

// maxBuilt is how many shapes have indexes at a time, and maxEntries how many entries these have, of about 57 bytes, before no more is built
// without dropping one: that not used for longest goes, and is built anew from all workers when it is asked for.
const (
	maxBuilt   = 128
	maxEntries = 8 << 20
)

// maxShapes is how many shapes are remembered although no demand needs them.
const maxShapes = 512

// shape is what some demand needs besides cores and memory, labels and custom resources, with indexes of just the workers that have it.
// Shape 0 needs none.
type shape struct {
	require []deploy.Requirement // canonical
	words   []string             // of require
	custom  []deploy.Amount
	hash    uint64
	live    int32 // demands, and the search that uses it
	built   bool  // free is filled
	whole   bool  // total is filled too
	bit     int32 // while built, its place in shapes.built
	used    uint64
	free    index      // of workers that take work
	total   index      // of all workers by their whole capacity
	lacks   [2][]int32 // of free and total, by place in require: workers that fail it first; behind them by place in custom: that have some and lack it first
	groups  tree       // of waiting demands, by (cores, group), values are memory inverted
}

// shapes interns what demands need.
type shapes struct {
	list    []shape
	byHash  map[uint64][]int32
	built   [maxBuilt]int32 // by place; the first is of shape 0, else 0 marks an empty one
	busy    matches         // places that are not empty
	free    []int32
	clock   uint64 // of used
	scratch []deploy.Requirement
}

// missing gives the place in need of the first resource that have lacks, -1 if there is enough of all. Both are sorted by name.
func missing(have, need []deploy.Amount) int {
	h := 0
	for i := range need {
		for h < len(have) && have[h].Name < need[i].Name {
			h++
		}
		if h == len(have) || have[h].Name != need[i].Name || have[h].Count < need[i].Count {
			return i
		}
	}
	return -1
}

// intern gives the number of a shape; the requirements of a demand and of some of its preferences. Both lists are copied.
func (s *State) intern(custom []deploy.Amount, require []deploy.Requirement, prefer []deploy.Preference, chosen int) int32 {
	if len(custom)+len(require)+chosen == 0 {
		return 0
	}
	x := &s.shapes
	x.scratch = append(x.scratch[:0], require...)
	for i := range prefer {
		if chosen>>i&1 == 1 {
			x.scratch = append(x.scratch, prefer[i].Requirement)
		}
	}
	x.scratch = canonical(x.scratch)
	h := hashOf(custom, x.scratch)
	for _, i := range x.byHash[h] {
		if slices.Equal(x.list[i].custom, custom) && slices.EqualFunc(x.list[i].require, x.scratch, sameRequirement) {
			return i
		}
	}
	if len(x.list)-len(x.free) >= maxShapes {
		s.forgetShapes()
	}
	fresh := shape{custom: slices.Clone(custom), hash: h, groups: newTree(&s.trees, false)}
	for _, r := range x.scratch {
		r.Values = slices.Clone(r.Values)
		fresh.require, fresh.words = append(fresh.require, r), append(fresh.words, r.String())
	}
	n := len(fresh.require) + len(custom)
	fresh.lacks = [2][]int32{make([]int32, n), make([]int32, n)}
	i := int32(len(x.list))
	if n := len(x.free); n > 0 {
		i, x.free = x.free[n-1], x.free[:n-1]
		x.list[i] = fresh
	} else {
		x.list = append(x.list, fresh)
	}
	x.byHash[h] = append(x.byHash[h], i)
	return i
}

// forgetShapes drops what no demand needs.
func (s *State) forgetShapes() {
	x := &s.shapes
	for i := int32(1); i < int32(len(x.list)); i++ {
		sh := &x.list[i]
		if len(sh.custom)+len(sh.require) == 0 || sh.live > 0 || sh.groups.n > 0 {
			continue
		}
		s.unbuild(i)
		sh.groups.drop()
		x.byHash[sh.hash] = slices.DeleteFunc(x.byHash[sh.hash], func(j int32) bool { return j == i })
		if len(x.byHash[sh.hash]) == 0 {
			delete(x.byHash, sh.hash)
		}
		x.list[i] = shape{}
		x.free = append(x.free, i)
	}
}

func (s *State) unbuild(i int32) {
	sh := &s.shapes.list[i]
	if !sh.built {
		return
	}
	sh.free.drop()
	if sh.whole {
		sh.total.drop()
	}
	clear(sh.lacks[0])
	clear(sh.lacks[1])
	sh.built, sh.whole = false, false
	s.shapes.built[sh.bit] = 0
	s.shapes.busy.set(sh.bit, false)
}

// shape gives a shape with the index of what is free up to date.
func (s *State) shape(i int32) *shape {
	s.flush()
	sh := &s.shapes.list[i]
	s.shapes.clock++
	sh.used = s.shapes.clock
	if !sh.built {
		s.build(i)
	}
	return sh
}

// whole gives a shape with both indexes.
func (s *State) whole(i int32) *shape {
	sh := s.shape(i)
	if !sh.whole {
		sh.whole, sh.total = true, newIndex(&s.trees)
		for ref := range s.workers {
			if w := &s.workers[ref]; w.counted {
				sh.admit(uint32(ref), w.capacity(), w, w.row.Total.Custom, 1)
			}
		}
	}
	return sh
}

// build fills the index of what is free from all workers.
func (s *State) build(i int32) {
	x := &s.shapes
	sh := &x.list[i]
	sh.built, sh.free = true, newIndex(&s.trees)
	if i > 0 {
		sh.bit = s.place()
	}
	x.built[sh.bit] = i
	x.busy.set(sh.bit, true)
	for ref := range s.workers {
		w := &s.workers[ref]
		if w.counted {
			w.match.set(sh.bit, sh.concerns(w))
		}
		if w.indexed {
			sh.admit(uint32(ref), &w.in, w, w.inCustom, 0)
		}
	}
}

// place gives an empty place for a shape to be built, if need be that of the shape not used for longest.
func (s *State) place() int32 {
	x := &s.shapes
	empty, oldest, entries := int32(0), int32(0), 0
	for at := int32(1); at < maxBuilt; at++ {
		i := x.built[at]
		if i == 0 {
			empty = at
			continue
		}
		sh := &x.list[i]
		entries += sh.free.cores.n
		if sh.whole {
			entries += sh.total.cores.n
		}
		if oldest == 0 || sh.used < x.list[x.built[oldest]].used {
			oldest = at
		}
	}
	if empty > 0 && entries < maxEntries {
		return empty
	}
	s.unbuild(x.built[oldest])
	return oldest
}

func (sh *shape) index(which int) *index {
	if which == 0 {
		return &sh.free
	}
	return &sh.total
}

// order makes sure that an index has the trees of an order.
func (s *State) order(x *index, by By, which int) {
	var t *tree
	switch by {
	case ByMemoryFreeAsc, ByMemoryFreeDesc:
		t = &x.memory
	case ByWorkerID:
		t = &x.names
	default: // the others need nothing here
	}
	if t == nil || t.f != nil {
		return
	}
	*t = newTree(&s.trees, by == ByWorkerID)
	k, ok := x.cores.next(key{}, 0)
	for ; ok; k, ok = x.cores.next(k, 0) {
		w := &s.workers[k.ref()]
		at := &w.in
		if which == 1 {
			at = w.capacity()
		}
		if by == ByWorkerID {
			t.insert(keyOf(0, at.label, k.ref()), class(at.cores, at.memory))
		} else {
			t.insert(keyOf(short(at.memory), at.label, k.ref()), uint64(at.cores))
		}
	}
}
