package mastercore

import (
	"cmp"
	"slices"

	"github.com/musterproject/muster/pkg/deploy"
)

const (
	sizeCores  = "cores"
	sizeMemory = "memory"
)

// sizes knows the largest worker of the cluster in each dimension: what wants more than that is infeasible. Workers come in few sizes, so
// counting them by size keeps the maximum at hand when one leaves.
type sizes struct {
	dims    []dimension // cores, memory, then custom resources by name
	changed bool        // some maximum
}

type dimension struct {
	name  string
	max   int64
	count map[int64]int // workers by size
	big   *worker       // one of the largest, if still known
}

func (s *sizes) dim(name string) *dimension {
	for i := range s.dims {
		if s.dims[i].name == name {
			return &s.dims[i]
		}
	}
	s.dims = append(s.dims, dimension{name: name, count: map[int64]int{}})
	if len(s.dims) > 2 {
		slices.SortFunc(s.dims[2:], func(a, b dimension) int { return cmp.Compare(a.name, b.name) })
		return s.dim(name)
	}
	return &s.dims[len(s.dims)-1]
}

func (s *sizes) add(spec *deploy.WorkerSpec, w *worker) {
	eachSize(spec, func(name string, n int64) {
		d := s.dim(name)
		d.count[n]++
		if n > d.max {
			d.max, d.big, s.changed = n, w, true
		}
	})
}

func (s *sizes) remove(spec *deploy.WorkerSpec) {
	eachSize(spec, func(name string, n int64) {
		d := s.dim(name)
		if d.big != nil && d.big.spec.ID == spec.ID {
			d.big = nil
		}
		if d.count[n]--; d.count[n] > 0 {
			return
		}
		delete(d.count, n)
		if n == d.max {
			d.max, s.changed = 0, true
			for size := range d.count {
				d.max = max(d.max, size)
			}
		}
	})
}

func eachSize(spec *deploy.WorkerSpec, do func(name string, n int64)) {
	do(sizeCores, int64(spec.Cores))
	do(sizeMemory, spec.MemoryMiB)
	for _, a := range spec.Custom {
		do(a.Name, int64(len(a.Units)))
	}
}

// exceeded gives the first dimension in which need is larger than every worker, nil if there is none.
func (s *sizes) exceeded(need *deploy.Resources) *dimension {
	for i := range s.dims {
		if d := &s.dims[i]; wantOf(need, d.name) > d.max {
			return d
		}
	}
	for _, a := range need.Custom {
		if !slices.ContainsFunc(s.dims, func(d dimension) bool { return d.name == a.Name }) {
			return &dimension{name: a.Name}
		}
	}
	return nil
}

func wantOf(need *deploy.Resources, name string) int64 {
	switch name {
	case sizeCores:
		return int64(need.Cores)
	case sizeMemory:
		return need.MemoryMiB
	}
	return int64(need.Of(name))
}

// largest names a worker of the largest size among those that selectors allow, nil if none has any of it.
func (c *Core) largest(sc *scope, name string) *worker {
	d := c.sizesOf(sc).dim(name)
	if d.big == nil {
		for i := range c.place.w.list {
			if w := c.place.w.list[i].is; w != nil && sc.allows(&w.spec) && sizeOf(&w.spec, name) == d.max && d.max > 0 {
				d.big = w
				break
			}
		}
	}
	return d.big
}

func sizeOf(spec *deploy.WorkerSpec, name string) (size int64) {
	eachSize(spec, func(dim string, n int64) {
		if dim == name {
			size = n
		}
	})
	return size
}

// redecideIfMaxChanged looks at everything that waits again, because what is feasible has changed, or whether there is a worker at all.
func (c *Core) redecideIfMaxChanged() {
	changed := c.sizes.changed
	c.sizes.changed = false
	for _, sc := range c.scopes {
		changed = changed || sc.sizes.changed
		sc.sizes.changed = false
	}
	if !changed {
		return
	}
	for i := range c.place.d.list {
		if d := c.place.d.list[i].is; d != nil {
			c.redecide(d)
		}
	}
}
