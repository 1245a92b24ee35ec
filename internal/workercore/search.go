package workercore

import (
	"slices"
	"strings"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// mostMasters bounds the list: whoever answers can name masters, nobody can fill the memory with them.
const mostMasters = 64

// mostReason bounds what is kept of a master's words, in bytes.
const mostReason = 1 << 10

// master is an address to look for a leader at.
type master struct {
	addr       deploy.Address
	configured bool
	busy       bool   // being dialled, or a dialled session is open
	tried      bool   // in this round
	why        string // it did not take the worker in, the last time
}

// session is an open connection with a master.
type session struct {
	peer     deploy.PeerID
	hello    deploy.Hello
	dialled  deploy.Address // zero: it dialled us
	asked    bool           // RegisterWorker was sent, which happens once per session
	askedAt  time.Time
	askedSeq uint64    // the newest report that was in the inventory
	heardAt  time.Time // of its opening at first
}

func (c *Core) addMaster(a deploy.Address, configured bool) {
	known := slices.ContainsFunc(c.masters, func(m master) bool { return m.addr == a })
	if a.IsZero() || known || len(c.masters) >= mostMasters {
		return
	}
	c.masters = append(c.masters, master{addr: a, configured: configured})
}

// learnMasters keeps the configured masters and those the leader names; what earlier leaders named is dropped unless in use.
func (c *Core) learnMasters(named []deploy.Address) {
	c.masters = slices.DeleteFunc(c.masters, func(m master) bool {
		return !m.configured && !m.busy && !slices.Contains(named, m.addr)
	})
	for _, a := range named {
		c.addMaster(a, false)
	}
}

// masterIdle takes note that a dial or a dialled session has ended, and why.
func (c *Core) masterIdle(a deploy.Address, why string) {
	for i := range c.masters {
		if c.masters[i].addr == a {
			c.masters[i].busy, c.masters[i].why = false, why[:min(len(why), mostReason)]
		}
	}
}

// whyNot says what became of each master, for people.
func (c *Core) whyNot() string {
	var said []string
	for i := range c.masters {
		if m := &c.masters[i]; m.why != "" {
			said = append(said, m.addr.String()+": "+m.why)
		}
	}
	if len(said) == 0 {
		return "no leader has answered"
	}
	return strings.Join(said, "; ")
}

// dialRound dials every master that is not in touch, and sets the time of the next round. It tells what the round before came to, if that failed.
func (c *Core) dialRound() {
	failed := c.searched && !slices.ContainsFunc(c.masters, func(m master) bool { return m.busy })
	c.searched = true
	for i := range c.masters {
		c.masters[i].tried = false
		c.dial(&c.masters[i])
	}
	wait := c.jitter(c.backoff)
	c.retryAt = c.now.Add(wait)
	c.backoff = min(2*c.backoff, c.cfg.RetryMax)
	if failed {
		c.tell(RetryAt{After: wait.String(), Reason: c.whyNot()})
	}
}

// dial dials m unless it was tried in this round: two standbys that name each other are not chased in circles.
func (c *Core) dial(m *master) {
	if m.busy || m.tried {
		return
	}
	m.busy, m.tried = true, true
	c.out.Dial = append(c.out.Dial, m.addr)
}

// searchOn goes on while nobody leads: the next round, or the end of patience.
func (c *Core) searchOn() {
	if d := c.cfg.ExitWhenUnregistered; d > 0 && c.due(c.since.Add(d)) {
		c.leave(Leave{Reason: "no master has taken this worker in for " + d.String() + ": " + c.whyNot()})
		return
	}
	if c.due(c.retryAt) {
		c.dialRound()
	}
}

// opened registers on a new session if its master may lead.
func (c *Core) opened(e Opened) {
	s := session{peer: e.Peer, hello: e.Hello, dialled: e.Dialled, heardAt: c.now}
	c.sessions = append(c.sessions, s)
	switch {
	case c.leaving != nil:
		c.hangUp(e.Peer, "the worker is leaving")
	case e.Hello.Epoch > 0 && e.Hello.Epoch < c.seenEpoch(e.Hello.ClusterID):
		c.hangUp(e.Peer, "a later leader has been seen")
	case c.link != nil && !c.succeeds(e.Hello):
		c.hangUp(e.Peer, "registered with another master")
	case !c.askedAlready(e.Hello):
		c.ask(&c.sessions[len(c.sessions)-1])
	}
}

// succeeds tells whether a master leads the worker's own cluster in a later epoch than the one obeyed.
func (c *Core) succeeds(h deploy.Hello) bool {
	return h.ClusterID == c.link.order.Cluster && h.Epoch > c.link.order.Epoch
}

// askedAlready tells whether the same leader has a registration of this worker on another session to answer.
func (c *Core) askedAlready(h deploy.Hello) bool {
	return h.Epoch > 0 && slices.ContainsFunc(c.sessions, func(s session) bool {
		return s.asked && s.hello.Epoch == h.Epoch && s.hello.ClusterID == h.ClusterID
	})
}

func (c *Core) ask(s *session) {
	s.asked, s.askedAt, s.askedSeq = true, c.now, c.seq
	c.send(s.peer, deploy.RegisterWorker{Worker: c.cfg.Worker, Incarnation: c.cfg.Incarnation, Launches: c.inventory()})
}

// standby follows a redirection.
func (c *Core) standby(peer deploy.PeerID, m deploy.Standby) {
	c.hangUp(peer, "it does not lead")
	if c.link != nil || c.leaving != nil {
		return
	}
	c.addMaster(m.Leader, false)
	for i := range c.masters {
		if c.masters[i].addr == m.Leader {
			c.dial(&c.masters[i])
		}
	}
}

func (c *Core) session(peer deploy.PeerID) *session {
	for i := range c.sessions {
		if c.sessions[i].peer == peer {
			return &c.sessions[i]
		}
	}
	return nil
}

// hangUp ends a session from this side.
func (c *Core) hangUp(peer deploy.PeerID, reason string) {
	c.out.Hangup = append(c.out.Hangup, Hangup{Peer: peer, Reason: reason})
	c.closed(peer, reason)
}

// closed forgets a session that has ended; with the leader's goes the registration.
func (c *Core) closed(peer deploy.PeerID, reason string) {
	i := slices.IndexFunc(c.sessions, func(s session) bool { return s.peer == peer })
	if i < 0 {
		return
	}
	gone := c.sessions[i]
	c.sessions = slices.Delete(c.sessions, i, i+1)
	c.masterIdle(gone.dialled, reason)
	if c.link != nil && c.link.peer == peer {
		c.lost(reason)
	}
	c.askNext(gone.hello)
}

// askNext registers on another session with the leader whose session has ended.
func (c *Core) askNext(h deploy.Hello) {
	if c.leaving != nil || c.askedAlready(h) {
		return
	}
	for i := range c.sessions {
		s := &c.sessions[i]
		if !s.asked && s.hello.Epoch == h.Epoch && s.hello.ClusterID == h.ClusterID {
			c.ask(s)
			return
		}
	}
}

// silentAt is when a session is given up unless it is heard before.
func (c *Core) silentAt(s *session) time.Time { return s.heardAt.Add(c.cfg.MasterTimeout) }

func (c *Core) hangUpSilent() {
	for i := len(c.sessions) - 1; i >= 0; i-- {
		if i < len(c.sessions) && c.due(c.silentAt(&c.sessions[i])) {
			c.hangUp(c.sessions[i].peer, "silent for "+c.cfg.MasterTimeout.String())
		}
	}
}

func (c *Core) send(to deploy.PeerID, m deploy.Message) {
	c.out.Send = append(c.out.Send, Envelope{To: to, Msg: m})
}

func (c *Core) seenEpoch(cluster deploy.ClusterID) deploy.Epoch {
	for i := range c.seen {
		if c.seen[i].Cluster == cluster {
			return c.seen[i].Epoch
		}
	}
	return 0
}

// see makes an epoch durable, so that an earlier leader is refused after a restart too.
func (c *Core) see(cluster deploy.ClusterID, epoch deploy.Epoch) {
	if epoch <= c.seenEpoch(cluster) {
		return
	}
	entry := EpochSeen{Cluster: cluster, Epoch: epoch}
	c.seen = slices.DeleteFunc(c.seen, func(s EpochSeen) bool { return s.Cluster == cluster })
	c.seen = append(c.seen, entry)
	c.out.Persist = append(c.out.Persist, entry)
}
