package workercore

import (
	"slices"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
)

// launch is one order in the books, from its arrival until the leader has acknowledged its end.
type launch struct {
	report    deploy.LaunchReport // its State follows life
	life      deploy.Life[deploy.ExecutorState]
	leased    bool
	taken     bool   // the launcher holds it
	stopping  bool   // its end is wanted
	hurry     bool   // and was ordered without a grace
	why       string // it is stopped
	oom       bool
	startedAt time.Time
	ackedSeq  uint64    // newest report the leader has made durable
	resayAt   time.Time // zero: nothing to repeat
}

func newLaunch(o *deploy.Launch) *launch {
	return &launch{leased: o.Leased, report: deploy.LaunchReport{Launch: o.ID, Executor: o.Executor, Driver: o.Driver, Attempt: o.Attempt,
		Profile: o.Profile, Need: o.Need, Addresses: o.Addresses}}
}

func (l *launch) saidAll() bool { return l.report.Seq == l.ackedSeq }

func (l *launch) owner() string {
	if l.report.Driver != "" {
		return string(l.report.Driver)
	}
	if l.report.Executor.IsZero() {
		return ""
	}
	return l.report.Executor.String()
}

// find gives the place of a launch in the books, or where it would be.
func (c *Core) find(id deploy.LaunchID) (int, bool) {
	return slices.BinarySearchFunc(c.launches, id, func(l *launch, id deploy.LaunchID) int { return l.report.Launch.Compare(id) })
}

func (c *Core) held(id deploy.LaunchID) *launch {
	if at, ok := c.find(id); ok {
		return c.launches[at]
	}
	return nil
}

// adopt takes over a process of an earlier incarnation. A live leased one is ended: nobody knows when its lease did.
func (c *Core) adopt(h Held) {
	at, dup := c.find(h.Handle.Launch)
	if dup {
		return
	}
	l := newLaunch(&h.Order)
	l.report.Launch, l.taken, l.startedAt = h.Handle.Launch, true, h.Handle.StartedAt
	l.life = deploy.NewLife(h.Handle.State)
	l.report.State, l.report.Exit, l.report.Message = h.Handle.State, h.Handle.Exit, h.Handle.Message
	if l.life.Terminal() && !h.Handle.StartedAt.IsZero() {
		l.report.Lived = max(0, h.Handle.EndedAt.Sub(h.Handle.StartedAt))
	}
	c.seq++
	l.report.Seq = c.seq
	c.launches = slices.Insert(c.launches, at, l)
	if l.leased && !l.life.Terminal() {
		c.stop(l, -1, "its lease did not outlive the worker's process")
	}
}

// prepared hears that the launcher has taken a process over, or why there will be none.
func (c *Core) prepared(e Prepared) {
	l := c.held(e.Launch)
	switch {
	case l == nil && e.Failure == "":
		c.control(e.Launch, launcher.Stop{Grace: -1}) // not in the books: it must not run
	case l == nil || l.life.Terminal():
	case e.Failure != "" && l.stopping:
		c.end(l, deploy.ExecutorKilled, deploy.Exit{}, l.why)
	case e.Failure != "":
		c.end(l, deploy.ExecutorFailed, deploy.Exit{}, e.Failure)
	default:
		c.taken(l)
	}
}

// taken carries out a stop that came while the process was being prepared.
func (c *Core) taken(l *launch) {
	if l.taken {
		return
	}
	l.taken = true
	if l.stopping {
		c.control(l.report.Launch, c.stopControl(l))
	}
}

// process hears from the launcher, which may say things twice.
func (c *Core) process(ev launcher.Event) {
	switch e := ev.(type) {
	case launcher.Started:
		c.started(e)
	case launcher.StartFailed:
		c.startFailed(e)
	case launcher.OOMKilled:
		if l := c.held(e.Launch); l != nil {
			l.oom = true
		}
	case launcher.Exited:
		c.exited(e)
	case launcher.Usage:
	}
}

func (c *Core) started(e launcher.Started) {
	l := c.held(e.Launch)
	if l == nil {
		c.control(e.Launch, launcher.Stop{Grace: -1})
		return
	}
	c.taken(l)
	if l.life.State() == deploy.ExecutorLaunching {
		l.startedAt = e.At
		c.change(l, deploy.ExecutorRunning, "started")
	}
}

func (c *Core) startFailed(e launcher.StartFailed) {
	l := c.held(e.Launch)
	if l == nil {
		c.control(e.Launch, launcher.Forget{})
		return
	}
	l.taken = true
	c.end(l, deploy.ExecutorFailed, deploy.Exit{}, e.Message)
}

func (c *Core) exited(e launcher.Exited) {
	l := c.held(e.Launch)
	if l == nil {
		c.control(e.Launch, launcher.Forget{})
		return
	}
	l.taken = true
	l.report.Lived = e.Lived
	exit, state, message := e.Exit, deploy.ExecutorExited, e.Message
	if l.oom && exit.Signal == sigKill {
		exit.OOM = true
	}
	if e.Killed {
		state = deploy.ExecutorKilled
	}
	if message == "" && e.Killed {
		message = l.why
	}
	c.end(l, state, exit, message)
}

// sigKill is the signal the kernel ends a process with when memory runs out.
const sigKill = 9

// stop ends a live launch: now if the launcher holds it, else its preparation is abandoned; should that come too late, as soon as it is held. A grace of 0 is the launcher's own, a negative one none.
func (c *Core) stop(l *launch, grace time.Duration, why string) {
	hurry := grace < 0
	if l.stopping && (l.hurry || !hurry) {
		return
	}
	if !l.stopping {
		l.why = why
	}
	l.stopping, l.hurry = true, hurry
	if l.taken {
		c.control(l.report.Launch, launcher.Stop{Grace: grace})
	} else {
		c.out.Abandon = append(c.out.Abandon, l.report.Launch)
	}
}

func (c *Core) stopControl(l *launch) launcher.Control {
	if l.hurry {
		return launcher.Stop{Grace: -1}
	}
	return launcher.Stop{}
}

func (c *Core) control(id deploy.LaunchID, do launcher.Control) {
	c.out.Control = append(c.out.Control, Control{Launch: id, Control: do})
}

// end brings a launch to its last state; an end that is already known stays as it is.
func (c *Core) end(l *launch, to deploy.ExecutorState, exit deploy.Exit, message string) {
	if !l.life.Can(to) {
		return
	}
	l.report.Exit, l.report.Message = exit, message
	c.change(l, to, message)
	c.clean()
}

// change reports a new state. A launch that has just been ordered stays LAUNCHING, which is reported too.
func (c *Core) change(l *launch, to deploy.ExecutorState, reason string) {
	from := l.life.State()
	if from != to && l.life.To(to) != nil {
		return
	}
	l.report.State = to
	c.seq++
	l.report.Seq = c.seq
	c.tell(ProcessMoved{Launch: l.report.Launch, Owner: l.owner(), From: from, To: to, Exit: l.report.Exit, Reason: reason})
	c.say(l)
}
