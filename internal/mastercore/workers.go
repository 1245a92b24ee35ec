package mastercore

import (
	"fmt"
	"slices"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// worker is one worker id. It has a slot with the placer from its first registration until it is DEAD.
//
//	record -> UNKNOWN --registers--> ALIVE <--silent, broken / heard--> UNREACHABLE --grace, timeout, goodbye--> DEAD --registers--> ALIVE
type worker struct {
	spec           deploy.WorkerSpec
	incarnation    deploy.Incarnation
	decommissioned bool
	recorded       bool // there is a durable record
	expected       bool // restored, and recovery waits for it
	life           deploy.Life[deploy.WorkerState]
	reason         string // why not ALIVE
	registeredAt   time.Time
	books          books

	session    *session
	peer       deploy.PeerID // of its newest registration; connections are numbered upwards
	hungUp     bool          // its session ended by our own decision
	heard      moment        // its last word before it had no session
	broken     moment        // when the session ended
	grace      time.Duration // from then until it is lost
	deadAt     int64
	failures   []failure
	avoidedBy  []*demand
	asideUntil int64        // put aside for failing too often; 0: not
	kept       *reservation // for somebody

	slot  slotRef
	timer timer
	dirty bool // its row
}

func newWorker(id deploy.WorkerID) *worker {
	w := &worker{spec: deploy.WorkerSpec{ID: id}}
	w.timer.owner = w
	return w
}

func (w *worker) state() deploy.WorkerState { return w.life.State() }

// member tells whether w counts as part of the cluster: it registered in this epoch and is not lost.
func (w *worker) member() bool {
	return w.state() != deploy.WorkerUnknown && w.state() != deploy.WorkerDead
}

// working tells whether somebody is there under this id right now.
func (w *worker) working() bool { return w.session != nil && !w.session.suspect }

// lastWord is when w was heard last.
func (w *worker) lastWord() moment {
	if w.session != nil {
		return w.session.heard
	}
	return w.heard
}

// leaveSession leaves w without a session.
func (w *worker) leaveSession() {
	w.heard, w.session = w.lastWord(), nil
}

// blocked says why w gets no work, NONE if it does; who it is kept for gets it all the same.
func (w *worker) blocked() deploy.ReasonCode {
	if code := w.unusable(); code != deploy.ReasonNone || w.kept == nil {
		return code
	}
	return deploy.ReasonReserved
}

// unusable says why w gets no work whoever asks, NONE if it does.
func (w *worker) unusable() deploy.ReasonCode {
	switch {
	case !w.working():
		return deploy.ReasonWorkerUnhealthy
	case w.decommissioned, w.session.leaving:
		return deploy.ReasonWorkerDraining
	case w.asideUntil != 0:
		return deploy.ReasonBlacklisted
	}
	return deploy.ReasonNone
}

// reachable is the state of w when it can be reached.
func (w *worker) reachable() deploy.WorkerState {
	if w.decommissioned {
		return deploy.WorkerDecommissioned
	}
	return deploy.WorkerAlive
}

// workerBecomes steps the life of w; a decommissioned worker stays so until it is lost.
func (c *Core) workerBecomes(w *worker, next deploy.WorkerState, reason string) {
	from := w.state()
	if next == deploy.WorkerAlive || next == deploy.WorkerDecommissioned {
		w.reason = ""
	} else {
		w.reason = reason
	}
	c.touchWorker(w)
	if from != next && w.life.To(next) == nil {
		c.fact(WorkerChanged{Worker: w.spec.ID, Address: w.spec.Address, From: from, To: next, Reason: reason})
	}
}

// workerDisconnected begins the grace of a worker whose session has ended.
func (c *Core) workerDisconnected(w *worker, reason string) {
	w.grace = c.cfg.ReconnectGrace
	if w.spec.Adopts || w.hungUp { // hung up by us, it is most likely well
		w.grace = max(w.grace, c.cfg.AdoptGrace)
	}
	w.broken, w.hungUp = c.heardAt(c.at), false
	if w.grace <= 0 {
		c.loseWorker(w, "connection lost: "+reason)
		return
	}
	c.workerBecomes(w, deploy.WorkerUnreachable, "connection lost: "+reason)
	c.armWorker(w)
}

// wake does what is due for w.
func (w *worker) wake(c *Core) {
	silent := func(d time.Duration) bool { return c.at >= c.dueAfter(w.lastWord(), d) }
	switch {
	case w.state() == deploy.WorkerUnknown:
		return
	case w.state() == deploy.WorkerDead:
		if c.at >= w.deadAt+int64(c.cfg.WorkerRetention) {
			c.forgetWorker(w)
			return
		}
	case silent(c.cfg.WorkerTimeout):
		c.loseWorker(w, fmt.Sprintf("silent for %v", c.cfg.WorkerTimeout))
		return
	case w.session == nil && c.at >= c.dueAfter(w.broken, w.grace):
		c.loseWorker(w, fmt.Sprintf("did not come back within %v", w.grace))
		return
	case w.working() && silent(c.cfg.SuspectAfter):
		w.session.suspect = true
		c.workerBecomes(w, deploy.WorkerUnreachable, fmt.Sprintf("silent for %v", c.cfg.SuspectAfter))
	}
	if w.asideUntil != 0 && c.at >= w.asideUntil {
		w.asideUntil = 0
		c.touchWorker(w)
	}
	c.armWorker(w)
}

// armWorker sets the timer of w to the first thing that can be due.
func (c *Core) armWorker(w *worker) {
	var at int64
	switch {
	case w.state() == deploy.WorkerUnknown:
		c.timers.disarm(&w.timer)
		return
	case w.state() == deploy.WorkerDead:
		at = w.deadAt + int64(c.cfg.WorkerRetention)
	case w.working():
		at = c.dueAfter(w.lastWord(), min(c.cfg.SuspectAfter, c.cfg.WorkerTimeout))
	case w.session != nil:
		at = c.dueAfter(w.lastWord(), c.cfg.WorkerTimeout)
	default:
		at = min(c.dueAfter(w.broken, w.grace), c.dueAfter(w.heard, c.cfg.WorkerTimeout))
	}
	if w.asideUntil != 0 {
		at = min(at, w.asideUntil)
	}
	c.arm(&w.timer, at)
}

// loseWorker writes off a worker and all it ran.
func (c *Core) loseWorker(w *worker, reason string) {
	c.writeOff(w, reason, w.lastWord().at+int64(c.cfg.DriverLease))
}

// writeOff makes w DEAD. Its supervised drivers may not start again before leaseEnd. The drivers' records change before the worker's goes, so
// that whatever part of it is durable, no launch belongs to an unknown worker that was not lost.
func (c *Core) writeOff(w *worker, reason string, leaseEnd int64) {
	if s := w.session; s != nil {
		w.leaveSession()
		c.replace(s, reason)
	}
	if w.member() {
		c.sizeLeaves(w)
		c.usable--
		c.removeWorkerSlot(w)
		c.unavoid(w)
		c.redecideIfMaxChanged()
	}
	c.recovery.answered(w)
	w.asideUntil, w.failures = 0, nil
	w.deadAt = c.at
	c.workerBecomes(w, deploy.WorkerDead, reason)
	lost := slices.Clone(w.books.launches)
	slices.SortFunc(lost, func(a, b *launch) int { return a.id.Compare(b.id) })
	for _, l := range lost {
		c.launchLost(l, reason, leaseEnd)
	}
	if w.recorded {
		w.recorded = false
		c.persist(deploy.DropWorker{ID: w.spec.ID})
	}
	c.armWorker(w)
}

// forgetWorker takes a DEAD worker off the list.
func (c *Core) forgetWorker(w *worker) {
	c.timers.disarm(&w.timer)
	delete(c.workers, w.spec.ID)
	if c.addresses[w.spec.Address] == w {
		delete(c.addresses, w.spec.Address)
	}
	c.dirty.gone(deploy.WorkerRow{Spec: deploy.WorkerSpec{ID: w.spec.ID}}.RowKey())
}

// leaveWorker takes a goodbye: what the worker ran has ended, so no lease is waited for, or is kept for its next process. Before it comes the word
// that the worker is about to leave: it gets nothing new.
func (c *Core) leaveWorker(s *session, m *deploy.LeaveWorker) {
	w := s.worker
	if w == nil || w.spec.ID != m.Worker || w.incarnation != m.Incarnation {
		c.odd(s, *m, "goodbye of a worker that is not registered here")
		return
	}
	if m.Stays {
		s.leaving, w.reason = true, "leaving: "+brief(m.Reason)
		c.touchWorker(w)
		return
	}
	reason := "left: " + brief(m.Reason)
	w.leaveSession()
	c.replace(s, "goodbye")
	if !m.Keeps {
		c.writeOff(w, reason, 0)
		return
	}
	w.broken, w.grace = c.heardAt(c.at), max(c.cfg.AdoptGrace, c.cfg.ReconnectGrace)
	c.workerBecomes(w, deploy.WorkerUnreachable, reason)
	c.armWorker(w)
}
