package schedulertest

import (
	"slices"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// lend gives an update in memory of its own, as one that came from another process, and a way to write over that memory, as its owner does
// who reads the next one into it. Whoever keeps a slice of an update instead of a copy reads nonsense then.
func lend(u *scheduler.Update) (*scheduler.Update, func()) {
	c := *u
	c.Workers, c.Demands = slices.Clone(u.Workers), slices.Clone(u.Demands)
	c.Queues, c.Held = slices.Clone(u.Queues), slices.Clone(u.Held)
	var spoil []func()
	for i := range c.Workers {
		w := &c.Workers[i]
		w.Free.Custom, w.Total.Custom = own(w.Free.Custom, &spoil), own(w.Total.Custom, &spoil)
		w.Labels = own(w.Labels, &spoil)
	}
	for i := range c.Demands {
		d := &c.Demands[i]
		d.Need.Custom, d.Avoid = own(d.Need.Custom, &spoil), own(d.Avoid, &spoil)
		d.Require, d.Prefer = own(d.Require, &spoil), own(d.Prefer, &spoil)
		for k := range d.Require {
			d.Require[k].Values = own(d.Require[k].Values, &spoil)
		}
		for k := range d.Prefer {
			d.Prefer[k].Values = own(d.Prefer[k].Values, &spoil)
		}
	}
	for i := range c.Queues {
		q := &c.Queues[i]
		q.Min, q.Quota, q.Used = own(q.Min, &spoil), own(q.Quota, &spoil), own(q.Used, &spoil)
	}
	return &c, func() {
		for _, f := range spoil {
			f()
		}
		fill(c.Workers, scheduler.WorkerRow{ID: "scribble", Blocked: deploy.ReasonHeld})
		fill(c.Demands, scheduler.DemandRow{Subject: "scribble", Units: 1 << 20, Need: scheduler.Need{Cores: 1}})
		fill(c.Queues, scheduler.QueueRow{Name: "scribble"})
		fill(c.Held, scheduler.HeldRow{Executors: 1 << 20})
	}
}

// own gives a copy that will be written over.
func own[T any](list []T, spoil *[]func()) []T {
	if list == nil {
		return nil
	}
	c := slices.Clone(list)
	*spoil = append(*spoil, func() {
		switch c := any(c).(type) {
		case []deploy.Amount:
			fill(c, deploy.Amount{Name: "scribble", Count: 1 << 20})
		case []deploy.Label:
			fill(c, deploy.Label{Key: "scribble", Value: "scribble"})
		case []scheduler.WorkerRef:
			fill(c, scheduler.WorkerRef(0))
		case []deploy.Requirement:
			fill(c, deploy.Requirement{Key: "scribble", Operator: deploy.OpExists})
		case []deploy.Preference:
			fill(c, deploy.Preference{Weight: 100})
		case []deploy.Quantity:
			fill(c, deploy.Quantity{Resource: "scribble"})
		case []string:
			fill(c, "scribble")
		}
	})
	return c
}

func fill[T any](list []T, v T) {
	for i := range list {
		list[i] = v
	}
}
