package why

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
	"github.com/musterproject/muster/pkg/status"
)

// replica is the books as rows tell them, with what is asked for behind all that waits.
type replica struct {
	seats   []seat
	byID    map[deploy.WorkerID]scheduler.WorkerRef
	demands []scheduler.DemandRow
	queues  []scheduler.QueueRow
	byPath  map[string]uint32
	held    []scheduler.HeldRow
	drivers int32 // that hold a worker
	now     time.Time
}

// read takes the books from rows: workers, queues, and what waits.
func read(ctx context.Context, rows *status.Store, now time.Time) (*replica, error) {
	b := &replica{now: now, byPath: map[string]uint32{}}
	var err error
	if b.seats, err = readWorkers(ctx, rows, now); err != nil {
		return nil, err
	}
	b.byID = refs(b.seats)
	if err := b.readQueues(ctx, rows); err != nil {
		return nil, err
	}
	for r, err := range each[deploy.DriverRow](ctx, rows, status.Query{Kind: deploy.RowDriver}) {
		if err != nil {
			return nil, err
		}
		if r.Worker != "" {
			b.drivers++
		}
	}
	for r, err := range each[deploy.DecisionRow](ctx, rows, status.Query{Kind: deploy.RowDecision}) {
		if err != nil {
			return nil, err
		}
		if err := b.readWaiting(ctx, rows, &r.Decision); err != nil {
			return nil, err
		}
	}
	b.keep()
	return b, nil
}

// readQueues takes the tree of queues. What a queue's row says is used below it too; what the placer hears is not.
func (b *replica) readQueues(ctx context.Context, rows *status.Store) error {
	var list []deploy.QueueRow
	for r, err := range each[deploy.QueueRow](ctx, rows, status.Query{Kind: deploy.RowQueue}) {
		if err != nil {
			return err
		}
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b deploy.QueueRow) int { return cmp.Compare(a.Name, b.Name) })
	if len(list) == 0 || list[0].Name != "" {
		list = append([]deploy.QueueRow{{Queue: deploy.Queue{Weight: 1}}}, list...)
	}
	for i := range list {
		b.addQueue(&list[i].Queue, list[i].Used)
		if q := &b.queues[i]; i > 0 {
			parent := &b.queues[q.Parent]
			parent.Used = without(parent.Used, list[i].Used)
		}
	}
	return nil
}

func (b *replica) addQueue(q *deploy.Queue, used []deploy.Quantity) uint32 {
	ref := uint32(len(b.queues))
	b.byPath[q.Name] = ref
	b.queues = append(b.queues, scheduler.QueueRow{
		Ref: ref, Name: q.Name, Parent: b.byPath[q.Parent()], Weight: q.Weight, Min: q.Min, Quota: q.Quota, Used: used,
	})
	return ref
}

// without subtracts, never below nothing; the list is its own.
func without(all, part []deploy.Quantity) []deploy.Quantity {
	out := slices.Clone(all)
	for i := range out {
		for _, p := range part {
			if p.Resource == out[i].Resource {
				out[i].Amount = max(0, out[i].Amount-p.Amount)
			}
		}
	}
	return out
}

// queue gives the slot of a path; one below a dynamic queue comes into being, one that is gone counts as the root.
func (b *replica) queue(path string) uint32 {
	if ref, ok := b.byPath[path]; ok {
		return ref
	}
	q := deploy.Queue{Name: path, Weight: 1}
	if _, ok := b.byPath[q.Parent()]; ok && path != "" {
		return b.addQueue(&q, nil)
	}
	return 0
}

