package scheduler

import "github.com/musterproject/muster/pkg/deploy"

// Explain says why d waits and what would end it, for a policy that grants whatever fits. It looks at counters and a few places of the
// indexes, never at all workers; only those that fit and a rule forbids are gone through. The causes count each worker once, as Judge does.
func (v View) Explain(d DemandRef) (Reason, Wake) {
	if !v.valid() || int(d) >= len(v.state.demands) || !v.state.demands[d].live {
		return Reason{Ahead: NoDemand}, Wake{Kind: WakeChanged}
	}
	s := v.state
	x := &s.demands[d]
	switch {
	case x.row.Blocked != deploy.ReasonNone:
		return Reason{Code: x.row.Blocked, Ahead: NoDemand}, Wake{Kind: WakeChanged}
	case x.left == 0:
		return Reason{Code: deploy.ReasonExecutorLimit, Ahead: NoDemand}, Wake{Kind: WakeChanged}
	case int64(s.coresLeft(x)) < times(int64(x.row.Need.Cores), x.atOnce()):
		return Reason{Code: deploy.ReasonAppCoresMax, Ahead: NoDemand}, Wake{Kind: WakeChanged}
	}
	r, until := s.explain(d, x)
	r.Position, r.Ahead = s.position(x)
	return r, until
}

// explain says why a demand waits that may have more.
func (s *State) explain(ref DemandRef, d *demand) (Reason, Wake) {
	if d.row.Driver && s.slots == 0 {
		return Reason{Code: deploy.ReasonMaxDrivers}, Wake{Kind: WakeDriverSlot}
	}
	if queue, number := s.barred(d); number >= 0 {
		return Reason{Code: deploy.ReasonQuota, Queue: queue}, Wake{Kind: WakeNeedFits}
	}
	if !d.row.Gang && s.fitsNow(ref, d) || d.row.Gang && s.try(ref, d, 0, d.left) == d.left {
		return Reason{Code: deploy.ReasonQueueBehind}, Wake{Kind: WakeAnyChange} // the policy's own will
	}
	return s.noRoom(ref, d), Wake{Kind: WakeNeedFits}
}

// noRoom explains a demand that no worker has room for.
func (s *State) noRoom(ref DemandRef, d *demand) Reason {
	if s.names.n == 0 {
		return Reason{Code: deploy.ReasonNoWorkers}
	}
	r := Reason{}
	n := &d.row.Need
	sh := s.whole(d.shape)
	from := len(s.buf.causes)
	none := sh.unlabelled(1) == s.names.n
	if !none && (!sh.total.fits(n.Cores, n.MemoryMiB) || s.tooLarge(ref, d)) {
		s.causes(d, sh, 1, s.names.n)
		r.Code = deploy.ReasonInfeasible
		r.Causes = s.buf.causes[from:len(s.buf.causes):len(s.buf.causes)]
		return r
	}
	s.causes(d, sh, 0, s.shapes.list[0].free.cores.n)
	own := int32(s.ownCauses(ref, d, from))
	open := len(s.buf.causes)
	for code, count := range s.blocked {
		if code == int(deploy.ReasonReserved) {
			count -= own
		}
		if code > 0 && count > 0 {
			s.buf.causes = append(s.buf.causes, Cause{Code: deploy.ReasonCode(code), Workers: int(count), Nearest: NoWorker})
		}
	}
	r.Causes = s.buf.causes[from:len(s.buf.causes):len(s.buf.causes)]
	if none {
		r.Code = deploy.ReasonFilteredLabel
	} else if open > from { // some take work
		r.Code = most(s.buf.causes[from:open])
	} else {
		r.Code = most(r.Causes)
	}
	if !d.row.Gang && s.displaced(ref, d) {
		r.Code = deploy.ReasonQueueBehind
	}
	return r
}

