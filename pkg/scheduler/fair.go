package scheduler

import "context"

// Fair shares the cluster among queues: dominant resource fairness over a tree of queues with weights, minimums and quotas, by progressive
// filling. Again and again, from the root down, the child has its turn that has least of its minimum, else least of its dominant share by
// weight; there the first demand in order that fits anywhere gets one executor, a gang all of it. Who does not fit does not hold up the next.
// Nothing that runs is ever taken away.
//
// A plan costs one look at each queue, and per executor a way up the tree and one worker from the index.
type Fair struct {
	fifo fifo
	tree shareTree
	need []amount // of the demand at hand
}

// NewFair gives the policy that shares.
func NewFair(o Options) *Fair { return &Fair{fifo: fifo{opts: o}} }

// Place makes a plan. One at a time.
func (p *Fair) Place(ctx context.Context, v View) (Plan, error) {
	f := &p.fifo
	f.begin()
	for d := range v.Drivers() {
		if !f.turn(ctx) {
			break
		}
		f.place(v, d)
	}
	p.load(v)
	for leaf := p.tree.neediest(); leaf >= 0 && f.left > 0 && f.turn(ctx); leaf = p.tree.neediest() {
		p.serve(v, leaf)
	}
	return f.finish(ctx, v)
}

// load builds the tree of the queues that have somebody to ask.
func (p *Fair) load(v View) {
	p.tree.begin(v.Capacity())
	for queue := range v.Asking() {
		p.enter(v, queue)
	}
	p.tree.seal()
}

// enter puts a queue into the tree behind those above it.
func (p *Fair) enter(v View, queue uint32) {
	if p.tree.knows(queue) {
		return
	}
	row := v.Queue(queue)
	if queue != 0 {
		p.enter(v, row.Parent)
	}
	p.tree.add(row, v.Usage(queue, false), v.Usage(queue, true), v.Quantities(row.Min))
}

// serve gives one executor, or all of a gang, to the demand whose turn it is at a leaf.
func (p *Fair) serve(v View, leaf int32) {
	x := &p.tree.nodes[leaf]
	if x.demand == NoDemand {
		d, ok := v.NextOf(x.queue)
		if !ok {
			p.tree.retire(leaf)
			return
		}
		x.demand, x.grows = d, NoWorker
	}
	d := x.demand
	row := v.Demand(d)
	p.need = v.state.amounts(p.need[:0], &row.Need)
	switch {
	case row.Gang:
		if p.fifo.fits(v, d, row) {
			p.gang(v, leaf, row)
		}
	case p.grow(v, leaf, row), p.one(v, leaf, row):
		return
	}
	if x.demand = NoDemand; p.fifo.left > 0 {
		p.fifo.explain(v, d, row)
	}
}

// one places one executor on the first worker that fits. One that grows begins with its step.
func (p *Fair) one(v View, leaf int32, row *DemandRow) bool {
	x := &p.tree.nodes[leaf]
	w, ok := v.Next(x.demand, p.fifo.opts.Order, NoWorker)
	if !ok || !p.fifo.take(v, x.demand, w, row.Need.Cores, 0) {
		return false
	}
	if still := p.tree.charge(leaf, p.need, 1); row.Grow {
		x.grows = w
		if still {
			p.grow(v, leaf, row)
		}
	}
	return true
}

// gang places all units of a gang that fits, one by one.
func (p *Fair) gang(v View, leaf int32, row *DemandRow) {
	d := p.tree.nodes[leaf].demand
	for range row.Units {
		if w, ok := v.Next(d, p.fifo.opts.Order, NoWorker); ok {
			p.fifo.take(v, d, w, row.Need.Cores, p.fifo.group)
		}
	}
	p.tree.charge(leaf, p.need, int64(row.Units))
}

// grow adds cores to the executor that the demand of a leaf got last in this plan, one by one until it is another's turn.
func (p *Fair) grow(v View, leaf int32, row *DemandRow) bool {
	x := &p.tree.nodes[leaf]
	if !row.Grow || x.grows == NoWorker {
		return false
	}
	_, cores := v.Left(x.demand)
	most := min(cores, v.Free(x.grows).Cores)
	if most < 1 {
		return false
	}
	core := [1]amount{{0, 1}}
	more := int32(1)
	for (p.tree.charge(leaf, core[:], 1) || mutant == growsAtOnce) && more < most {
		more++
	}
	return v.Grow(x.demand, x.grows, more)
}

// amounts appends what one unit of a need takes, by resource number.
func (s *State) amounts(to []amount, n *Need) []amount {
	for i := range firstCustom + len(n.Custom) {
		if number, want := s.want(n, 1, i); number >= 0 {
			to = append(to, amount{int32(number), want})
		}
	}
	return to
}
