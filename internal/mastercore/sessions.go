package mastercore

import (
	"fmt"

	"github.com/musterproject/muster/pkg/deploy"
)

// session is one connection. It is a worker's or an application's from its registration on.
type session struct {
	peer    deploy.PeerID
	role    deploy.Role
	from    deploy.Principal
	id      deploy.SessionID // 0 until registered; new at each registration
	orders  uint64           // Seq of the last order
	heard   moment           // its last word
	suspect bool             // a worker, silent for SuspectAfter
	leaving bool             // a worker that ends what it runs and takes nothing new

	held     bool   // the registration is answered when recovery ends: nothing is ordered before
	welcomed moment // the registration of an application was answered
	worker   *worker
	app      *app

	beat  uint64   // newest heartbeat of this frame, to be acknowledged at its end
	beats bool     // there is one
	acks  []uint64 // reports of this frame, to be acknowledged at its end
}

func (c *Core) opened(ev *Opened) {
	if old := c.sessions[ev.Peer]; old != nil {
		c.drop(old, "the connection was opened again")
	}
	c.sessions[ev.Peer] = &session{peer: ev.Peer, role: ev.Hello.Role, from: ev.From}
}

// closed says that a session has ended by itself.
func (c *Core) closed(peer deploy.PeerID, reason string) {
	if s := c.sessions[peer]; s != nil {
		c.drop(s, brief(reason))
	}
}

// hangup ends a session by our own decision.
func (c *Core) hangup(s *session, reason string) {
	c.out.Hangup = append(c.out.Hangup, Hangup{Peer: s.peer, Reason: reason})
	if s.worker != nil {
		s.worker.hungUp = true
	}
	c.drop(s, reason)
}

// drop forgets a session; whoever it belonged to is now without one.
func (c *Core) drop(s *session, reason string) {
	delete(c.sessions, s.peer)
	if w := s.worker; w != nil {
		s.worker = nil
		w.leaveSession()
		c.workerDisconnected(w, reason)
	}
	if a := s.app; a != nil {
		s.app, a.session = nil, nil
		c.appDisconnected(a)
	}
}

// replace takes the session of a peer that has come by another one; being without is not noticed.
func (c *Core) replace(s *session, reason string) {
	s.worker, s.app = nil, nil
	c.hangup(s, reason)
}

// register begins a new session id on s: orders count from 1 again.
func (c *Core) register(s *session) {
	c.lastSession++
	s.id, s.orders, s.held = c.lastSession, 0, false
}

// order sends m as the next order of a session. Without a session it is not sent: the next registration settles what it was about.
func (c *Core) order(s *session, m deploy.Message) {
	if s == nil || s.held {
		return
	}
	s.orders++
	c.out.Send = append(c.out.Send, Envelope{To: s.peer, Stamp: c.stamp(s, s.orders), Msg: m})
}

// say sends m outside the sequence of orders: losing it costs the peer a retry.
func (c *Core) say(s *session, m deploy.Message) {
	c.out.Send = append(c.out.Send, Envelope{To: s.peer, Stamp: c.stamp(s, 0), Msg: m})
}

func (c *Core) stamp(s *session, seq uint64) deploy.Stamp {
	return deploy.Stamp{Cluster: c.cluster, Epoch: c.epoch, Session: s.id, Seq: seq}
}

// received takes one frame, or one question of a client.
func (c *Core) received(ev *Received) {
	if ev.Peer == 0 {
		for _, m := range ev.Msgs {
			c.request(asker{call: ev.Call, from: ev.From}, m)
		}
		return
	}
	s := c.sessions[ev.Peer]
	if s == nil {
		c.fact(Oddity{Peer: ev.Peer, What: "frame", Reason: "its session has ended"})
		return
	}
	at := c.at
	if !ev.At.IsZero() {
		at = min(c.nanos(ev.At), at)
	}
	for _, m := range ev.Msgs {
		if c.sessions[ev.Peer] != s {
			break // one of its own messages ended the session
		}
		c.message(s, m, at)
	}
	c.acknowledge(s)
}

func (c *Core) message(s *session, m deploy.Message, at int64) {
	switch m := m.(type) {
	case deploy.Heartbeat:
		c.heartbeat(s, m, at)
	case deploy.Report:
		c.report(s, &m, at)
	case deploy.RegisterWorker:
		c.registerWorker(s, &m, at)
	case deploy.LeaveWorker:
		c.leaveWorker(s, &m)
	case deploy.RegisterApp:
		c.registerApp(s, &m, at)
	case deploy.ExecutorsReached:
		c.executorsReached(s, &m)
	default:
		c.request(asker{session: s, from: s.from}, m)
	}
}

// heartbeat must not allocate, and touches nothing but the session.
func (c *Core) heartbeat(s *session, m deploy.Heartbeat, at int64) {
	if s.worker == nil && s.app == nil {
		c.registerAgain(s, "this master has no registration of this session")
		return
	}
	c.hear(s, at)
	s.beat, s.beats = m.N, true
}

// hear notes a word of a registered peer. It does not touch any timer.
func (c *Core) hear(s *session, at int64) {
	if at > s.heard.at {
		s.heard = c.heardAt(at)
	}
	if s.suspect {
		s.suspect = false
		c.workerBecomes(s.worker, s.worker.reachable(), "heard again")
		c.armWorker(s.worker)
	}
}

// acknowledge answers what a frame brought: its last heartbeat, and all its reports at once.
func (c *Core) acknowledge(s *session) {
	if c.sessions[s.peer] == s {
		if len(s.acks) > 0 {
			c.say(s, deploy.ReportAck{Seqs: s.acks})
		}
		if s.beats {
			c.out.Acks = append(c.out.Acks, Ack{To: s.peer, Stamp: c.stamp(s, 0), Msg: deploy.HeartbeatAck{N: s.beat, Orders: s.orders}})
		}
	}
	s.acks, s.beats = nil, false
}

func (c *Core) registerAgain(s *session, reason string) {
	c.say(s, deploy.RegisterAgain{Reason: reason})
}

// odd notes that a peer did what it should not; nothing is changed by it.
func (c *Core) odd(s *session, what any, reason string) {
	c.fact(Oddity{Peer: s.peer, What: fmt.Sprintf("%T", what), Reason: reason})
}
