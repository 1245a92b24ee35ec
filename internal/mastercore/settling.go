package mastercore

import (
	"fmt"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// settle applies what a worker says of a launch in its books. It is an absolute statement: hearing it again changes nothing.
func (c *Core) settle(l *launch, rep *deploy.LaunchReport) {
	if rep.Ended() {
		c.launchEnded(l, rep)
		return
	}
	if l.expected {
		l.expected = false
		l.need = rep.Need
		if saneNeed(&l.need) != nil || l.worker.books.take(l, rep.Addresses) != "" {
			l.need = deploy.Resources{}
			c.kill(l, "its worker no longer has the resources for it")
		}
		c.charge(l.queue, &l.need, 1)
		c.touchWorker(l.worker)
	}
	if !l.confirmed {
		l.confirmed = true
		c.timers.disarm(&l.timer)
		c.confirmed(l)
	}
	if rep.State != deploy.ExecutorLaunching && !l.running {
		l.running = true
		c.launchRuns(l, rep.Lived)
	}
}

// confirmed ends the doubt about a driver's order.
func (c *Core) confirmed(l *launch) {
	if l.driver != nil && l.wanted() {
		c.redecide(&l.driver.demand)
		c.touchDriver(l.driver)
	}
}

// launchRuns says that the process of l is there. lived is how long already.
func (c *Core) launchRuns(l *launch, lived time.Duration) {
	switch {
	case l.exec != nil:
		c.executorRuns(l.exec)
		if !l.killing {
			c.arm(&l.timer, c.at+int64(max(0, c.cfg.ProvenAfter-lived)))
		}
	case l.wanted():
		c.driverRuns(l.driver)
	}
}

// launchEnded frees what l held and accounts for its end, once.
func (c *Core) launchEnded(l *launch, rep *deploy.LaunchReport) {
	wanted := l.wanted()
	c.release(l)
	end := ending{state: rep.State, exit: rep.Exit, message: brief(rep.Message), lived: rep.Lived, asked: l.killing, worker: l.worker}
	switch {
	case l.exec != nil:
		c.executorEnded(l.exec, end)
	case wanted:
		c.attemptEnded(l.driver, end)
	case l.driver != nil:
		c.attemptGone(l, 0)
	}
}

// launchVanished deals with a launch that its worker does not list. Unless the worker has been another process since, or had confirmed it, the
// order has never arrived: a driver may start elsewhere as if nothing had been.
func (c *Core) launchVanished(l *launch, restarted bool) {
	wanted := l.wanted()
	c.release(l)
	reason := fmt.Sprintf("worker %s does not have it", l.worker.spec.ID)
	if restarted {
		reason = fmt.Sprintf("worker %s has restarted without it", l.worker.spec.ID)
	}
	switch {
	case l.exec != nil:
		c.executorEnded(l.exec, ending{state: deploy.ExecutorLost, message: reason, asked: l.killing, worker: l.worker})
	case wanted && !l.confirmed && !restarted:
		c.attemptNeverBegan(l.driver)
	case wanted:
		c.attemptLost(l.driver, reason, 0)
	case l.driver != nil:
		c.attemptGone(l, 0)
	}
}

// launchLost writes off a launch with its worker.
func (c *Core) launchLost(l *launch, reason string, leaseEnd int64) {
	wanted := l.wanted()
	c.release(l)
	reason = fmt.Sprintf("worker %s lost: %s", l.worker.spec.ID, reason)
	switch {
	case l.exec != nil:
		c.executorEnded(l.exec, ending{state: deploy.ExecutorLost, message: reason, asked: l.killing, workerLost: true, worker: l.worker})
	case wanted:
		c.attemptLost(l.driver, reason, leaseEnd)
	case l.driver != nil:
		c.attemptGone(l, leaseEnd)
	}
}

// launchOfOwner is a mistake to be found: what the owner named in a report runs now, whichever launch the report is about.
func (c *Core) launchOfOwner(rep *deploy.LaunchReport) *launch {
	if a := c.apps[rep.Executor.App]; a != nil {
		if e := a.executor(rep.Executor.Num); e != nil {
			return e.launch
		}
	}
	if d := c.drivers[rep.Driver]; d != nil {
		return d.launch
	}
	return c.launches[rep.Launch]
}

// ending is how a process ended.
type ending struct {
	state      deploy.ExecutorState
	exit       deploy.Exit
	message    string
	lived      time.Duration
	asked      bool // its end had been ordered
	workerLost bool
	worker     *worker
	stray      bool // an executor that could not reach its driver
}

// failed tells whether the process, nobody asking, ended badly.
func (e *ending) failed() bool {
	return !e.asked && (e.state == deploy.ExecutorFailed || e.state == deploy.ExecutorExited && !e.exit.OK())
}

// String says it in words.
func (e *ending) String() string {
	how := fmt.Sprintf("exit code %d", e.exit.Code)
	switch {
	case e.exit.OOM:
		how = "killed for using more memory than it asked for"
	case e.exit.Signal != 0:
		how = fmt.Sprintf("signal %d", e.exit.Signal)
	case e.state == deploy.ExecutorFailed:
		how = "could not be started"
	case e.state != deploy.ExecutorExited:
		how = e.state.String()
	}
	if e.message == "" {
		return how
	}
	return how + ": " + e.message
}

// adopt takes over a launch of an earlier epoch from its worker's first word in this one. False says that nobody wants it.
func (c *Core) adopt(w *worker, rep *deploy.LaunchReport) bool {
	if rep.Launch.Epoch >= c.epoch || rep.Executor.IsZero() {
		return false // drivers are known from their records
	}
	a := c.apps[rep.Executor.App]
	if a == nil || a.ended() || a.killed[rep.Executor.Num] || a.executor(rep.Executor.Num) != nil || rep.Executor.Num < 0 ||
		rep.Executor.Num >= a.burnt {
		return false
	}
	p := a.profile(rep.Profile)
	if p == nil || saneNeed(&rep.Need) != nil || rep.Need.Cores < 1 {
		return false
	}
	e := newExecutor(a, rep.Executor.Num, p, w)
	l := &launch{id: rep.Launch, worker: w, need: rep.Need, exec: e}
	if rep.Ended() {
		l.need = deploy.Resources{} // it holds nothing any more; its end is still news
		c.list(l)
	} else if c.hold(l, rep.Addresses) != "" {
		return false
	}
	c.occupy(l)
	c.addExecutor(e, "adopted")
	c.settle(l, rep)
	return true
}
