package schedulertest

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// Filling is the fair policy written the obvious way: for each executor, and for each core of a growing one, it looks at all queues, all
// demands and all workers. It is what Fair must equal, grant by grant.
type Filling struct {
	Order         scheduler.By
	SpreadDrivers bool
}

// filling is one plan.
type filling struct {
	*ledger
	policy   Filling
	capacity map[string]int64
	grants   []scheduler.Grant
	group    uint32
}

// Place gives the grants for all demands of the books.
func (p Filling) Place(b *Books) ([]scheduler.Grant, error) {
	m := &filling{ledger: newLedger(b), policy: p, capacity: map[string]int64{}}
	for _, w := range b.Workers {
		if !w.Gone {
			m.capacity[deploy.ResourceCores] += int64(w.Total.Cores)
			m.capacity[deploy.ResourceMemory] += w.Total.MemoryMiB
			for _, a := range w.Total.Custom {
				m.capacity[a.Name] += int64(a.Count)
			}
		}
	}
	if err := m.drivers(); err != nil {
		return nil, err
	}
	for {
		d := m.neediest(0)
		if d == nil {
			return m.grants, nil
		}
		if err := m.serve(d); err != nil {
			return nil, fmt.Errorf("demand %d: %w", d.Ref, err)
		}
	}
}

// drivers places them in order: by id, each behind the worker of the last one if they spread.
func (m *filling) drivers() error {
	var ring []string
	for _, w := range m.books.Workers {
		if !w.Gone && w.Blocked == deploy.ReasonNone {
			ring = append(ring, string(w.ID))
		}
	}
	slices.Sort(ring)
	behind := ""
	if i := m.books.update().Seed % uint64(max(1, len(ring))); m.policy.SpreadDrivers && i > 0 {
		behind = ring[i-1]
	}
	for _, d := range m.waiting(func(d *scheduler.DemandRow) bool { return d.Driver }) {
		list := m.best(d, scheduler.ByWorkerID)
		if len(list) == 0 || m.slots == 0 || m.quota(d, d.Need.Cores) != nil {
			continue
		}
		w := list[max(0, slices.IndexFunc(list, func(w int) bool { return string(m.books.Workers[w].ID) > behind }))]
		if err := m.give(d, w, 0); err != nil {
			return err
		}
		if m.policy.SpreadDrivers {
			behind = string(m.books.Workers[w].ID)
		}
	}
	return nil
}

// waiting gives the demands that may be placed at all, in order.
func (m *filling) waiting(is func(*scheduler.DemandRow) bool) []*scheduler.DemandRow {
	var list []*scheduler.DemandRow
	for i := range m.books.Demands {
		if d := &m.books.Demands[i]; !d.Gone && d.Blocked == deploy.ReasonNone && is(d) {
			list = append(list, d)
		}
	}
	return inOrder(list)
}

// best gives the workers of the best class that one more unit of d fits on, in order.
func (m *filling) best(d *scheduler.DemandRow, by scheduler.By) []int {
	class := func(w int) int {
		row, score := &m.books.Workers[w], 0
		for i := range d.Prefer {
			if meets(&d.Prefer[i].Requirement, row.Labels) {
				score += int(d.Prefer[i].Weight)
			}
		}
		if !slices.Contains(d.Avoid, row.Ref) {
			score += 1000
		}
		if keptFor(row, d) {
			score += 10000
		}
		return score
	}
	list := (&match{ledger: m.ledger}).sorted(by, func(w int) bool { return m.usable(d, w) && m.allowed(d, w) == nil })
	most := 0
	for _, w := range list {
		most = max(most, class(w))
	}
	return slices.DeleteFunc(list, func(w int) bool { return class(w) < most })
}

func (m *filling) give(d *scheduler.DemandRow, w int, group uint32) error {
	g := scheduler.Grant{Demand: d.Ref, Worker: scheduler.WorkerRef(w), Cores: d.Need.Cores, Group: group}
	if err := m.grant(g); err != nil {
		return fmt.Errorf("on worker %d: %w", w, err)
	}
	m.grants = append(m.grants, g)
	return nil
}

