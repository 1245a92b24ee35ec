package app

import (
	"fmt"
	"slices"
	"time"

	"github.com/musterproject/muster/pkg/backend"
	"github.com/musterproject/muster/pkg/deploy"
)

// mostMasters bounds the list: whoever answers can name masters, nobody can fill the memory with them.
const mostMasters = 64

// master is an address to look for a leader at.
type master struct {
	addr       deploy.Address
	configured bool
	busy       bool   // being dialled, or a session is open
	tried      bool   // in this round
	reason     string // what the last try came to
	final      bool   // another try will not help
}

// session is an open connection with a master.
type session struct {
	peer     deploy.PeerID
	at       deploy.Address
	hello    deploy.Hello
	shipping bool
	asked    bool // RegisterApp was sent
	heardAt  time.Time
}

func (c *core) addMaster(a deploy.Address, configured bool) {
	if a.IsZero() || c.master(a) != nil || len(c.masters) >= mostMasters {
		return
	}
	c.masters = append(c.masters, master{addr: a, configured: configured})
}

func (c *core) master(a deploy.Address) *master {
	for i := range c.masters {
		if c.masters[i].addr == a {
			return &c.masters[i]
		}
	}
	return nil
}

// learnMasters keeps the configured masters and those the leader names; what earlier leaders named is dropped unless in use.
func (c *core) learnMasters(named []deploy.Address) {
	c.masters = slices.DeleteFunc(c.masters, func(m master) bool {
		return !m.configured && !m.busy && !slices.Contains(named, m.addr)
	})
	for _, a := range named {
		c.addMaster(a, false)
	}
}

// failed notes what a try came to.
func (c *core) failed(a deploy.Address, reason string, final bool) {
	if m := c.master(a); m != nil {
		m.busy, m.reason, m.final = false, reason, final
	}
}

// dialRound dials every master that is not in touch, and sets the time of the next round. It tells that the round before has failed.
func (c *core) dialRound() {
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
		c.fact(retryAt{after: wait})
	}
}

// dial dials m unless it was tried in this round: two standbys that name each other are not chased in circles.
func (c *core) dial(m *master) {
	if m.busy || m.tried {
		return
	}
	m.busy, m.tried = true, true
	c.out.dial = append(c.out.dial, m.addr)
}

// searchOn goes on while nobody leads. An application that no master has ever taken in gives up in time, or as soon as no further try can help.
func (c *core) searchOn() {
	first := !c.taken && c.leaving == nil
	hopeless := !slices.ContainsFunc(c.masters, func(m master) bool { return m.configured && (m.busy || !m.final) })
	switch {
	case first && hopeless:
		c.finish(fmt.Errorf("%w: no master takes %s in%s", backend.ErrEnded, c.name(), c.reasons()))
	case first && c.due(c.since.Add(c.cfg.RegisterTimeout)):
		c.finish(fmt.Errorf("%w: no master took %s in within %s%s: %w",
			backend.ErrEnded, c.name(), c.cfg.RegisterTimeout, c.reasons(), deploy.ErrUnavailable))
	case c.due(c.retryAt):
		c.dialRound()
	}
}

// opened registers on a new session if its master may lead.
func (c *core) opened(e opened) {
	c.sessions = append(c.sessions, session{peer: e.peer, at: e.at, hello: e.hello, heardAt: c.now})
	s := &c.sessions[len(c.sessions)-1]
	switch {
	case e.hello.Epoch > 0 && e.hello.Epoch < c.seen[e.hello.ClusterID]:
		c.hangUp(e.peer, "a later leader has been seen")
	case c.link != nil:
		c.hangUp(e.peer, "registered with another master")
	default:
		c.approach(s)
	}
}

// approach registers on a session. Files come first, so that no executor is launched without its program. A standby, which takes no files, is
// only asked who leads.
func (c *core) approach(s *session) {
	switch {
	case s.shipping || s.asked:
	case c.ships && s.hello.Epoch == 0:
		c.send(s.peer, deploy.Heartbeat{})
	case c.ships && c.leaving == nil:
		s.shipping = true
		c.out.ship = append(c.out.ship, s.peer)
	default:
		c.registerOn(s)
	}
}

func (c *core) registerOn(s *session) {
	s.asked = true
	c.send(s.peer, deploy.RegisterApp{Request: c.register, App: c.app, Spec: c.spec, Token: c.token})
}

// shipped goes on to register, or leaves a master that did not take the files.
func (c *core) shipped(e shipped) {
	s := c.session(e.peer)
	if s == nil {
		return
	}
	s.shipping = false
	if e.failure != "" {
		c.hangUp(e.peer, "it did not take the application's files: "+e.failure)
		return
	}
	c.registerOn(s)
}

// standby follows a redirection.
func (c *core) standby(peer deploy.PeerID, m deploy.Standby) {
	if m.Leader.IsZero() {
		c.hangUp(peer, "it is "+m.State.String()+" and knows no leader")
	} else {
		c.hangUp(peer, "it is "+m.State.String()+", the leader is "+m.Leader.String())
	}
	if c.link != nil {
		return
	}
	c.addMaster(m.Leader, false)
	if next := c.master(m.Leader); next != nil {
		c.dial(next)
	}
}

func (c *core) session(peer deploy.PeerID) *session {
	for i := range c.sessions {
		if c.sessions[i].peer == peer {
			return &c.sessions[i]
		}
	}
	return nil
}

// hangUp ends a session from this side.
func (c *core) hangUp(peer deploy.PeerID, reason string) {
	c.out.hangup = append(c.out.hangup, hangup{peer: peer, reason: reason})
	c.closed(peer, reason)
}

// closed forgets a session that has ended; with the leader's goes the registration.
func (c *core) closed(peer deploy.PeerID, reason string) {
	i := slices.IndexFunc(c.sessions, func(s session) bool { return s.peer == peer })
	if i < 0 {
		return
	}
	at := c.sessions[i].at
	c.sessions = slices.Delete(c.sessions, i, i+1)
	c.failed(at, reason, false)
	if c.link != nil && c.link.peer == peer {
		c.lost(reason)
	}
}

// silentAt is when a session is given up unless it is heard before. A master that takes files has its own time-out.
func (c *core) silentAt(s *session) time.Time {
	if s.shipping {
		return time.Time{}
	}
	return s.heardAt.Add(c.cfg.MasterTimeout)
}

func (c *core) hangUpSilent() {
	for i := len(c.sessions) - 1; i >= 0; i-- {
		if c.due(c.silentAt(&c.sessions[i])) {
			c.hangUp(c.sessions[i].peer, "silent for "+c.cfg.MasterTimeout.String())
		}
	}
}
