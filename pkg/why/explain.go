package why

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
	"github.com/musterproject/muster/pkg/status"
)

// Explain says why an application or a driver waits: the decision that stands, and what keeps one more of it off each worker now.
// Errors wrap deploy.ErrNotFound, deploy.ErrInvalid or the end of ctx.
func Explain(ctx context.Context, rows *status.Store, now time.Time, q deploy.Explain) (deploy.Explanation, error) {
	if q.Workers < 0 || q.Workers > deploy.MostListed {
		return deploy.Explanation{}, fmt.Errorf("explain %q: %d workers; list 0 to %d at a time and go on behind the last: %w",
			q.ID, q.Workers, deploy.MostListed, deploy.ErrInvalid)
	}
	x, err := find(ctx, rows, &q)
	if err != nil {
		return deploy.Explanation{}, fmt.Errorf("explain %w", err)
	}
	if q.History {
		x.out.History = rows.History(q.ID)
	}
	if x.ended {
		return x.out, nil
	}
	seats, err := readWorkers(ctx, rows, now)
	if err != nil {
		return deploy.Explanation{}, fmt.Errorf("explain %q: %w", q.ID, err)
	}
	own, err := x.ownExecutors(ctx, rows, seats)
	if err != nil {
		return deploy.Explanation{}, fmt.Errorf("explain %q: %w", q.ID, err)
	}
	x.judge(rows, seats, own, now, &q)
	return x.out, nil
}

// case file of one question.
type subject struct {
	out    deploy.Explanation
	demand scheduler.DemandRow
	place  deploy.Placement
	ended  bool
}

// find looks the subject up, and the profile that is meant.
func find(ctx context.Context, rows *status.Store, q *deploy.Explain) (*subject, error) {
	decisions := map[int32]deploy.Decision{}
	for r, err := range each[deploy.DecisionRow](ctx, rows, status.Query{Kind: deploy.RowDecision, App: deploy.AppID(q.ID)}) {
		if err != nil {
			return nil, err
		}
		decisions[r.Decision.Profile] = r.Decision
	}
	if row, ok := get[deploy.AppRow](rows, deploy.RowApp, q.ID); ok {
		return findProfile(&row, q, decisions)
	}
	row, ok := get[deploy.DriverRow](rows, deploy.RowDriver, q.ID)
	switch {
	case !ok:
		return nil, fmt.Errorf("%q: %w: no application or driver has this id; it may have left the books", q.ID, deploy.ErrNotFound)
	case q.Profile > 0:
		return nil, fmt.Errorf("%s: profile %d: %w: a driver has none, leave it away", q.ID, q.Profile, deploy.ErrNotFound)
	}
	x := &subject{demand: driverDemand(row.ID, &row.Need, &row.Place), place: row.Place, ended: row.State.Terminal() || row.Worker != ""}
	x.describe(q.ID, row.State.String(), decisions)
	return x, nil
}

func get[R deploy.Row](rows *status.Store, kind deploy.RowKind, id string) (none R, ok bool) {
	row, found := rows.Get(deploy.RowKey{Kind: kind, ID: id})
	if !found {
		return none, false
	}
	r, ok := row.(R)
	return r, ok
}

func findProfile(row *deploy.AppRow, q *deploy.Explain, decisions map[int32]deploy.Decision) (*subject, error) {
	profile := q.Profile
	if profile == deploy.FirstWaiting {
		profile = firstOf(row.Profiles, decisions)
	}
	i := slices.IndexFunc(row.Profiles, func(p deploy.Profile) bool { return p.ID == profile })
	if i < 0 {
		var known []string
		for _, p := range row.Profiles {
			known = append(known, fmt.Sprint(p.ID))
		}
		return nil, fmt.Errorf("%s: profile %d: %w: it has %s", row.ID, profile, deploy.ErrNotFound, strings.Join(known, ", "))
	}
	x := &subject{demand: appDemand(row.ID, &row.Profiles[i], &row.Place), place: row.Place, ended: row.State.Terminal()}
	for _, p := range row.Profiles {
		if waits(decisions[p.ID].Code) {
			x.out.Waiting = append(x.out.Waiting, p.ID)
		}
	}
	x.describe(q.ID, row.State.String(), decisions)
	return x, nil
}

// firstOf gives the first profile that waits, else the first that something is said of, else the first.
func firstOf(profiles []deploy.Profile, decisions map[int32]deploy.Decision) int32 {
	for _, says := range []func(deploy.ReasonCode) bool{waits, func(c deploy.ReasonCode) bool { return c != deploy.ReasonNone }} {
		for _, p := range profiles {
			if says(decisions[p.ID].Code) {
				return p.ID
			}
		}
	}
	return 0
}

func (x *subject) describe(id, state string, decisions map[int32]deploy.Decision) {
	x.out.Subject, x.out.Profile, x.out.State, x.out.Need = id, x.demand.Profile, state, resources(&x.demand.Need)
	d, ok := decisions[x.demand.Profile]
	if !ok || d.Code == deploy.ReasonNone {
		d = deploy.Decision{Subject: id, Profile: x.demand.Profile, Text: "nothing of it waits; it is " + state}
	}
	x.out.Decision = d
}

// ownExecutors gives where the application has executors, if that matters.
func (x *subject) ownExecutors(ctx context.Context, rows *status.Store, seats []seat) (*rules, error) {
	own := newRules()
	if !ruled(&x.place) {
		return own, nil
	}
	byID := refs(seats)
	for r, err := range each[deploy.ExecutorRow](ctx, rows, status.Query{Kind: deploy.RowExecutor, App: deploy.AppID(x.out.Subject)}) {
		if err != nil {
			return nil, err
		}
		if i, ok := byID[r.Worker]; ok {
			own.add(&x.demand, &seats[i].WorkerRow, 1)
		}
	}
	return own, nil
}

func refs(seats []seat) map[deploy.WorkerID]scheduler.WorkerRef {
	byID := make(map[deploy.WorkerID]scheduler.WorkerRef, len(seats))
	for i := range seats {
		byID[seats[i].ID] = seats[i].Ref
	}
	return byID
}

// judge looks at every worker, and lists some of them. What is larger than all of them is compared with the whole of each, not with what is free.
func (x *subject) judge(rows *status.Store, seats []seat, own *rules, now time.Time, q *deploy.Explain) {
	var t tally
	for i := range seats {
		o := x.obstacle(&seats[i], own)
		t.add(&o)
	}
	x.out.Total, x.out.Fits, x.out.Causes = t.total, t.fits, t.sorted()
	if q.Workers == 0 {
		return
	}
	page := rows.List(status.Query{Kind: deploy.RowWorker, After: string(q.After), Limit: int(q.Workers)})
	for _, row := range page.Rows {
		if r, ok := row.(deploy.WorkerRow); ok && r.State != deploy.WorkerDead {
			s := seatOf(&r, 0, now)
			x.out.Workers = append(x.out.Workers, x.obstacle(&s, own))
		}
	}
	x.out.Next = deploy.WorkerID(page.Next)
}

func (x *subject) obstacle(s *seat, own *rules) deploy.Obstacle {
	if s.reserved == x.out.Subject {
		s.For = x.demand.Ref
	}
	has := &s.Free
	if x.out.Decision.Code == deploy.ReasonInfeasible {
		has = &s.Total
	}
	return obstacle(&x.demand, &s.WorkerRow, has, own)
}
