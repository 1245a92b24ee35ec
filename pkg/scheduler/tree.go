package scheduler

import (
	"cmp"
	"math"
	"math/bits"
)

// fan is the most entries or children of a node: three to four levels hold 100 000 entries, and moving half a node is a few cache lines.
const fan = 32

// key orders the entries of a tree. What hi and lo hold is the owner's business; lo ends with the reference that the entry stands for.
type key struct{ hi, lo uint64 }

func (k key) less(l key) bool { return k.hi < l.hi || k.hi == l.hi && k.lo < l.lo }

func (k key) compare(l key) int { return cmp.Or(cmp.Compare(k.hi, l.hi), cmp.Compare(k.lo, l.lo)) }

func (k key) ref() uint32 { return uint32(k.lo) }

// node is a leaf with entries or an inner node with children. Inner keys separate: below child i nothing is less than key i,
// and key 0 is key{}.
type node struct {
	n    int32
	hi   [fan]uint64 // of the keys; behind the last all bits, so that it is never less
	lo   [fan]uint64
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
		f.nodes[i].cut(0)
		return i
	}
	f.nodes = append(f.nodes, node{})
	f.nodes[len(f.nodes)-1].cut(0)
	return int32(len(f.nodes) - 1)
}

// cut leaves the first n entries.
func (d *node) cut(n int32) {
	d.n = n
	for i := n; i < fan; i++ {
		d.hi[i] = math.MaxUint64
	}
}

func (f *forest) give(i int32) { f.free = append(f.free, i) }

// tree is an ordered set of keys, each with a value. Every subtree knows how many entries it has and the sum of their values: the greatest,
// or all bits of them. So the next entry whose value is large enough, or shares a bit, is found on one way down.
type tree struct {
	f      *forest
	root   int32
	height int32 // inner levels above the leaves
	n      int
	top    uint64 // the sum of all
	union  bool   // the sum is a union of bits, not the greatest
}

// newTree gives an empty tree, which takes no node until there is an entry.
func newTree(f *forest, union bool) tree { return tree{f: f, union: union} }

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

// drop empties the tree.
func (t *tree) drop() {
	if t.n > 0 {
		t.dropBelow(t.root, t.height)
		*t = newTree(t.f, t.union)
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

func (d *node) key(i int32) key { return key{d.hi[i], d.lo[i]} }

// under counts the keys that are less by their first half. It looks at all: that costs less than guessing half the branches of a search
// wrongly.
func (d *node) under(hi uint64) int32 {
	var n, m uint64
	for i := int32(0); i < d.n; i += 8 {
		l := (*[8]uint64)(d.hi[i&(fan-8):])
		_, a := bits.Sub64(l[0], hi, 0)
		_, b := bits.Sub64(l[1], hi, 0)
		_, c := bits.Sub64(l[2], hi, 0)
		_, d := bits.Sub64(l[3], hi, 0)
		n += a + b
		m += c + d
		_, a = bits.Sub64(l[4], hi, 0)
		_, b = bits.Sub64(l[5], hi, 0)
		_, c = bits.Sub64(l[6], hi, 0)
		_, d = bits.Sub64(l[7], hi, 0)
		n += a + b
		m += c + d
	}
	return int32(n + m)
}

// child gives the child of an inner node that k belongs to.
func (d *node) child(k key) int32 {
	i := d.under(k.hi)
	for i < d.n && d.hi[i] == k.hi && d.lo[i] <= k.lo {
		i++
	}
	return i - 1
}

// slot gives the first entry of a leaf that is not less than k.
func (d *node) slot(k key) int32 {
	i := d.under(k.hi)
	for i < d.n && d.hi[i] == k.hi && d.lo[i] < k.lo {
		i++
	}
	return i
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
	if t.n == 0 {
		return key{}, false
	}
	var way trail
	d := &t.f.nodes[t.descend(k, &way)]
	i := d.slot(k)
	if i < d.n && d.key(i) == k {
		i++
	}
	for ; i < d.n; i++ {
		if t.passes(d.sums[i], want) {
			return d.key(i), true
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
			return d.key(i)
		}
		at, level = d.kids[i], level+1
	}
}

// prev finds the last entry before k whose value passes want.
func (t *tree) prev(k key, want uint64) (key, bool) {
	if t.n == 0 {
		return key{}, false
	}
	var way trail
	d := &t.f.nodes[t.descend(k, &way)]
	for i := d.slot(k) - 1; i >= 0; i-- {
		if t.passes(d.sums[i], want) {
			return d.key(i), true
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
			return d.key(i)
		}
		at, level = d.kids[i], level+1
	}
}

// rank counts the entries before k.
func (t *tree) rank(k key) int {
	if t.n == 0 {
		return 0
	}
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
	return t.f.nodes[at].key(left)
}

// greatest gives the greatest value of the entries from k on, 0 if there are none.
func (t *tree) greatest(k key) uint64 {
	if t.n == 0 {
		return 0
	}
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
