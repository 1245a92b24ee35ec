package sim

import (
	"strings"

	"github.com/musterproject/muster/pkg/deploy"
)

// room is what would be left of the cluster if what runs stays and more is placed, seen from its processes and from the leader's rows.
type room struct {
	w       *World
	t       *term
	running map[deploy.AppID][]deploy.WorkerID // executors
	extra   map[deploy.WorkerID]deploy.Resources
	more    deploy.Resources // of the queue that is looked at
}

func (w *World) roomNow(t *term) *room {
	r := &room{w: w, t: t, running: map[deploy.AppID][]deploy.WorkerID{}, extra: map[deploy.WorkerID]deploy.Resources{}}
	for _, p := range w.book.alive {
		if p.order.Driver == "" {
			r.running[p.order.Executor.App] = append(r.running[p.order.Executor.App], p.worker.spec.ID)
		}
	}
	return r
}

// fits finds a worker on which a subject may have one more process, nil if there is none.
func (r *room) fits(subject string, need deploy.Resources, place *deploy.Placement) *worker {
	if !r.inQuota(place.Queue, need) {
		return nil
	}
	for _, k := range r.w.workers {
		used, extra := r.w.book.used[k], r.extra[k.spec.ID]
		ok := k.spec.Cores-used.Cores-extra.Cores >= need.Cores && k.spec.MemoryMiB-used.MemoryMiB-extra.MemoryMiB >= need.MemoryMiB
		for _, c := range need.Custom {
			ok = ok && r.w.freeUnits(k, c.Name)-extra.Of(c.Name) >= c.Count
		}
		if ok && r.allows(subject, k, place) {
			return k
		}
	}
	return nil
}

// allows tells whether rules and reservations let a process of the subject be on k.
func (r *room) allows(subject string, k *worker, place *deploy.Placement) bool {
	row, _ := r.t.book.rows[deploy.RowKey{Kind: deploy.RowWorker, ID: string(k.spec.ID)}].(deploy.WorkerRow)
	if row.ReservedFor != "" && row.ReservedFor != subject || !row.PutAsideUntil.IsZero() {
		return false
	}
	for i := range place.Require {
		if !place.Require[i].Holds(k.spec.Labels) {
			return false
		}
	}
	same := int32(0)
	for _, id := range r.running[deploy.AppID(subject)] {
		other := r.w.workerOf(id)
		if other == k {
			same++
		}
		if place.Apart != "" && together(place.Apart, &other.spec, &k.spec) {
			return false
		}
	}
	return place.MaxPerWorker == 0 || same < place.MaxPerWorker
}

func (w *World) workerOf(id deploy.WorkerID) *worker {
	for _, k := range w.workers {
		if k.spec.ID == id {
			return k
		}
	}
	return nil
}

// inQuota tells whether all queues above have room for one more, by what is configured and what the leader counts.
func (r *room) inQuota(path string, need deploy.Resources) bool {
	for _, q := range r.t.m.cfg.Queues {
		row, _ := r.t.book.rows[deploy.QueueRow{Queue: q}.RowKey()].(deploy.QueueRow)
		for _, most := range q.Quota {
			want := amountIn(&need, most.Resource)
			if !inQueue(path, q.Name) || want == 0 {
				continue
			}
			for _, a := range row.Used {
				if a.Resource == most.Resource {
					want += a.Amount
				}
			}
			if want+amountIn(&r.more, most.Resource) > most.Amount {
				return false
			}
		}
	}
	return true
}

// takes notes that a process more is there.
func (r *room) takes(app deploy.AppID, k *worker, need deploy.Resources) {
	r.running[app] = append(r.running[app], k.spec.ID)
	r.extra[k.spec.ID] = sum(r.extra[k.spec.ID], need)
	r.more = sum(r.more, need)
}

func sum(a, b deploy.Resources) deploy.Resources {
	out := deploy.Resources{Cores: a.Cores + b.Cores, MemoryMiB: a.MemoryMiB + b.MemoryMiB}
	for _, list := range [...][]deploy.Amount{a.Custom, b.Custom} {
		for _, c := range list {
			if out.Of(c.Name) == 0 {
				out.Custom = append(out.Custom, deploy.Amount{Name: c.Name, Count: a.Of(c.Name) + b.Of(c.Name)})
			}
		}
	}
	return out
}

func (w *World) freeUnits(k *worker, name string) (free int32) {
	for _, a := range k.spec.Custom {
		for _, u := range a.Units {
			if a.Name == name && w.book.units[unit{k, name, u}] == nil {
				free++
			}
		}
	}
	return free
}

// checkNothingWaits: L3.
func (w *World) checkNothingWaits(t *term) {
	drivers := int32(0)
	for _, row := range t.book.rows {
		if d, ok := row.(deploy.DriverRow); ok && d.State == deploy.DriverRunning {
			drivers++
		}
	}
	for _, row := range t.book.rows {
		switch r := row.(type) {
		case deploy.DriverRow:
			waits := !r.State.Terminal() && r.State != deploy.DriverRunning && r.Held == ""
			if k := w.roomNow(t).fits(string(r.ID), r.Need, &r.Place); waits && k != nil && drivers < t.m.cfg.MaxDrivers {
				w.fail("L3", "driver %s is %s at the end and fits on %s", r.ID, r.State, k.name)
			}
		case deploy.AppRow:
			w.checkAppWaits(t, &r)
		}
	}
}

func (w *World) checkAppWaits(t *term, r *deploy.AppRow) {
	if r.State.Terminal() || r.Held != "" || w.appOf(r.ID) == nil {
		return
	}
	live := map[int32]int32{}
	for _, row := range t.book.rows {
		if e, ok := row.(deploy.ExecutorRow); ok && e.ID.App == r.ID && !e.State.Terminal() {
			live[e.Profile]++
		}
	}
	for i, target := range r.Targets { // as many as there are profiles, in their order
		p := &r.Profiles[i]
		if live[p.ID] >= target.Total {
			continue
		}
		at, all := w.roomNow(t), int32(1)
		if p.Gang {
			all = target.Total - live[p.ID]
		}
		need := deploy.Resources{Cores: max(1, p.Cores), MemoryMiB: p.MemoryMiB, Custom: p.Custom}
		if r.CoresMax != deploy.NoLimit && r.Cores+all*need.Cores > r.CoresMax {
			continue
		}
		if where := at.fitAll(r, need, all); where != "" {
			w.fail("L3", "application %s has %d of %d executors of profile %d (gang %t) at the end, and %d more fit on %s; %s placed last, and it waits for %s",
				r.ID, live[p.ID], target.Total, p.ID, p.Gang, all, where, t.placer.name, r.Waiting)
		}
	}
}

// fitAll names workers on which n executors more fit together, one after the other; none if they do not.
func (r *room) fitAll(a *deploy.AppRow, need deploy.Resources, n int32) string {
	var names []string
	for range n {
		k := r.fits(string(a.ID), need, &a.Place)
		if k == nil {
			return ""
		}
		r.takes(a.ID, k, need)
		names = append(names, k.name)
	}
	return strings.Join(names, ", ")
}
