package workercore

import (
	"slices"

	"github.com/musterproject/muster/pkg/deploy"
)

// order obeys what the leader says if its stamp proves that it is the next order of the registration obeyed.
func (c *Core) order(peer deploy.PeerID, stamp deploy.Stamp, m deploy.Message) {
	if !c.admits(peer, stamp) {
		return
	}
	switch m := m.(type) {
	case deploy.LaunchOrder:
		c.launch(m.Launch)
	case deploy.KillOrder:
		c.kill(m.Launch, m.Reason)
	case deploy.AppEnded:
		c.appEnded(m.App)
	default:
		c.refuse(stamp, "nothing a worker is told")
	}
}

// admits tells whether an order is to be obeyed. After a gap the worker registers anew, which settles everything.
func (c *Core) admits(peer deploy.PeerID, s deploy.Stamp) bool {
	if mutantStaleEpochObeyed && c.link != nil && s.Cluster == c.link.order.Cluster && s.Epoch < c.link.order.Epoch {
		return true
	}
	switch {
	case c.link == nil || s.Cluster != c.link.order.Cluster:
		c.refuse(s, "not of the registration obeyed")
		return false
	case s.Epoch < c.seenEpoch(s.Cluster):
		c.refuse(s, "of an earlier leader than one already seen")
		return false
	case mutantOldSessionObeyed && s.Epoch == c.link.order.Epoch && s.Session < c.link.order.Session:
		return true
	case peer != c.link.peer || s.Epoch != c.link.order.Epoch || s.Session != c.link.order.Session:
		c.refuse(s, "not of the registration obeyed")
		return false
	case s.Seq <= c.link.order.Seq:
		c.refuse(s, "heard before")
		return mutantDuplicateLaunchStarts
	case s.Seq > c.link.order.Seq+1:
		c.refuse(s, "an order before it was lost")
		c.hangUp(peer, "an order was lost")
		return false
	}
	c.link.order.Seq = s.Seq
	return true
}

func (c *Core) refuse(s deploy.Stamp, reason string) { c.tell(OrderRefused{Stamp: s, Reason: reason}) }

// launch takes an order over: the report LAUNCHING leaves with the start.
func (c *Core) launch(o deploy.Launch) {
	at, held := c.find(o.ID)
	if held && !mutantDuplicateLaunchStarts {
		c.say(c.launches[at])
		return
	}
	l := newLaunch(&o)
	if held {
		l = c.launches[at]
	} else {
		c.launches = slices.Insert(c.launches, at, l)
	}
	switch {
	case slices.Contains(c.tombs, o.ID):
		c.end(l, deploy.ExecutorKilled, deploy.Exit{}, "killed before it was launched")
	case c.leaving != nil:
		c.end(l, deploy.ExecutorFailed, deploy.Exit{}, "the worker is leaving: "+c.leaving.Reason)
	case o.Leased && c.lease.over(c.now):
		c.end(l, deploy.ExecutorKilled, deploy.Exit{}, "not started: "+leaseOver)
	default:
		c.out.Start = append(c.out.Start, o)
		c.change(l, l.life.State(), "ordered")
	}
}

// kill ends a launch. One that the worker does not hold is answered at once and remembered, so that a late order cannot start it.
func (c *Core) kill(id deploy.LaunchID, reason string) {
	at, held := c.find(id)
	if !held {
		l := &launch{report: deploy.LaunchReport{Launch: id}}
		c.launches = slices.Insert(c.launches, at, l)
		if !mutantKillTombstoneLost {
			c.tombs = append(c.tombs, id)
		}
		c.end(l, deploy.ExecutorKilled, deploy.Exit{}, reason)
		return
	}
	l := c.launches[at]
	if l.life.Terminal() {
		c.say(l)
		return
	}
	if mutantKillTombstoneLost && !l.taken {
		return
	}
	c.stop(l, 0, reason)
}

// appEnded cleans up behind an application once nothing of it runs here.
func (c *Core) appEnded(app deploy.AppID) {
	if !slices.Contains(c.ended, app) {
		c.ended = append(c.ended, app)
	}
	c.clean()
}

func (c *Core) clean() {
	c.ended = slices.DeleteFunc(c.ended, func(app deploy.AppID) bool {
		runs := slices.ContainsFunc(c.launches, func(l *launch) bool { return l.report.Executor.App == app && !l.life.Terminal() })
		if !runs {
			c.out.Clean = append(c.out.Clean, app)
		}
		return !runs
	})
}
