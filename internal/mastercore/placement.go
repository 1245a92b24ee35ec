package mastercore

import (
	"cmp"
	"slices"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// placement is what the placer has been told: slots of workers and demands, and which of them have changed since.
type placement struct {
	version uint64
	full    bool  // the next update tells everything
	drivers int32 // DriverSlots as last told
	w       slots[worker]
	d       slots[demand]
	q       slots[queue]
	held    []heldAt       // to be told
	heldPos map[heldAt]int // in the newest update
	demands []*demand      // to be looked at before the step ends
	last    *scheduler.Update
}

// slotRef is a thing's place in a slots table; the zero slotRef is none.
type slotRef struct{ n uint32 }

func (r slotRef) taken() bool { return r.n != 0 }
func (r slotRef) ref() uint32 { return r.n - 1 }

// slots is a dense table whose places are used again, but not before the placer has heard that they were empty.
type slots[T any] struct {
	list  []slot[T]
	free  []uint32
	freed []uint32 // since the last update
	dirty []uint32
}

type slot[T any] struct {
	is    *T
	born  uint64            // first version that tells of it
	in    *scheduler.Update // the newest update with its row
	pos   int               // its row there
	dirty bool
}

// add gives is a place, if it has none, and marks it changed.
func (s *slots[T]) add(r *slotRef, is *T, version uint64) {
	if !r.taken() {
		if n := len(s.free); n > 0 {
			*r = slotRef{s.free[n-1] + 1}
			s.free = s.free[:n-1]
		} else {
			s.list = append(s.list, slot[T]{})
			*r = slotRef{uint32(len(s.list))}
		}
		s.list[r.ref()].is, s.list[r.ref()].born = is, version
	}
	s.touch(*r)
}

// remove empties a place.
func (s *slots[T]) remove(r *slotRef) {
	if r.taken() {
		s.touch(*r)
		s.list[r.ref()].is = nil
		s.freed = append(s.freed, r.ref())
		*r = slotRef{}
	}
}

// touch marks a place as changed.
func (s *slots[T]) touch(r slotRef) {
	if r.taken() && !s.list[r.ref()].dirty {
		s.list[r.ref()].dirty = true
		s.dirty = append(s.dirty, r.ref())
	}
}

// at gives what a version of the books showed at ref, or nil.
func (s *slots[T]) at(ref uint32, version uint64) *T {
	if int64(ref) >= int64(len(s.list)) || s.list[ref].born > version {
		return nil
	}
	return s.list[ref].is
}

// told forgets what has changed: an update tells it.
func (s *slots[T]) told() {
	for _, ref := range s.dirty {
		s.list[ref].dirty = false
	}
	s.dirty = s.dirty[:0]
	s.free = append(s.free, s.freed...)
	s.freed = s.freed[:0]
}

func (c *Core) addWorkerSlot(w *worker) { c.place.w.add(&w.slot, w, c.place.version+1) }

func (c *Core) removeWorkerSlot(w *worker) {
	for _, l := range w.books.launches {
		if l.exec != nil && l.exec.app.ruled() {
			c.touchHeld(l.exec.app, w)
		}
	}
	c.place.w.remove(&w.slot)
}

// driverSlots is how many more drivers may run.
func (c *Core) driverSlots() int32 {
	if c.cfg.MaxDrivers == deploy.NoLimit {
		return deploy.NoLimit
	}
	return max(0, c.cfg.MaxDrivers-c.running)
}

// publish tells the placer what has changed, once per step. An update that the caller has not taken yet is continued.
func (c *Core) publish() {
	p := &c.place
	slots := c.driverSlots()
	if !c.alive() || !p.full && len(p.w.dirty) == 0 && len(p.d.dirty) == 0 && len(p.held) == 0 && slots == p.drivers && !c.queuesChanged() {
		return
	}
	u := c.out.Place
	switch {
	case p.full:
		u = &scheduler.Update{Full: true}
		c.tellAll(u)
	case u == nil || u != p.last:
		u = &scheduler.Update{From: p.version}
		p.heldPos = nil
		c.tellChanges(u)
	default:
		c.tellChanges(u)
	}
	p.version++
	u.Epoch, u.To, u.Seed = uint64(c.epoch), p.version, seedOf(c.epoch, p.version)
	u.DriverSlots, u.Now = slots, c.now
	p.full, p.drivers, p.last, c.out.Place = false, slots, u, u
	p.w.told()
	p.d.told()
	p.q.told()
	clear(p.held)
	p.held = p.held[:0]
}

// queuesChanged tells whether there is news of queues for the placer.
func (c *Core) queuesChanged() bool { return c.queues.told && len(c.place.q.dirty) > 0 }

// tellAll writes the whole books.
func (c *Core) tellAll(u *scheduler.Update) {
	p := &c.place
	for ref := range p.w.list {
		if s := &p.w.list[ref]; s.is != nil {
			s.in, s.pos = u, len(u.Workers)
			u.Workers = append(u.Workers, c.workerSlotRow(uint32(ref)))
		}
	}
	for ref := range p.d.list {
		if s := &p.d.list[ref]; s.is != nil {
			s.in, s.pos = u, len(u.Demands)
			u.Demands = append(u.Demands, c.demandSlotRow(uint32(ref)))
		}
	}
	if c.queues.told {
		for _, q := range c.queuesInOrder() {
			s := &p.q.list[q.slot.ref()]
			s.in, s.pos = u, len(u.Queues)
			u.Queues = append(u.Queues, c.queueSlotRow(q.slot.ref()))
		}
	}
	p.heldPos = nil
	for _, a := range c.appsInOrder() {
		for _, w := range a.heldOn() {
			if w.slot.taken() {
				c.tellHeld(u, heldAt{a, w.slot.ref()})
			}
		}
	}
}

// tellHeld writes one row, over the one that u has of it already.
func (c *Core) tellHeld(u *scheduler.Update, at heldAt) {
	p := &c.place
	pos, there := p.heldPos[at]
	if !there {
		if p.heldPos == nil {
			p.heldPos = map[heldAt]int{}
		}
		pos = len(u.Held)
		p.heldPos[at] = pos
		u.Held = append(u.Held, scheduler.HeldRow{})
	}
	u.Held[pos] = c.heldRow(at)
}

// tellQueues writes the rows of changed queues, sorted by path, so that parents come before children.
func (c *Core) tellQueues(u *scheduler.Update) {
	p := &c.place
	for _, ref := range p.q.dirty {
		s := &p.q.list[ref]
		if s.in != u {
			s.in, s.pos = u, len(u.Queues)
			u.Queues = append(u.Queues, scheduler.QueueRow{})
		}
		u.Queues[s.pos] = c.queueSlotRow(ref)
	}
	slices.SortFunc(u.Queues, func(a, b scheduler.QueueRow) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Ref, b.Ref))
	})
	for i := range u.Queues {
		p.q.list[u.Queues[i].Ref].pos = i
	}
}

