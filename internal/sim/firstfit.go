package sim

import (
	"cmp"
	"slices"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// firstFit is the simplest policy that places what fits: the cluster must not depend on a clever one.
type firstFit struct {
	version, epoch uint64
	slots          int32
	workers        []scheduler.WorkerRow
	demands        []scheduler.DemandRow
}

func (f *firstFit) apply(u *scheduler.Update) error {
	if u.Full {
		*f = firstFit{}
	} else if u.From != f.version {
		return scheduler.ErrGap
	}
	f.version, f.epoch, f.slots = u.To, u.Epoch, u.DriverSlots
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

func (f *firstFit) plan() (scheduler.Plan, error) {
	p := scheduler.Plan{Epoch: f.epoch, Version: f.version}
	free := make([]deploy.Resources, len(f.workers))
	for i := range f.workers {
		free[i] = f.workers[i].Free
		free[i].Custom = slices.Clone(free[i].Custom)
	}
	slots, shared := f.slots, map[uint32]int32{}
	for i := range f.demands {
		d := &f.demands[i]
		if d.Blocked != deploy.ReasonNone || d.Driver && slots <= 0 {
			continue
		}
		budget := d.Cores
		if d.Share != 0 && d.Cores != deploy.NoLimit {
			budget -= shared[d.Share]
		}
		units := f.serve(d, free, budget, &p)
		shared[d.Share] += units * stepCores(d)
		if d.Driver {
			slots -= units
		}
		if units < d.Units {
			p.Waiting = append(p.Waiting, scheduler.Waiting{Demand: d.Ref, Reason: scheduler.Reason{Code: deploy.ReasonInsufficientCores}})
		}
	}
	return p, nil
}

func stepCores(d *scheduler.DemandRow) int32 { return max(d.Need.Cores, 1) }

// serve grants one demand as many units as fit, workers to avoid last.
func (f *firstFit) serve(d *scheduler.DemandRow, free []deploy.Resources, budget int32, p *scheduler.Plan) (units int32) {
	for _, avoided := range [...]bool{false, true} {
		for i := range f.workers {
			w := &f.workers[i]
			if w.Blocked != deploy.ReasonNone || slices.Contains(d.Avoid, w.Ref) != avoided {
				continue
			}
			for units < d.Units && (units+1)*stepCores(d) <= budget && take(&free[i], d) {
				p.Grants = append(p.Grants, scheduler.Grant{Demand: d.Ref, Worker: w.Ref, Cores: stepCores(d)})
				units++
				if d.Grow {
					break
				}
			}
		}
	}
	return units
}

func take(free *deploy.Resources, d *scheduler.DemandRow) bool {
	if free.Cores < stepCores(d) || free.MemoryMiB < d.Need.MemoryMiB {
		return false
	}
	for _, a := range d.Need.Custom {
		if free.Of(a.Name) < a.Count {
			return false
		}
	}
	free.Cores -= stepCores(d)
	free.MemoryMiB -= d.Need.MemoryMiB
	for _, a := range d.Need.Custom {
		for i := range free.Custom {
			if free.Custom[i].Name == a.Name {
				free.Custom[i].Count -= a.Count
			}
		}
	}
	return true
}
