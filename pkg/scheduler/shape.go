package scheduler

import (
	"slices"

	"github.com/musterproject/muster/pkg/deploy"
)

// maxBuilt is how many lists of custom resources have indexes at a time. Beyond it the one not used for longest is dropped, and built anew
// from all workers when it is asked for.
const maxBuilt = 64

// maxShapes is how many lists are remembered although no demand needs them.
const maxShapes = 256

// shape is one list of custom resources that some demand needs, with indexes of just the workers that have them. Shape 0 needs none.
type shape struct {
	custom []deploy.Amount
	hash   uint64
	live   int32 // demands
	built  bool
	used   uint64     // when it was last asked for
	free   index      // of workers that take work
	total  index      // of all workers by their whole capacity
	lacks  [2][]int32 // of free and total, by place in custom: workers that have custom resources and lack this one first
	groups tree       // of waiting demands, by (cores, group), values are memory inverted
}

// shapes interns lists of custom resources.
type shapes struct {
	list   []shape
	byHash map[uint64][]int32
	built  []int32 // but for 0
	free   []int32
	clock  uint64
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

func hashOf(list []deploy.Amount) uint64 {
	const prime = 1099511628211
	h := uint64(14695981039346656037)
	for i := range list {
		for j := range len(list[i].Name) {
			h = (h ^ uint64(list[i].Name[j])) * prime
		}
		h = (h ^ uint64(list[i].Count) ^ 1<<40) * prime
	}
	return h
}

// intern gives the number of a list, which is copied.
func (s *State) intern(custom []deploy.Amount) int32 {
	if len(custom) == 0 {
		return 0
	}
	x := &s.shapes
	h := hashOf(custom)
	for _, i := range x.byHash[h] {
		if slices.Equal(x.list[i].custom, custom) {
			return i
		}
	}
	if len(x.list)-len(x.free) >= maxShapes {
		s.forgetShapes()
	}
	n := len(custom)
	fresh := shape{lacks: [2][]int32{make([]int32, n), make([]int32, n)}, custom: slices.Clone(custom), hash: h, groups: newTree(&s.trees, false)}
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
		if sh.custom == nil || sh.live > 0 || sh.groups.n > 0 {
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
	sh.total.drop()
	clear(sh.lacks[0])
	clear(sh.lacks[1])
	sh.built = false
	s.shapes.built = slices.DeleteFunc(s.shapes.built, func(j int32) bool { return j == i })
}

// shape gives a shape with its indexes up to date.
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

// build fills the indexes of a shape from all workers.
func (s *State) build(i int32) {
	x := &s.shapes
	if len(x.built) >= maxBuilt {
		s.unbuild(slices.MinFunc(x.built, func(a, b int32) int {
			if x.list[a].used < x.list[b].used {
				return -1
			}
			return 1
		}))
	}
	sh := &x.list[i]
	sh.built, sh.free, sh.total = true, newIndex(&s.trees), newIndex(&s.trees)
	if i > 0 {
		x.built = append(x.built, i)
	}
	for ref := range s.workers {
		w := &s.workers[ref]
		if w.indexed {
			sh.admit(uint32(ref), &w.in, w.inCustom, 0)
		}
		if w.counted {
			sh.admit(uint32(ref), w.capacity(), w.row.Total.Custom, 1)
		}
	}
}

// admit adds a worker that takes work (0), or one by its capacity (1), or counts what it lacks.
func (sh *shape) admit(ref uint32, at *spot, custom []deploy.Amount, which int) {
	switch i := missing(custom, sh.custom); {
	case i < 0:
		sh.index(which).add(ref, at)
	case len(custom) > 0:
		sh.lacks[which][i]++
	}
}

// expel undoes admit.
func (sh *shape) expel(ref uint32, at *spot, custom []deploy.Amount, which int) {
	switch i := missing(custom, sh.custom); {
	case i < 0:
		sh.index(which).cut(ref, at)
	case len(custom) > 0:
		sh.lacks[which][i]--
	}
}

func (sh *shape) index(which int) *index {
	if which == 0 {
		return &sh.free
	}
	return &sh.total
}

// order makes sure that an index has the trees of an order.
func (s *State) order(x *index, by By) {
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
		at := &s.workers[k.ref()].in
		if by == ByWorkerID {
			t.insert(keyOf(0, at.label, k.ref()), class(at.cores, at.memory))
		} else {
			t.insert(keyOf(short(at.memory), at.label, k.ref()), uint64(at.cores))
		}
	}
}
