package schedulertest

import (
	"maps"
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
	ReserveFor     time.Duration // how long the first reservation of a demand may last; each later one twice as long as the one before
	Workers        []scheduler.WorkerRow
	Demands        []scheduler.DemandRow
	Queues         []scheduler.QueueRow
	Running        []Running // in the order of their ID

	told     uint64 // the version that Delta told last
	workers  marks[scheduler.WorkerRef]
	demands  marks[scheduler.DemandRef]
	queues   marks[uint32]
	places   marks[place] // whose held executors changed
	held     map[place]int32
	kept     map[scheduler.WorkerRef]keeping
	sharing  map[uint32][]scheduler.DemandRef
	vacant   [2]int // no slot of a worker and of a demand before this one is empty
	names    int    // ids given
	launched uint64 // executors and drivers
	rules    bool   // Stir draws with all words of the contract
}

// marks are what has changed since it was last told.
type marks[K comparable] map[K]struct{}

// NewBooks gives the books of an empty cluster.
func NewBooks() *Books {
	return &Books{
		Epoch: 1, Version: 1, DriverSlots: deploy.NoLimit, Now: time.Unix(1_800_000_000, 0).UTC(), ReserveFor: 10 * time.Minute,
		workers: marks[scheduler.WorkerRef]{}, demands: marks[scheduler.DemandRef]{}, queues: marks[uint32]{}, places: marks[place]{},
		held: map[place]int32{}, kept: map[scheduler.WorkerRef]keeping{}, sharing: map[uint32][]scheduler.DemandRef{},
	}
}

// AddWorker gives a row a slot, the first empty one or a new one.
func (b *Books) AddWorker(row scheduler.WorkerRow) scheduler.WorkerRef {
	i := b.vacant[0]
	for i < len(b.Workers) && !b.Workers[i].Gone {
		i++
	}
	b.vacant[0] = i
	row.Ref = scheduler.WorkerRef(i)
	b.SetWorker(row)
	return row.Ref
}

// SetWorker replaces the row of a slot, which is made if need be. A reservation that the row knows nothing of ends.
func (b *Books) SetWorker(row scheduler.WorkerRow) {
	for i := len(b.Workers); i <= int(row.Ref); i++ {
		b.Workers = append(b.Workers, scheduler.WorkerRow{Ref: scheduler.WorkerRef(i), Gone: true})
	}
	b.Workers[row.Ref], b.workers[row.Ref] = row, struct{}{}
	if row.Gone {
		b.vacant[0] = min(b.vacant[0], int(row.Ref))
	}
	if k, ok := b.kept[row.Ref]; ok && (row.Gone || row.Blocked != deploy.ReasonReserved || row.For != k.demand) {
		delete(b.kept, row.Ref)
		b.unreserve(k.demand)
	}
}

// AddDemand gives a row a slot, the first empty one or a new one. A row that does not say since when it waits does so since now.
func (b *Books) AddDemand(row scheduler.DemandRow) scheduler.DemandRef {
	i := b.vacant[1]
	for i < len(b.Demands) && !b.Demands[i].Gone {
		i++
	}
	b.vacant[1] = i
	row.Ref = scheduler.DemandRef(i)
	if row.Since.IsZero() {
		row.Since = b.Now
	}
	b.SetDemand(row)
	return row.Ref
}

// SetDemand replaces the row of a slot, which is made if need be. Who wants nothing any more loses his reservations.
func (b *Books) SetDemand(row scheduler.DemandRow) {
	for i := len(b.Demands); i <= int(row.Ref); i++ {
		b.Demands = append(b.Demands, scheduler.DemandRow{Ref: scheduler.DemandRef(i), Gone: true})
	}
	if old := &b.Demands[row.Ref]; old.Share != row.Share {
		if list := b.sharing[old.Share]; len(list) > 1 {
			b.sharing[old.Share] = slices.DeleteFunc(list, func(d scheduler.DemandRef) bool { return d == row.Ref })
		} else {
			delete(b.sharing, old.Share)
		}
		if row.Share != 0 {
			b.sharing[row.Share] = append(b.sharing[row.Share], row.Ref)
		}
	}
	b.Demands[row.Ref], b.demands[row.Ref] = row, struct{}{}
	if row.Gone {
		b.vacant[1] = min(b.vacant[1], int(row.Ref))
	}
	if !wantsMore(&row) {
		b.unreserve(row.Ref)
	}
}

// AddQueue gives a queue a number. The first one brings the root with it.
func (b *Books) AddQueue(row scheduler.QueueRow) uint32 {
	if b.makeQueue(0); b.Queues[0].Gone {
		b.SetQueue(scheduler.QueueRow{Weight: 1})
	}
	row.Ref = uint32(len(b.Queues))
	if i := slices.IndexFunc(b.Queues, func(q scheduler.QueueRow) bool { return q.Gone }); i >= 0 {
		row.Ref = uint32(i)
	}
	b.SetQueue(row)
	return row.Ref
}

// SetQueue replaces the row of a queue; what it uses stays.
func (b *Books) SetQueue(row scheduler.QueueRow) {
	b.makeQueue(row.Ref)
	row.Used = b.Queues[row.Ref].Used
	b.Queues[row.Ref], b.queues[row.Ref] = row, struct{}{}
}

func (b *Books) makeQueue(ref uint32) {
	for i := len(b.Queues); i <= int(ref); i++ {
		b.Queues = append(b.Queues, scheduler.QueueRow{Ref: uint32(i), Gone: true})
	}
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
	for i := range b.Queues {
		if !b.Queues[i].Gone {
			u.Queues = append(u.Queues, b.Queues[i])
		}
	}
	for _, at := range slices.SortedFunc(maps.Keys(b.held), place.compare) {
		u.Held = append(u.Held, b.heldAt(at))
	}
	return u
}

// Delta raises the version and tells what has changed since the last Delta.
func (b *Books) Delta() *scheduler.Update {
	b.Version++
	u := b.update()
	u.From, b.told = b.told, b.Version
	for _, i := range slices.Sorted(maps.Keys(b.workers)) {
		u.Workers = append(u.Workers, b.Workers[i])
	}
	for _, i := range slices.Sorted(maps.Keys(b.demands)) {
		u.Demands = append(u.Demands, b.Demands[i])
	}
	for _, i := range slices.Sorted(maps.Keys(b.queues)) {
		u.Queues = append(u.Queues, b.Queues[i])
	}
	for _, at := range slices.SortedFunc(maps.Keys(b.places), place.compare) {
		u.Held = append(u.Held, b.heldAt(at))
	}
	clear(b.workers)
	clear(b.demands)
	clear(b.queues)
	clear(b.places)
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
