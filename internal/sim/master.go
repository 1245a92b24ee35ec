package sim

import (
	"fmt"
	"slices"
	"time"

	"github.com/musterproject/muster/internal/mastercore"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// rules are a reference master's with shorter times, so that a minute and a half of virtual time holds many failovers, and with small
// blocks and lists, so that their ends are reached.
func rules(i int, n *node, all []deploy.Address) mastercore.Config {
	c := mastercore.DefaultConfig()
	c.Name, c.Address, c.Masters = fmt.Sprintf("master-%d", i), n.addr, all
	c.Heartbeat, c.SuspectAfter, c.WorkerTimeout, c.WorkerRetention = time.Second, 2500*time.Millisecond, 6*time.Second, 40*time.Second
	c.AdoptGrace, c.AppReconnectGrace, c.RecoveryTimeout = 4*time.Second, 6*time.Second, 5*time.Second
	c.DriverLease, c.LaunchTimeout, c.ReachAfter = 12*time.Second, 8*time.Second, 3*time.Second
	c.MaxDrivers, c.MaxExecutorRetries = 4, 6
	c.BackoffMin, c.BackoffMax, c.ProvenAfter, c.DriverProvenAfter = 500*time.Millisecond, 4*time.Second, 3*time.Second, 3*time.Second
	c.BadWorkerWindow, c.BadWorkerRest = 20*time.Second, 8*time.Second
	c.RetainedExecutors, c.ExecutorBlock, c.IDBlock = 10, 3, 2
	c.ReserveMax = 3
	c.TokenSeed = []byte("sixteen bytes or more")
	return c
}

// master is a master node: standing by or leading, with a model of the loop of pkg/master around the real core.
type master struct {
	*node
	cfg     mastercore.Config
	term    *term
	opening bool           // the records are being taken up
	leader  deploy.Address // as the ballot last told
	asked   time.Duration  // of the newest answer heard from the ballot
	renewed time.Duration  // last visit to the ballot that found itself elected
	rest    time.Duration  // does not want to lead before
	deaf    time.Duration  // does not believe that it is deposed before; 0: has not been told
}

func newMaster(w *World, i int) *master {
	m := &master{}
	m.node = w.addNode(fmt.Sprintf("m%d", i), 7077, m)
	m.node.hello = m.greet
	return m
}

// begin begins a life: as a standby.
func (m *master) begin() {
	m.start()
	m.term, m.opening, m.leader, m.rest, m.deaf = nil, false, deploy.Address{}, 0, 0
	m.cfg = rules(m.index, m.node, m.w.masterAddresses())
	m.w.sched.set(&m.cfg)
	m.look()
}

func (m *master) look() {
	m.w.ballot.look(m)
	m.after(m.w.between(ballotLook/2, ballotLook), m.look)
}

func (m *master) wants() bool { return m.w.now >= m.rest }

// noBallot counts the time without the election service: an elected master that cannot renew is not elected any more.
func (m *master) noBallot() {
	if m.term != nil && m.w.now > m.renewed+ballotLease {
		m.deposed("cannot renew its election")
	}
}

// learned hears from the ballot who led when it was asked.
func (m *master) learned(holder *master, asked time.Duration) {
	if asked < m.asked {
		return
	}
	m.asked = asked
	m.leader = deploy.Address{}
	if holder != nil {
		m.leader = holder.addr
	}
	switch {
	case holder == m:
		m.renewed, m.deaf = m.w.now, 0
		if m.term == nil && !m.opening {
			m.open()
		}
	case m.term != nil:
		m.deposed("another master is elected")
	}
}

// deposed ends the term, unless the master happens not to hear of it for a while.
func (m *master) deposed(reason string) {
	w := m.w
	if m.deaf == 0 {
		m.deaf = w.now
		if !w.healed && w.chance(w.p.Deaf) {
			m.deaf += w.between(0, deafFor)
			w.count("deposed master leads on")
		}
	}
	if w.now >= m.deaf || w.healed {
		m.term.end(reason)
	}
}

// open takes up the records and begins a term.
func (m *master) open() {
	m.opening = true
	m.w.store.begin(m, func(epoch deploy.Epoch, err error) {
		if err != nil {
			m.giveUp()
			return
		}
		m.w.store.load(m, epoch, func(saved []deploy.Change, err error) {
			if err != nil {
				m.giveUp()
				return
			}
			m.opening = false
			m.lead(epoch, saved)
		})
	})
}

func (m *master) giveUp() {
	m.opening = false
	m.rest = m.w.now + 2*time.Second
	m.w.ballot.resign(m)
}

func (m *master) greet() deploy.Hello {
	h := deploy.Hello{Role: deploy.RoleMaster, Protocol: deploy.ProtocolVersion, ID: m.name, Address: m.addr}
	if m.term != nil {
		h.Epoch, h.ClusterID = m.term.epoch, m.w.store.cluster
	}
	return h
}

func (m *master) standby() deploy.Standby {
	s := deploy.Standby{State: deploy.MasterStandby, Retry: time.Second}
	if m.leader != m.addr {
		s.Leader = m.leader
	}
	return s
}

func (m *master) opened(e *end) {
	if t := m.term; t != nil {
		e.noted = t
		t.step(mastercore.Opened{Peer: e.peer, Hello: e.hello, From: deploy.Principal{Name: e.other.n.name}, Remote: e.other.n.name})
	}
}

// received hands a frame to the core that the session began with; a standby answers the first frame and hangs up.
func (m *master) received(e *end, items []rpc.Item) {
	t, led := e.noted.(*term)
	switch {
	case led && t.over:
	case led:
		msgs := make([]deploy.Message, len(items))
		for i := range items {
			msgs[i] = items[i].Msg
			m.w.book.heard(t, e, items[i].Msg)
		}
		t.step(mastercore.Received{Peer: e.peer, From: deploy.Principal{Name: e.other.n.name}, At: m.time(), Msgs: msgs})
	default:
		e.send([]rpc.Item{{Msg: m.standby()}})
		e.hangUp("it does not lead")
	}
}

func (m *master) closed(e *end, reason string) {
	if t, led := e.noted.(*term); led && !t.over {
		t.step(mastercore.Closed{Peer: e.peer, Reason: reason})
	}
}

func (m *master) dialFailed(deploy.Address, string) {}

// ask is a question of a client: one message, one answer or none.
func (m *master) ask(from *node, msg deploy.Message, answer func(deploy.Message)) {
	t := m.term
	if t == nil {
		answer(m.standby())
		return
	}
	t.calls = append(t.calls, answer)
	t.step(mastercore.Received{Call: deploy.CallID(len(t.calls)), From: deploy.Principal{Name: from.name}, At: m.time(), Msgs: []deploy.Message{msg}})
}

// crash ends the node's life; what its term had not made durable is gone.
func (m *master) crash() {
	m.w.trace(m.node, "crash", 0, 0)
	if m.term != nil {
		m.w.count("leader crashed")
		m.term.over = true
	}
	m.term = nil
	m.stop("connection reset")
}

// dialWorkers greets the workers of the last epoch, as a new leader may.
func (m *master) dialWorkers(saved []deploy.Change) {
	for _, c := range saved {
		if p, ok := c.(deploy.PutWorker); ok {
			m.dial(p.Record.Spec.Address)
		}
	}
}

func (m *master) endsOf(t *term) []*end {
	return slices.DeleteFunc(slices.Clone(m.ends), func(e *end) bool { return e.noted != t })
}
