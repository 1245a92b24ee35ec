package why

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
	"github.com/musterproject/muster/pkg/status"
)

// each gives all rows of a query, page after page, until ctx ends.
func each[R deploy.Row](ctx context.Context, rows *status.Store, q status.Query) iter.Seq2[R, error] {
	q.Limit = deploy.MostListed
	return func(yield func(R, error) bool) {
		var none R
		for {
			if ctx.Err() != nil {
				yield(none, fmt.Errorf("read the %ss: %w", q.Kind, context.Cause(ctx)))
				return
			}
			page := rows.List(q)
			for _, row := range page.Rows {
				if r, ok := row.(R); ok && !yield(r, nil) {
					return
				}
			}
			if q.After = page.Next; q.After == "" {
				return
			}
		}
	}
}

// seat is a worker as the placer is told of it, and for whom it is kept.
type seat struct {
	scheduler.WorkerRow
	reserved string
}

// readWorkers gives all workers that are not DEAD, by id; a Ref is a place in the list.
func readWorkers(ctx context.Context, rows *status.Store, now time.Time) ([]seat, error) {
	seats := make([]seat, 0, rows.Count(deploy.RowWorker))
	for r, err := range each[deploy.WorkerRow](ctx, rows, status.Query{Kind: deploy.RowWorker}) {
		if err != nil {
			return nil, err
		}
		if r.State != deploy.WorkerDead {
			seats = append(seats, seatOf(&r, scheduler.WorkerRef(len(seats)), now))
		}
	}
	return seats, nil
}

func seatOf(r *deploy.WorkerRow, ref scheduler.WorkerRef, now time.Time) seat {
	s := seat{reserved: r.ReservedFor, WorkerRow: scheduler.WorkerRow{
		Ref: ref, ID: r.Spec.ID, Host: r.Spec.Address.Host, Total: r.Spec.Capacity(), Labels: r.Spec.Labels, For: scheduler.NoDemand,
	}}
	s.Free = less(&s.Total, &r.Used)
	switch {
	case r.State == deploy.WorkerDecommissioned:
		s.Blocked = deploy.ReasonWorkerDraining
	case r.State != deploy.WorkerAlive:
		s.Blocked = deploy.ReasonWorkerUnhealthy
	case r.PutAsideUntil.After(now):
		s.Blocked = deploy.ReasonBlacklisted
	case r.ReservedFor != "":
		s.Blocked = deploy.ReasonReserved
	}
	return s
}

// less gives what is left of total; the lists are its own.
func less(total, used *deploy.Resources) deploy.Resources {
	free := deploy.Resources{Cores: max(0, total.Cores-used.Cores), MemoryMiB: max(0, total.MemoryMiB-used.MemoryMiB)}
	if len(total.Custom) > 0 {
		free.Custom = slices.Clone(total.Custom)
		for i := range free.Custom {
			free.Custom[i].Count = max(0, free.Custom[i].Count-used.Of(free.Custom[i].Name))
		}
	}
	return free
}

// appDemand describes what one profile of an application wants.
func appDemand(app deploy.AppID, p *deploy.Profile, place *deploy.Placement) scheduler.DemandRow {
	return scheduler.DemandRow{
		Subject: string(app), Profile: p.ID, Grow: p.Cores == 0, Gang: p.Gang, Cores: deploy.NoLimit,
		Need:    scheduler.Need{Cores: max(1, p.Cores), MemoryMiB: p.MemoryMiB, Custom: p.Custom},
		Require: place.Require, Prefer: place.Prefer, Apart: place.Apart, MaxPerWorker: place.MaxPerWorker,
	}
}

// driverDemand describes what a driver wants.
func driverDemand(id deploy.DriverID, need *deploy.Resources, place *deploy.Placement) scheduler.DemandRow {
	return scheduler.DemandRow{
		Subject: string(id), Driver: true, Units: 1, Cores: deploy.NoLimit, Require: place.Require, Prefer: place.Prefer,
		Need: scheduler.Need{Cores: need.Cores, MemoryMiB: need.MemoryMiB, Custom: need.Custom},
	}
}

// resources gives a need as people write it.
func resources(n *scheduler.Need) deploy.Resources {
	return deploy.Resources{Cores: n.Cores, MemoryMiB: n.MemoryMiB, Custom: n.Custom}
}

// ruled tells whether an application's own executors matter to where the next may be.
func ruled(p *deploy.Placement) bool { return p.Apart != "" || p.MaxPerWorker > 0 }

// waits tells whether a decision means that something is missing.
func waits(code deploy.ReasonCode) bool {
	return code != deploy.ReasonNone && code != deploy.ReasonExecutorLimit && code != deploy.ReasonLaunching
}
