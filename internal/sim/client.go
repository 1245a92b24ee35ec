package sim

import (
	"errors"
	"fmt"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// client submits drivers, kills them and applications, and asks every master in turn until it is answered. It repeats questions that were
// answered, too: the answer must be the same.
type client struct {
	*node
	asked     int
	submitted int
}

func newClient(w *World, i int) *client {
	c := &client{}
	c.node = w.addNode(fmt.Sprintf("c%d", i), 0, c)
	c.node.hello = func() deploy.Hello { return deploy.Hello{Role: deploy.RoleClient} }
	return c
}

func (c *client) opened(*end)                       {}
func (c *client) received(*end, []rpc.Item)         {}
func (c *client) closed(*end, string)               {}
func (c *client) dialFailed(deploy.Address, string) {}

func (c *client) begin() {
	c.start()
	c.after(c.w.between(0, 5*time.Second), c.act)
}

func (c *client) act() {
	w := c.w
	if w.healed {
		return
	}
	c.after(w.between(2*time.Second, 12*time.Second), c.act)
	switch n := w.rng.IntN(10); {
	case n < 5 && c.submitted < 2+w.p.Demand:
		c.submit()
	case n < 7:
		if id := w.book.someDriver(); id != "" {
			c.question(func(r deploy.RequestID) deploy.Message { return deploy.KillDriver{Request: r, Driver: id} })
		}
	case n < 8:
		if id := w.book.someApp(); id != "" && w.rng.IntN(3) == 0 {
			c.question(func(r deploy.RequestID) deploy.Message { return deploy.KillApp{Request: r, App: id} })
		}
	case n < 9:
		if id := w.book.someDriver(); id != "" {
			c.hold(string(id))
		} else if id := w.book.someApp(); id != "" {
			c.hold(string(id))
		}
	}
}

// hold stops placements for a while.
func (c *client) hold(id string) {
	c.question(func(r deploy.RequestID) deploy.Message { return deploy.Hold{Request: r, ID: id, By: c.name} })
	c.after(c.w.between(time.Second, 10*time.Second), func() {
		c.question(func(r deploy.RequestID) deploy.Message { return deploy.Hold{Request: r, ID: id, By: c.name, Off: true} })
	})
}

func (c *client) submit() {
	w := c.w
	c.submitted++
	programs := []string{"long", "long", "short", "flaky", "failing"}
	spec := deploy.DriverSpec{Name: "driver", User: "sim", Command: deploy.Command{Program: programs[w.rng.IntN(len(programs))]},
		Need: deploy.Resources{Cores: int32(1 + w.rng.IntN(2)), MemoryMiB: 256}, Supervise: w.rng.IntN(3) > 0, MaxRestarts: -1}
	spec.Place = w.drawPlacement(true)
	if w.rng.IntN(3) == 0 {
		spec.MaxRestarts = int32(w.rng.IntN(4))
	}
	c.question(func(r deploy.RequestID) deploy.Message { return deploy.SubmitDriver{Request: r, Spec: spec} })
}

// question asks until it is answered, and sometimes once more after that.
func (c *client) question(make func(deploy.RequestID) deploy.Message) {
	c.asked++
	id := deploy.RequestID(fmt.Sprintf("%s-%d", c.name, c.asked))
	q := &question{c: c, id: id, msg: make(id)}
	q.ask()
}

type question struct {
	c    *client
	id   deploy.RequestID
	msg  deploy.Message
	done bool
	try  int
}

func (q *question) ask() {
	w := q.c.w
	if q.done {
		return
	}
	q.try++
	m := w.masters[w.rng.IntN(len(w.masters))]
	q.send(m)
	if !w.healed && w.chance(w.p.Dup) {
		w.count("question repeated")
		q.send(w.masters[w.rng.IntN(len(w.masters))])
	}
	q.c.after(w.between(500*time.Millisecond, 2*time.Second), q.ask)
}

// send carries one question there and its answer back, if the network lets them.
func (q *question) send(m *master) {
	w, c := q.c.w, q.c
	lost := func(a, b *node) bool { return !w.reaches(a, b) || !w.healed && w.chance(w.p.Loss) }
	if lost(c.node, m.node) {
		return
	}
	w.after(w.travel(), func() {
		m.run(m.boot, func() {
			m.ask(c.node, q.msg, func(answer deploy.Message) {
				if !lost(m.node, c.node) {
					w.after(w.travel(), func() { q.answered(m, answer) })
				}
			})
		})
	})
}

func (q *question) answered(m *master, answer deploy.Message) {
	w := q.c.w
	switch a := answer.(type) {
	case deploy.Standby:
		if !a.Leader.IsZero() && !q.done && w.chance(.5) {
			if n := w.nodeAt(a.Leader); n != nil {
				q.send(n.role.(*master))
			}
		}
		return
	case deploy.Refused:
		if errors.Is(a.Fault.Kind, deploy.ErrRecovering) {
			return
		}
	}
	w.trace(q.c.node, fmt.Sprintf("answer %T", answer), uint64(q.try), 0)
	w.book.answered(q.id, answer)
	if q.done {
		return
	}
	q.done = true
	w.book.settled(q.msg, answer)
	if !w.healed && w.chance(.3) {
		q.c.after(w.between(0, 10*time.Second), func() {
			w.count("question asked again after its answer")
			q.send(w.masters[w.rng.IntN(len(w.masters))])
		})
	}
}
