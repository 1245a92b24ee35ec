package scheduler

import "github.com/musterproject/muster/pkg/deploy"

// Fits counts the units of d that would fit now if they were placed at once, up to most. It is what a gang
// is tried with on paper; what d may have by its limits and quotas is Left.
func (v View) Fits(d DemandRef, most int32) int32 {
	if !v.valid() || int(d) >= len(v.state.demands) || !v.state.demands[d].live {
		return 0
	}
	return v.state.try(d, &v.state.demands[d], 0, most)
}

// gang places all units in one group of grants, or none.
func (f *fifo) gang(v View, d DemandRef, row *DemandRow) {
	if !f.fits(v, d, row) {
		return
	}
	for f.serve(v, d, row, f.group) {
	}
}

// fits tries a gang on paper, and begins a group if all of it fits. One with more units than a plan has grants left waits for a plan of its own,
// which may then be longer than others.
func (f *fifo) fits(v View, d DemandRef, row *DemandRow) bool {
	units, cores := v.Left(d)
	if row.Units == 0 || units < row.Units || cores/row.Need.Cores < row.Units {
		return false
	}
	if v.Fits(d, row.Units) < row.Units && mutant != gangInPart {
		return false
	}
	if row.Units > f.left {
		if f.left < maxGrants {
			f.left = 0
			return false
		}
		f.left = row.Units
	}
	f.group = v.Group()
	return true
}

// trial is a gang tried on paper.
type trial struct {
	units   int32
	workers int             // that have room for some
	binds   [4]int          // of these, by what leaves no room for one unit more: cores, memory, custom resources, the rule
	seen    map[string]bool // domains used up, if the gang is to be apart
}

// try counts how many units of a gang its workers hold at once, up to most: by what they have free (0), or by their whole capacity if nothing
// ran there (1). It looks at as many workers as there are units.
func (s *State) try(ref DemandRef, d *demand, which int, most int32) int32 {
	p := &s.trial
	*p = trial{seen: p.seen}
	if d.row.Apart != "" && p.seen == nil {
		p.seen = map[string]bool{}
	}
	clear(p.seen)
	if which == 0 && s.kept.n > 0 {
		for _, at := range s.keptFor(ref) {
			if s.bears(ref, d, at) {
				p.add(d, &s.workers[at], &s.workers[at].free, s.spare(d.rule, &s.workers[at]))
			}
		}
	}
	x, n := s.whole(d.shape).index(which), &d.row.Need
	for from := ByCoresFreeDesc.start(); p.units < most; {
		k, ok := x.next(n, ByCoresFreeDesc, from)
		if !ok {
			break
		}
		from = k
		switch w := &s.workers[k.ref()]; {
		case which == 1:
			p.add(d, w, &w.row.Total, d.row.perWorker())
		case s.mayTake(ref, d, w):
			p.add(d, w, &w.free, s.spare(d.rule, w))
		}
	}
	p.units = min(p.units, most)
	return p.units
}

// tooLarge tells whether a gang would not fit if nothing ran anywhere.
func (s *State) tooLarge(ref DemandRef, d *demand) bool {
	if !d.row.Gang {
		return false
	}
	if s.try(ref, d, 1, d.left) < d.left {
		return true
	}
	s.try(ref, d, 0, d.left) // what is said is about now
	return false
}

// add puts as many units on a worker as it has room for and the rule bears.
func (p *trial) add(d *demand, w *worker, have *deploy.Resources, rule int32) {
	n := &d.row.Need
	units := min(unitsIn(have, n), rule)
	if value, ok := w.domain(d.row.Apart); d.row.Apart != "" && ok {
		if p.seen[value] {
			units = 0
		}
		p.seen[value] = true
	}
	p.units += min(units, deploy.NoLimit-p.units)
	p.workers++
	switch more := int64(units) + 1; {
	case units == 0 || units == rule:
		p.binds[3]++
	case times(int64(n.Cores), more) > int64(have.Cores):
		p.binds[0]++
	case times(n.MemoryMiB, more) > have.MemoryMiB:
		p.binds[1]++
	default:
		p.binds[2]++
	}
}

// cause counts the workers that have room for some units, by what most of them lack for more. Have is how many fit, Want how many are to.
func (p *trial) cause(most int32) Cause {
	codes := [4]deploy.ReasonCode{deploy.ReasonInsufficientCores, deploy.ReasonInsufficientMemory, deploy.ReasonInsufficientResource, deploy.ReasonFilteredRule}
	best := 0
	for i, n := range p.binds {
		if n > p.binds[best] {
			best = i
		}
	}
	return Cause{Code: codes[best], Resource: deploy.ResourceGang, Workers: p.workers, Nearest: NoWorker, Have: int64(p.units), Want: int64(most)}
}

// perWorker gives how many executors of an application its rules bear on a worker that has none of them.
func (r *DemandRow) perWorker() int32 {
	switch {
	case r.Apart != "":
		return 1
	case r.MaxPerWorker > 0:
		return r.MaxPerWorker
	}
	return deploy.NoLimit
}
