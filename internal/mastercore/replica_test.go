package mastercore

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// replica is the placer's side: it follows the updates and plans first fit, drivers first, in order.
type replica struct {
	epoch, version uint64
	driverSlots    int32
	workers        map[scheduler.WorkerRef]scheduler.WorkerRow
	demands        map[scheduler.DemandRef]scheduler.DemandRow
	queues         map[uint32]scheduler.QueueRow
	held           map[scheduler.HeldRow]int32 // keyed without the number
}

func (r *replica) apply(u *scheduler.Update) error {
	if u.Full {
		r.workers, r.demands = map[scheduler.WorkerRef]scheduler.WorkerRow{}, map[scheduler.DemandRef]scheduler.DemandRow{}
		r.queues, r.held = map[uint32]scheduler.QueueRow{}, map[scheduler.HeldRow]int32{}
	} else if u.From != r.version {
		return fmt.Errorf("update from %d to %d on version %d", u.From, u.To, r.version)
	}
	if u.To <= r.version && u.Epoch == r.epoch {
		return fmt.Errorf("update to %d on version %d", u.To, r.version)
	}
	seenW, seenD := map[scheduler.WorkerRef]bool{}, map[scheduler.DemandRef]bool{}
	for _, w := range u.Workers {
		if seenW[w.Ref] {
			return fmt.Errorf("worker slot %d is there twice", w.Ref)
		}
		seenW[w.Ref] = true
		if w.Gone {
			delete(r.workers, w.Ref)
			continue
		}
		if w.Free.Cores < 0 || w.Free.MemoryMiB < 0 {
			return fmt.Errorf("worker %s has %s free", w.ID, w.Free)
		}
		r.workers[w.Ref] = w
	}
	for _, d := range u.Demands {
		if seenD[d.Ref] {
			return fmt.Errorf("demand slot %d is there twice", d.Ref)
		}
		seenD[d.Ref] = true
		if d.Gone {
			delete(r.demands, d.Ref)
			continue
		}
		if d.Units <= 0 || d.Cores < d.Need.Cores {
			return fmt.Errorf("demand %s wants %d units and may have %d cores", d.Subject, d.Units, d.Cores)
		}
		r.demands[d.Ref] = d
	}
	if err := r.applyQueues(u); err != nil {
		return err
	}
	r.epoch, r.version, r.driverSlots = u.Epoch, u.To, u.DriverSlots
	return nil
}

// applyQueues takes over the rows of queues, parents first, and of who has what where.
func (r *replica) applyQueues(u *scheduler.Update) error {
	seenQ, seenH := map[uint32]bool{}, map[scheduler.HeldRow]bool{}
	for _, q := range u.Queues {
		if seenQ[q.Ref] {
			return fmt.Errorf("queue %d is there twice", q.Ref)
		}
		seenQ[q.Ref] = true
		if q.Gone {
			delete(r.queues, q.Ref)
			continue
		}
		if up, known := r.queues[q.Parent]; q.Ref != 0 && (!known || len(up.Name) >= len(q.Name)) {
			return fmt.Errorf("queue %q has the parent %d, which is %q", q.Name, q.Parent, up.Name)
		}
		r.queues[q.Ref] = q
	}
	for _, h := range u.Held {
		key := scheduler.HeldRow{Share: h.Share, Worker: h.Worker}
		if seenH[key] || h.Executors < 0 {
			return fmt.Errorf("what share %d has on worker %d is there twice, or is %d", h.Share, h.Worker, h.Executors)
		}
		seenH[key] = true
		if r.held[key] = h.Executors; h.Executors == 0 {
			delete(r.held, key)
		}
	}
	for _, d := range r.demands {
		if _, known := r.queues[d.Queue]; d.Queue != 0 && !known {
			return fmt.Errorf("demand %s is in queue %d, which is not there", d.Subject, d.Queue)
		}
	}
	return nil
}

// same compares with what the core would tell in full.
func (r *replica) same(c *Core) error {
	full := &scheduler.Update{Full: true}
	p := c.place
	c.place.w.list, c.place.d.list, c.place.q.list = slices.Clone(p.w.list), slices.Clone(p.d.list), slices.Clone(p.q.list)
	c.tellAll(full)
	c.place = p
	other := replica{}
	full.To, full.DriverSlots = c.place.version, c.driverSlots()
	if err := other.apply(full); err != nil {
		return err
	}
	if !reflect.DeepEqual(other.queues, r.queues) || !maps.Equal(other.held, r.held) {
		return fmt.Errorf("the updates do not add up to the books:\n%v %v\n%v %v", r.queues, r.held, other.queues, other.held)
	}
	if !reflect.DeepEqual(other.workers, r.workers) || !reflect.DeepEqual(other.demands, r.demands) || other.driverSlots != r.driverSlots {
		return fmt.Errorf("the updates do not add up to the books:\n%v %v\n%v %v", r.workers, r.demands, other.workers, other.demands)
	}
	return nil
}

