package workercore

import (
	"slices"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// leave begins the end of the run: processes are stopped, or kept for the next incarnation. A second wish can only hurry the first.
func (c *Core) leave(e Leave) {
	if c.leaving == nil {
		c.leaving = &e
	} else if !e.Now {
		return
	}
	c.leaving.Now = c.leaving.Now || e.Now
	if c.leaving.Keep {
		return
	}
	var grace time.Duration
	if c.leaving.Now {
		grace = -1
	}
	if c.anythingRuns() && !c.leaving.Now {
		c.farewell(true)
	}
	for _, l := range c.launches {
		if !l.life.Terminal() {
			c.stop(l, grace, "the worker is leaving: "+c.leaving.Reason)
		}
	}
}

// leaveOn says goodbye when everything has ended and its ends are durable, or have been said for long enough.
func (c *Core) leaveOn() {
	if c.leaving == nil {
		return
	}
	if !c.leaving.Keep && (c.anythingRuns() || c.endsToDeliver()) {
		return
	}
	c.farewell(false)
	c.finish(c.leaving.Reason)
}

// farewell tells the leader that the worker leaves: first that nothing new may be launched here, at last that it is gone.
func (c *Core) farewell(stays bool) {
	if c.link != nil {
		c.send(c.link.peer, deploy.LeaveWorker{
			Worker: c.cfg.Worker.ID, Incarnation: c.cfg.Incarnation, Reason: c.leaving.Reason, Keeps: c.leaving.Keep, Stays: stays,
		})
	}
}

func (c *Core) anythingRuns() bool {
	return slices.ContainsFunc(c.launches, func(l *launch) bool { return !l.life.Terminal() })
}

// endsToDeliver tells whether acknowledgements of ends are still worth waiting for: a leader is there and there is no hurry.
func (c *Core) endsToDeliver() bool {
	if len(c.launches) == 0 || c.link == nil || c.leaving.Now {
		return false
	}
	if c.leaveBy.IsZero() {
		c.leaveBy = c.now.Add(c.cfg.ReportRetry)
	}
	return !c.due(c.leaveBy)
}
