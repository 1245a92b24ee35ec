package scheduler

// fan is the most entries or children of a node: three to four levels hold 100 000 entries, and moving half a node is a few cache lines.
const fan = 32

// key orders the entries of a tree. What hi and lo hold is the owner's business; lo ends with the reference that the entry stands for.
type key struct{ hi, lo uint64 }

func (k key) less(l key) bool { return k.hi < l.hi || k.hi == l.hi && k.lo < l.lo }

func (k key) ref() uint32 { return uint32(k.lo) }

// node is a leaf with entries or an inner node with children. Inner keys separate: below child i > 0 nothing is less than keys[i],
// and keys[0] is not looked at.
type node struct {
	n    int32
	keys [fan]key
	sums [fan]uint64 // of a leaf the entries' own, of an inner node the sum below each child
	kids [fan]int32
	size [fan]int32 // entries below each child
}

// forest holds the nodes of many trees without a pointer that the garbage collector would follow.
type forest struct {
	nodes []node
	free  []int32
}

func (f *forest) take() int32 {
	if n := len(f.free); n > 0 {
		i := f.free[n-1]
		f.free = f.free[:n-1]
		f.nodes[i].n = 0
		return i
	}
	f.nodes = append(f.nodes, node{})
	return int32(len(f.nodes) - 1)
}

func (f *forest) give(i int32) { f.free = append(f.free, i) }

// tree is an ordered set of keys, each with a value. Every subtree knows how many entries it has and the sum of their values: the greatest,
// or all bits of them. So the next entry whose value is large enough, or shares a bit, is found on one way down.
type tree struct {
	f      *forest
	root   int32
	height int32 // inner levels above the leaves
	n      int
	union  bool // the sum is a union of bits, not the greatest
}

func newTree(f *forest, union bool) tree { return tree{f: f, root: f.take(), union: union} }

func (t *tree) sum(a, b uint64) uint64 {
	if t.union {
		return a | b
	}
	return max(a, b)
}

// passes tells whether a sum promises an entry that is wanted: at least want, or one bit of it.
func (t *tree) passes(sum, want uint64) bool {
	if t.union {
		return sum&want != 0
	}
	return sum >= want
}

// drop gives all nodes back; the tree must be made anew to be used again.
func (t *tree) drop() {
	if t.f != nil {
		t.dropBelow(t.root, t.height)
		*t = tree{}
	}
}

func (t *tree) dropBelow(at, level int32) {
	if level > 0 {
		for i := range t.f.nodes[at].n {
			t.dropBelow(t.f.nodes[at].kids[i], level-1)
		}
	}
	t.f.give(at)
}

// child gives the child of an inner node that k belongs to.
func (d *node) child(k key) int32 {
	lo, hi := int32(1), d.n
	for lo < hi {
		m := (lo + hi) >> 1
		if k.less(d.keys[m&(fan-1)]) {
			hi = m
		} else {
			lo = m + 1
		}
	}
	return lo - 1
}

// slot gives the first entry of a leaf that is not less than k.
func (d *node) slot(k key) int32 {
	lo, hi := int32(0), d.n
	for lo < hi {
		m := (lo + hi) >> 1
		if d.keys[m&(fan-1)].less(k) {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo
}

// trail is a way down: the node and the child taken at each level, the root first.
type trail [12]struct{ at, i int32 }

// descend finds the leaf that k belongs to.
func (t *tree) descend(k key, way *trail) int32 {
	at := t.root
	for level := range t.height {
		d := &t.f.nodes[at]
		i := d.child(k)
		way[level].at, way[level].i = at, i
		at = d.kids[i]
	}
	return at
}

// next finds the first entry after k whose value passes want.
func (t *tree) next(k key, want uint64) (key, bool) {
	var way trail
	d := &t.f.nodes[t.descend(k, &way)]
	i := d.slot(k)
	if i < d.n && d.keys[i] == k {
		i++
	}
	for ; i < d.n; i++ {
		if t.passes(d.sums[i], want) {
			return d.keys[i], true
		}
	}
	for level := t.height - 1; level >= 0; level-- {
		d := &t.f.nodes[way[level].at]
		for i := way[level].i + 1; i < d.n; i++ {
			if t.passes(d.sums[i], want) {
				return t.first(d.kids[i], level+1, want), true
			}
		}
	}
	return key{}, false
}

// first finds the first passing entry below a node whose sum passes.
func (t *tree) first(at, level int32, want uint64) key {
	for {
		d := &t.f.nodes[at]
		i := int32(0)
		for i < d.n-1 && !t.passes(d.sums[i], want) {
			i++
		}
		if level == t.height {
			return d.keys[i]
		}
		at, level = d.kids[i], level+1
	}
}

// prev finds the last entry before k whose value passes want.
func (t *tree) prev(k key, want uint64) (key, bool) {
	var way trail
	d := &t.f.nodes[t.descend(k, &way)]
	for i := d.slot(k) - 1; i >= 0; i-- {
		if t.passes(d.sums[i], want) {
			return d.keys[i], true
		}
	}
	for level := t.height - 1; level >= 0; level-- {
		d := &t.f.nodes[way[level].at]
		for i := way[level].i - 1; i >= 0; i-- {
			if t.passes(d.sums[i], want) {
				return t.last(d.kids[i], level+1, want), true
			}
		}
	}
	return key{}, false
}

// last finds the last passing entry below a node whose sum passes.
func (t *tree) last(at, level int32, want uint64) key {
	for {
		d := &t.f.nodes[at]
		i := d.n - 1
		for i > 0 && !t.passes(d.sums[i], want) {
			i--
		}
		if level == t.height {
			return d.keys[i]
		}
		at, level = d.kids[i], level+1
	}
}

// rank counts the entries before k.
func (t *tree) rank(k key) int {
	n, at := int32(0), t.root
	for range t.height {
		d := &t.f.nodes[at]
		i := d.child(k)
		for j := range i {
			n += d.size[j]
		}
		at = d.kids[i]
	}
	return int(n + t.f.nodes[at].slot(k))
}

// at gives the entry with i entries before it.
func (t *tree) at(i int) key {
	left, at := int32(i), t.root
	for range t.height {
		d := &t.f.nodes[at]
		j := 0
		for left >= d.size[j] {
			left -= d.size[j]
			j++
		}
		at = d.kids[j]
	}
	return t.f.nodes[at].keys[left]
}

// greatest gives the greatest value of the entries from k on, 0 if there are none.
func (t *tree) greatest(k key) uint64 {
	var way trail
	d := &t.f.nodes[t.descend(k, &way)]
	top := uint64(0)
	for i := d.slot(k); i < d.n; i++ {
		top = max(top, d.sums[i])
	}
	for level := range t.height {
		d := &t.f.nodes[way[level].at]
		for i := way[level].i + 1; i < d.n; i++ {
			top = max(top, d.sums[i])
		}
	}
	return top
}