// inOrder gives the demands to be placed: drivers first, then by order and profile.
func (r *replica) inOrder() []scheduler.DemandRow {
	return slices.SortedFunc(maps.Values(r.demands), func(a, b scheduler.DemandRow) int {
		if a.Driver != b.Driver {
			if a.Driver {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.Order, b.Order), cmp.Compare(a.Profile, b.Profile))
	})
}

// plan places each unit on the first worker that it fits on, by id, and says why the rest waits.
func (r *replica) plan(mostUnits int32) scheduler.Plan {
	plan := scheduler.Plan{Epoch: r.epoch, Version: r.version}
	workers := slices.SortedFunc(maps.Values(r.workers), func(a, b scheduler.WorkerRow) int { return cmp.Compare(a.ID, b.ID) })
	for i := range workers {
		workers[i].Free.Custom = slices.Clone(workers[i].Free.Custom)
	}
	slots, shared := r.driverSlots, map[uint32]int32{}
	for _, d := range r.inOrder() {
		if d.Blocked != deploy.ReasonNone {
			continue
		}
		left := d.Cores
		if n, ok := shared[d.Share]; ok && d.Share != 0 {
			left = n
		}
		units := min(d.Units, mostUnits)
		for ; units > 0 && left >= d.Need.Cores && (!d.Driver || slots > 0); units-- {
			i := firstFit(workers, &d)
			if i < 0 {
				break
			}
			cores := d.Need.Cores
			if d.Grow {
				cores = min(workers[i].Free.Cores, left)
			}
			takeFrom(&workers[i].Free, &d, cores)
			plan.Grants = append(plan.Grants, scheduler.Grant{Demand: d.Ref, Worker: workers[i].Ref, Cores: cores})
			if left != deploy.NoLimit {
				left -= cores
			}
			if d.Driver {
				slots--
			}
		}
		if d.Share != 0 {
			shared[d.Share] = left
		}
		if units > 0 && left >= d.Need.Cores {
			plan.Waiting = append(plan.Waiting, scheduler.Waiting{Demand: d.Ref, Reason: whyNot(workers, &d, slots)})
		}
	}
	return plan
}

func firstFit(workers []scheduler.WorkerRow, d *scheduler.DemandRow) int {
	fits := func(avoid bool) int {
		return slices.IndexFunc(workers, func(w scheduler.WorkerRow) bool {
			if w.Blocked != deploy.ReasonNone || w.Free.Cores < d.Need.Cores || w.Free.MemoryMiB < d.Need.MemoryMiB || avoid && slices.Contains(d.Avoid, w.Ref) {
				return false
			}
			return !slices.ContainsFunc(d.Need.Custom, func(a deploy.Amount) bool { return w.Free.Of(a.Name) < a.Count })
		})
	}
	if i := fits(true); i >= 0 {
		return i
	}
	return fits(false)
}

func takeFrom(free *deploy.Resources, d *scheduler.DemandRow, cores int32) {
	free.Cores -= cores
	free.MemoryMiB -= d.Need.MemoryMiB
	for _, a := range d.Need.Custom {
		for i := range free.Custom {
			if free.Custom[i].Name == a.Name {
				free.Custom[i].Count -= a.Count
			}
		}
	}
}

func whyNot(workers []scheduler.WorkerRow, d *scheduler.DemandRow, slots int32) scheduler.Reason {
	if d.Driver && slots <= 0 {
		return scheduler.Reason{Code: deploy.ReasonMaxDrivers, Ahead: scheduler.NoDemand}
	}
	short := scheduler.Cause{Code: deploy.ReasonInsufficientCores, Nearest: scheduler.NoWorker, Want: int64(d.Need.Cores)}
	for _, w := range workers {
		if w.Blocked != deploy.ReasonNone {
			continue
		}
		short.Workers++
		if short.Nearest == scheduler.NoWorker || int64(w.Free.Cores) > short.Have {
			short.Nearest, short.Have = w.Ref, int64(w.Free.Cores)
		}
	}
	return scheduler.Reason{Code: deploy.ReasonInsufficientCores, Ahead: scheduler.NoDemand, Causes: []scheduler.Cause{short}}
}
