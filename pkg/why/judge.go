package why

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// rules are what an application's own executors forbid.
type rules struct {
	on    map[deploy.WorkerID]int32 // its executors by worker
	apart map[string]bool           // hosts, or values of a label, that are taken
}

func newRules() *rules {
	return &rules{on: map[deploy.WorkerID]int32{}, apart: map[string]bool{}}
}

// add counts executors on a worker.
func (r *rules) add(d *scheduler.DemandRow, w *scheduler.WorkerRow, n int32) {
	r.on[w.ID] += n
	if place, ok := domain(d.Apart, w); ok {
		r.apart[place] = true
	}
}

// domain is where no second executor may be; a worker without the label is in none.
func domain(by string, w *scheduler.WorkerRow) (string, bool) {
	if by == "" || by == deploy.ApartHost {
		return w.Host, by != ""
	}
	for i := range w.Labels {
		if w.Labels[i].Key == by {
			return w.Labels[i].Value, true
		}
	}
	return "", false
}

// obstacle gives the first thing that keeps one unit of d off w: that w takes no work, a label, then what is missing of has, last a rule.
// It is the order of scheduler.View.Explain.
func obstacle(d *scheduler.DemandRow, w *scheduler.WorkerRow, has *deploy.Resources, r *rules) deploy.Obstacle {
	out := deploy.Obstacle{Worker: w.ID, Code: w.Blocked}
	switch {
	case w.Blocked == deploy.ReasonReserved && w.For == d.Ref:
		out.Code = deploy.ReasonNone
	case w.Blocked != deploy.ReasonNone:
		return out
	}
	if i := slices.IndexFunc(d.Require, func(q deploy.Requirement) bool { return !q.Holds(w.Labels) }); i >= 0 {
		out.Code, out.Resource = deploy.ReasonFilteredLabel, d.Require[i].String()
		return out
	}
	if lack(&d.Need, has, &out) {
		return out
	}
	out.Code, out.Resource, out.Have, out.Want = r.forbid(d, w)
	return out
}

// lack tells whether has is less than one unit needs, and of what.
func lack(n *scheduler.Need, has *deploy.Resources, out *deploy.Obstacle) bool {
	for i := range n.Custom {
		if a := &n.Custom[i]; has.Of(a.Name) < a.Count {
			out.Code, out.Resource, out.Have, out.Want = deploy.ReasonInsufficientResource, a.Name, int64(has.Of(a.Name)), int64(a.Count)
			return true
		}
	}
	switch {
	case has.Cores < n.Cores:
		out.Code, out.Have, out.Want = deploy.ReasonInsufficientCores, int64(has.Cores), int64(n.Cores)
	case has.MemoryMiB < n.MemoryMiB:
		out.Code, out.Have, out.Want = deploy.ReasonInsufficientMemory, has.MemoryMiB, n.MemoryMiB
	default:
		return false
	}
	return true
}

func (r *rules) forbid(d *scheduler.DemandRow, w *scheduler.WorkerRow) (code deploy.ReasonCode, rule string, have, want int64) {
	if d.MaxPerWorker > 0 && r.on[w.ID] >= d.MaxPerWorker {
		return deploy.ReasonFilteredRule, "at most " + strconv.Itoa(int(d.MaxPerWorker)) + " per worker", 0, 0
	}
	if place, ok := domain(d.Apart, w); ok && r.apart[place] {
		return deploy.ReasonFilteredRule, "apart by " + d.Apart, 0, 0
	}
	return deploy.ReasonNone, "", 0, 0
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
