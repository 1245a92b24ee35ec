package mastercore

import (
	"fmt"
	"slices"

	"github.com/musterproject/muster/pkg/deploy"
)

// registerWorker takes a worker in and settles its inventory against the books; the answer carries the verdict.
func (c *Core) registerWorker(s *session, m *deploy.RegisterWorker, at int64) {
	w, err := c.admit(s, m)
	if err != nil {
		c.say(s, deploy.WorkerRefused{Fault: deploy.NewFault(err)})
		c.fact(RequestRefused{From: brief(string(m.Worker.ID)), Message: "RegisterWorker", Reason: err.Error()})
		return
	}
	old := w.session
	w.leaveSession() // orders wait: the answer is the first of the new session
	if old != nil && old != s {
		c.replace(old, "the worker registered on another connection")
	}
	adopts := w.state() == deploy.WorkerUnknown && w.recorded // lost by nobody since the last epoch
	restarted := m.Incarnation > w.incarnation
	if mutantDuplicateRegistrationResets && !restarted {
		for _, l := range slices.Clone(w.books.launches) {
			c.release(l)
		}
	}
	c.enter(w, m)
	strays := c.reconcile(w, m.Launches, adopts, restarted)

	if adopts { // until now it stood for what earlier leaders may have heard
		w.heard = moment{}
	}
	s.heard, s.suspect, w.hungUp = c.heardAt(max(at, w.heard.at)), false, false
	s.worker, w.session, w.peer = w, s, s.peer
	c.register(s)
	c.order(s, deploy.WorkerRegistered{
		Session: s.id, Heartbeat: c.cfg.Heartbeat, Lease: c.cfg.DriverLease, Masters: c.cfg.Masters,
		Kill: killList(w, strays), Acked: seqs(m.Launches),
	})
	c.armWorker(w)
	c.touchWorker(w)
}

// admit says whether a registration is accepted and under which entry; an entry that it supersedes is removed.
func (c *Core) admit(s *session, m *deploy.RegisterWorker) (*worker, error) {
	id, address := m.Worker.ID, m.Worker.Address
	if s.role != deploy.RoleWorker || (s.worker != nil && s.worker.spec.ID != id) {
		return nil, fmt.Errorf("worker %s: this connection belongs to another peer, a %s; open one of its own: %w", id, s.role, deploy.ErrConflict)
	}
	if err := c.checkWorker(&m.Worker, len(m.Launches)); err != nil {
		return nil, err
	}
	w := c.workers[id]
	switch {
	case w == nil:
	case m.Incarnation < w.incarnation && !mutantOldIncarnationAccepted:
		return nil, fmt.Errorf("worker %s: a newer process (incarnation %d) has registered under this id, this one is %d; give each worker a state directory of its own: %w",
			id, w.incarnation, m.Incarnation, deploy.ErrConflict)
	case m.Incarnation == w.incarnation && s.peer <= w.peer: // its inventory may be older than what has been ordered since
		return nil, fmt.Errorf("worker %s: a registration of this process on a later connection, or on this one, stands; open a new connection: %w", id, deploy.ErrConflict)
	case m.Incarnation == w.incarnation && address != w.spec.Address && w.working():
		return nil, fmt.Errorf("worker %s: the same process is connected from %s, not %s; give each worker a state directory of its own: %w",
			id, w.spec.Address, address, deploy.ErrConflict)
	}
	if holder := c.addresses[address]; holder != nil && holder != w {
		if holder.working() {
			return nil, fmt.Errorf("worker %s: the address %s is held by the live worker %s; stop that one or choose another port, then try again: %w",
				id, address, holder.spec.ID, deploy.ErrConflict)
		}
		reason := fmt.Sprintf("worker %s registered from its address", id)
		if holder.state() != deploy.WorkerDead {
			c.loseWorker(holder, reason)
		}
		c.forgetWorker(holder)
	}
	if w == nil {
		w = newWorker(id)
		c.workers[id] = w
	}
	return w, nil
}

