package schedulertest

import (
	"cmp"
	"maps"
	"slices"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// Running is a grant that the core has made good.
type Running struct {
	ID     uint64 // ascending, from 1
	Worker scheduler.WorkerRef
	Need   scheduler.Need
	Cores  int32
	Driver bool
	Share  uint32
	Queue  uint32
	Ruled  bool // its application is Apart or has MaxPerWorker: the books tell what it holds
}

// place is where an application has executors.
type place struct {
	share  uint32
	worker scheduler.WorkerRef
}

func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(p.share, q.share), cmp.Compare(p.worker, q.worker))
}

func (b *Books) heldAt(at place) scheduler.HeldRow {
	return scheduler.HeldRow{Share: at.share, Worker: at.worker, Executors: b.held[at]}
}

// SetHeld says how many executors an application has on a worker, for books that are told so and did not Accept them.
func (b *Books) SetHeld(row scheduler.HeldRow) {
	at := place{row.Share, row.Worker}
	b.places[at] = struct{}{}
	if b.held[at] = row.Executors; row.Executors == 0 {
		delete(b.held, at)
	}
}

// SetUsed says what the demands of a queue have, for books that are told so and did not Accept it.
func (b *Books) SetUsed(queue uint32, used []deploy.Quantity) {
	b.makeQueue(queue)
	b.Queues[queue].Used, b.queues[queue] = used, struct{}{}
}

// Accept makes grants good, as a core does that finds nothing against them.
func (b *Books) Accept(grants []scheduler.Grant) {
	for _, g := range grants {
		d := &b.Demands[g.Demand]
		b.launched++
		run := Running{
			ID: b.launched, Worker: g.Worker, Need: cloneNeed(d.Need), Cores: g.Cores, Driver: d.Driver, Share: d.Share, Queue: d.Queue,
			Ruled: d.Share != 0 && (d.Apart != "" || d.MaxPerWorker > 0),
		}
		b.Running = append(b.Running, run)
		b.book(run, 1)
		row := *d
		row.Since, row.Tries = b.Now, 0
		if row.Units != deploy.NoLimit {
			row.Units--
		}
		if d.Driver {
			row = scheduler.DemandRow{Ref: d.Ref, Gone: true}
		} else if d.Share == 0 && row.Cores != deploy.NoLimit {
			row.Cores -= g.Cores
		}
		b.SetDemand(row)
		b.unreserve(g.Demand)
	}
}

// AcceptPlan makes a whole plan good, reservations included.
func (b *Books) AcceptPlan(p scheduler.Plan) {
	b.Accept(p.Grants)
	b.Reserve(p.Reserve)
}

// Part gives the first n grants less those of groups that would be cut: what a core may bear of a plan.
func Part(grants []scheduler.Grant, n int) []scheduler.Grant {
	cut := map[uint32]bool{}
	for _, g := range grants[n:] {
		cut[g.Group] = g.Group != 0
	}
	return slices.DeleteFunc(slices.Clone(grants[:n]), func(g scheduler.Grant) bool { return cut[g.Group] })
}

// Finish ends the i-th running grant; its worker and its application get back what it had.
func (b *Books) Finish(i int) {
	b.book(b.Running[i], -1)
	b.Running = slices.Delete(b.Running, i, i+1)
}

// Find gives the index of the running grant with an id, false if it has ended.
func (b *Books) Find(id uint64) (int, bool) {
	return slices.BinarySearchFunc(b.Running, id, func(r Running, id uint64) int { return cmp.Compare(r.ID, id) })
}

// LoseWorker ends all that runs on a worker and empties its slot.
func (b *Books) LoseWorker(ref scheduler.WorkerRef) {
	if b.Workers[ref].Gone {
		return
	}
	for i := len(b.Running) - 1; i >= 0; i-- {
		if b.Running[i].Worker == ref {
			b.Finish(i)
		}
	}
	b.SetWorker(scheduler.WorkerRow{Ref: ref, Gone: true})
}

// book takes what runs from its worker, the driver slots, the cores of its application and its queue, or gives it back.
func (b *Books) book(run Running, sign int32) {
	w := b.Workers[run.Worker]
	w.Free.Cores -= sign * run.Cores
	w.Free.MemoryMiB -= int64(sign) * run.Need.MemoryMiB
	w.Free.Custom = spend(w.Free.Custom, run.Need.Custom, sign)
	b.SetWorker(w)
	if run.Driver && b.DriverSlots != deploy.NoLimit {
		b.DriverSlots -= sign
	}
	for _, ref := range b.sharing[run.Share] {
		if d := b.Demands[ref]; d.Cores != deploy.NoLimit {
			d.Cores -= sign * run.Cores
			b.SetDemand(d)
		}
	}
	if run.Ruled {
		at := place{run.Share, run.Worker}
		b.places[at] = struct{}{}
		if b.held[at] += sign; b.held[at] == 0 {
			delete(b.held, at)
		}
	}
	b.charge(run, int64(sign))
}

// charge counts what runs on its queue.
func (b *Books) charge(run Running, sign int64) {
	b.makeQueue(run.Queue)
	q := &b.Queues[run.Queue]
	used := map[string]int64{}
	for _, a := range q.Used {
		used[a.Resource] = a.Amount
	}
	for name, n := range amountsOf(&run.Need, run.Cores) {
		used[name] += sign * n
	}
	q.Used = nil
	for _, name := range slices.Sorted(maps.Keys(used)) {
		if used[name] != 0 {
			q.Used = append(q.Used, deploy.Quantity{Resource: name, Amount: used[name]})
		}
	}
	if !q.Gone {
		b.queues[run.Queue] = struct{}{}
	}
}

// amountsOf gives what a grant of so many cores takes, by the names of Quantity.
func amountsOf(n *scheduler.Need, cores int32) map[string]int64 {
	m := map[string]int64{deploy.ResourceCores: int64(cores), deploy.ResourceMemory: n.MemoryMiB}
	for _, a := range n.Custom {
		m[a.Name] += int64(a.Count)
	}
	return m
}

// spend gives what is left of have; both are sorted by name, and there are no zero counts.
func spend(have, need []deploy.Amount, sign int32) []deploy.Amount {
	if len(need) == 0 {
		return have
	}
	left := map[string]int32{}
	for _, a := range have {
		left[a.Name] += a.Count
	}
	for _, a := range need {
		left[a.Name] -= sign * a.Count
	}
	return amounts(left)
}

func amounts(counts map[string]int32) []deploy.Amount {
	var list []deploy.Amount
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		if n := counts[name]; n != 0 {
			list = append(list, deploy.Amount{Name: name, Count: n})
		}
	}
	return list
}

func cloneNeed(n scheduler.Need) scheduler.Need {
	n.Custom = slices.Clone(n.Custom)
	return n
}
