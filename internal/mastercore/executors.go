package mastercore

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// executor is one number of an application. It is live while it has a launch.
type executor struct {
	app       *app
	profile   *profile
	num       int32
	life      deploy.Life[deploy.ExecutorState]
	launch    *launch // nil: ended
	launchID  deploy.LaunchID
	worker    deploy.WorkerID
	address   deploy.Address
	need      deploy.Resources
	addresses []deploy.Addresses
	killing   bool
	proven    bool
	way       reach
	exit      deploy.Exit
	message   string
	startedAt time.Time
	endedAt   time.Time
	dirty     bool // its row
}

func newExecutor(a *app, num int32, p *profile, w *worker) *executor {
	return &executor{app: a, num: num, profile: p, worker: w.spec.ID, address: w.spec.Address}
}

func (e *executor) id() deploy.ExecutorID { return deploy.ExecutorID{App: e.app.rec.ID, Num: e.num} }

// addExecutor lists a numbered executor that holds a launch.
func (c *Core) addExecutor(e *executor, reason string) {
	a := e.app
	e.startedAt = c.now
	i, _ := slices.BinarySearchFunc(a.executors, e.num, executorByNum)
	a.executors = slices.Insert(a.executors, i, e)
	a.launching++
	e.profile.begins++
	a.meet(e.launch.worker)
	if a.state() == deploy.AppWaiting {
		c.appBecomes(a, deploy.AppRunning, "")
	}
	c.touchExecutor(e)
	c.touchApp(a)
	c.touchDemands(a)
	c.fact(ExecutorMoved{Executor: e.id(), Launch: e.launchID, Worker: e.worker, To: e.life.State(), Reason: reason})
}

// executorBecomes steps the life of e and tells its application.
func (c *Core) executorBecomes(e *executor, next deploy.ExecutorState, workerLost bool) {
	from := e.life.State()
	if e.life.To(next) != nil {
		return
	}
	c.touchExecutor(e)
	c.fact(ExecutorMoved{Executor: e.id(), Launch: e.launchID, Worker: e.worker, From: from, To: next, Exit: e.exit, Reason: e.message})
	c.tellExecutor(e, workerLost)
}

func (c *Core) tellExecutor(e *executor, workerLost bool) {
	if e.app.session != nil {
		v := e.view()
		v.WorkerLost = workerLost
		c.order(e.app.session, deploy.ExecutorChanged{Executor: v})
	}
}

// executorRuns is the worker's word that the process of e is there.
func (c *Core) executorRuns(e *executor) {
	if e.life.State() != deploy.ExecutorLaunching {
		return
	}
	e.app.launching--
	e.profile.begins--
	e.app.running++
	c.awaitReach(e)
	c.redecide(&e.profile.demand)
	c.executorBecomes(e, deploy.ExecutorRunning, false)
	c.touchApp(e.app)
}

// executorProven resets what earlier failures have led to: this one lives.
func (c *Core) executorProven(e *executor) {
	e.proven = true
	a := e.app
	if a.failures > 0 || a.backoff > 0 || len(a.avoid) > 0 {
		a.failures, a.backoff, a.nextTry = 0, 0, 0
		a.avoid = forgive(a.avoid, a.mark())
		c.touchDemands(a)
	}
}

// executorKilling notes that the end of e is ordered: it no longer counts as live, but keeps its cores.
func (c *Core) executorKilling(e *executor) {
	e.killing = true
	c.endReach(e)
	e.profile.live--
	c.touchExecutor(e)
	c.touchApp(e.app)
	c.touchDemands(e.app)
}

// executorEnded accounts for the end of e, whose launch is already out of the books.
func (c *Core) executorEnded(e *executor, end ending) {
	a := e.app
	e.gaveUp(&end)
	if e.life.State() == deploy.ExecutorLaunching {
		a.launching--
		e.profile.begins--
	} else {
		a.running--
	}
	if !e.killing {
		c.endReach(e)
		e.profile.live--
	}
	a.cores -= int64(e.need.Cores)
	i, _ := slices.BinarySearchFunc(a.executors, e.num, executorByNum)
	a.executors = slices.Delete(a.executors, i, i+1)
	e.launch, e.exit, e.message, e.endedAt = nil, end.exit, end.message, c.now
	if end.asked && end.state == deploy.ExecutorExited {
		end.state = deploy.ExecutorKilled // it went by itself while the order was under way
	}
	c.executorBecomes(e, end.state, end.workerLost)
	c.keepRemoved(a, e)
	c.touchApp(a)
	c.touchDemands(a)
	if !a.ended() {
		c.accountExecutor(a, e, &end)
	}
}

// accountExecutor draws the consequences of an executor's end for the next ones.
func (c *Core) accountExecutor(a *app, e *executor, end *ending) {
	if end.lived >= c.cfg.ProvenAfter && !e.proven {
		c.executorProven(e)
	}
	early := end.lived < c.cfg.ProvenAfter && !end.asked
	switch {
	case end.failed():
		a.failures++
		a.lastFailure = end.String()
		a.avoid = avoid(a.avoid, end.worker, a.mark())
		if early && !end.stray { // the address of a driver says nothing about a worker
			c.noteFailure(end.worker, string(a.rec.ID))
		}
	case end.state == deploy.ExecutorExited && early: // no failure, but nothing to repeat at full speed either
		a.lastFailure = end.String()
	default:
		c.touchDemands(a) // it is wanted again
		return
	}
	if most := c.cfg.MaxExecutorRetries; end.failed() && most >= 0 && a.failures >= most && a.running == 0 {
		c.endApp(a, deploy.AppFailed, fmt.Sprintf("%d executors failed and none runs, the last one with %s; look at its stderr", a.failures, a.lastFailure))
		return
	}
	if c.at >= a.nextTry {
		a.backoff = c.longer(a.backoff)
		a.nextTry = c.at + int64(a.backoff)
		c.armApp(a)
	}
}

// longer is the next back-off.
func (c *Core) longer(d time.Duration) time.Duration {
	return min(max(2*d, c.cfg.BackoffMin), c.cfg.BackoffMax)
}

// keepRemoved keeps an ended executor for readers; the oldest ones go.
func (c *Core) keepRemoved(a *app, e *executor) {
	a.removedTotal++
	if limit := c.cfg.RetainedExecutors; len(a.removed) >= limit {
		n := min(max(limit/10, 1), len(a.removed))
		for _, old := range a.removed[:n] {
			c.dirty.gone(deploy.RowKey{Kind: deploy.RowExecutor, ID: old.id().String()})
		}
		a.removed = slices.Delete(a.removed, 0, n)
	}
	a.removed = append(a.removed, e)
}

// view is what the application sees of e.
func (e *executor) view() deploy.ExecutorView {
	return deploy.ExecutorView{
		Executor: e.id(), Profile: e.profile.ID, Worker: e.worker, Host: e.address.Host, Need: e.need, Addresses: e.addresses,
		State: e.life.State(), Exit: e.exit, Message: e.message,
	}
}

func executorByNum(e *executor, num int32) int { return cmp.Compare(e.num, num) }
