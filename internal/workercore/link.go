package workercore

import (
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// leastHeartbeat keeps a master that names no interval from being flooded.
const leastHeartbeat = 10 * time.Millisecond

// link is the registration that is obeyed.
type link struct {
	peer     deploy.PeerID
	order    deploy.Stamp // of the last order obeyed
	interval time.Duration
	beatAt   time.Time
	// Heartbeats count modulo 256, so that putting one into a message allocates nothing, and the older half of their sending times is
	// void: an acknowledgement never extends the lease by a later heartbeat than it heard.
	beats  uint8
	sentAt [256]time.Time
}

// received handles the items of one frame.
func (c *Core) received(e Received) {
	if s := c.session(e.Peer); s != nil {
		s.heardAt = c.now
	}
	for i := range e.Items {
		c.item(e.Peer, &e.Items[i])
	}
}

func (c *Core) item(peer deploy.PeerID, it *rpc.Item) {
	if c.link != nil && c.link.peer == peer && later(it.Stamp, c.link.order) {
		c.hangUp(peer, "the leader has a later registration in mind") // a registration was heard twice: only a new one settles it
		return
	}
	switch m := it.Msg.(type) {
	case deploy.HeartbeatAck:
		c.heartbeatAck(peer, it.Stamp, m)
	case deploy.ReportAck:
		if c.inSession(peer, it.Stamp) {
			c.acked(m.Seqs)
		}
	case deploy.WorkerRegistered:
		c.registered(peer, it.Stamp, m)
	case deploy.WorkerRefused:
		if s := c.session(peer); s != nil && s.asked {
			c.hangUp(peer, "refused: "+m.Fault.Error())
		}
	case deploy.Standby:
		if c.session(peer) != nil {
			c.standby(peer, m)
		}
	case deploy.RegisterAgain:
		if c.link != nil && c.link.peer == peer {
			c.hangUp(peer, "the leader wants a new registration: "+m.Reason)
		}
	default:
		c.order(peer, it.Stamp, it.Msg)
	}
}

// registered begins to obey a leader.
func (c *Core) registered(peer deploy.PeerID, stamp deploy.Stamp, m deploy.WorkerRegistered) {
	s := c.session(peer)
	switch {
	case s == nil || !s.asked || c.link != nil && c.link.peer == peer:
		c.refuse(stamp, "an answer to a registration that does not wait for one")
		return
	case stamp.Epoch < c.seenEpoch(stamp.Cluster) && !mutantStaleEpochObeyed:
		c.refuse(stamp, "of an earlier leader than one already seen")
		c.hangUp(peer, "a later leader has been seen")
		return
	case c.link != nil && !later(stamp, c.link.order):
		c.refuse(stamp, "no later than the registration obeyed")
		c.hangUp(peer, "registered with another master")
		return
	}
	c.see(stamp.Cluster, stamp.Epoch)
	c.link = &link{peer: peer, order: stamp, interval: max(m.Heartbeat, leastHeartbeat)}
	c.link.beatAt = c.now.Add(c.link.interval)
	c.lease = lease{length: m.Lease, from: s.askedAt}
	c.tombs = c.tombs[:0]
	c.tell(Registered{Master: s.hello.Address, Epoch: stamp.Epoch, Session: stamp.Session, Killed: len(m.Kill)})
	c.settle(s.askedSeq, m)
	c.learnMasters(m.Masters)
	c.leaveOthers(peer)
}

// later tells whether a registration replaces another one of the same cluster.
func later(a, b deploy.Stamp) bool {
	return a.Cluster == b.Cluster && (a.Epoch > b.Epoch || a.Epoch == b.Epoch && a.Session > b.Session)
}

// settle carries out the verdict on the inventory and says what has changed since it was taken.
func (c *Core) settle(askedSeq uint64, m deploy.WorkerRegistered) {
	c.acked(m.Acked)
	for _, l := range c.launches {
		switch {
		case l.saidAll():
		case l.report.Seq > askedSeq:
			c.say(l)
		default:
			l.resayAt = c.now.Add(c.cfg.ReportRetry)
		}
	}
	for _, id := range m.Kill {
		c.kill(id, "not wanted by the leader")
	}
}

func (c *Core) leaveOthers(peer deploy.PeerID) {
	for i := len(c.sessions) - 1; i >= 0; i-- {
		if p := c.sessions[i].peer; p != peer {
			c.hangUp(p, "registered with another master")
		}
	}
}

// lost ends the obedience to a leader; processes run on, leased ones until their lease ends.
func (c *Core) lost(reason string) {
	c.link = nil
	c.since, c.searched = c.now, false
	c.tell(Unregistered{Reason: reason})
	if c.leaving == nil {
		c.retryAt = c.now.Add(c.jitter(c.backoff))
		c.backoff = min(2*c.backoff, c.cfg.RetryMax)
	}
}

// inSession tells whether an answer that is no order belongs to the registration obeyed.
func (c *Core) inSession(peer deploy.PeerID, s deploy.Stamp) bool {
	return c.link != nil && c.link.peer == peer && s.Cluster == c.link.order.Cluster && s.Epoch == c.link.order.Epoch && s.Session == c.link.order.Session
}

// beat says that the worker lives, when it is time.
func (c *Core) beat() {
	k := c.link
	if !c.due(k.beatAt) {
		return
	}
	k.beats++
	k.sentAt[k.beats] = c.now
	k.sentAt[k.beats+128] = time.Time{}
	c.send(k.peer, deploy.Heartbeat{N: uint64(k.beats)})
	k.beatAt = c.now.Add(k.interval)
}

// heartbeatAck renews the lease from the sending of what the leader heard, and finds out that an order was lost.
func (c *Core) heartbeatAck(peer deploy.PeerID, s deploy.Stamp, m deploy.HeartbeatAck) {
	if !c.inSession(peer, s) || m.N > 255 {
		return
	}
	if sent := c.link.sentAt[m.N]; sent.After(c.lease.from) {
		c.lease.from = sent
	}
	c.backoff = c.cfg.RetryMin
	if m.Orders > c.link.order.Seq {
		c.hangUp(peer, "an order was lost")
	}
}
