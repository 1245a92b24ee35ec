package sim

import (
	"slices"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

const (
	dialTimeout = 3 * time.Second
	keepAlive   = 20 * time.Second // until a side notices by itself that the other one is gone
)

// end is one side of a session. Each side has its own number for it, its own idea of whether it is open, and hears of the other's idea late.
type end struct {
	n       *node
	boot    int
	peer    deploy.PeerID
	other   *end
	open    bool
	hello   deploy.Hello   // of the other side
	dialled deploy.Address // what this side dialled; zero if it was dialled
	arrives time.Duration  // of the newest frame that it sent, where the network keeps order
	noted   any            // what the actor keeps about the session
}

// reaches tells whether a packet from a gets to b now.
func (w *World) reaches(a, b *node) bool { return !w.cut[[2]int{a.index, b.index}] }

// travel draws how long a packet takes.
func (w *World) travel() time.Duration {
	if w.healed {
		return w.between(200*time.Microsecond, 3*time.Millisecond)
	}
	d := w.between(w.p.DelayMin, w.p.DelayMax)
	if w.chance(w.p.Tail) {
		w.count("delay beyond time-outs")
		d += w.between(0, w.p.TailMax)
	}
	return d
}

// call is one attempt to open a session.
type call struct {
	n       *node
	boot    int
	to      deploy.Address
	decided bool // n has heard what became of it
}

// dial opens a session from n. Both sides hear of it, or n hears that nobody answered, or only the other side believes in it.
func (n *node) dial(to deploy.Address) {
	w := n.w
	c := &call{n: n, boot: n.boot, to: to}
	w.after(dialTimeout, func() { c.fail("no answer") })
	target := w.nodeAt(to)
	if target == nil || !w.reaches(n, target) || !w.healed && w.chance(w.p.Loss) {
		return
	}
	w.after(w.travel(), func() {
		if !target.up {
			w.after(w.travel(), func() { c.fail("connection refused") })
			return
		}
		hello := n.hello()
		target.run(target.boot, func() { c.accepted(target, hello) })
	})
}

func (c *call) fail(reason string) {
	if !c.decided {
		c.decided = true
		c.n.run(c.boot, func() { c.n.role.dialFailed(c.to, reason) })
	}
}

// accepted is the dialled side's part.
func (c *call) accepted(target *node, hello deploy.Hello) {
	w, n := c.n.w, c.n
	there := &end{n: target, boot: target.boot, open: true, hello: hello}
	here := &end{n: n, boot: c.boot, hello: target.hello(), dialled: c.to, other: there}
	there.other = here
	there.enter()
	target.role.opened(there)
	if !w.reaches(target, n) || !w.healed && w.chance(w.p.Loss) {
		w.count("session open on one side")
		w.after(w.between(dialTimeout, keepAlive), func() { there.closeFrom("keep-alive failed") })
		return
	}
	w.after(w.travel(), func() {
		if c.decided || n.boot != c.boot || !n.up {
			w.after(w.travel(), func() { there.closeFrom("connection reset") })
			return
		}
		c.decided = true
		here.open = true
		n.run(c.boot, func() {
			here.enter()
			n.role.opened(here)
		})
	})
}

// enter numbers the end on its node and lists it.
func (e *end) enter() {
	e.n.peers++
	e.peer = e.n.peers
	e.n.ends = append(e.n.ends, e)
	e.n.w.trace(e.n, "opened", uint64(e.peer), uint64(e.hello.Epoch))
}

// send gives a frame to the network, which may lose it, repeat it, and take its time.
func (e *end) send(items []rpc.Item) {
	w := e.n.w
	if !e.open || len(items) == 0 {
		return
	}
	copies := 1
	if !w.healed {
		if w.chance(w.p.Loss) {
			w.count("frame lost")
			copies--
		}
		if w.chance(w.p.Dup) {
			w.count("frame repeated")
			copies++
		}
		if !w.reaches(e.n, e.other.n) {
			w.count("frame cut off")
			copies = 0
		}
	}
	for i := range copies {
		at := w.now + w.travel()
		if w.p.InOrder && i == 0 || w.healed {
			at = max(at, e.arrives)
			e.arrives = at
		} else if at < e.arrives {
			w.count("frame overtaken")
		} else {
			e.arrives = at
		}
		old := !w.healed
		w.at(at, func() {
			if !old || !w.healed || w.now < w.healedAt+time.Second {
				e.other.deliver(items)
			}
		})
	}
}

// deliver hands a frame to the side it was sent to. A side that has hung up may still find it in its queue.
func (e *end) deliver(items []rpc.Item) {
	w := e.n.w
	switch {
	case e.n.boot != e.boot || !e.n.up:
		e.tellOther("connection reset")
		return
	case e.peer == 0:
		return // it does not know of the session yet
	case !e.open:
		e.tellOther("connection reset")
		if !w.chance(w.p.Late) {
			return
		}
		w.count("frame after the end")
	}
	e.n.run(e.boot, func() {
		w.trace(e.n, "frame", uint64(e.peer), uint64(len(items)))
		w.note(items)
		e.n.role.received(e, items)
	})
}

// hangUp ends the session from here; what was sent before still travels.
func (e *end) hangUp(reason string) {
	if e.open {
		e.drop()
		e.tellOther(reason)
	}
}

func (e *end) drop() {
	e.open = false
	e.n.ends = slices.DeleteFunc(e.n.ends, func(o *end) bool { return o == e })
}

// tellOther lets the other side hear that this one is gone: soon, or when its keep-alive finds out.
func (e *end) tellOther(reason string) {
	w := e.n.w
	o := e.other
	if !o.open {
		return
	}
	d := w.travel()
	if !w.reaches(e.n, o.n) || !w.healed && w.chance(w.p.OneSided) {
		w.count("session broken on one side")
		d = w.between(keepAlive/4, keepAlive)
		reason = "keep-alive failed"
	}
	if w.p.InOrder || w.healed {
		d = max(d, e.arrives-w.now)
	}
	w.after(d, func() { o.closeFrom(reason) })
}

// closeFrom ends this side because the other one is gone.
func (e *end) closeFrom(reason string) {
	e.n.run(e.boot, func() {
		if !e.open {
			return
		}
		e.drop()
		e.n.w.trace(e.n, "closed", uint64(e.peer), 0)
		e.n.role.closed(e, reason)
	})
}

func (n *node) end(peer deploy.PeerID) *end {
	for _, e := range n.ends {
		if e.peer == peer {
			return e
		}
	}
	return nil
}

func (w *World) nodeAt(a deploy.Address) *node {
	for _, n := range w.nodes {
		if n.addr == a {
			return n
		}
	}
	return nil
}
