package schedulertest

import (
	"fmt"
	"slices"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// rules is what the rules of placement and the quotas look at while a plan is replayed.
type rules struct {
	held map[uint64]map[scheduler.WorkerRef]int32 // executors by account and worker
	used map[uint32]map[string]int64              // by queue, with all queues below
}

func newRules(b *Books) rules {
	r := rules{held: map[uint64]map[scheduler.WorkerRef]int32{}, used: map[uint32]map[string]int64{}}
	for at, n := range b.held {
		r.holds(uint64(at.share), at.worker, n)
	}
	for _, q := range b.Queues {
		used := map[string]int64{}
		for _, a := range q.Used {
			used[a.Resource] = a.Amount
		}
		r.charge(b, q.Ref, used)
	}
	return r
}

func (r *rules) holds(account uint64, w scheduler.WorkerRef, n int32) {
	if r.held[account] == nil {
		r.held[account] = map[scheduler.WorkerRef]int32{}
	}
	r.held[account][w] += n
}

// charge adds to a queue and all above it.
func (r *rules) charge(b *Books, queue uint32, amounts map[string]int64) {
	for _, q := range pathOf(b, queue) {
		if r.used[q.Ref] == nil {
			r.used[q.Ref] = map[string]int64{}
		}
		for name, n := range amounts {
			r.used[q.Ref][name] += n
		}
	}
}

// pathOf gives a queue and those above it, the root last.
func pathOf(b *Books, queue uint32) []*scheduler.QueueRow {
	var path []*scheduler.QueueRow
	for range b.Queues { // no path is longer than there are queues
		if int(queue) >= len(b.Queues) || b.Queues[queue].Gone {
			return path
		}
		path = append(path, &b.Queues[queue])
		if queue == 0 {
			return path
		}
		queue = b.Queues[queue].Parent
	}
	return path
}

// allowed says which rule keeps one more unit of d off a worker that has room.
func (c *ledger) allowed(d *scheduler.DemandRow, w int) error {
	row := &c.books.Workers[w]
	for i := range d.Require {
		if !meets(&d.Require[i], row.Labels) {
			return fmt.Errorf("worker %d has not the labels that %s wants", w, d.Require[i].String())
		}
	}
	held := c.rules.held[account(d)]
	if d.MaxPerWorker > 0 && held[row.Ref] >= d.MaxPerWorker {
		return fmt.Errorf("worker %d has %d executors of the application, at most %d may be there", w, held[row.Ref], d.MaxPerWorker)
	}
	if d.Apart == "" {
		return nil
	}
	for other, n := range held {
		if n > 0 && int(other) < len(c.books.Workers) && together(d.Apart, row, &c.books.Workers[other]) {
			return fmt.Errorf("worker %d and worker %d have the same %s, where the application has an executor already", w, other, d.Apart)
		}
	}
	return nil
}

// together tells whether two workers are one place. Who lacks the label is a place of its own.
func together(by string, a, b *scheduler.WorkerRow) bool {
	switch {
	case a.Gone || b.Gone:
		return false
	case a.Ref == b.Ref:
		return true
	}
	if by == deploy.ApartHost {
		return a.Host == b.Host
	}
	x, y := labelOf(a.Labels, by), labelOf(b.Labels, by)
	return x != nil && y != nil && *x == *y
}

func labelOf(labels []deploy.Label, key string) *string {
	for i := range labels {
		if labels[i].Key == key {
			return &labels[i].Value
		}
	}
	return nil
}

// meets is Requirement.Holds written a second time.
func meets(r *deploy.Requirement, labels []deploy.Label) bool {
	value := labelOf(labels, r.Key)
	switch r.Operator {
	case deploy.OpExists:
		return value != nil
	case deploy.OpIn:
		return value != nil && slices.Contains(r.Values, *value)
	case deploy.OpNotIn:
		return value == nil || !slices.Contains(r.Values, *value)
	}
	return false
}

// quota says which queue above a demand has no room for a grant.
func (c *ledger) quota(d *scheduler.DemandRow, cores int32) error {
	takes := amountsOf(&d.Need, cores)
	for _, q := range pathOf(c.books, d.Queue) {
		for _, a := range q.Quota {
			if n := takes[a.Resource]; n > 0 && c.rules.used[q.Ref][a.Resource]+n > a.Amount {
				return fmt.Errorf("queue %q may have %d of %s, has %d, and would get %d", q.Name, a.Amount, a.Resource, c.rules.used[q.Ref][a.Resource], n)
			}
		}
	}
	return nil
}

// gangs holds that each is granted whole and as one group, or not at all.
func (c *ledger) gangs(grants []scheduler.Grant) error {
	got, group := map[scheduler.DemandRef]int32{}, map[scheduler.DemandRef]uint32{}
	for i, g := range grants {
		if !c.books.Demands[g.Demand].Gang {
			continue
		}
		if got[g.Demand]++; got[g.Demand] == 1 {
			group[g.Demand] = g.Group
		}
		if g.Group == 0 || g.Group != group[g.Demand] {
			return fmt.Errorf("grant %d (%+v): the demand is a gang and wants one group, not 0", i, g)
		}
	}
	for d, n := range got {
		if want := c.books.Demands[d].Units; n != want {
			return fmt.Errorf("demand %d: %d of a gang of %d were granted", d, n, want)
		}
	}
	return nil
}

// reservations holds that each is for somebody who waits, and of workers that he could run on and that may be kept.
func (c *ledger) reservations(p *scheduler.Plan) error {
	granted := map[scheduler.DemandRef]bool{}
	for _, g := range p.Grants {
		granted[g.Demand] = true
	}
	kept, room := map[scheduler.WorkerRef]bool{}, map[scheduler.DemandRef]int64{}
	for _, r := range p.Reserve {
		if err := c.reservation(r, kept, granted); err != nil {
			return fmt.Errorf("reservation %+v: %w", r, err)
		}
		kept[r.Worker] = true
		room[r.Demand] += roomIn(&c.books.Workers[r.Worker].Total, &c.books.Demands[r.Demand].Need)
	}
	for d, n := range room {
		if row := &c.books.Demands[d]; row.Gang && n < int64(row.Units) {
			return fmt.Errorf("demand %d: the workers kept for it hold %d of a gang of %d", d, n, row.Units)
		}
	}
	return nil
}

func (c *ledger) reservation(r scheduler.Reservation, kept map[scheduler.WorkerRef]bool, granted map[scheduler.DemandRef]bool) error {
	if int(r.Demand) >= len(c.books.Demands) || int(r.Worker) >= len(c.books.Workers) {
		return fmt.Errorf("no such demand or worker")
	}
	d, w := &c.books.Demands[r.Demand], &c.books.Workers[r.Worker]
	holds := slices.ContainsFunc(c.books.Workers, func(w scheduler.WorkerRow) bool {
		return !w.Gone && w.Blocked == deploy.ReasonReserved && w.For == r.Demand
	})
	switch {
	case d.Gone || d.Blocked != deploy.ReasonNone || d.Units == 0:
		return fmt.Errorf("the demand wants nothing: gone %v, blocked %s, %d units", d.Gone, d.Blocked, d.Units)
	case granted[r.Demand] || holds:
		return fmt.Errorf("the demand is granted something in this plan or holds reservations already")
	case w.Gone || w.Blocked != deploy.ReasonNone || kept[r.Worker]:
		return fmt.Errorf("the worker cannot be kept: gone %v, blocked %s, kept twice %v", w.Gone, w.Blocked, kept[r.Worker])
	case roomIn(&w.Total, &d.Need) == 0:
		return fmt.Errorf("even empty the worker is too small: %+v into %s", d.Need, w.Total)
	}
	for i := range d.Require {
		if !meets(&d.Require[i], w.Labels) {
			return fmt.Errorf("the worker has not the labels that %s wants", d.Require[i].String())
		}
	}
	return nil
}

// roomIn counts the units of a need that resources hold.
func roomIn(r *deploy.Resources, n *scheduler.Need) int64 {
	units := int64(r.Cores / n.Cores)
	if n.MemoryMiB > 0 {
		units = min(units, r.MemoryMiB/n.MemoryMiB)
	}
	for _, a := range n.Custom {
		units = min(units, int64(r.Of(a.Name)/a.Count))
	}
	return units
}
