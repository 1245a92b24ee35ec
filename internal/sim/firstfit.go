package sim

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// firstFit is the simplest policy that places what fits and keeps to the rules: the cluster must not depend on a clever one.
type firstFit struct {
	version, epoch uint64
	slots          int32
	now            time.Time
	workers        []scheduler.WorkerRow
	demands        []scheduler.DemandRow
	queues         map[uint32]scheduler.QueueRow
	held           map[heldKey]int32
}

type heldKey struct {
	share  uint32
	worker scheduler.WorkerRef
}

func (f *firstFit) apply(u *scheduler.Update) error {
	if u.Full {
		*f = firstFit{queues: map[uint32]scheduler.QueueRow{}, held: map[heldKey]int32{}}
	} else if f.queues == nil || u.From != f.version {
		return scheduler.ErrGap
	}
	f.version, f.epoch, f.slots, f.now = u.To, u.Epoch, u.DriverSlots, u.Now
	for _, r := range u.Workers {
		f.workers = slices.DeleteFunc(f.workers, func(o scheduler.WorkerRow) bool { return o.Ref == r.Ref })
		if !r.Gone {
			r.Free.Custom = slices.Clone(r.Free.Custom)
			f.workers = append(f.workers, r)
		}
	}
	for _, r := range u.Demands {
		f.demands = slices.DeleteFunc(f.demands, func(o scheduler.DemandRow) bool { return o.Ref == r.Ref })
		if !r.Gone {
			f.demands = append(f.demands, r)
		}
	}
	for _, r := range u.Queues {
		if f.queues[r.Ref] = r; r.Gone {
			delete(f.queues, r.Ref)
		}
	}
	for _, r := range u.Held {
		f.held[heldKey{r.Share, r.Worker}] = r.Executors
	}
	slices.SortFunc(f.workers, func(a, b scheduler.WorkerRow) int { return cmp.Compare(a.Ref, b.Ref) })
	slices.SortFunc(f.demands, func(a, b scheduler.DemandRow) int {
		if a.Driver != b.Driver {
			return cmp.Compare(b2i(b.Driver), b2i(a.Driver))
		}
		return cmp.Or(cmp.Compare(a.Order, b.Order), cmp.Compare(a.Profile, b.Profile), cmp.Compare(a.Ref, b.Ref))
	})
	return nil
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// patience is how long a demand waits before a worker is kept for it.
const patience = 4 * time.Second

func (f *firstFit) next() (time.Time, bool) {
	var first time.Time
	for i := range f.demands {
		at := f.demands[i].Since.Add(patience)
		if f.demands[i].Blocked == deploy.ReasonNone && at.After(f.now) && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first, !first.IsZero()
}

func (f *firstFit) pass(now time.Time) error {
	f.now = now
	return nil
}

func (f *firstFit) plan() (scheduler.Plan, error) {
	l := newLedger(f)
	for i := range f.demands {
		d := &f.demands[i]
		if d.Blocked != deploy.ReasonNone || d.Driver && l.slots <= 0 {
			continue
		}
		units := int32(0)
		if d.Gang {
			units = l.gang(d)
		} else {
			units = l.serve(d)
		}
		if units == d.Units {
			continue
		}
		l.plan.Waiting = append(l.plan.Waiting, scheduler.Waiting{Demand: d.Ref,
			Reason: scheduler.Reason{Code: deploy.ReasonInsufficientCores, Ahead: scheduler.NoDemand}})
		if units == 0 && !d.Gang && !d.Since.Add(patience).After(f.now) {
			l.reserve(d)
		}
	}
	return l.plan, nil
}

// ledger is what a plan of firstFit has taken so far.
type ledger struct {
	f      *firstFit
	plan   scheduler.Plan
	slots  int32
	free   []deploy.Resources
	shared map[uint32]int32            // cores taken
	used   map[uint32]map[string]int64 // by queue, with all below
	held   map[heldKey]int32
	kept   map[scheduler.WorkerRef]bool
	group  uint32
}

func newLedger(f *firstFit) *ledger {
	l := &ledger{f: f, plan: scheduler.Plan{Epoch: f.epoch, Version: f.version}, slots: f.slots, shared: map[uint32]int32{}, used: map[uint32]map[string]int64{},
		held: maps.Clone(f.held), kept: map[scheduler.WorkerRef]bool{}}
	for i := range f.workers {
		free := f.workers[i].Free
		free.Custom = slices.Clone(free.Custom)
		l.free = append(l.free, free)
	}
	for ref, q := range f.queues {
		for _, a := range q.Used {
			l.charge(ref, a.Resource, a.Amount)
		}
	}
	return l
}

func stepCores(d *scheduler.DemandRow) int32 { return max(d.Need.Cores, 1) }

// serve grants one demand as many units as fit, workers to avoid last.
func (l *ledger) serve(d *scheduler.DemandRow) (units int32) {
	for _, avoided := range [...]bool{false, true} {
		for i := range l.f.workers {
			w := &l.f.workers[i]
			if slices.Contains(d.Avoid, w.Ref) != avoided {
				continue
			}
			for units < d.Units && l.fits(d, i) {
				l.take(d, i, 1)
				l.plan.Grants = append(l.plan.Grants, scheduler.Grant{Demand: d.Ref, Worker: w.Ref, Cores: stepCores(d), Group: l.group * uint32(b2i(d.Gang))})
				units++
				if d.Grow {
					break
				}
			}
		}
	}
	return units
}

// gang grants all units or none.
func (l *ledger) gang(d *scheduler.DemandRow) int32 {
	l.group++
	from := len(l.plan.Grants)
	if l.serve(d) == d.Units {
		return d.Units
	}
	for _, g := range l.plan.Grants[from:] {
		i := slices.IndexFunc(l.f.workers, func(w scheduler.WorkerRow) bool { return w.Ref == g.Worker })
		l.take(d, i, -1)
	}
	l.plan.Grants = l.plan.Grants[:from]
	return 0
}

// reserve keeps the first worker that could ever hold a unit, after those that have been tried.
func (l *ledger) reserve(d *scheduler.DemandRow) {
	skip := int(d.Tries)
	for i := range l.f.workers {
		w := &l.f.workers[i]
		if w.Blocked == deploy.ReasonReserved && w.For == d.Ref {
			return
		}
	}
	for i := range l.f.workers {
		w := &l.f.workers[i]
		if w.Blocked != deploy.ReasonNone || l.kept[w.Ref] || !holds(&w.Total, d) || !meets(d, w) {
			continue
		}
		if skip--; skip < 0 {
			l.kept[w.Ref] = true
			l.plan.Reserve = append(l.plan.Reserve, scheduler.Reservation{Demand: d.Ref, Worker: w.Ref})
			return
		}
	}
}
