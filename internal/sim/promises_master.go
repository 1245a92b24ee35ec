package sim

import (
	"strings"

	"github.com/musterproject/muster/internal/mastercore"
	"github.com/musterproject/muster/pkg/deploy"
)

// termBook is what a term has done so far.
type termBook struct {
	state    deploy.MasterState
	rows     map[deploy.RowKey]deploy.Row
	workers  map[deploy.WorkerID]deploy.WorkerState
	asked    map[deploy.PeerID]deploy.RegisterWorker // last registration heard on a session
	answered map[deploy.WorkerID]deploy.Incarnation  // highest registered
	ends     map[deploy.LaunchID]deploy.ExecutorState
	drivers  map[deploy.DriverID]deploy.DriverState
	launches map[string][]launched // per application and driver
}

// launched is one order of a subject.
type launched struct {
	id deploy.LaunchID
	at int64
}

func newTermBook() *termBook {
	return &termBook{rows: map[deploy.RowKey]deploy.Row{}, workers: map[deploy.WorkerID]deploy.WorkerState{}, asked: map[deploy.PeerID]deploy.RegisterWorker{},
		answered: map[deploy.WorkerID]deploy.Incarnation{}, ends: map[deploy.LaunchID]deploy.ExecutorState{},
		drivers: map[deploy.DriverID]deploy.DriverState{}, launches: map[string][]launched{}}
}

// mark is a place in a batch that is being filled.
type mark struct{ persist, send, hangup, facts, rows int }

func markOf(b *mastercore.Effects) mark {
	return mark{persist: len(b.Persist), send: len(b.Send), hangup: len(b.Hangup), facts: len(b.Facts), rows: len(b.Rows)}
}

// heard notes what reaches a leader's core.
func (b *book) heard(t *term, e *end, m deploy.Message) {
	switch m := m.(type) {
	case deploy.RegisterWorker:
		if t.book.asked[e.peer].Incarnation == m.Incarnation {
			b.w.count("registration repeated")
		}
		t.book.asked[e.peer] = m
	case deploy.Report:
		b.w.count("report of " + m.Launch.State.String())
	}
}

// stepped judges what a leader's core has just decided, durable or not. Orders are held against what was true before the step's own facts.
func (b *book) stepped(t *term, out *mastercore.Effects, from mark) {
	o := ordering{t: t}
	for i := range out.Send[from.send:] {
		env := &out.Send[from.send+i]
		switch m := env.Msg.(type) {
		case deploy.LaunchOrder:
			b.launches(t, env.To, m.Launch)
			o.place(t.book.asked[env.To].Worker.ID, m.Launch)
		case deploy.WorkerRegistered:
			b.registers(t, env.To)
		case deploy.AppRegistered:
			if epoch, ended := b.appEnds[m.App]; ended && t.epoch == b.w.store.epoch {
				b.w.fail("S11", "the end of application %s was durable in epoch %d, and it is registered again in epoch %d", m.App, epoch, t.epoch)
			}
		}
	}
	o.whole()
	for _, f := range out.Facts[from.facts:] {
		b.w.explain(t.m.node, "%T %+v", f, f)
		b.fact(t, f)
	}
	for _, r := range out.Rows[from.rows:] {
		if gone, ok := r.(deploy.GoneRow); ok {
			delete(t.book.rows, gone.Gone)
			if gone.Gone.Kind == deploy.RowQueue {
				b.w.count("queue gone")
			}
		} else {
			t.book.rows[r.RowKey()] = r
			b.row(r)
		}
	}
}

// launches judges an order to start a process.
func (b *book) launches(t *term, to deploy.PeerID, l deploy.Launch) {
	w, k := b.w, t.book.asked[to]
	id := k.Worker.ID
	w.count("launch ordered")
	if t.book.state != deploy.MasterAlive {
		w.fail("S18", "%s orders launch %s while %s", t.m.name, l.ID, t.book.state)
	}
	if t.book.answered[id] == 0 {
		w.fail("S18", "%s orders launch %s on %s, which has not registered in epoch %d", t.m.name, l.ID, id, t.epoch)
	}
	if state := t.book.workers[id]; state != deploy.WorkerAlive {
		w.fail("S16", "%s orders launch %s on %s, which is %s", t.m.name, l.ID, id, state)
	}
	subject := string(l.Driver)
	if l.Driver == "" {
		subject = string(l.Executor.App)
	}
	if epoch, killed := b.killed[subject]; killed && t.epoch >= epoch {
		w.fail("S14", "%s orders launch %s of %s, whose end was acknowledged by epoch %d", t.m.name, l.ID, subject, epoch)
	}
	if l.ID.Epoch != t.epoch {
		w.fail("S19", "launch %s is ordered in epoch %d", l.ID, t.epoch)
	}
	b.rate(t, subject, l)
}

