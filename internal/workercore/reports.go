package workercore

import (
	"slices"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
)

// say reports a launch to the leader, now and again until it is acknowledged. Without a leader the next inventory says it.
func (c *Core) say(l *launch) {
	l.ackedSeq = min(l.ackedSeq, l.report.Seq-1)
	l.resayAt = time.Time{}
	if c.link == nil {
		return
	}
	l.resayAt = c.now.Add(c.cfg.ReportRetry)
	c.send(c.link.peer, deploy.Report{Worker: c.cfg.Worker.ID, Incarnation: c.cfg.Incarnation, Launch: c.present(l)})
}

// present is the report of a launch as of now.
func (c *Core) present(l *launch) deploy.LaunchReport {
	r := l.report
	if r.State == deploy.ExecutorRunning && !l.startedAt.IsZero() {
		r.Lived = max(0, c.now.Sub(l.startedAt))
	}
	return r
}

// resay repeats the reports whose acknowledgement is late.
func (c *Core) resay() {
	if c.link == nil {
		return
	}
	for _, l := range c.launches {
		if c.due(l.resayAt) {
			c.say(l)
		}
	}
}

// acked hears which reports are durable. An ended launch whose newest report is among them leaves the books.
func (c *Core) acked(seqs []uint64) {
	c.launches = slices.DeleteFunc(c.launches, func(l *launch) bool {
		if !slices.Contains(seqs, l.report.Seq) {
			return false
		}
		l.ackedSeq, l.resayAt = l.report.Seq, time.Time{}
		if l.life.Terminal() && l.taken {
			c.control(l.report.Launch, launcher.Forget{})
		}
		return l.life.Terminal()
	})
}

// inventory is everything in the books: what lives, and every end that is not known to be durable.
func (c *Core) inventory() []deploy.LaunchReport {
	list := make([]deploy.LaunchReport, 0, len(c.launches))
	for _, l := range c.launches {
		if mutantInventoryIncomplete && l.life.Terminal() {
			continue
		}
		list = append(list, c.present(l))
	}
	return list
}