// tellChanges writes the rows of changed slots, over the ones that u has of them already.
func (c *Core) tellChanges(u *scheduler.Update) {
	p := &c.place
	for _, ref := range p.w.dirty {
		s := &p.w.list[ref]
		if s.in != u {
			s.in, s.pos = u, len(u.Workers)
			u.Workers = append(u.Workers, scheduler.WorkerRow{})
		}
		u.Workers[s.pos] = c.workerSlotRow(ref)
	}
	for _, ref := range p.d.dirty {
		s := &p.d.list[ref]
		if s.in != u {
			s.in, s.pos = u, len(u.Demands)
			u.Demands = append(u.Demands, scheduler.DemandRow{})
		}
		u.Demands[s.pos] = c.demandSlotRow(ref)
	}
	for _, at := range p.held {
		c.tellHeld(u, at)
	}
	if c.queuesChanged() {
		c.tellQueues(u)
	}
}

func (c *Core) workerSlotRow(ref uint32) scheduler.WorkerRow {
	w := c.place.w.list[ref].is
	if w == nil {
		return scheduler.WorkerRow{Ref: scheduler.WorkerRef(ref), Gone: true}
	}
	b := &w.books
	free := b.free
	if len(b.pools) > 0 {
		free.Custom = make([]deploy.Amount, len(b.pools))
		for i := range b.pools {
			free.Custom[i] = deploy.Amount{Name: b.pools[i].name, Count: b.pools[i].free}
		}
	}
	row := scheduler.WorkerRow{
		Ref: scheduler.WorkerRef(ref), ID: w.spec.ID, Host: w.spec.Address.Host, Blocked: w.blocked(),
		Free: free, Total: b.capacity, Labels: w.spec.Labels,
	}
	if row.Blocked == deploy.ReasonReserved {
		row.For = scheduler.DemandRef(w.kept.d.slot.ref())
	}
	return row
}

func (c *Core) demandSlotRow(ref uint32) scheduler.DemandRow {
	if d := c.place.d.list[ref].is; d != nil {
		return c.demandRow(d)
	}
	return scheduler.DemandRow{Ref: scheduler.DemandRef(ref), Gone: true}
}
