package schedulertest

import (
	"fmt"
	"math"
	"slices"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// Check replays a plan on books it may have been made for and reports the first thing that should not be: more granted than there is, was
// asked for or a quota on any level allows; a worker that takes no work, is kept for another, has the wrong labels or already holds what
// should be apart; an avoided worker while another fits; half a gang; a reservation that helps nobody; a demand explained twice. It shares no
// code with State.
func Check(b *Books, p scheduler.Plan) error {
	if p.Epoch != b.Epoch || p.Version != b.Version {
		return fmt.Errorf("plan for epoch %d version %d, the books are of %d, %d", p.Epoch, p.Version, b.Epoch, b.Version)
	}
	c := newLedger(b)
	for i, g := range p.Grants {
		if err := c.grant(g); err != nil {
			return fmt.Errorf("grant %d (%+v): %w", i, g, err)
		}
	}
	if err := c.gangs(p.Grants); err != nil {
		return err
	}
	if err := c.reservations(&p); err != nil {
		return err
	}
	return c.waiting(p.Waiting)
}

// waiting holds that each demand is explained once, and with what can be.
func (c *ledger) waiting(list []scheduler.Waiting) error {
	b := c.books
	seen := map[scheduler.DemandRef]bool{}
	for _, w := range list {
		switch {
		case int(w.Demand) >= len(b.Demands) || b.Demands[w.Demand].Gone:
			return fmt.Errorf("demand %d waits and does not exist", w.Demand)
		case seen[w.Demand]:
			return fmt.Errorf("demand %d is explained twice", w.Demand)
		case w.Reason.Code == deploy.ReasonNone:
			return fmt.Errorf("demand %d waits without a reason", w.Demand)
		case w.Reason.Position > 0 && w.Reason.Ahead != scheduler.NoDemand && (w.Reason.Ahead == w.Demand || int(w.Reason.Ahead) >= len(b.Demands) || b.Demands[w.Reason.Ahead].Gone):
			return fmt.Errorf("demand %d waits behind %d, which is itself or not there", w.Demand, w.Reason.Ahead)
		case w.Reason.Code == deploy.ReasonQuota && !c.limited(b.Demands[w.Demand].Queue, w.Reason.Queue):
			return fmt.Errorf("demand %d waits for the quota of queue %d, which is not above it or has none", w.Demand, w.Reason.Queue)
		}
		seen[w.Demand] = true
		if err := c.causes(w.Reason.Causes); err != nil {
			return fmt.Errorf("demand %d, %s: %w", w.Demand, w.Reason.Code, err)
		}
	}
	return nil
}

// limited tells whether a queue is a demand's or above it and has a quota.
func (c *ledger) limited(of, queue uint32) bool {
	return slices.ContainsFunc(pathOf(c.books, of), func(q *scheduler.QueueRow) bool { return q.Ref == queue && len(q.Quota) > 0 })
}

// ledger is what is left while a plan is replayed.
type ledger struct {
	books *Books
	free  []deploy.Resources
	units []int32
	cores map[uint64]int32 // by application
	slots int32
	grown map[[2]uint32]bool
	rules rules
}

func newLedger(b *Books) *ledger {
	c := &ledger{books: b, cores: map[uint64]int32{}, slots: b.DriverSlots, grown: map[[2]uint32]bool{}, rules: newRules(b)}
	for _, w := range b.Workers {
		free := w.Free
		free.Custom = slices.Clone(free.Custom)
		c.free = append(c.free, free)
	}
	for _, d := range b.Demands {
		c.units = append(c.units, d.Units)
		if !d.Gone {
			c.cores[account(&d)] = d.Cores
		}
	}
	return c
}

// account is what the cores of a demand are counted on.
func account(d *scheduler.DemandRow) uint64 {
	if d.Share != 0 {
		return uint64(d.Share)
	}
	return math.MaxUint32 + 1 + uint64(d.Ref)
}

// keptFor tells whether a worker is reserved for d.
func keptFor(w *scheduler.WorkerRow, d *scheduler.DemandRow) bool {
	return w.Blocked == deploy.ReasonReserved && w.For == d.Ref
}

// usable tells whether one more unit of d fits on worker w.
func (c *ledger) usable(d *scheduler.DemandRow, w int) bool {
	row, free := &c.books.Workers[w], &c.free[w]
	if row.Gone || row.Blocked != deploy.ReasonNone && !keptFor(row, d) || free.Cores < d.Need.Cores || free.MemoryMiB < d.Need.MemoryMiB {
		return false
	}
	for _, a := range d.Need.Custom {
		if free.Of(a.Name) < a.Count {
			return false
		}
	}
	return !d.Grow || !c.grown[[2]uint32{uint32(d.Ref), uint32(w)}]
}

func (c *ledger) grant(g scheduler.Grant) error {
	if int(g.Demand) >= len(c.books.Demands) || int(g.Worker) >= len(c.books.Workers) {
		return fmt.Errorf("no such demand or worker")
	}
	d := &c.books.Demands[g.Demand]
	switch {
	case d.Gone || d.Blocked != deploy.ReasonNone:
		return fmt.Errorf("the demand is gone or blocked: %s", d.Blocked)
	case c.units[d.Ref] == 0:
		return fmt.Errorf("it wanted no more units")
	case d.Driver && c.slots == 0:
		return fmt.Errorf("no driver slot is left")
	case !d.Driver && c.cores[account(d)] < g.Cores:
		return fmt.Errorf("the application may have %d cores", c.cores[account(d)])
	case g.Cores < d.Need.Cores || g.Cores > d.Need.Cores && !d.Grow:
		return fmt.Errorf("it needs %d cores", d.Need.Cores)
	case !c.usable(d, int(g.Worker)) || c.free[g.Worker].Cores < g.Cores:
		return fmt.Errorf("%+v does not fit into %s, blocked %s", d.Need, c.free[g.Worker], c.books.Workers[g.Worker].Blocked)
	}
	if err := c.allowed(d, int(g.Worker)); err != nil {
		return err
	}
	if err := c.quota(d, g.Cores); err != nil {
		return err
	}
	if err := c.avoided(d, g.Worker); err != nil {
		return err
	}
	c.take(d, g)
	c.rules.charge(c.books, d.Queue, amountsOf(&d.Need, g.Cores))
	if !d.Driver {
		c.rules.holds(account(d), g.Worker, 1)
	}
	return nil
}

func (c *ledger) take(d *scheduler.DemandRow, g scheduler.Grant) {
	free := &c.free[g.Worker]
	free.Cores -= g.Cores
	free.MemoryMiB -= d.Need.MemoryMiB
	free.Custom = spend(free.Custom, d.Need.Custom, 1)
	if c.units[d.Ref] != deploy.NoLimit {
		c.units[d.Ref]--
	}
	if a := account(d); c.cores[a] != deploy.NoLimit {
		c.cores[a] -= g.Cores
	}
	if d.Driver && c.slots != deploy.NoLimit {
		c.slots--
	}
	if d.Grow {
		c.grown[[2]uint32{uint32(d.Ref), uint32(g.Worker)}] = true
	}
}

// avoided refuses a worker on the demand's list while one that is not on it fits.
func (c *ledger) avoided(d *scheduler.DemandRow, at scheduler.WorkerRef) error {
	avoid := map[scheduler.WorkerRef]bool{}
	for _, w := range d.Avoid {
		avoid[w] = true
	}
	if !avoid[at] || keptFor(&c.books.Workers[at], d) {
		return nil
	}
	for w := range c.books.Workers {
		if !avoid[scheduler.WorkerRef(w)] && c.usable(d, w) && c.allowed(d, w) == nil {
			return fmt.Errorf("the worker is avoided, and worker %d fits", w)
		}
	}
	return nil
}

// causes holds counts and references within the cluster.
func (c *ledger) causes(list []scheduler.Cause) error {
	live := 0
	for _, w := range c.books.Workers {
		if !w.Gone {
			live++
		}
	}
	sum := 0
	for _, x := range list {
		sum += x.Workers
		if x.Code == deploy.ReasonNone || x.Workers < 0 {
			return fmt.Errorf("cause %+v says nothing", x)
		}
		if x.Nearest != scheduler.NoWorker && (int(x.Nearest) >= len(c.books.Workers) || c.books.Workers[x.Nearest].Gone) {
			return fmt.Errorf("cause %+v names a worker that is not there", x)
		}
	}
	if sum > live {
		return fmt.Errorf("causes count %d workers of %d", sum, live)
	}
	return nil
}
