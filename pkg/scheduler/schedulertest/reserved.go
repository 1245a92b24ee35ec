package schedulertest

import (
	"maps"
	"slices"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// keeping is one worker kept for a demand.
type keeping struct {
	demand scheduler.DemandRef
	until  time.Time
}

const longestReservation = 24 * time.Hour

// wantsMore tells whether a demand could be granted anything if there was room.
func wantsMore(d *scheduler.DemandRow) bool {
	return !d.Gone && d.Blocked == deploy.ReasonNone && d.Units > 0 && (d.Driver || d.Cores >= d.Need.Cores)
}

// Reserve keeps workers for demands, all of one demand or none, until the demand is granted something, wants nothing any more, loses one of
// the workers, or its time is up.
func (b *Books) Reserve(list []scheduler.Reservation) {
	for i, r := range list {
		if slices.ContainsFunc(list[:i], func(q scheduler.Reservation) bool { return q.Demand == r.Demand }) {
			continue
		}
		b.reserve(r.Demand, list[i:])
	}
}

func (b *Books) reserve(d scheduler.DemandRef, list []scheduler.Reservation) {
	row := &b.Demands[d]
	if !wantsMore(row) || len(b.KeptFor(d)) > 0 {
		return
	}
	for _, r := range list {
		if w := &b.Workers[r.Worker]; r.Demand == d && (w.Gone || w.Blocked != deploy.ReasonNone) {
			return
		}
	}
	until := b.Now.Add(min(b.ReserveFor<<min(row.Tries, 20), longestReservation))
	for _, r := range list {
		if r.Demand == d {
			b.kept[r.Worker] = keeping{d, until}
			w := b.Workers[r.Worker]
			w.Blocked, w.For = deploy.ReasonReserved, d
			b.SetWorker(w)
		}
	}
}

// KeptFor gives the workers kept for a demand.
func (b *Books) KeptFor(d scheduler.DemandRef) []scheduler.WorkerRef {
	var list []scheduler.WorkerRef
	for w, k := range b.kept {
		if k.demand == d {
			list = append(list, w)
		}
	}
	slices.Sort(list)
	return list
}

// unreserve opens all workers kept for a demand.
func (b *Books) unreserve(d scheduler.DemandRef) {
	for _, ref := range b.KeptFor(d) {
		delete(b.kept, ref)
		w := b.Workers[ref]
		w.Blocked, w.For = deploy.ReasonNone, 0
		b.SetWorker(w)
	}
}

// Advance lets time pass. A demand whose reservation lasted too long loses it and has one more of its Tries behind it.
func (b *Books) Advance(by time.Duration) {
	b.Now = b.Now.Add(by)
	for _, ref := range slices.Sorted(maps.Keys(b.kept)) {
		k, ok := b.kept[ref]
		if !ok || k.until.After(b.Now) {
			continue
		}
		b.unreserve(k.demand)
		d := b.Demands[k.demand]
		d.Tries++
		b.SetDemand(d)
	}
}

// NextExpiry tells when the next reservation ends by its time.
func (b *Books) NextExpiry() (time.Time, bool) {
	var first time.Time
	for _, k := range b.kept {
		if first.IsZero() || k.until.Before(first) {
			first = k.until
		}
	}
	return first, len(b.kept) > 0
}
