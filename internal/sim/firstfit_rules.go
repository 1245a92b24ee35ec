package sim

import (
	"slices"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// fits tells whether one more unit of d may go to the i-th worker.
func (l *ledger) fits(d *scheduler.DemandRow, i int) bool {
	w := &l.f.workers[i]
	open := w.Blocked == deploy.ReasonNone && !l.kept[w.Ref] || w.Blocked == deploy.ReasonReserved && w.For == d.Ref
	budget := d.Cores
	if d.Share != 0 && d.Cores != deploy.NoLimit {
		budget -= l.shared[d.Share]
	}
	return open && holds(&l.free[i], d) && meets(d, w) && l.allowed(d, w) && l.inQuota(d) && (d.Driver && l.slots > 0 || !d.Driver && stepCores(d) <= budget)
}

func holds(free *deploy.Resources, d *scheduler.DemandRow) bool {
	return free.Cores >= stepCores(d) && free.MemoryMiB >= d.Need.MemoryMiB &&
		!slices.ContainsFunc(d.Need.Custom, func(a deploy.Amount) bool { return free.Of(a.Name) < a.Count })
}

func meets(d *scheduler.DemandRow, w *scheduler.WorkerRow) bool {
	return !slices.ContainsFunc(d.Require, func(r deploy.Requirement) bool { return !r.Holds(w.Labels) })
}

// allowed tells whether the executors of d's application that are placed already let one more be on w.
func (l *ledger) allowed(d *scheduler.DemandRow, w *scheduler.WorkerRow) bool {
	if d.MaxPerWorker > 0 && l.held[heldKey{d.Share, w.Ref}] >= d.MaxPerWorker {
		return false
	}
	for i := range l.f.workers {
		o := &l.f.workers[i]
		if d.Apart != "" && l.held[heldKey{d.Share, o.Ref}] > 0 &&
			together(d.Apart, specOf(o), specOf(w)) {
			return false
		}
	}
	return true
}

func specOf(w *scheduler.WorkerRow) *deploy.WorkerSpec {
	return &deploy.WorkerSpec{ID: w.ID, Address: deploy.Address{Host: w.Host}, Labels: w.Labels}
}

func (l *ledger) inQuota(d *scheduler.DemandRow) bool {
	fits := true
	l.upwards(d.Queue, func(q scheduler.QueueRow) {
		for _, most := range q.Quota {
			want := amountIn(&deploy.Resources{Cores: stepCores(d), MemoryMiB: d.Need.MemoryMiB, Custom: d.Need.Custom}, most.Resource)
			fits = fits && (want == 0 || l.used[q.Ref][most.Resource]+want <= most.Amount)
		}
	})
	return fits
}

// upwards visits a queue and all above it.
func (l *ledger) upwards(ref uint32, visit func(scheduler.QueueRow)) {
	for {
		q, known := l.f.queues[ref]
		if known {
			visit(q)
		}
		if !known || ref == 0 {
			return
		}
		ref = q.Parent
	}
}

func (l *ledger) charge(queue uint32, resource string, n int64) {
	l.upwards(queue, func(q scheduler.QueueRow) {
		if l.used[q.Ref] == nil {
			l.used[q.Ref] = map[string]int64{}
		}
		l.used[q.Ref][resource] += n
	})
}

// take books n units of d on the i-th worker, or with -1 gives one back.
func (l *ledger) take(d *scheduler.DemandRow, i int, n int32) {
	free := &l.free[i]
	free.Cores -= n * stepCores(d)
	free.MemoryMiB -= int64(n) * d.Need.MemoryMiB
	for _, a := range d.Need.Custom {
		for j := range free.Custom {
			if free.Custom[j].Name == a.Name {
				free.Custom[j].Count -= n * a.Count
			}
		}
		l.charge(d.Queue, a.Name, int64(n*a.Count))
	}
	l.charge(d.Queue, deploy.ResourceCores, int64(n*stepCores(d)))
	l.charge(d.Queue, deploy.ResourceMemory, int64(n)*d.Need.MemoryMiB)
	if d.Driver {
		l.slots -= n
		return
	}
	l.shared[d.Share] += n * stepCores(d)
	l.held[heldKey{d.Share, l.f.workers[i].Ref}] += n
}
