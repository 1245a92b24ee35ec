package mastercore

import (
	"cmp"
	"slices"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// The rules of placement, as the core knows them by itself: whatever a policy has made of them, no grant breaks one.

// place is what the owner of d has said about where and when.
func (d *demand) place() *deploy.Placement {
	if d.driver != nil {
		return &d.driver.rec.Spec.Place
	}
	return &d.app.rec.Spec.Place
}

// queue is what d waits in.
func (d *demand) queue() *queue {
	if d.driver != nil {
		return d.driver.queue
	}
	return d.app.queue
}

// gang tells whether what is missing starts together or not at all.
func (d *demand) gang() bool { return d.driver == nil && d.profile.Gang && d.profile.Cores > 0 }

// order is the place of d in its queue: what has priority comes first, then who came first.
func (d *demand) order() uint64 {
	order := uint64(0)
	if d.driver != nil {
		order = d.driver.rec.Order
	} else {
		order = d.app.rec.Order
	}
	return uint64(orderPriority-int64(d.place().Priority))<<orderBits | order&(1<<orderBits-1)
}

const (
	orderBits     = 56
	orderPriority = 127 // more than any priority
)

// breaksRule says which rule keeps d off w, or nothing.
func breaksRule(d *demand, w *worker) (cause string) {
	p := d.place()
	for i := range p.Require {
		if !p.Require[i].Holds(w.spec.Labels) {
			return rejectLabel
		}
	}
	if d.app == nil || !d.app.ruled() {
		return ""
	}
	held := d.app.held
	if p.MaxPerWorker > 0 && held[w] >= p.MaxPerWorker {
		return rejectRule
	}
	if p.Apart != "" {
		for other := range held {
			if together(p.Apart, w, other) {
				return rejectRule
			}
		}
	}
	return ""
}

// together tells whether two workers are one place: a host, or the value of a label. Who lacks the label is a place of its own.
func together(by string, a, b *worker) bool {
	if a == b {
		return true
	}
	if by == deploy.ApartHost {
		return a.spec.Address.Host == b.spec.Address.Host
	}
	x, y := labelOf(&a.spec, by), labelOf(&b.spec, by)
	return x != nil && y != nil && x.Value == y.Value
}

func labelOf(spec *deploy.WorkerSpec, key string) *deploy.Label {
	for i := range spec.Labels {
		if spec.Labels[i].Key == key {
			return &spec.Labels[i]
		}
	}
	return nil
}

// ruled tells whether it matters where executors of a are already.
func (a *app) ruled() bool {
	return a.rec.Spec.Place.Apart != "" || a.rec.Spec.Place.MaxPerWorker > 0
}

// heldAt is a row that the placer is to be told anew.
type heldAt struct {
	app  *app
	slot uint32 // of the worker
}

// holdsOn counts an executor of a ruled application on its worker, or counts it out.
func (c *Core) holdsOn(a *app, w *worker, n int32) {
	if !a.ruled() {
		return
	}
	if a.held == nil {
		a.held = map[*worker]int32{}
	}
	if a.held[w] += n; a.held[w] == 0 {
		delete(a.held, w)
	}
	c.touchHeld(a, w)
}

func (c *Core) touchHeld(a *app, w *worker) {
	if w.slot.taken() {
		c.place.held = append(c.place.held, heldAt{a, w.slot.ref()})
	}
}

// forgetHeld lets the placer forget where an application that has ended has executors.
func (c *Core) forgetHeld(a *app) {
	for _, w := range a.heldOn() {
		c.touchHeld(a, w)
	}
}

// heldOn gives the workers with executors of a ruled application, by slot.
func (a *app) heldOn() []*worker {
	list := make([]*worker, 0, len(a.held))
	for w := range a.held {
		list = append(list, w)
	}
	slices.SortFunc(list, func(x, y *worker) int {
		return cmp.Or(cmp.Compare(x.slot.n, y.slot.n), cmp.Compare(x.spec.ID, y.spec.ID))
	})
	return list
}

// heldRow says how many executors an application has on the worker that holds a slot now.
func (c *Core) heldRow(at heldAt) scheduler.HeldRow {
	row := scheduler.HeldRow{Share: at.app.share, Worker: scheduler.WorkerRef(at.slot)}
	if w := c.place.w.list[at.slot].is; w != nil && !at.app.ended() {
		row.Executors = at.app.held[w]
	}
	return row
}
