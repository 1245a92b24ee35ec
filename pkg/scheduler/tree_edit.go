package scheduler

import "math"

// insert adds an entry that is not there. Full nodes are split on the way down, so that each parent has room.
func (t *tree) insert(k key, value uint64) {
	if t.n == 0 {
		t.root = t.f.take()
	} else if t.f.nodes[t.root].n == fan {
		t.grow()
	}
	t.top = t.sum(t.top, value)
	at := t.root
	for level := range t.height {
		d := &t.f.nodes[at]
		i := d.child(k)
		if t.f.nodes[d.kids[i]].n == fan {
			t.split(at, i, level+1)
			d = &t.f.nodes[at]
			i = d.child(k)
		}
		d.size[i]++
		d.sums[i] = t.sum(d.sums[i], value)
		at = d.kids[i]
	}
	d := &t.f.nodes[at]
	i := d.slot(k)
	copy(d.hi[i+1:d.n+1], d.hi[i:d.n])
	copy(d.lo[i+1:d.n+1], d.lo[i:d.n])
	copy(d.sums[i+1:d.n+1], d.sums[i:d.n])
	d.hi[i], d.lo[i], d.sums[i] = k.hi, k.lo, value
	d.n++
	t.n++
}

// grow puts a new root above a full one.
func (t *tree) grow() {
	root := t.f.take()
	d := &t.f.nodes[root]
	d.n, d.hi[0], d.lo[0], d.kids[0], d.size[0], d.sums[0] = 1, 0, 0, t.root, int32(t.n), t.total(t.root)
	t.root = root
	t.height++
	t.split(root, 0, 1)
}

// split moves the upper half of child i, which stands on the given level, to a new child i+1.
func (t *tree) split(at, i, level int32) {
	right := t.f.take()
	p := &t.f.nodes[at]
	l, r := &t.f.nodes[p.kids[i]], &t.f.nodes[right]
	const half = fan / 2
	copy(r.hi[:half], l.hi[half:])
	copy(r.lo[:half], l.lo[half:])
	copy(r.sums[:half], l.sums[half:])
	copy(r.kids[:half], l.kids[half:])
	copy(r.size[:half], l.size[half:])
	r.n = half
	l.cut(half)
	copy(p.hi[i+2:p.n+1], p.hi[i+1:p.n])
	copy(p.lo[i+2:p.n+1], p.lo[i+1:p.n])
	copy(p.sums[i+2:p.n+1], p.sums[i+1:p.n])
	copy(p.kids[i+2:p.n+1], p.kids[i+1:p.n])
	copy(p.size[i+2:p.n+1], p.size[i+1:p.n])
	p.n++
	p.hi[i+1], p.lo[i+1], p.kids[i+1] = r.hi[0], r.lo[0], right
	if level < t.height {
		r.hi[0], r.lo[0] = 0, 0
	}
	p.size[i], p.sums[i] = t.entries(p.kids[i], level), t.total(p.kids[i])
	p.size[i+1], p.sums[i+1] = t.entries(right, level), t.total(right)
}

// total sums up a node.
func (t *tree) total(at int32) uint64 {
	d := &t.f.nodes[at]
	s := uint64(0)
	for i := range d.n {
		s = t.sum(s, d.sums[i])
	}
	return s
}

// entries counts what is at and below a node of the given level.
func (t *tree) entries(at, level int32) int32 {
	d := &t.f.nodes[at]
	if level == t.height {
		return d.n
	}
	n := int32(0)
	for i := range d.n {
		n += d.size[i]
	}
	return n
}

// remove takes an entry out and tells whether it was there.
func (t *tree) remove(k key) bool {
	if t.n == 0 {
		return false
	}
	var way trail
	leaf := t.descend(k, &way)
	d := &t.f.nodes[leaf]
	i := d.slot(k)
	if i == d.n || d.key(i) != k {
		return false
	}
	value := d.sums[i]
	copy(d.hi[i:d.n-1], d.hi[i+1:d.n])
	copy(d.lo[i:d.n-1], d.lo[i+1:d.n])
	copy(d.sums[i:d.n-1], d.sums[i+1:d.n])
	d.n--
	d.hi[d.n] = math.MaxUint64
	t.n--
	stale := value > 0 // sums above may still hold the value
	for level := t.height - 1; level >= 0; level-- {
		p, i := &t.f.nodes[way[level].at], way[level].i
		p.size[i]--
		if stale = stale && (t.union || p.sums[i] == value); stale {
			s := t.total(p.kids[i])
			stale = s != p.sums[i]
			p.sums[i] = s
		}
		if t.f.nodes[p.kids[i]].n < fan/4 {
			t.merge(p, i, level+1)
		}
	}
	t.shrink()
	if t.n == 0 {
		t.f.give(t.root)
		t.top = 0
	} else if value > 0 && (t.union || value == t.top) {
		t.top = t.total(t.root)
	}
	return true
}

// merge joins child i, of which little is left, with a neighbour that has room; an empty one goes.
func (t *tree) merge(p *node, i, level int32) {
	n := t.f.nodes[p.kids[i]].n
	switch {
	case n == 0:
		t.unlink(p, i)
	case i+1 < p.n && n+t.f.nodes[p.kids[i+1]].n <= fan*3/4:
		t.join(p, i, level)
	case i > 0 && n+t.f.nodes[p.kids[i-1]].n <= fan*3/4:
		t.join(p, i-1, level)
	}
}

// join moves all of child i+1 to the end of child i.
func (t *tree) join(p *node, i, level int32) {
	l, r := &t.f.nodes[p.kids[i]], &t.f.nodes[p.kids[i+1]]
	if leaf := level == t.height; !leaf {
		r.hi[0], r.lo[0] = p.hi[i+1], p.lo[i+1] // an inner node's first key is with its parent
	}
	copy(l.hi[l.n:], r.hi[:r.n])
	copy(l.lo[l.n:], r.lo[:r.n])
	copy(l.sums[l.n:], r.sums[:r.n])
	copy(l.kids[l.n:], r.kids[:r.n])
	copy(l.size[l.n:], r.size[:r.n])
	l.n += r.n
	p.size[i] += p.size[i+1]
	p.sums[i] = t.sum(p.sums[i], p.sums[i+1])
	t.unlink(p, i+1)
}

// unlink takes child i out of its parent and gives its node back.
func (t *tree) unlink(p *node, i int32) {
	t.f.give(p.kids[i])
	copy(p.hi[i:p.n-1], p.hi[i+1:p.n])
	copy(p.lo[i:p.n-1], p.lo[i+1:p.n])
	copy(p.sums[i:p.n-1], p.sums[i+1:p.n])
	copy(p.kids[i:p.n-1], p.kids[i+1:p.n])
	copy(p.size[i:p.n-1], p.size[i+1:p.n])
	p.n--
	p.hi[p.n] = math.MaxUint64
	p.hi[0], p.lo[0] = 0, 0
}

// shrink drops roots that have one child or none.
func (t *tree) shrink() {
	for t.height > 0 && t.f.nodes[t.root].n <= 1 {
		if t.f.nodes[t.root].n == 0 { // the last entry went: the node serves as an empty leaf
			t.height = 0
			return
		}
		old := t.root
		t.root = t.f.nodes[old].kids[0]
		t.height--
		t.f.give(old)
	}
}
