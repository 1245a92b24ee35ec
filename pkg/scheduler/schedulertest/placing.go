package schedulertest

import (
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// labelled gives a machine with labels, sorted by key: key, value, key, value.
func labelled(w scheduler.WorkerRow, pairs ...string) scheduler.WorkerRow {
	w.Labels = nil
	for i := 0; i < len(pairs); i += 2 {
		w.Labels = append(w.Labels, deploy.Label{Key: pairs[i], Value: pairs[i+1]})
	}
	return w
}

func in(key string, values ...string) deploy.Requirement {
	return deploy.Requirement{Key: key, Values: values}
}

// grants holds that a plan gives one demand executors on just these workers, in any order.
func (x *bench) grants(p scheduler.Plan, what string, d scheduler.DemandRef, workers ...scheduler.WorkerRef) {
	x.t.Helper()
	missing := map[scheduler.WorkerRef]int{}
	for _, w := range workers {
		missing[w]++
	}
	n := 0
	for _, g := range p.Grants {
		if g.Demand == d {
			missing[g.Worker]--
			n++
		}
	}
	for w, k := range missing {
		if k != 0 || n != len(workers) {
			x.t.Fatalf("%s: demand %d got %+v, want executors on workers %v (worker %d is off by %d)", what, d, p.Grants, workers, w, k)
		}
	}
	if n != len(workers) {
		x.t.Fatalf("%s: demand %d got %d grants, want %d: %+v", what, d, n, len(workers), p)
	}
}

// waits holds that a plan leaves a demand waiting for one reason, which it gives.
func (x *bench) waits(p scheduler.Plan, what string, d scheduler.DemandRef, code deploy.ReasonCode) scheduler.Reason {
	x.t.Helper()
	for _, w := range p.Waiting {
		if w.Demand == d {
			if w.Reason.Code != code {
				x.t.Fatalf("%s: demand %d waits for %+v, want %s", what, d, w.Reason, code)
			}
			return w.Reason
		}
	}
	x.t.Fatalf("%s: nothing is said of demand %d, want %s: %+v", what, d, code, p)
	return scheduler.Reason{}
}

// causeOf gives a cause with its code, and the number of workers 0 if there is none.
func causeOf(r scheduler.Reason, code deploy.ReasonCode) scheduler.Cause {
	for _, c := range r.Causes {
		if c.Code == code {
			return c
		}
	}
	return scheduler.Cause{}
}

func obeysSelectors(t *testing.T, open func() scheduler.SchedulerPolicy) {
	for _, c := range []struct {
		require     deploy.Requirement
		wrong, good []string // labels
	}{
		{in("zone", "a", "b"), []string{"zone", "c"}, []string{"zone", "b"}},
		{in("zone", "a"), nil, []string{"zone", "a"}},
		{deploy.Requirement{Key: "disk", Operator: deploy.OpNotIn, Values: []string{"hdd"}}, []string{"disk", "hdd"}, nil},
		{deploy.Requirement{Key: "gpu", Operator: deploy.OpExists}, []string{"zone", "a"}, []string{"gpu", "", "zone", "a"}},
	} {
		b := NewBooks()
		big := b.AddWorker(labelled(machine("w-1", 16, 16384), c.wrong...))
		one := b.AddWorker(labelled(machine("w-2", 2, 2048), c.good...))
		two := b.AddWorker(labelled(machine("w-3", 2, 2048), c.good...))
		row := wish(1, 3, 2, 512)
		row.Require = []deploy.Requirement{c.require}
		d := b.AddDemand(row)
		x := newBench(t, b, open())
		plan := x.place()
		x.grants(plan, c.require.String(), d, one, two)
		b.AcceptPlan(plan)
		r := x.waits(x.next(), "the workers with the label are full", d, deploy.ReasonInsufficientCores)
		if f := causeOf(r, deploy.ReasonFilteredLabel); f.Workers != 1 {
			t.Fatalf("%s: the causes %+v should count one worker without the label", c.require.String(), r.Causes)
		}
		b.SetWorker(labelled(b.Workers[big], c.good...))
		x.grants(x.next(), "a label appeared", d, big)
	}
}

func wakesForLabels(t *testing.T, open func() scheduler.SchedulerPolicy) {
	b := NewBooks()
	w := b.AddWorker(machine("w-1", 4, 4096))
	row := wish(1, 1, 2, 512)
	row.Require = []deploy.Requirement{in("zone", "a")}
	d := b.AddDemand(row)
	x := newBench(t, b, open())
	x.waits(x.place(), "no worker has the label", d, deploy.ReasonFilteredLabel)
	b.SetWorker(labelled(b.Workers[w], "zone", "b"))
	if plan := x.next(); len(plan.Grants) > 0 {
		t.Fatalf("another value of the label: got %+v, want nothing", plan)
	}
	b.SetWorker(labelled(b.Workers[w], "zone", "a"))
	plan := x.next()
	x.grants(plan, "the label has the value", d, w)
	// The core turns it down because the label went away again.
	b.SetWorker(labelled(b.Workers[w]))
	if plan = x.next(); len(plan.Grants) > 0 {
		t.Fatalf("the label is gone: got %+v, want nothing", plan)
	}
}

func prefers(t *testing.T, open func() scheduler.SchedulerPolicy) {
	prefer := []deploy.Preference{
		{Requirement: in("zone", "a"), Weight: 3}, {Requirement: in("disk", "ssd"), Weight: 2}, {Requirement: in("rack", "r1"), Weight: 2},
	}
	// Each worker is better than the one before: nothing, 2, 3, 4, 5.
	labels := [][]string{nil, {"disk", "ssd"}, {"zone", "a"}, {"disk", "ssd", "rack", "r1"}, {"disk", "ssd", "zone", "a"}}
	for _, turned := range []bool{false, true} { // whatever the order of workers is
		b := NewBooks()
		var best []scheduler.WorkerRef
		for i := range labels {
			n := int32(i + 1)
			if turned {
				n = int32(len(labels) - i)
			}
			w := machine(string('a'+n), 2+n, 4096*int64(n))
			w.Free = deploy.Resources{Cores: 2, MemoryMiB: 4096}
			best = append([]scheduler.WorkerRef{b.AddWorker(labelled(w, labels[i]...))}, best...)
		}
		row := wish(1, 1, 2, 512)
		row.Prefer = prefer
		d := b.AddDemand(row)
		x := newBench(t, b, open())
		plan := x.place()
		for i, w := range best {
			x.grants(plan, "the best that is left", d, w)
			b.AcceptPlan(plan)
			row.Ref, row.Since = d, b.Now
			if b.SetDemand(row); i < len(best)-1 {
				plan = x.next()
			}
		}
		row.Units = 3
		b.SetDemand(row)
		for len(b.Running) > 0 {
			b.Finish(0)
		}
		x.grants(x.next(), "the three best", d, best[:3]...)
	}
}

func avoidsBeforeItPrefers(t *testing.T, open func() scheduler.SchedulerPolicy) {
	b := NewBooks()
	liked := b.AddWorker(labelled(machine("w-1", 2, 4096), "zone", "a"))
	other := b.AddWorker(machine("w-2", 2, 4096))
	row := wish(1, 2, 2, 512)
	row.Avoid = []scheduler.WorkerRef{liked}
	row.Prefer = []deploy.Preference{{Requirement: in("zone", "a"), Weight: 100}}
	row.Units = 1
	d := b.AddDemand(row)
	x := newBench(t, b, open())
	x.grants(x.place(), "the worker it likes is one it avoids", d, other)
}

func keepsApart(t *testing.T, open func() scheduler.SchedulerPolicy) {
	for _, by := range []string{deploy.ApartHost, "rack"} {
		b := NewBooks()
		for i, at := range []string{"a", "a", "b", "b"} {
			w := labelled(machine(string(rune('p'+i)), 8, 8192), "rack", at)
			w.Host = at
			b.AddWorker(w)
		}
		row := wish(1, 3, 1, 512)
		row.Apart, row.Share = by, 7
		d := b.AddDemand(row)
		other := b.AddDemand(wish(2, 1, 1, 512))
		x := newBench(t, b, open())
		plan := x.place() // Check holds that no two are together
		if n := len(plan.Grants); n != 3 {
			t.Fatalf("apart by %s, two places: got %+v, want two executors and one of the other application", by, plan)
		}
		x.waits(plan, "no third "+by, d, deploy.ReasonFilteredRule)
		b.AcceptPlan(plan)
		if plan = x.next(); len(plan.Grants) > 0 {
			t.Fatalf("apart by %s, both places are taken: got %+v", by, plan)
		}
		w := labelled(machine("z", 1, 1024), "rack", "c")
		w.Host = "c"
		plan = x.after(func() { w.Ref = b.AddWorker(w) })
		x.grants(plan, "a third "+by, d, w.Ref)
		x.grants(plan, "who is served wants no more", other)
	}
}

// after changes the books, tells, and makes a plan.
func (x *bench) after(change func()) scheduler.Plan {
	x.t.Helper()
	change()
	return x.next()
}

func wakesApart(t *testing.T, open func() scheduler.SchedulerPolicy) {
	b := NewBooks()
	for _, id := range []string{"p", "q"} {
		w := machine(id, 8, 8192)
		w.Host = "same"
		b.AddWorker(w)
	}
	row := wish(1, 2, 1, 512)
	row.Apart, row.Share = deploy.ApartHost, 7
	d := b.AddDemand(row)
	x := newBench(t, b, open())
	plan := x.place()
	x.waits(plan, "one host", d, deploy.ReasonFilteredRule)
	b.AcceptPlan(plan)
	x.next()
	if plan = x.after(func() { b.Finish(0) }); len(plan.Grants) != 1 {
		t.Fatalf("the executor on the host ended: got %+v, want one grant", plan)
	}
}

func atMostPerWorker(t *testing.T, open func() scheduler.SchedulerPolicy) {
	b := NewBooks()
	w := b.AddWorker(machine("w-1", 8, 8192))
	var refs []scheduler.DemandRef
	for profile := range int32(2) { // both profiles count
		row := wish(1, 2, 1, 512)
		row.Profile, row.Share, row.MaxPerWorker = profile, 7, 3
		refs = append(refs, b.AddDemand(row))
	}
	x := newBench(t, b, open())
	plan := x.place()
	x.grants(plan, "three of four", refs[0], w, w)
	x.grants(plan, "three of four", refs[1], w)
	r := x.waits(plan, "at most three", refs[1], deploy.ReasonFilteredRule)
	if c := causeOf(r, deploy.ReasonFilteredRule); c.Workers != 1 {
		t.Fatalf("the causes %+v should count the worker with enough executors", r.Causes)
	}
	b.AcceptPlan(plan)
	if plan = x.next(); len(plan.Grants) > 0 {
		t.Fatalf("three are there: got %+v, want nothing", plan)
	}
	x.grants(x.after(func() { b.Finish(0) }), "one ended", refs[1], w)
}
