package taskcore

import (
	"fmt"
	"slices"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// rememberedEnds bounds what is kept of ended executors.
const rememberedEnds = 1024

// mostCores bounds what an executor may claim.
const mostCores = 1 << 16

// executor is one that has opened a session and has not ended.
type executor struct {
	id       deploy.ExecutorID
	peer     deploy.PeerID // 0: its session broke
	cores    int32
	held     list  // in the order they were given: the first ones run
	bytes    int64 // of their inputs
	draining bool  // its worker takes no new work, and neither does it
	idle     bool  // counted in Core.free
	heardAt  time.Time
	goneAt   time.Time // of one that is away, unless it comes back
}

// open tells whether messages reach it.
func (x *executor) open() bool { return x.peer != 0 }

// takes tells whether it may get tasks.
func (x *executor) takes() bool { return x.peer != 0 && !x.draining }

// full tells whether the inputs it holds are all that it may hold.
func (c *Core) full(x *executor) bool { return x.held.n > 0 && x.bytes >= c.cfg.MaxHeldBytes }

// idles tells whether a core of it could run a task that is pending.
func (c *Core) idles(x *executor) bool { return x.takes() && x.held.n < x.cores && !c.full(x) }

// drop takes a task out of what x holds.
func (c *Core) drop(x *executor, slot int32) {
	c.unlink(&x.held, slot)
	x.bytes -= c.tasks[slot].bytes
}

// count keeps Core.free true after a change of x.
func (c *Core) count(x *executor) {
	if idle := c.idles(x); idle != x.idle {
		x.idle = idle
		if idle {
			c.free++
		} else {
			c.free--
		}
	}
}

// ready takes a session in. A newer one of the same executor replaces the old one.
func (c *Core) ready(e ExecutorReady) {
	if c.peers[e.Peer] != nil {
		return // it says so twice
	}
	if e.Cores < 1 {
		c.out.Hangup = append(c.out.Hangup, Hangup{Peer: e.Peer, Reason: fmt.Sprintf("executor %s says it has %d cores; it needs 1 or more", e.ID, e.Cores)})
		return
	}
	if slices.Contains(c.ended, e.ID) {
		c.out.Hangup = append(c.out.Hangup, Hangup{Peer: e.Peer, Reason: "executor " + e.ID.String() + " has been given up"})
		return
	}
	x, known := c.ids[e.ID]
	if !known {
		x = &executor{id: e.ID, held: emptyList()}
		c.ids[e.ID] = x
		c.executors = append(c.executors, x)
	}
	if x.open() {
		c.out.Hangup = append(c.out.Hangup, Hangup{Peer: x.peer, Reason: "replaced by a newer session of executor " + x.id.String()})
		delete(c.peers, x.peer)
	}
	c.rerun(x, "", false)
	x.peer, x.cores, x.heardAt, x.goneAt = e.Peer, min(e.Cores, mostCores), c.now, time.Time{}
	c.peers[e.Peer] = x
	c.count(x)
	c.watch()
	c.tell(ExecutorJoined{Executor: x.id, Cores: x.cores, Again: known})
	c.dispatch()
}

// watch sees to it that there is a patrol while there is an executor.
func (c *Core) watch() {
	if c.patrolAt.IsZero() && len(c.executors) > 0 {
		c.patrolAt = c.now.Add(c.cfg.Patrol)
	}
}

// away keeps an executor whose session broke for a while: it comes back, or the cluster says what became of it.
func (c *Core) away(e ExecutorClosed) {
	x := c.peers[e.Peer]
	if x == nil {
		return
	}
	delete(c.peers, e.Peer)
	x.peer, x.goneAt = 0, c.now.Add(c.cfg.LostGrace)
	c.count(x)
	c.tell(ExecutorAway{Executor: x.id, Reason: e.Reason})
}

// changed hears what the cluster says of an executor.
func (c *Core) changed(e ExecutorChanged) {
	v := &e.View
	x := c.ids[v.Executor]
	switch {
	case v.State == deploy.ExecutorDecommissioned && x != nil:
		x.draining = true
		c.count(x)
	case !v.State.Terminal():
	case x == nil:
		if !e.Vanished {
			c.remember(v.Executor)
		}
	case e.Vanished && x.open(): // it still talks: the next leader has not heard of it yet
	default:
		c.gone(x, reasonOf(v), blamed(v) && !e.Vanished)
	}
}

// blamed tells whether the tasks that ran are to blame: the process ended by itself, and not for want of its driver.
func blamed(v *deploy.ExecutorView) bool {
	return v.State == deploy.ExecutorExited && !v.WorkerLost && v.Exit.Code != ExitDriverLost
}

func reasonOf(v *deploy.ExecutorView) string {
	why := v.State.String()
	switch {
	case v.Exit.OOM:
		why += ", out of memory"
	case v.Exit.Signal != 0:
		why += fmt.Sprintf(", by signal %d", v.Exit.Signal)
	case v.State == deploy.ExecutorExited:
		why += fmt.Sprintf(", code %d", v.Exit.Code)
	}
	if v.WorkerLost {
		why += ", lost with its worker"
	}
	if v.Message != "" {
		why += ": " + v.Message
	}
	return why
}

// gone gives an executor up; its tasks run elsewhere.
func (c *Core) gone(x *executor, why string, blame bool) {
	if x.open() {
		c.out.Hangup = append(c.out.Hangup, Hangup{Peer: x.peer, Reason: "executor " + x.id.String() + " is given up: " + why})
		delete(c.peers, x.peer)
	}
	x.peer = 0
	c.count(x)
	n := c.rerun(x, why, blame)
	delete(c.ids, x.id)
	c.executors = slices.DeleteFunc(c.executors, func(y *executor) bool { return y == x })
	c.remember(x.id)
	if len(c.executors) == 0 {
		c.patrolAt = time.Time{}
	}
	c.tell(ExecutorGone{Executor: x.id, Reason: why, Rerun: n, Blamed: blame})
	c.dispatch()
}

func (c *Core) remember(id deploy.ExecutorID) {
	if slices.Contains(c.ended, id) {
		return
	}
	if len(c.ended) >= rememberedEnds {
		c.ended = slices.Delete(c.ended, 0, rememberedEnds/2)
	}
	c.ended = append(c.ended, id)
}

// rerun takes everything from x, the last first, so that it is pending in the order it was. With blame, those that ran count a failure.
func (c *Core) rerun(x *executor, why string, blame bool) (n int) {
	for x.held.n > 0 {
		ran := x.held.n <= x.cores
		slot := x.held.tail
		c.drop(x, slot)
		switch {
		case c.tasks[slot].job == nil:
			c.release(slot)
		case blame && ran:
			if c.blame(slot, x, "executor "+x.id.String()+" ended while it ran the task: "+why) {
				n++
			}
		default:
			c.again(slot)
			n++
		}
	}
	return n
}
