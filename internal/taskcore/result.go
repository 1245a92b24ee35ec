package taskcore

import (
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// results books what became of tasks. An attempt that its executor does not hold is a duplicate, or late: nobody waits for it.
func (c *Core) results(e Results) {
	x := c.peers[e.Peer]
	if x == nil {
		return
	}
	x.heardAt = c.now
	for i := range e.List {
		if slot := c.find(x, e.List[i].ID, e.List[i].Attempt); slot != none {
			c.drop(x, slot)
			c.result(x, slot, &e.List[i])
		}
	}
	c.count(x)
	if c.free > 1 || c.free == 1 && !x.idle { // what came back goes to idle cores first
		c.dispatch()
	} else {
		c.refill(x)
	}
}

func (c *Core) result(x *executor, slot int32, r *deploy.TaskResult) {
	t := &c.tasks[slot]
	j := t.job
	switch {
	case j == nil:
		c.release(slot)
	case r.State == deploy.TaskFinished:
		c.learn(j, r.Took)
		c.out.Done = append(c.out.Done, Outcome{Job: j.id, Index: t.index, Output: r.Output, Executor: x.id, Attempt: t.attempt, Took: r.Took, Bytes: t.bytes})
		j.held--
		c.release(slot)
		c.settle(j)
	case r.State == deploy.TaskFailed:
		c.blame(slot, x, r.Error)
	default: // killed there, by nobody's fault
		c.again(slot)
	}
}

// learn keeps a moving average over about eight attempts.
func (c *Core) learn(j *job, took time.Duration) {
	took = max(1, took)
	if j.average == 0 {
		j.average = took
		return
	}
	j.average = max(1, j.average+(took-j.average)/8)
}
