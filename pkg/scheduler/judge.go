package scheduler

import "github.com/musterproject/muster/pkg/deploy"

// Judge says why one more unit of a demand does not fit on a worker, with NONE if it does: by why the worker takes no work, else by the first
// of labels, custom resources, cores and memory that it lacks, else by the rule against it. Explain counts workers in the same order. here is
// how many executors of the demand's Share are on the worker, near how many are in its Domain.
func Judge(w *WorkerRow, d *DemandRow, here, near int32) Cause {
	c := Cause{Workers: 1, Nearest: w.Ref}
	switch {
	case w.Blocked == deploy.ReasonReserved && w.For == d.Ref:
	case w.Blocked != deploy.ReasonNone:
		return Cause{Code: w.Blocked, Workers: 1, Nearest: NoWorker}
	}
	if r := unmet(w, d.Require); r != nil {
		return Cause{Code: deploy.ReasonFilteredLabel, Resource: r.String(), Workers: 1, Nearest: NoWorker}
	}
	n := &d.Need
	if i := missing(w.Free.Custom, n.Custom); i >= 0 {
		c.Code, c.Resource = deploy.ReasonInsufficientResource, n.Custom[i].Name
		c.Have, c.Want = int64(count(w.Free.Custom, c.Resource)), int64(n.Custom[i].Count)
		return c
	}
	switch {
	case w.Free.Cores < n.Cores:
		c.Code, c.Have, c.Want = deploy.ReasonInsufficientCores, int64(w.Free.Cores), int64(n.Cores)
	case w.Free.MemoryMiB < n.MemoryMiB:
		c.Code, c.Have, c.Want = deploy.ReasonInsufficientMemory, w.Free.MemoryMiB, n.MemoryMiB
	case d.Apart != "" && (here > 0 || near > 0):
		c.Code, c.Resource = deploy.ReasonFilteredRule, d.Apart
	case d.Apart == "" && d.MaxPerWorker > 0 && here >= d.MaxPerWorker:
		c.Code, c.Resource, c.Have, c.Want = deploy.ReasonFilteredRule, RuleMaxPerWorker, int64(here), int64(d.MaxPerWorker)
	default:
		c.Nearest = NoWorker
	}
	return c
}

// unmet gives the requirement that a worker fails, in canonical order the first.
func unmet(w *WorkerRow, require []deploy.Requirement) (first *deploy.Requirement) {
	for i := range require {
		if r := &require[i]; !r.Holds(w.Labels) && (first == nil || compareRequirements(*r, *first) < 0) {
			first = r
		}
	}
	return first
}
