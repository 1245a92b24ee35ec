package schedulertest

import (
	"slices"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// Books are a cluster as a core would know it. Rows stand at their slot; those of empty slots are Gone. Change them through the methods,
// so that Delta knows.
type Books struct {
	Epoch, Version uint64
	DriverSlots    int32
	Now            time.Time
	Workers        []scheduler.WorkerRow
	Demands        []scheduler.DemandRow
	Running        []Running

	told    uint64 // the version that Delta told last
	workers []bool // changed since
	demands []bool
	names   int // ids given
}

// Running is a grant that the core has made good.
type Running struct {
	Worker scheduler.WorkerRef
	Need   scheduler.Need
	Cores  int32
	Driver bool
	Share  uint32
}

// NewBooks gives the books of an empty cluster.
func NewBooks() *Books {
	return &Books{Epoch: 1, Version: 1, DriverSlots: deploy.NoLimit, Now: time.Unix(1_800_000_000, 0).UTC()}
}

// AddWorker gives a row a slot, the first empty one or a new one.
func (b *Books) AddWorker(row scheduler.WorkerRow) scheduler.WorkerRef {
	i := slices.IndexFunc(b.Workers, func(r scheduler.WorkerRow) bool { return r.Gone })
	if i < 0 {
		i = len(b.Workers)
	}
	row.Ref = scheduler.WorkerRef(i)
	b.SetWorker(row)
	return row.Ref
}

// SetWorker replaces the row of a slot, which is made if need be.
func (b *Books) SetWorker(row scheduler.WorkerRow) {
	for i := len(b.Workers); i <= int(row.Ref); i++ {
		b.Workers = append(b.Workers, scheduler.WorkerRow{Ref: scheduler.WorkerRef(i), Gone: true})
		b.workers = append(b.workers, false)
	}
	b.Workers[row.Ref], b.workers[row.Ref] = row, true
}

// AddDemand gives a row a slot, the first empty one or a new one.
func (b *Books) AddDemand(row scheduler.DemandRow) scheduler.DemandRef {
	i := slices.IndexFunc(b.Demands, func(r scheduler.DemandRow) bool { return r.Gone })
	if i < 0 {
		i = len(b.Demands)
	}
	row.Ref = scheduler.DemandRef(i)
	b.SetDemand(row)
	return row.Ref
}

// SetDemand replaces the row of a slot, which is made if need be.
func (b *Books) SetDemand(row scheduler.DemandRow) {
	for i := len(b.Demands); i <= int(row.Ref); i++ {
		b.Demands = append(b.Demands, scheduler.DemandRow{Ref: scheduler.DemandRef(i), Gone: true})
		b.demands = append(b.demands, false)
	}
	b.Demands[row.Ref], b.demands[row.Ref] = row, true
}

// Full tells everything. What a Delta is to tell stays to be told.
func (b *Books) Full() *scheduler.Update {
	u := b.update()
	u.Full = true
	for i := range b.Workers {
		if !b.Workers[i].Gone {
			u.Workers = append(u.Workers, b.Workers[i])
		}
	}
	for i := range b.Demands {
		if !b.Demands[i].Gone {
			u.Demands = append(u.Demands, b.Demands[i])
		}
	}
	return u
}

// Delta raises the version and tells what has changed since the last Delta.
func (b *Books) Delta() *scheduler.Update {
	b.Version++
	u := b.update()
	u.From, b.told = b.told, b.Version
	for i := range b.Workers {
		if b.workers[i] {
			u.Workers = append(u.Workers, b.Workers[i])
		}
	}
	for i := range b.Demands {
		if b.demands[i] {
			u.Demands = append(u.Demands, b.Demands[i])
		}
	}
	clear(b.workers)
	clear(b.demands)
	return u
}

func (b *Books) update() *scheduler.Update {
	return &scheduler.Update{
		Epoch: b.Epoch, To: b.Version, Seed: mix(b.Epoch, b.Version), DriverSlots: b.DriverSlots, Now: b.Now,
	}
}

// mix is some fixed function of both.
func mix(a, b uint64) uint64 {
	h := (a*0x9e3779b97f4a7c15 ^ b) * 0xbf58476d1ce4e5b9
	return h ^ h>>29
}

// Accept makes grants good, as a core does that finds nothing against them.
func (b *Books) Accept(grants []scheduler.Grant) {
	for _, g := range grants {
		d := &b.Demands[g.Demand]
		run := Running{Worker: g.Worker, Need: cloneNeed(d.Need), Cores: g.Cores, Driver: d.Driver, Share: d.Share}
		b.Running = append(b.Running, run)
		b.book(run, 1)
		row := *d
		if row.Units != deploy.NoLimit {
			row.Units--
		}
		if d.Driver {
			row = scheduler.DemandRow{Ref: d.Ref, Gone: true}
		} else if d.Share == 0 && row.Cores != deploy.NoLimit {
			row.Cores -= g.Cores
		}
		b.SetDemand(row)
	}
}

// Finish ends the i-th running grant; its worker and its application get back what it had.
func (b *Books) Finish(i int) {
	b.book(b.Running[i], -1)
	b.Running = slices.Delete(b.Running, i, i+1)
}

// book takes what runs from its worker, the driver slots and the cores of its application, or gives it back.
func (b *Books) book(run Running, sign int32) {
	w := b.Workers[run.Worker]
	w.Free.Cores -= sign * run.Cores
	w.Free.MemoryMiB -= int64(sign) * run.Need.MemoryMiB
	w.Free.Custom = spend(w.Free.Custom, run.Need.Custom, sign)
	b.SetWorker(w)
	if run.Driver && b.DriverSlots != deploy.NoLimit {
		b.DriverSlots -= sign
	}
	for _, d := range b.Demands {
		if !d.Gone && run.Share != 0 && d.Share == run.Share && d.Cores != deploy.NoLimit {
			d.Cores -= sign * run.Cores
			b.SetDemand(d)
		}
	}
}

// spend gives what is left of have; both are sorted by name, and there are no zero counts.
func spend(have, need []deploy.Amount, sign int32) []deploy.Amount {
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
	for name, n := range counts {
		if n != 0 {
			list = append(list, deploy.Amount{Name: name, Count: n})
		}
	}
	slices.SortFunc(list, func(a, b deploy.Amount) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return list
}

func cloneNeed(n scheduler.Need) scheduler.Need {
	n.Custom = slices.Clone(n.Custom)
	return n
}
