package scheduler

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// plainQueue is a queue of the slow model: sums are made anew by each question.
type plainQueue struct {
	QueueRow
	used, least []int64
	idle        bool // its own demands get nothing more
}

type plainTree struct {
	capacity []int64
	queues   []plainQueue
}

func (p *plainTree) below(ref uint32) []int64 {
	sum := slices.Clone(p.queues[ref].used)
	for i := range p.queues {
		if i > 0 && p.queues[i].Parent == ref {
			for r, n := range p.below(uint32(i)) {
				sum[r] += n
			}
		}
	}
	return sum
}

func (p *plainTree) active(ref uint32) bool {
	if !p.queues[ref].idle {
		return true
	}
	return slices.ContainsFunc(p.queues, func(q plainQueue) bool { return q.Ref > 0 && q.Parent == ref && p.active(q.Ref) })
}

// neediest gives the queue whose own demands are next.
func (p *plainTree) neediest(ref uint32) uint32 {
	type child struct {
		name          string
		short         int
		filled, share float64
		ref           uint32
		own           bool
	}
	rate := func(c child, used, least []int64, weight float64) child {
		c.short = 1
		for r := range used {
			if p.capacity[r] > 0 {
				c.share = max(c.share, float64(used[r])/float64(p.capacity[r]))
			}
			if least != nil && least[r] > 0 {
				c.short = 0
				c.filled = max(c.filled, float64(used[r])/float64(least[r]))
			}
		}
		for r := range used {
			if least != nil && least[r] > 0 && used[r] >= least[r] {
				c.short = 1
			}
		}
		c.share /= weight
		if c.short == 1 {
			c.filled = 0
		}
		return c
	}
	var list []child
	if q := &p.queues[ref]; !q.idle {
		list = append(list, rate(child{ref: ref, own: true}, q.used, nil, 1))
	}
	for _, q := range p.queues {
		if q.Ref > 0 && q.Parent == ref && p.active(q.Ref) {
			list = append(list, rate(child{name: q.Name, ref: q.Ref}, p.below(q.Ref), q.least, q.Weight))
		}
	}
	first := slices.MinFunc(list, func(a, b child) int {
		return cmp.Or(cmp.Compare(a.short, b.short), cmp.Compare(a.filled, b.filled), cmp.Compare(a.share, b.share), cmp.Compare(a.name, b.name))
	})
	if first.own {
		return ref
	}
	return p.neediest(first.ref)
}

// TestShareTreeEqualsPlainOne grants one by one on both and compares whose turn it is.
func TestShareTreeEqualsPlainOne(t *testing.T) {
	var tree shareTree // used again, as a policy does
	turns := 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 5))
		p := drawPlainTree(r)
		tree.begin(p.capacity)
		for i := range p.queues {
			tree.add(&p.queues[i].QueueRow, p.queues[i].used, p.below(uint32(i)), p.queues[i].least)
		}
		tree.seal()
		for p.active(0) {
			turns++
			leaf, want := tree.neediest(), p.neediest(0)
			if leaf < 0 || tree.nodes[leaf].queue != want {
				t.Fatalf("seed %d: leaf %d of %+v, want queue %d", seed, leaf, tree.nodes, want)
			}
			if r.IntN(6) == 0 {
				p.queues[want].idle = true
				tree.retire(leaf)
				continue
			}
			need := []amount{{0, 1 + r.Int64N(3)}, {1, r.Int64N(9)}, {int32(r.IntN(len(p.capacity))), 1}}
			units := 1 + r.Int64N(3)
			for _, a := range need {
				p.queues[want].used[a.resource] += a.units * units
			}
			if still := tree.charge(leaf, need, units); still != (p.neediest(0) == want) {
				t.Fatalf("seed %d: charge says the neediest stays so: %v", seed, still)
			}
		}
		if tree.neediest() >= 0 {
			t.Fatalf("seed %d: nobody is left and leaf %d has its turn", seed, tree.neediest())
		}
	}
	if turns < 3000 {
		t.Errorf("%d turns compared, want some thousand", turns)
	}
}

func drawPlainTree(r *rand.Rand) *plainTree {
	p := &plainTree{capacity: make([]int64, 2+r.IntN(3))}
	for i := range p.capacity {
		p.capacity[i] = r.Int64N(60)
	}
	list := func(most int64) []int64 {
		l := make([]int64, len(p.capacity))
		for i := range l {
			if r.IntN(2) == 0 {
				l[i] = r.Int64N(most)
			}
		}
		return l
	}
	for i := range uint32(1 + r.IntN(12)) {
		q := plainQueue{QueueRow: QueueRow{Ref: i, Weight: []float64{0.3, 1, 1, 2, 7.5}[r.IntN(5)]}, used: list(8), least: make([]int64, len(p.capacity))}
		if i > 0 {
			q.Parent, q.Name = uint32(r.IntN(int(i))), fmt.Sprintf("q%x-%d", r.IntN(16), i)
		}
		if r.IntN(3) == 0 {
			q.least = list(20)
		}
		p.queues = append(p.queues, q)
	}
	return p
}

func TestShareTreeAllocatesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	p := drawPlainTree(r)
	var tree shareTree
	need := []amount{{0, 1}, {1, 4}}
	all := make([][]int64, len(p.queues))
	for i := range all {
		all[i] = p.below(uint32(i))
	}
	if n := testing.AllocsPerRun(50, func() {
		tree.begin(p.capacity)
		for i := range p.queues {
			tree.add(&p.queues[i].QueueRow, p.queues[i].used, all[i], p.queues[i].least)
		}
		tree.seal()
		for range 100 {
			tree.charge(tree.neediest(), need, 1)
		}
		for leaf := tree.neediest(); leaf >= 0; leaf = tree.neediest() {
			tree.retire(leaf)
		}
	}); n > 0 {
		t.Errorf("%v allocations per plan, want none", n)
	}
}
