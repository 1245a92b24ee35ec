package sim

import (
	"slices"
	"strings"

	"github.com/musterproject/muster/internal/mastercore"
	"github.com/musterproject/muster/pkg/deploy"
)

// ordering judges the orders of one step to start processes against what was true before it: the leader's own rows, and what it has configured.
type ordering struct {
	t      *term
	orders []ordered
	gangs  map[gang]int32 // orders of each
}

// gang is a profile of an application whose executors start together.
type gang struct {
	app     deploy.AppID
	profile int32
}

// ordered is one order of the step, with what is known of its subject.
type ordered struct {
	launch deploy.Launch
	worker deploy.WorkerID
	place  deploy.Placement
}

// place judges where a process is ordered to start.
func (o *ordering) place(id deploy.WorkerID, l deploy.Launch) {
	w, t := o.t.m.w, o.t
	now := ordered{launch: l, worker: id, place: o.placement(&l)}
	row, ok := t.book.rows[deploy.RowKey{Kind: deploy.RowWorker, ID: string(id)}].(deploy.WorkerRow)
	if !ok {
		return
	}
	for i := range now.place.Require {
		if r := &now.place.Require[i]; !r.Holds(row.Spec.Labels) {
			w.fail("S21", "launch %s wants %s and is ordered on %s with %v", l.ID, r, id, row.Spec.Labels)
		}
	}
	if row.ReservedFor != "" && row.ReservedFor != subjectOf(&l) && !o.served(row.ReservedFor) {
		w.fail("S24", "launch %s of %s is ordered on %s, which is kept for %s", l.ID, subjectOf(&l), id, row.ReservedFor)
	}
	if row.ReservedFor != "" {
		w.count("launch on a worker kept for it")
	}
	if now.place.Apart != "" || now.place.MaxPerWorker > 0 {
		o.rules(&now, &row)
	}
	o.quota(&now)
	o.orders = append(o.orders, now)
	if p := o.profile(&l); p != nil && p.Gang {
		if o.gangs == nil {
			o.gangs = map[gang]int32{}
		}
		o.gangs[gang{l.Executor.App, l.Profile}]++
	}
}

// served tells whether a subject got something earlier in the step: nothing is kept for it any more.
func (o *ordering) served(subject string) bool {
	return slices.ContainsFunc(o.orders, func(x ordered) bool { return subjectOf(&x.launch) == subject })
}

func subjectOf(l *deploy.Launch) string {
	if l.Driver != "" {
		return string(l.Driver)
	}
	return string(l.Executor.App)
}

func (o *ordering) placement(l *deploy.Launch) deploy.Placement {
	if d, ok := o.t.book.rows[deploy.RowKey{Kind: deploy.RowDriver, ID: string(l.Driver)}].(deploy.DriverRow); ok {
		return d.Place
	}
	a, _ := o.t.book.rows[deploy.RowKey{Kind: deploy.RowApp, ID: string(l.Executor.App)}].(deploy.AppRow)
	return a.Place
}

func (o *ordering) profile(l *deploy.Launch) *deploy.Profile {
	a, ok := o.t.book.rows[deploy.RowKey{Kind: deploy.RowApp, ID: string(l.Executor.App)}].(deploy.AppRow)
	for i := range a.Profiles {
		if ok && l.Driver == "" && a.Profiles[i].ID == l.Profile {
			return &a.Profiles[i]
		}
	}
	return nil
}

// rules judges S22: executors apart, and not too many on one worker.
func (o *ordering) rules(now *ordered, row *deploy.WorkerRow) {
	w, t, same := o.t.m.w, o.t, int32(0)
	near := func(other deploy.WorkerID) {
		r, ok := t.book.rows[deploy.RowKey{Kind: deploy.RowWorker, ID: string(other)}].(deploy.WorkerRow)
		if other == row.Spec.ID {
			same++
		}
		if ok && now.place.Apart != "" && together(now.place.Apart, &r.Spec, &row.Spec) {
			w.fail("S22", "launch %s is ordered on %s, and an executor of its application is on %s with the same %s", now.launch.ID, row.Spec.ID, other, now.place.Apart)
		}
	}
	for _, r := range t.book.rows {
		if e, ok := r.(deploy.ExecutorRow); ok && e.ID.App == now.launch.Executor.App && !e.State.Terminal() {
			near(e.Worker)
		}
	}
	for i := range o.orders {
		if o.orders[i].launch.Driver == "" && o.orders[i].launch.Executor.App == now.launch.Executor.App {
			near(o.orders[i].worker)
		}
	}
	if most := now.place.MaxPerWorker; most > 0 && same >= most {
		w.fail("S22", "launch %s is ordered on %s, which has %d executors of its application, and %d is the most", now.launch.ID, row.Spec.ID, same, most)
	}
}