// neediest gives the demand whose turn it is in a queue or below it, nil if nothing there fits.
func (m *filling) neediest(queue uint32) *scheduler.DemandRow {
	type child struct {
		name        string
		enough      int // 0 below the minimum
		part, share float64
		demand      *scheduler.DemandRow
		used, least map[string]int64
		weight      float64
	}
	var list []child
	own := m.waiting(func(d *scheduler.DemandRow) bool { return !d.Driver && d.Queue == queue })
	if i := slices.IndexFunc(own, m.fits); i >= 0 {
		list = append(list, child{demand: own[i], used: m.own(queue), weight: 1})
	}
	for _, q := range m.books.Queues {
		if q.Gone || q.Ref == 0 || q.Parent != queue {
			continue
		}
		if d := m.neediest(q.Ref); d != nil {
			c := child{name: q.Name, demand: d, used: m.rules.used[q.Ref], least: map[string]int64{}, weight: q.Weight}
			for _, a := range q.Min {
				c.least[a.Resource] = a.Amount
			}
			list = append(list, c)
		}
	}
	if len(list) == 0 {
		return nil
	}
	for i := range list {
		c := &list[i]
		c.enough = 1
		for name, n := range c.least {
			if n > 0 {
				c.enough, c.part = 0, max(c.part, float64(c.used[name])/float64(n))
			}
		}
		if c.part >= 1 {
			c.enough = 1
		}
		if c.enough == 1 {
			c.part = 0
		}
		for name, n := range c.used {
			if m.capacity[name] > 0 {
				c.share = max(c.share, float64(n)/float64(m.capacity[name]))
			}
		}
		c.share /= c.weight
	}
	return slices.MinFunc(list, func(a, b child) int {
		return cmp.Or(cmp.Compare(a.enough, b.enough), cmp.Compare(a.part, b.part), cmp.Compare(a.share, b.share), cmp.Compare(a.name, b.name))
	}).demand
}

// own sums up what a queue's own demands have.
func (m *filling) own(queue uint32) map[string]int64 {
	used := map[string]int64{}
	if int(queue) < len(m.books.Queues) {
		for _, a := range m.books.Queues[queue].Used {
			used[a.Resource] += a.Amount
		}
	}
	for _, g := range m.grants {
		if d := &m.books.Demands[g.Demand]; d.Queue == queue {
			for name, n := range amountsOf(&d.Need, g.Cores) {
				used[name] += n
			}
		}
	}
	return used
}

// fits tells whether one more executor of d fits, one more core of the last it got if that grows, or a gang as a whole.
func (m *filling) fits(d *scheduler.DemandRow) bool {
	if d.Gang {
		trial := &filling{ledger: newLedger(m.books), policy: m.policy}
		for _, g := range m.grants {
			if trial.grant(g) != nil {
				return false
			}
		}
		return m.units[d.Ref] > 0 && trial.gang(d) == nil
	}
	return m.grows(d) >= 0 || m.unit(d) >= 0
}

// unit gives the worker for one more executor, -1 if there is none.
func (m *filling) unit(d *scheduler.DemandRow) int {
	if m.units[d.Ref] == 0 || m.cores[account(d)] < d.Need.Cores || m.quota(d, d.Need.Cores) != nil {
		return -1
	}
	if list := m.best(d, m.policy.Order); len(list) > 0 {
		return list[0]
	}
	return -1
}

// grows gives the grant that may have one more core, -1 if there is none.
func (m *filling) grows(d *scheduler.DemandRow) int {
	for i := len(m.grants) - 1; i >= 0; i-- {
		if g := m.grants[i]; d.Grow && g.Demand == d.Ref {
			core := scheduler.DemandRow{Queue: d.Queue}
			if m.free[g.Worker].Cores < 1 || m.cores[account(d)] < 1 || m.quota(&core, 1) != nil {
				return -1
			}
			return i
		}
	}
	return -1
}

// serve gives d what it can have in one turn.
func (m *filling) serve(d *scheduler.DemandRow) error {
	if d.Gang {
		m.group++
		return m.gang(d)
	}
	i := m.grows(d)
	if i < 0 {
		return m.give(d, m.unit(d), 0)
	}
	m.grants[i].Cores++
	m.free[m.grants[i].Worker].Cores--
	if a := account(d); m.cores[a] != deploy.NoLimit {
		m.cores[a]--
	}
	m.rules.charge(m.books, d.Queue, map[string]int64{deploy.ResourceCores: 1})
	return nil
}

// gang gives all units one by one.
func (m *filling) gang(d *scheduler.DemandRow) error {
	for range d.Units {
		w := m.unit(d)
		if w < 0 {
			return fmt.Errorf("no room for all")
		}
		if err := m.give(d, w, m.group); err != nil {
			return err
		}
	}
	return nil
}
