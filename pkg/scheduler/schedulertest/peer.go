package schedulertest

import (
	"cmp"
	"slices"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// Peer is the peer's algorithm written the obvious way: for each demand it looks at all workers, sorts those that fit, and goes around them
// core by core. It is what the built-in policies must equal, and what they are measured against.
type Peer struct {
	Spread        bool // one grant per worker and round, else fill a worker first
	Order         scheduler.By
	SpreadDrivers bool
}

// Place gives the grants for all demands of the books.
func (p Peer) Place(b *Books) []scheduler.Grant {
	m := &match{peer: p, ledger: newLedger(b)}
	var drivers, executors []*scheduler.DemandRow
	for i := range b.Demands {
		switch d := &b.Demands[i]; {
		case d.Gone || d.Blocked != deploy.ReasonNone:
		case d.Driver:
			drivers = append(drivers, d)
		default:
			executors = append(executors, d)
		}
	}
	m.drivers(inOrder(drivers), b.update().Seed)
	for _, d := range inOrder(executors) {
		m.executors(d, false)
		m.executors(d, true)
	}
	return m.grants
}

func inOrder(list []*scheduler.DemandRow) []*scheduler.DemandRow {
	slices.SortFunc(list, func(a, b *scheduler.DemandRow) int {
		return cmp.Or(cmp.Compare(a.Order, b.Order), cmp.Compare(a.Profile, b.Profile), cmp.Compare(a.Ref, b.Ref))
	})
	return list
}

type match struct {
	*ledger
	peer   Peer
	grants []scheduler.Grant
}

// drivers goes around the workers, rotated by the seed, each driver from where the last one was placed; or each from the first by id.
func (m *match) drivers(list []*scheduler.DemandRow, seed uint64) {
	if len(list) == 0 {
		return
	}
	ring := m.sorted(scheduler.ByWorkerID, func(w int) bool {
		return !m.books.Workers[w].Gone && m.books.Workers[w].Blocked == deploy.ReasonNone
	})
	if len(ring) == 0 {
		return
	}
	at := 0
	if m.peer.SpreadDrivers {
		at = int(seed % uint64(len(ring)))
	}
	for _, d := range list {
		i := m.find(d, ring, at, false)
		if i < 0 {
			i = m.find(d, ring, at, true)
		}
		if i < 0 || m.slots == 0 {
			continue
		}
		m.give(d, ring[i], d.Need.Cores)
		if m.peer.SpreadDrivers {
			at = (i + 1) % len(ring)
		}
	}
}

func (m *match) find(d *scheduler.DemandRow, ring []int, at int, avoided bool) int {
	for step := range ring {
		i := (at + step) % len(ring)
		if m.usable(d, ring[i]) && slices.Contains(d.Avoid, scheduler.WorkerRef(ring[i])) == avoided {
			return i
		}
	}
	return -1
}

func (m *match) give(d *scheduler.DemandRow, w int, cores int32) {
	g := scheduler.Grant{Demand: d.Ref, Worker: scheduler.WorkerRef(w), Cores: cores}
	m.take(d, g)
	m.grants = append(m.grants, g)
}

// sorted gives the workers for which ok holds, in order. A descending order is the ascending one reversed.
func (m *match) sorted(by scheduler.By, ok func(int) bool) []int {
	var list []int
	for w := range m.books.Workers {
		if ok(w) {
			list = append(list, w)
		}
	}
	slices.SortFunc(list, func(a, b int) int {
		first := 0
		switch by {
		case scheduler.ByCoresFreeAsc, scheduler.ByCoresFreeDesc:
			first = cmp.Compare(m.free[a].Cores, m.free[b].Cores)
		case scheduler.ByMemoryFreeAsc, scheduler.ByMemoryFreeDesc:
			first = cmp.Compare(m.free[a].MemoryMiB, m.free[b].MemoryMiB)
		default: // the others need nothing here
		}
		return cmp.Or(first, cmp.Compare(m.books.Workers[a].ID, m.books.Workers[b].ID))
	})
	if by == scheduler.ByCoresFreeDesc || by == scheduler.ByMemoryFreeDesc {
		slices.Reverse(list)
	}
	return list
}

// executors assigns cores to the usable workers, then grants them worker by worker.
func (m *match) executors(d *scheduler.DemandRow, avoided bool) {
	if avoided && len(d.Avoid) == 0 {
		return
	}
	usable := m.sorted(m.peer.Order, func(w int) bool {
		return m.usable(d, w) && slices.Contains(d.Avoid, scheduler.WorkerRef(w)) == avoided
	})
	a := &assignment{match: m, demand: d, usable: usable, cores: make([]int32, len(usable)), units: make([]int32, len(usable)), left: m.cores[account(d)]}
	for progress := true; progress; {
		progress = false
		for pos := range usable {
			for a.bears(pos) {
				a.left -= d.Need.Cores
				a.cores[pos] += d.Need.Cores
				if !d.Grow || a.units[pos] == 0 {
					a.units[pos]++
					a.count++
				}
				progress = true
				if m.peer.Spread {
					break
				}
			}
		}
	}
	for pos, w := range usable {
		switch {
		case d.Grow && a.cores[pos] > 0:
			m.give(d, w, a.cores[pos])
		case !d.Grow:
			for range a.units[pos] {
				m.give(d, w, d.Need.Cores)
			}
		}
	}
}

// assignment is what one demand is about to get on each usable worker.
type assignment struct {
	*match
	demand       *scheduler.DemandRow
	usable       []int
	cores, units []int32
	count        int32 // executors
	left         int32 // cores the application may still have
}

// bears tells whether the worker at pos takes one more executor, or one more core of the one it has if that grows.
func (a *assignment) bears(pos int) bool {
	d, free := a.demand, &a.free[a.usable[pos]]
	if a.left < d.Need.Cores || free.Cores-a.cores[pos] < d.Need.Cores {
		return false
	}
	if d.Grow && a.units[pos] > 0 {
		return true
	}
	if a.count >= a.match.units[d.Ref] || free.MemoryMiB-int64(a.units[pos])*d.Need.MemoryMiB < d.Need.MemoryMiB {
		return false
	}
	for _, r := range d.Need.Custom {
		if free.Of(r.Name)-a.units[pos]*r.Count < r.Count {
			return false
		}
	}
	return true
}