// together tells whether two workers are one place: who lacks the label is a place of its own.
func together(by string, a, b *deploy.WorkerSpec) bool {
	if a.ID == b.ID {
		return true
	}
	if by == deploy.ApartHost {
		return a.Address.Host == b.Address.Host
	}
	for _, x := range a.Labels {
		for _, y := range b.Labels {
			if x.Key == by && y.Key == by && x.Value == y.Value {
				return true
			}
		}
	}
	return false
}

// quota judges S23 for one order, those of the step before it included.
func (o *ordering) quota(now *ordered) {
	for path := now.place.Queue; path != ""; path = path[:max(0, strings.LastIndexByte(path, '.'))] {
		o.quotaOf(path, now)
	}
	o.quotaOf("", now)
}

func (o *ordering) quotaOf(path string, now *ordered) {
	i := slices.IndexFunc(o.t.m.cfg.Queues, func(q deploy.Queue) bool { return q.Name == path })
	if i < 0 {
		return
	}
	row, _ := o.t.book.rows[deploy.QueueRow{Queue: deploy.Queue{Name: path}}.RowKey()].(deploy.QueueRow)
	for _, most := range o.t.m.cfg.Queues[i].Quota {
		want := amountIn(&now.launch.Need, most.Resource)
		if want == 0 {
			continue
		}
		used := want
		for _, a := range row.Used {
			if a.Resource == most.Resource {
				used += a.Amount
			}
		}
		for j := range o.orders {
			if inQueue(o.orders[j].place.Queue, path) {
				used += amountIn(&o.orders[j].launch.Need, most.Resource)
			}
		}
		if used > most.Amount {
			o.t.m.w.fail("S23", "launch %s gives queue %q %d %s of a quota of %d", now.launch.ID, path, used, most.Resource, most.Amount)
		}
	}
}

// inQueue tells whether a queue is another or below it.
func inQueue(queue, above string) bool {
	return above == "" || queue == above || strings.HasPrefix(queue, above+".")
}

func amountIn(need *deploy.Resources, resource string) int64 {
	switch resource {
	case deploy.ResourceCores:
		return int64(need.Cores)
	case deploy.ResourceMemory:
		return need.MemoryMiB
	}
	return int64(need.Of(resource))
}

// whole judges S25 once all orders of the step are seen: of a gang starts what is missing, or nothing.
func (o *ordering) whole() {
	for g, n := range o.gangs {
		if missing := o.missing(g); n != missing {
			o.t.m.w.fail("S25", "%d executors of the gang %s/%d are started, and %d are missing", n, g.app, g.profile, missing)
		}
		if n > 1 {
			o.t.m.w.count("gang started")
		}
	}
}

// missing counts what a profile wanted before the step.
func (o *ordering) missing(g gang) (n int32) {
	a, _ := o.t.book.rows[deploy.RowKey{Kind: deploy.RowApp, ID: string(g.app)}].(deploy.AppRow)
	for _, target := range a.Targets {
		if target.Profile == g.profile {
			n = target.Total
		}
	}
	for _, r := range o.t.book.rows {
		if e, ok := r.(deploy.ExecutorRow); ok && e.ID.App == g.app && e.Profile == g.profile && !e.State.Terminal() && !e.Killing {
			n--
		}
	}
	return n
}

// placed counts what became of plans.
func (b *book) placed(f mastercore.Placed) {
	for cause := range f.Rejected {
		b.w.count("grant rejected")
		b.w.count("grant rejected: " + cause)
	}
}
