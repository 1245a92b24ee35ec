package taskcore

import (
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// patrol looks after executors and tasks now and then.
func (c *Core) patrol() {
	if late := c.now.Sub(c.patrolAt); late > 10*c.cfg.Patrol {
		c.forgive(late)
	}
	c.patrolAt = c.now.Add(c.cfg.Patrol)
	c.giveUp()
	if c.pending == 0 && c.free > 0 {
		c.recall()
	}
}

// forgive moves deadlines when the driver itself was late: it was asleep, not its executors.
func (c *Core) forgive(late time.Duration) {
	for _, x := range c.executors {
		x.heardAt = x.heardAt.Add(late)
		if !x.open() {
			x.goneAt = x.goneAt.Add(late)
		}
	}
}

// giveUp ends the wait for executors that are silent or away for too long, and has the cluster replace them.
func (c *Core) giveUp() {
	for i := len(c.executors) - 1; i >= 0; i-- {
		x := c.executors[i]
		switch {
		case !x.open() && !c.now.Before(x.goneAt):
			c.kill(x.id)
			c.gone(x, "its session broke and it did not come back within "+c.cfg.LostGrace.String(), true)
		case x.open() && c.now.Sub(x.heardAt) >= c.cfg.ExecutorTimeout:
			c.kill(x.id)
			c.gone(x, "silent for "+c.cfg.ExecutorTimeout.String(), true)
		}
	}
}

func (c *Core) kill(id deploy.ExecutorID) { c.out.Kill = append(c.out.Kill, id) }

// recall takes tasks back that wait behind others while cores elsewhere are idle: one for each idle core, from the ends of the lists.
func (c *Core) recall() {
	idle := int32(0)
	for _, x := range c.executors {
		if x.idle {
			idle += x.cores - x.held.n
		}
	}
	for _, x := range c.executors {
		slot := x.held.tail
		for extra := x.held.n - x.cores; extra > 0 && idle > 0 && x.open(); extra-- {
			t := &c.tasks[slot]
			if t.job != nil {
				idle--
				if !t.recalled {
					t.recalled = true
					c.out.Cancel = append(c.out.Cancel, Withdrawal{Peer: x.peer, ID: c.id(slot), Unstarted: true})
				}
			}
			slot = t.prev
		}
	}
}
