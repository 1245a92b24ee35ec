package why

import (
	"cmp"
	"slices"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// rules count what an application's own executors forbid.
type rules struct {
	on   map[deploy.WorkerID]int32 // its executors by worker
	near map[string]int32          // by scheduler.Domain
}

func newRules() *rules {
	return &rules{on: map[deploy.WorkerID]int32{}, near: map[string]int32{}}
}

// add counts executors on a worker.
func (r *rules) add(d *scheduler.DemandRow, w *scheduler.WorkerRow, n int32) {
	r.on[w.ID] += n
	if d.Apart == "" {
		return
	}
	if place, ok := scheduler.Domain(w, d.Apart); ok {
		r.near[place] += n
	}
}

// obstacle gives the one thing that keeps one unit of d off w, of which has is there.
func obstacle(d *scheduler.DemandRow, w *scheduler.WorkerRow, has *deploy.Resources, r *rules) deploy.Obstacle {
	near := int32(0)
	if d.Apart != "" && len(r.near) > 0 {
		if place, ok := scheduler.Domain(w, d.Apart); ok {
			near = r.near[place]
		}
	}
	it := *w
	it.Free = *has
	c := scheduler.Judge(&it, d, r.on[w.ID], near)
	return deploy.Obstacle{Worker: w.ID, Code: c.Code, Resource: c.Resource, Have: c.Have, Want: c.Want}
}

// tally counts workers by what is in the way.
type tally struct {
	total, fits int
	causes      []deploy.Cause
}

func (t *tally) add(o *deploy.Obstacle) {
	t.total++
	if o.Code == deploy.ReasonNone {
		t.fits++
		return
	}
	i := slices.IndexFunc(t.causes, func(c deploy.Cause) bool { return c.Code == o.Code && c.Resource == o.Resource })
	if i < 0 {
		i = len(t.causes)
		t.causes = append(t.causes, deploy.Cause{Code: o.Code, Resource: o.Resource, Want: o.Want})
	}
	c := &t.causes[i]
	if c.Workers++; len(c.Examples) < deploy.MostExamples {
		c.Examples = append(c.Examples, o.Worker)
	}
	if o.Want > 0 && (c.Nearest == "" || o.Have > c.Have) {
		c.Nearest, c.Have = o.Worker, o.Have
	}
}

// sorted gives the causes, that of most workers first.
func (t *tally) sorted() []deploy.Cause {
	slices.SortStableFunc(t.causes, func(a, b deploy.Cause) int {
		return cmp.Or(cmp.Compare(b.Workers, a.Workers), cmp.Compare(a.Code, b.Code))
	})
	return t.causes
}
