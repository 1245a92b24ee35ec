package scheduler

import "github.com/musterproject/muster/pkg/deploy"

// Explain says why d waits and what would end it, for a policy that grants whatever fits. It looks at counters and a few places of the
// indexes, never at all workers. The causes count each worker once: by why it takes no work, else by the first of custom resources, cores
// and memory that it lacks.
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
	case s.coresLeft(x) < x.row.Need.Cores:
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
	if n := &d.row.Need; !d.row.Gang && s.shape(d.shape).free.fits(n.Cores, n.MemoryMiB) {
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
	if !none && !sh.total.fits(n.Cores, n.MemoryMiB) {
		s.causes(n, sh, 1, s.names.n)
		r.Code = deploy.ReasonInfeasible
		r.Causes = s.buf.causes[from:len(s.buf.causes):len(s.buf.causes)]
		return r
	}
	s.causes(n, sh, 0, s.shapes.list[0].free.cores.n)
	open := len(s.buf.causes)
	for code, count := range s.blocked {
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
	if r.Code == deploy.ReasonNone {
		r.Code = deploy.ReasonInsufficientCores // each worker has room for some of a gang, and all together have not enough
	}
	if s.displaced(ref, d) {
		r.Code = deploy.ReasonQueueBehind
	}
	return r
}

// most gives the code that holds for most workers.
func most(causes []Cause) deploy.ReasonCode {
	code, workers := deploy.ReasonNone, 0
	for i := range causes {
		if causes[i].Workers > workers {
			code, workers = causes[i].Code, causes[i].Workers
		}
	}
	return code
}

// causes appends why none of workers fits a need by what it has free (0) or by its capacity (1).
func (s *State) causes(n *Need, sh *shape, which, workers int) {
	x := sh.index(which)
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
	if rest := x.cores.n - x.cores.rank(below(uint32(n.Cores))); rest > 0 {
		c := Cause{Code: deploy.ReasonInsufficientMemory, Workers: rest, Want: n.MemoryMiB}
		c.Have = int64(x.cores.greatest(below(uint32(n.Cores))))
		k, _ := x.cores.next(below(uint32(n.Cores)), uint64(c.Have))
		c.Nearest = WorkerRef(k.ref())
		s.buf.causes = append(s.buf.causes, c)
	}
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
	k, ok := below(want), true
	for range maxLooked {
		if k, ok = t.prev(k, 0); !ok {
			break
		}
		if sh.unmet(s.workers[k.ref()].row.Labels) < 0 {
			have = int64(k.hi >> 32)
			break
		}
	}
	k = below(uint32(have))
	for range maxLooked {
		if k, ok = t.next(k, 0); !ok || k.hi>>32 > uint64(have) {
			break
		}
		if sh.unmet(s.workers[k.ref()].row.Labels) < 0 {
			return WorkerRef(k.ref()), have
		}
	}
	return NoWorker, 0
}