// rate judges how often a subject is launched: what fails at once is launched with growing pauses.
func (b *book) rate(t *term, subject string, l deploy.Launch) {
	const window, most = int64(10e9), 150 // a network that loses every other order makes many tries, too
	now := int64(b.w.now)
	list := append(t.book.launches[subject], launched{id: l.ID, at: now})
	for len(list) > 0 && list[0].at < now-window {
		list = list[1:]
	}
	t.book.launches[subject] = list
	if len(list) > most || l.Driver != "" && len(list) > 25 {
		b.w.fail("L7", "%d launches of %s within 10 s", len(list), subject)
	}
}

// registers judges the acceptance of a registration.
func (b *book) registers(t *term, to deploy.PeerID) {
	k := t.book.asked[to]
	if highest := t.book.answered[k.Worker.ID]; k.Incarnation < highest {
		b.w.fail("S15", "%s takes in incarnation %d of %s after incarnation %d", t.m.name, k.Incarnation, k.Worker.ID, highest)
	}
	t.book.answered[k.Worker.ID] = max(t.book.answered[k.Worker.ID], k.Incarnation)
}

func (b *book) fact(t *term, f mastercore.Fact) {
	w := b.w
	switch f := f.(type) {
	case mastercore.StateChanged:
		t.book.state = f.To
		w.count("master " + f.To.String())
	case mastercore.WorkerChanged:
		t.book.workers[f.Worker] = f.To
		w.count("worker " + f.To.String())
	case mastercore.ExecutorMoved:
		if before, ended := t.book.ends[f.Launch]; ended {
			w.fail("S11", "executor %s (launch %s) was %s and becomes %s", f.Executor, f.Launch, before, f.To)
		}
		if f.To.Terminal() {
			t.book.ends[f.Launch] = f.To
		}
		w.count("executor " + f.To.String())
		if f.Reason == "adopted" {
			w.count("executor adopted")
		}
	case mastercore.DriverChanged:
		b.driverFact(t, f)
	case mastercore.AppChanged:
		w.count("application " + f.To.String())
	case mastercore.Placed:
		b.placed(f)
	case mastercore.Reserved:
		w.count("workers reserved")
	case mastercore.ReservationEnded:
		w.count("reservation ended: " + strings.TrimRight(f.Reason, "0123456789"))
	}
}

func (b *book) driverFact(t *term, f mastercore.DriverChanged) {
	w := b.w
	w.count("driver " + f.To.String())
	if before, ended := b.driverEnds[f.Driver]; ended && before.state != f.To && t.epoch >= before.epoch {
		w.fail("S11", "driver %s was %s in epoch %d, and becomes %s in epoch %d", f.Driver, before.state, before.epoch, f.To, t.epoch)
	}
	if before := t.book.drivers[f.Driver]; before.Terminal() && before != f.To {
		w.fail("S11", "driver %s was %s in epoch %d and becomes %s", f.Driver, before, t.epoch, f.To)
	}
	t.book.drivers[f.Driver] = f.To
}

// released hears that a batch is durable and leaves: from now on it counts.
func (b *book) released(t *term, out *mastercore.Effects) {
	for _, f := range out.Facts {
		if d, ok := f.(mastercore.DriverChanged); ok && d.To.Terminal() {
			b.driverEnds[d.Driver] = driverEnd{state: d.To, epoch: t.epoch}
		}
	}
}

// row counts what only readers are told.
func (b *book) row(r deploy.Row) {
	switch r := r.(type) {
	case deploy.DriverRow:
		if r.State == deploy.DriverUnknown {
			b.w.count("driver UNKNOWN")
		}
	case deploy.QueueRow:
		if r.Closing {
			b.w.count("queue closing")
		}
	case deploy.WorkerRow:
		if !r.PutAsideUntil.IsZero() {
			b.w.count("worker put aside")
		}
	}
}