// readWaiting adds what a decision says is missing. Held and failing ones are never asked, so they are left out.
func (b *replica) readWaiting(ctx context.Context, rows *status.Store, d *deploy.Decision) error {
	switch d.Code {
	case deploy.ReasonHeld, deploy.ReasonBackoff, deploy.ReasonAppCoresMax, deploy.ReasonMasterRecovering:
		return nil
	default: // the others are asked again when something changes
	}
	if !waits(d.Code) || d.Missing <= 0 {
		return nil
	}
	if app, ok := get[deploy.AppRow](rows, deploy.RowApp, d.Subject); ok {
		i := slices.IndexFunc(app.Profiles, func(p deploy.Profile) bool { return p.ID == d.Profile })
		if i < 0 || app.State.Terminal() || !app.Connected {
			return nil
		}
		row := appDemand(app.ID, &app.Profiles[i], &app.Place)
		row.Units, row.Share = d.Missing, uint32(b.share(d.Subject))
		if app.CoresMax != deploy.NoLimit {
			row.Cores = max(0, app.CoresMax-app.Cores)
		}
		ref := b.add(row, &app.Place)
		if ruled(&app.Place) {
			return b.readHeld(ctx, rows, &b.demands[ref])
		}
		return nil
	}
	if driver, ok := get[deploy.DriverRow](rows, deploy.RowDriver, d.Subject); ok && !driver.State.Terminal() && driver.Worker == "" {
		b.add(driverDemand(driver.ID, &driver.Need, &driver.Place), &driver.Place)
	}
	return nil
}

// share gives the number that the profiles of one application have in common: the slot of the first of them, from 1.
func (b *replica) share(subject string) int {
	for i := len(b.demands) - 1; i >= 0 && b.demands[i].Subject == subject; i-- {
		return int(b.demands[i].Share)
	}
	return len(b.demands) + 1
}

// add gives a demand the next slot and the next turn of its priority.
func (b *replica) add(row scheduler.DemandRow, place *deploy.Placement) scheduler.DemandRef {
	row.Ref = scheduler.DemandRef(len(b.demands))
	row.Queue = b.queue(place.Queue)
	row.Order = uint64(127-place.Priority)<<56 | uint64(row.Ref)
	row.Since = b.now
	b.demands = append(b.demands, row)
	return row.Ref
}

func (b *replica) readHeld(ctx context.Context, rows *status.Store, d *scheduler.DemandRow) error {
	if i := len(b.held); i > 0 && b.held[i-1].Share == d.Share {
		return nil // another profile has told it
	}
	count := map[scheduler.WorkerRef]int32{}
	for r, err := range each[deploy.ExecutorRow](ctx, rows, status.Query{Kind: deploy.RowExecutor, App: deploy.AppID(d.Subject)}) {
		if err != nil {
			return err
		}
		if ref, ok := b.byID[r.Worker]; ok {
			count[ref]++
		}
	}
	for ref, n := range count {
		b.held = append(b.held, scheduler.HeldRow{Share: d.Share, Worker: ref, Executors: n})
	}
	return nil
}

// keep tells for which demand a reserved worker is kept.
func (b *replica) keep() {
	first := make(map[string]scheduler.DemandRef, len(b.demands))
	for i := len(b.demands) - 1; i >= 0; i-- {
		first[b.demands[i].Subject] = b.demands[i].Ref
	}
	for i := range b.seats {
		s := &b.seats[i]
		if ref, ok := first[s.reserved]; ok {
			s.For = ref
		}
	}
}

// update tells everything to a placer. Places are those of the slots.
func (b *replica) update(driverLimit int32) *scheduler.Update {
	u := &scheduler.Update{Epoch: 1, To: 1, Full: true, Now: b.now, DriverSlots: driverLimit, Demands: b.demands, Queues: b.queues, Held: b.held}
	if driverLimit != deploy.NoLimit {
		u.DriverSlots = max(0, driverLimit-b.drivers)
	}
	u.Workers = make([]scheduler.WorkerRow, len(b.seats))
	for i := range b.seats {
		u.Workers[i] = b.seats[i].WorkerRow
		if w := &u.Workers[i]; w.For == scheduler.NoDemand {
			w.For = scheduler.DemandRef(len(b.demands)) // nobody, who waits no more
		}
	}
	return u
}