// most gives the code that holds for most workers. A rule comes before: it alone keeps some off. Missing labels come last: nobody waits for
// them if there are workers that have them.
func most(causes []Cause) deploy.ReasonCode {
	code, workers := deploy.ReasonNone, 0
	for i := range causes {
		c := &causes[i]
		switch {
		case c.Code == deploy.ReasonFilteredRule:
			return c.Code
		case c.Workers > workers && c.Code != deploy.ReasonFilteredLabel, code == deploy.ReasonNone, code == deploy.ReasonFilteredLabel:
			code, workers = c.Code, c.Workers
		}
	}
	return code
}

// causes appends why none of workers serves a demand by what it has free (0) or by its capacity (1).
func (s *State) causes(d *demand, sh *shape, which, workers int) {
	x, n := sh.index(which), &d.row.Need
	for i, word := range sh.words {
		if few := int(sh.lacks[which][i]); few > 0 {
			s.buf.causes = append(s.buf.causes, Cause{Code: deploy.ReasonFilteredLabel, Resource: word, Workers: few, Nearest: NoWorker})
			workers -= few
		}
	}
	if x.cores.n < workers {
		s.lackCustom(n, sh, which, workers-x.cores.n)
	}
	if few := x.cores.rank(below(uint32(n.Cores))); few > 0 {
		c := Cause{Code: deploy.ReasonInsufficientCores, Workers: few, Want: int64(n.Cores)}
		c.Nearest, c.Have = nearest(x.cores, uint32(n.Cores))
		s.buf.causes = append(s.buf.causes, c)
	}
	rest := x.cores.n - x.cores.rank(below(uint32(n.Cores)))
	room, ruled := 0, Cause{}
	if d.row.Gang || which == 0 && d.rule != 0 {
		room, ruled = s.withRoom(d, x, which)
	}
	if rest -= room; rest > 0 {
		c := Cause{Code: deploy.ReasonInsufficientMemory, Workers: rest, Want: n.MemoryMiB}
		c.Nearest, c.Have = s.leastShort(n, x, which, room > 0)
		s.buf.causes = append(s.buf.causes, c)
	}
	if ruled.Workers > 0 {
		s.buf.causes = append(s.buf.causes, ruled)
	}
	if d.row.Gang && s.trial.workers > 0 {
		s.buf.causes = append(s.buf.causes, s.trial.cause(d.left))
	}
}

// leastShort gives the worker with the most memory of those that have the cores and not the memory. If there are some with both, it takes the
// order by memory to find those below.
func (s *State) leastShort(n *Need, x *index, which int, both bool) (WorkerRef, int64) {
	if !both {
		have := x.cores.greatest(below(uint32(n.Cores)))
		k, _ := x.cores.next(below(uint32(n.Cores)), have)
		return WorkerRef(k.ref()), int64(have)
	}
	s.order(x, ByMemoryFreeDesc, which)
	k, _ := x.memory.prev(below(short(n.MemoryMiB)), uint64(n.Cores))
	k, _ = x.memory.next(below(uint32(k.hi>>32)), uint64(n.Cores))
	if w := &s.workers[k.ref()]; which == 0 {
		return w.row.Ref, w.free.MemoryMiB
	}
	return WorkerRef(k.ref()), s.workers[k.ref()].row.Total.MemoryMiB
}

// withRoom counts the workers that have room, and those of them that a rule forbids. The others are too few for a gang.
func (s *State) withRoom(d *demand, x *index, which int) (room int, c Cause) {
	c = Cause{Code: deploy.ReasonFilteredRule, Resource: d.row.Apart, Nearest: NoWorker}
	if d.row.Apart == "" {
		c.Resource, c.Want = RuleMaxPerWorker, int64(d.row.MaxPerWorker)
	}
	n := &d.row.Need
	for k, ok := x.next(n, ByCoresFreeAsc, key{}); ok; k, ok = x.next(n, ByCoresFreeAsc, k) {
		room++
		w := &s.workers[k.ref()]
		if which == 1 || s.allows(d.rule, w) {
			continue
		}
		c.Workers++
		if t := w.tenant(d.row.Share); d.row.Apart == "" && (c.Nearest == NoWorker || int64(t.held+t.taken) < c.Have) {
			c.Nearest, c.Have = WorkerRef(k.ref()), int64(t.held+t.taken)
		} else if c.Nearest == NoWorker {
			c.Nearest = WorkerRef(k.ref())
		}
	}
	return room, c
}

