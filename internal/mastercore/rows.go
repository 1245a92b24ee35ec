package mastercore

import (
	"github.com/musterproject/muster/pkg/deploy"
)

// dirty lists what readers have not been told yet. Each thing gives one row per step, in the order in which they first changed.
type dirty struct {
	master    bool
	workers   []*worker
	apps      []*app
	drivers   []*driver
	executors []*executor
	decisions []deploy.Decision
	queues    []*queue
	left      []deploy.RowKey
}

func (d *dirty) gone(k deploy.RowKey) { d.left = append(d.left, k) }

// touchWorker says that readers and placer are to hear of w.
func (c *Core) touchWorker(w *worker) {
	c.place.w.touch(w.slot)
	if !w.dirty {
		w.dirty = true
		c.dirty.workers = append(c.dirty.workers, w)
	}
}

func (c *Core) touchApp(a *app) {
	if !a.dirty {
		a.dirty = true
		c.dirty.apps = append(c.dirty.apps, a)
	}
}

func (c *Core) touchDriver(d *driver) {
	if !d.dirty {
		d.dirty = true
		c.dirty.drivers = append(c.dirty.drivers, d)
	}
}

func (c *Core) touchExecutor(e *executor) {
	if !e.dirty {
		e.dirty = true
		c.dirty.executors = append(c.dirty.executors, e)
	}
}

// writeRows gives every thing that changed its row, and what is gone its end.
func (c *Core) writeRows() {
	d := &c.dirty
	row := func(r deploy.Row) { c.out.Rows = append(c.out.Rows, r) }
	if d.master {
		row(c.masterRow())
	}
	for _, w := range d.workers {
		if w.dirty = false; c.workers[w.spec.ID] == w {
			row(c.workerRow(w))
		}
	}
	for _, a := range d.apps {
		if a.dirty = false; c.apps[a.rec.ID] == a {
			row(a.row())
		}
	}
	for _, dr := range d.drivers {
		if dr.dirty = false; c.drivers[dr.rec.ID] == dr {
			row(c.driverRow(dr))
		}
	}
	for _, e := range d.executors {
		if e.dirty = false; c.apps[e.app.rec.ID] == e.app {
			row(e.row())
		}
	}
	for _, q := range d.queues {
		q.dirty = false
		switch now := c.queues.byPath[q.Name]; {
		case !c.queues.told && !c.onlyRow():
		case now == q:
			row(c.queueRow(q))
		case now == nil:
			row(deploy.GoneRow{Gone: deploy.QueueRow{Queue: q.Queue}.RowKey()})
		}
	}
	for i := range d.decisions {
		row(deploy.DecisionRow{Decision: d.decisions[i]})
	}
	for _, k := range d.left {
		row(deploy.GoneRow{Gone: k})
	}
	clear(d.workers)
	clear(d.apps)
	clear(d.drivers)
	clear(d.executors)
	clear(d.queues)
	*d = dirty{workers: d.workers[:0], apps: d.apps[:0], drivers: d.drivers[:0], executors: d.executors[:0], decisions: d.decisions[:0],
		queues: d.queues[:0], left: d.left[:0]}
}

func (c *Core) masterRow() deploy.MasterRow {
	return deploy.MasterRow{
		Name: c.cfg.Name, Address: c.cfg.Address, WebUI: c.cfg.WebUI, State: c.life.State(), Epoch: c.epoch, ClusterID: c.cluster,
		Cluster: c.cfg.Cluster, Since: c.stateAt, Recovery: c.cfg.Recovery, Policy: c.cfg.Policy,
	}
}

func (c *Core) workerRow(w *worker) deploy.WorkerRow {
	b := &w.books
	row := deploy.WorkerRow{
		Spec: w.spec, State: w.state(), Executors: b.executors, Drivers: b.drivers, RegisteredAt: w.registeredAt, Reason: w.reason,
		Used:          deploy.Resources{Cores: b.capacity.Cores - b.free.Cores, MemoryMiB: b.capacity.MemoryMiB - b.free.MemoryMiB},
		LastHeartbeat: c.wall(w.lastWord().at), PutAsideUntil: c.wall(w.asideUntil),
	}
	if w.kept != nil {
		row.ReservedFor, row.ReservedUntil = w.kept.d.subject(), c.wall(w.kept.until)
	}
	for i := range b.pools {
		p := &b.pools[i]
		if taken := int32(len(p.units)) - p.free; taken > 0 {
			units := make([]string, 0, taken)
			for j, owner := range p.owner {
				if owner != nil {
					units = append(units, p.units[j])
				}
			}
			row.Used.Custom = append(row.Used.Custom, deploy.Amount{Name: p.name, Count: taken})
			row.UsedAddresses = append(row.UsedAddresses, deploy.Addresses{Name: p.name, Units: units})
		}
	}
	return row
}

func (a *app) row() deploy.AppRow {
	spec := &a.rec.Spec
	return deploy.AppRow{
		ID: a.rec.ID, Name: spec.Name, User: spec.User, State: a.state(), Reason: a.reason, CoresMax: a.coresMax,
		Cores: int32(min(a.cores, int64(deploy.NoLimit))), Profiles: spec.Profiles, Targets: a.targets(),
		Running: a.running, Launching: a.launching, Removed: a.removedTotal, Held: a.rec.Held, Connected: a.session != nil,
		Driver: spec.Driver, WebUI: spec.WebUI, SubmittedAt: a.rec.SubmittedAt, EndedAt: a.endedAt, Waiting: a.waiting(), Place: spec.Place,
	}
}

// waiting is the main reason of the first profile that misses something.
func (a *app) waiting() deploy.ReasonCode {
	if !a.ended() {
		for _, p := range a.profiles {
			code := p.demand.code()
			if code == deploy.ReasonAppCoresMax && p.target == deploy.NoLimit {
				continue // it asked for as much as it may have, and has it
			}
			if code != deploy.ReasonNone {
				return code
			}
		}
	}
	return deploy.ReasonNone
}

func (c *Core) driverRow(d *driver) deploy.DriverRow {
	spec := &d.rec.Spec
	row := deploy.DriverRow{
		ID: d.rec.ID, Name: spec.Name, User: spec.User, State: d.state(), Need: spec.Need, Addresses: d.units, Worker: d.rec.Worker,
		WorkerAddr: d.address, Attempt: d.rec.Attempt, Supervise: spec.Supervise, Restarts: d.rec.Restarts, Exit: d.rec.Exit,
		Message: d.rec.Message, Program: spec.Command.Program, Held: d.rec.Held, SubmittedAt: d.rec.SubmittedAt,
		StartedAt: d.startedAt, EndedAt: d.endedAt, Waiting: d.demand.code(), Place: spec.Place,
	}
	if d.killing && !d.done() {
		row.Message = "being killed by request"
	}
	if at := d.notBefore(); !d.done() && d.launch == nil && at > 0 {
		row.NextTry = c.wall(at)
	}
	return row
}

func (e *executor) row() deploy.ExecutorRow {
	return deploy.ExecutorRow{
		ID: e.id(), Launch: e.launchID, Profile: e.profile.ID, Worker: e.worker, WorkerAddr: e.address, State: e.life.State(),
		Killing: e.killing && e.launch != nil, Need: e.need, Addresses: e.addresses, Exit: e.exit, Message: e.message,
		StartedAt: e.startedAt, EndedAt: e.endedAt,
	}
}
