package mastercore

import (
	"fmt"
	"slices"

	"github.com/musterproject/muster/pkg/deploy"
)

// appDisconnected begins the grace of an application whose session has ended. Nothing is placed for it meanwhile.
func (c *Core) appDisconnected(a *app) {
	if a.ended() {
		return
	}
	a.broken = c.heardAt(c.at)
	c.armApp(a)
	c.touchApp(a)
	c.touchDemands(a)
}

// wake does what is due for a.
func (a *app) wake(c *Core) {
	switch {
	case a.ended():
		return
	case a.session == nil && c.at >= c.dueAfter(a.broken, c.cfg.AppReconnectGrace):
		c.endApp(a, deploy.AppFailed, fmt.Sprintf("driver lost: its connection broke and it did not come back within %v", c.cfg.AppReconnectGrace))
		return
	case a.session != nil && c.at >= c.dueAfter(a.session.heard, c.cfg.WorkerTimeout):
		c.hangup(a.session, fmt.Sprintf("silent for %v", c.cfg.WorkerTimeout))
	}
	if a.nextTry != 0 && c.at >= a.nextTry {
		a.nextTry = 0
		c.touchDemands(a)
	}
	c.armApp(a)
}

// armApp sets the timer of a to the first thing that can be due. The grace of a broken connection counts only while ALIVE.
func (c *Core) armApp(a *app) {
	c.timers.disarm(&a.timer)
	at := a.nextTry
	switch {
	case !c.alive():
	case a.session != nil:
		at = earlier(at, c.dueAfter(a.session.heard, c.cfg.WorkerTimeout))
	default:
		at = earlier(at, c.dueAfter(a.broken, c.cfg.AppReconnectGrace))
	}
	if at != 0 {
		c.arm(&a.timer, at)
	}
}

// earlier is the first of two times, of which 0 is none.
func earlier(a, b int64) int64 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// endApp ends an application: nothing more of it is launched, and what runs is killed. Its record goes, its answer stays.
func (c *Core) endApp(a *app, state deploy.AppState, reason string) {
	if a.ended() {
		return
	}
	if a.state() == deploy.AppUnknown {
		c.recovery.apps--
	}
	a.reason, a.endedAt = reason, c.now
	c.appBecomes(a, state, reason)
	c.timers.disarm(&a.timer)
	c.answers.unpin(c, a.rec.Request, a.endFault())
	c.persist(deploy.DropApp{ID: a.rec.ID})
	for _, e := range slices.Clone(a.executors) {
		c.kill(e.launch, "application "+string(a.rec.ID)+" has ended")
	}
	for _, w := range a.workers {
		c.order(w.session, deploy.AppEnded{App: a.rec.ID})
	}
	a.avoid = forgive(a.avoid, a.mark())
	a.workers, a.met, a.killed = nil, nil, nil
	if s := a.session; s != nil {
		s.app, a.session = nil, nil
		if s.held {
			s.held = false
			c.say(s, deploy.AppRefused{Fault: deploy.NewFault(a.endFault())})
		} else {
			c.order(s, deploy.AppRemoved{App: a.rec.ID, State: state, Reason: reason})
		}
	}
	c.forgetHeld(a)
	c.touchDemands(a)
	c.leaveQueue(a.queue, 1, 0)
	c.leaveScope(a.scope)
	c.retainApp(a)
}

// retainApp keeps an ended application for readers; the oldest ones go.
func (c *Core) retainApp(a *app) {
	if limit := c.cfg.RetainedApps; len(c.endedApps) >= limit {
		n := min(max(limit/10, 1), len(c.endedApps))
		for _, old := range c.endedApps[:n] {
			c.forgetApp(old)
		}
		c.endedApps = slices.Delete(c.endedApps, 0, n)
	}
	c.endedApps = append(c.endedApps, a)
}

func (c *Core) forgetApp(a *app) {
	delete(c.apps, a.rec.ID)
	for _, e := range a.removed {
		c.dirty.gone(deploy.RowKey{Kind: deploy.RowExecutor, ID: e.id().String()})
	}
	for _, e := range a.executors { // still being killed: their rows end with their application's
		c.dirty.gone(deploy.RowKey{Kind: deploy.RowExecutor, ID: e.id().String()})
	}
	c.dirty.gone(deploy.RowKey{Kind: deploy.RowApp, ID: string(a.rec.ID)})
}

// killApp ends an application by request.
func (c *Core) killApp(m *deploy.KillApp) (deploy.Answer, error) {
	a, err := c.liveApp(m.App)
	if err != nil {
		return deploy.Answer{}, err
	}
	reason := brief(m.Reason)
	if reason == "" {
		reason = "killed by request"
	}
	c.endApp(a, deploy.AppKilled, reason)
	return deploy.Answer{ID: string(a.rec.ID)}, nil
}

// unregisterApp ends an application by its own word.
func (c *Core) unregisterApp(m *deploy.UnregisterApp, by asker) (deploy.Answer, error) {
	a, err := c.liveApp(m.App)
	if err != nil {
		return deploy.Answer{}, err
	}
	if s := a.session; s != nil && s == by.session { // it knows: the answer is enough
		s.app, a.session, s.held = nil, nil, false
	}
	if m.Failure != "" {
		c.endApp(a, deploy.AppFailed, brief(m.Failure))
	} else {
		c.endApp(a, deploy.AppFinished, "")
	}
	return deploy.Answer{ID: string(a.rec.ID)}, nil
}