// ownCauses adds the workers that are kept for a demand to its causes, and gives how many there are.
func (s *State) ownCauses(ref DemandRef, d *demand, from int) int {
	if s.kept.n == 0 {
		return 0
	}
	own := s.keptFor(ref)
	for _, at := range own {
		w := &s.workers[at]
		row := w.row
		row.Free, row.Blocked = w.free, deploy.ReasonNone
		here, near := int32(0), int32(0)
		if d.rule != 0 {
			t := w.tenant(d.row.Share)
			value, _ := w.domain(d.row.Apart)
			here, near = t.held+t.taken, s.rules.list[d.rule].domains[value]
		}
		if c := Judge(&row, &d.row, here, near); c.Code != deploy.ReasonNone { // else it has room for some of a gang
			s.addCause(from, c)
		}
	}
	return len(own)
}

// addCause counts one more worker.
func (s *State) addCause(from int, c Cause) {
	for i := from; i < len(s.buf.causes); i++ {
		x := &s.buf.causes[i]
		if x.Code != c.Code || x.Resource != c.Resource {
			continue
		}
		x.Workers++
		closer := c.Have > x.Have == (c.Code != deploy.ReasonFilteredRule)
		if c.Nearest != NoWorker && (x.Nearest == NoWorker || closer && c.Have != x.Have) {
			x.Nearest, x.Have = c.Nearest, c.Have
		}
		return
	}
	s.buf.causes = append(s.buf.causes, c)
}

// unlabelled counts the workers that fail a requirement.
func (sh *shape) unlabelled(which int) (n int) {
	for i := range sh.require {
		n += int(sh.lacks[which][i])
	}
	return n
}

// lackCustom appends how many workers lack which custom resource first. Those that have none at all lack the first.
func (s *State) lackCustom(n *Need, sh *shape, which, workers int) {
	s.settleKinds()
	lacks := sh.lacks[which][len(sh.require):]
	for _, lack := range lacks[1:] {
		workers -= int(lack)
	}
	for i, a := range n.Custom {
		c := Cause{Code: deploy.ReasonInsufficientResource, Resource: a.Name, Workers: workers, Want: int64(a.Count), Nearest: NoWorker}
		if i > 0 {
			c.Workers = int(lacks[i])
		}
		if c.Workers == 0 {
			continue
		}
		if k := s.kindOf(a.Name); k != nil {
			c.Nearest, c.Have = s.closest(k.by(which), sh, uint32(a.Count))
		}
		s.buf.causes = append(s.buf.causes, c)
	}
}

// closest gives the worker with the most below want of those that meet a shape's requirements, the first by id of equals. It looks at so many
// only.
func (s *State) closest(t *tree, sh *shape, want uint32) (ref WorkerRef, have int64) {
	if len(sh.require) == 0 {
		return nearest(t, want)
	}
	k := below(want)
	for range maxLooked {
		before, ok := t.prev(k, 0)
		if !ok {
			break
		}
		k = before
		if sh.unmet(s.workers[k.ref()].row.Labels) < 0 {
			have = int64(k.hi >> 32)
			break
		}
	}
	k = below(uint32(have))
	for range maxLooked {
		after, ok := t.next(k, 0)
		if !ok || after.hi>>32 > uint64(have) {
			break
		}
		k = after
		if sh.unmet(s.workers[k.ref()].row.Labels) < 0 {
			return WorkerRef(k.ref()), have
		}
	}
	return NoWorker, 0
}
