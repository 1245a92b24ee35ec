package scheduler

// shareTree is the tree of queues as one plan sees it: who of the children of each queue is the neediest. Each queue is a node with its
// children in a heap, and a leaf among them for its own demands. Only those that may still get something stand in the heaps. A plan only
// gives, so keys only grow and entries only sink: a grant costs one way up with a sink in each heap on it.
type shareTree struct {
	nodes    []shareNode
	byQueue  map[uint32]int32
	capacity []int64 // by resource number, 0 where the cluster has none
	used     []int64 // of each node, len(capacity) each
	least    []int64 // minimums in the same way, 0 where there is none
}

// shareNode is a queue, or the leaf for a queue's own demands, which has no name and the weight 1.
type shareNode struct {
	name   string
	queue  uint32
	parent int32 // -1: the root
	weight float64
	short  bool    // has less than its minimum, of each resource named there
	filled float64 // the greatest part it has of a minimum
	share  float64 // the greatest part it has of a resource of the cluster, by its weight
	heap   []int32 // children that may get something, the neediest first
	leaf   bool
	demand DemandRef // of a leaf: the one whose turn it is, NoDemand if the next is to be asked
	grows  WorkerRef // if that grows: where its last executor of this plan is, NoWorker if it has none
}

// begin empties the tree. Capacity is of the whole cluster, by resource number.
func (t *shareTree) begin(capacity []int64) {
	if t.byQueue == nil {
		t.byQueue = map[uint32]int32{}
	}
	clear(t.byQueue)
	t.nodes, t.used, t.least = t.nodes[:0], t.used[:0], t.least[:0]
	t.capacity = append(t.capacity[:0], capacity...)
}

// add puts a queue in, with a leaf for its own demands; parents come before their children, the root first. Own is what its own demands have,
// all that and what the queues below have. The lists are by resource number; minimums below 1 are none.
func (t *shareTree) add(row *QueueRow, own, all, least []int64) {
	parent := int32(-1)
	if len(t.nodes) > 0 {
		parent = t.byQueue[row.Parent] // 0 is the root
	}
	i := t.node(shareNode{name: row.Name, queue: row.Ref, parent: parent, weight: row.Weight}, all, least)
	t.byQueue[row.Ref] = i
	t.node(shareNode{queue: row.Ref, parent: i, weight: 1, leaf: true, demand: NoDemand}, own, nil)
}

func (t *shareTree) knows(queue uint32) bool {
	_, ok := t.byQueue[queue]
	return ok
}

func (t *shareTree) node(n shareNode, used, least []int64) int32 {
	i := int32(len(t.nodes))
	if len(t.nodes) < cap(t.nodes) {
		t.nodes = t.nodes[:i+1]
		n.heap = t.nodes[i].heap[:0]
		t.nodes[i] = n
	} else {
		t.nodes = append(t.nodes, n)
	}
	t.used, t.least = appendPadded(t.used, used, len(t.capacity)), appendPadded(t.least, least, len(t.capacity))
	return i
}

// appendPadded appends the first n of a list, with zeros where it is shorter or negative.
func appendPadded(to, list []int64, n int) []int64 {
	for r := range n {
		if r < len(list) {
			to = append(to, max(0, list[r]))
		} else {
			to = append(to, 0)
		}
	}
	return to
}

// seal makes the heaps, once all are in.
func (t *shareTree) seal() {
	for i := len(t.nodes) - 1; i >= 0; i-- {
		t.weigh(int32(i))
		x := &t.nodes[i]
		for at := len(x.heap)/2 - 1; at >= 0; at-- {
			t.sink(x.heap, at)
		}
		if x.parent >= 0 {
			p := &t.nodes[x.parent]
			p.heap = append(p.heap, int32(i))
		}
	}
}

// weigh works out a node's key from what it uses.
func (t *shareTree) weigh(i int32) {
	x, n := &t.nodes[i], len(t.capacity)
	used, least := t.used[int(i)*n:int(i+1)*n], t.least[int(i)*n:int(i+1)*n]
	named := false
	x.share, x.filled, x.short = 0, 0, true
	for r := range used {
		if t.capacity[r] > 0 {
			x.share = max(x.share, float64(used[r])/float64(t.capacity[r]))
		}
		if least[r] > 0 {
			named = true
			x.filled = max(x.filled, float64(used[r])/float64(least[r]))
		}
	}
	if mutant != unweighted {
		x.share /= x.weight
	}
	x.short = named && x.filled < 1 && mutant != noMinimum
}

// before tells whether a is needier than its sibling b.
func (t *shareTree) before(a, b int32) bool {
	x, y := &t.nodes[a], &t.nodes[b]
	switch {
	case x.short != y.short:
		return x.short
	case x.short && x.filled != y.filled:
		return x.filled < y.filled
	case x.share != y.share:
		return x.share < y.share
	}
	return x.name < y.name != (mutant == tieReversed)
}

func (t *shareTree) sink(heap []int32, at int) {
	for {
		child := 2*at + 1
		if child >= len(heap) {
			return
		}
		if child+1 < len(heap) && t.before(heap[child+1], heap[child]) {
			child++
		}
		if !t.before(heap[child], heap[at]) {
			return
		}
		heap[at], heap[child] = heap[child], heap[at]
		at = child
	}
}

// neediest gives the leaf whose turn it is, -1 if nobody may get anything.
func (t *shareTree) neediest() int32 {
	if len(t.nodes) == 0 || len(t.nodes[0].heap) == 0 {
		return -1
	}
	i := int32(0)
	for !t.nodes[i].leaf {
		i = t.nodes[i].heap[0]
	}
	return i
}

// retire takes the neediest leaf out, and each queue that has nobody left.
func (t *shareTree) retire(leaf int32) {
	for i := leaf; i > 0; i = t.nodes[i].parent {
		p := &t.nodes[t.nodes[i].parent]
		last := len(p.heap) - 1
		p.heap[0] = p.heap[last]
		p.heap = p.heap[:last]
		t.sink(p.heap, 0)
		if last > 0 {
			return
		}
	}
}

// charge books amounts times so many units on the neediest leaf and all queues above it, and tells whether it is the neediest still.
func (t *shareTree) charge(leaf int32, need []amount, units int64) bool {
	still := true
	for i := leaf; i > 0; i = t.nodes[i].parent {
		t.spend(i, need, units)
		heap := t.nodes[t.nodes[i].parent].heap
		t.sink(heap, 0)
		still = still && heap[0] == i
	}
	t.spend(0, need, units)
	return still
}

// amount is so much of the resource with a number.
type amount struct {
	resource int32
	units    int64
}

func (t *shareTree) spend(i int32, need []amount, units int64) {
	for _, a := range need {
		t.used[int(i)*len(t.capacity)+int(a.resource)] += a.units * units
	}
	t.weigh(i)
}