// enter takes over what the worker says of itself.
func (c *Core) enter(w *worker, m *deploy.RegisterWorker) {
	changed := !w.recorded || w.incarnation != m.Incarnation || !sameSpec(&w.spec, &m.Worker)
	if w.member() {
		c.sizeLeaves(w)
	} else {
		c.usable++
		w.registeredAt = c.now
		c.addWorkerSlot(w)
	}
	if c.addresses[w.spec.Address] == w {
		delete(c.addresses, w.spec.Address)
	}
	w.spec, w.incarnation = m.Worker, m.Incarnation
	c.addresses[w.spec.Address] = w
	c.sizeEnters(w)
	c.redecideIfMaxChanged()
	if changed {
		w.recorded = true
		c.persist(deploy.PutWorker{Record: deploy.WorkerRecord{Spec: w.spec, Incarnation: w.incarnation, Decommissioned: w.decommissioned}})
	}
	c.recovery.answered(w)
	c.workerBecomes(w, w.reachable(), "registered")
}

// reconcile settles books and inventory. What only the books know has not arrived or is long gone; what only the inventory knows is adopted, if
// the worker has not been lost in between, or unwanted. strays are launches to kill that the books of this worker cannot hold.
func (c *Core) reconcile(w *worker, inventory []deploy.LaunchReport, adopts, restarted bool) (strays []deploy.LaunchID) {
	listed := make(map[deploy.LaunchID]bool, len(inventory))
	for i := range inventory {
		listed[inventory[i].Launch] = true
	}
	for _, l := range slices.Clone(w.books.launches) {
		if !listed[l.id] {
			c.launchVanished(l, restarted)
		}
	}
	c.leasesMoot(w, listed)
	c.resize(w)
	for i := range inventory {
		rep := &inventory[i]
		l := c.launches[rep.Launch]
		switch {
		case l != nil && l.worker == w:
			c.settle(l, rep)
		case l == nil && adopts && c.adopt(w, rep):
		case rep.Ended():
		case l == nil:
			c.holdUnwanted(w, rep)
		default:
			strays = append(strays, rep.Launch)
		}
	}
	return strays
}

// killList is the verdict: everything on w that is to end, also what an earlier order may not have reached.
func killList(w *worker, strays []deploy.LaunchID) []deploy.LaunchID {
	kill := strays
	for _, l := range w.books.launches {
		if l.killing {
			kill = append(kill, l.id)
		}
	}
	slices.SortFunc(kill, deploy.LaunchID.Compare)
	return kill
}

func seqs(reports []deploy.LaunchReport) []uint64 {
	var out []uint64
	for i := range reports {
		if reports[i].Seq != 0 {
			out = append(out, reports[i].Seq)
		}
	}
	return out
}

// report takes one report of a launch. It is acknowledged at the end of the frame, together with what it changed.
func (c *Core) report(s *session, m *deploy.Report, at int64) {
	w := s.worker
	switch {
	case w == nil:
		c.registerAgain(s, "this master has no registration of this session")
		return
	case m.Worker != w.spec.ID || m.Incarnation != w.incarnation || m.Launch.State > deploy.ExecutorExited:
		c.odd(s, *m, fmt.Sprintf("worker %s incarnation %d state %s on the session of %s incarnation %d",
			m.Worker, m.Incarnation, m.Launch.State, w.spec.ID, w.incarnation))
		return
	}
	c.hear(s, at)
	s.acks = append(s.acks, m.Launch.Seq)
	rep := &m.Launch
	l := c.launches[rep.Launch]
	if mutantReportIgnoresLaunch {
		l = c.launchOfOwner(rep)
	}
	switch {
	case l != nil && (l.worker == w || mutantReportIgnoresLaunch):
		c.settle(l, rep)
	case rep.Ended(): // accounted before, or never ours
	default:
		c.odd(s, *m, fmt.Sprintf("launch %s is not in the books of %s: killed", rep.Launch, w.spec.ID))
		if l == nil {
			c.holdUnwanted(w, rep)
		}
		c.order(s, deploy.KillOrder{Launch: rep.Launch, Reason: "unknown launch"})
	}
}

func sameSpec(a, b *deploy.WorkerSpec) bool {
	sameUnits := func(x, y deploy.Addresses) bool { return x.Name == y.Name && slices.Equal(x.Units, y.Units) }
	return a.ID == b.ID && a.Address == b.Address && a.WebUI == b.WebUI && a.Cores == b.Cores && a.MemoryMiB == b.MemoryMiB &&
		a.Adopts == b.Adopts && a.Version == b.Version && slices.Equal(a.Labels, b.Labels) && slices.EqualFunc(a.Custom, b.Custom, sameUnits)
}
