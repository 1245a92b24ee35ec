package sim

import (
	"slices"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// actor is what lives on a node: a master, a worker, an application, a client.
type actor interface {
	// opened hears of a new session, dialled from here if e.dialled is set.
	opened(e *end)
	// received hears a frame; the session may have been hung up from here in the meantime.
	received(e *end, items []rpc.Item)
	// closed hears that a session has ended other than by its own hanging up.
	closed(e *end, reason string)
	// dialFailed hears that nobody answered.
	dialFailed(to deploy.Address, reason string)
}

// node is a process on a machine: it has an address, can crash (all that is not persisted is gone) and can be paused (nothing happens to
// it until it goes on).
type node struct {
	w       *World
	name    string
	addr    deploy.Address
	index   int
	role    actor
	hello   func() deploy.Hello // made anew for each session
	up      bool
	boot    int           // counts the lives
	skew    time.Duration // its clock is ahead by
	paused  bool
	backlog []func()
	ends    []*end // open ones, oldest first
	peers   deploy.PeerID
}

func (w *World) addNode(name string, port uint16, role actor) *node {
	n := &node{w: w, name: name, addr: deploy.Address{Host: name, Port: port}, index: len(w.nodes), role: role}
	n.skew = w.between(0, w.p.Skew) - w.p.Skew/2
	w.nodes = append(w.nodes, n)
	return n
}

// time is what the node's clock shows.
func (n *node) time() time.Time { return beginning().Add(n.w.now + n.skew) }

// when is the virtual time at which the node's clock will show at.
func (n *node) when(at time.Time) time.Duration { return at.Sub(beginning()) - n.skew }

// start begins a life.
func (n *node) start() {
	n.boot++
	n.up, n.paused, n.backlog = true, false, nil
}

// after lets do happen on the node unless it dies before; a paused node does it when it goes on.
func (n *node) after(d time.Duration, do func()) {
	boot := n.boot
	n.w.after(d, func() { n.run(boot, do) })
}

func (n *node) run(boot int, do func()) {
	switch {
	case n.boot != boot || !n.up:
	case n.paused:
		n.backlog = append(n.backlog, do)
	default:
		do()
	}
}

// stop ends a life. Others hear of it from the operating system, or late if the whole machine is gone.
func (n *node) stop(reason string) {
	n.up, n.paused, n.backlog = false, false, nil
	n.boot++
	for _, e := range slices.Clone(n.ends) {
		e.drop()
		e.tellOther(reason)
	}
}

func (n *node) pause(d time.Duration) {
	if !n.up || n.paused {
		return
	}
	n.paused = true
	boot := n.boot
	n.w.trace(n, "pause", uint64(d), 0)
	n.w.after(d, func() {
		if n.boot == boot && n.paused {
			n.goOn()
		}
	})
}

func (n *node) goOn() {
	n.paused = false
	n.w.trace(n, "goes on", uint64(len(n.backlog)), 0)
	if r, ok := n.role.(interface{ resumed() }); ok {
		r.resumed()
	}
	for len(n.backlog) > 0 && n.up && !n.paused {
		do := n.backlog[0]
		n.backlog = n.backlog[1:]
		do()
	}
}

// alarm is a timer of a node that is set again and again; only its newest setting counts.
type alarm struct {
	n   *node
	set uint64
	at  time.Duration
	on  bool
}

// ring sets the alarm to go off at at; setting it to the same time again changes nothing.
func (a *alarm) ring(at time.Duration, do func()) {
	if a.on && a.at == at {
		return
	}
	a.set++
	a.on, a.at = true, at
	set := a.set
	a.n.after(max(0, at-a.n.w.now), func() {
		if a.on && a.set == set {
			a.on = false
			do()
		}
	})
}

func (a *alarm) off() { a.on = false }
