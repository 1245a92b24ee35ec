package sim

import (
	"fmt"
	"time"

	"github.com/musterproject/muster/internal/mastercore"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// verifyEvery is how long a leader lets anything out on the strength of one successful access to the store. A leader that was deposed without
// knowing stops extending drivers' leases within it, which is less than the sixth of a lease that workers stay under.
const verifyEvery = time.Second

// term is one leadership: the core and the modelled loop around it. Events are stepped at once; their effects gather in a batch while the one
// before is made durable, and leave in order.
type term struct {
	m          *master
	core       *mastercore.Core
	epoch      deploy.Epoch
	batch      *mastercore.Effects // being filled
	committing bool
	verified   time.Duration // beginning of the last access that showed the epoch to hold
	tick       alarm
	placer     placer
	calls      []func(deploy.Message) // by CallID, from 1
	over       bool
	book       *termBook
}

func (m *master) lead(epoch deploy.Epoch, saved []deploy.Change) {
	w := m.w
	t := &term{m: m, epoch: epoch, batch: &mastercore.Effects{}, verified: w.now, tick: alarm{n: m.node}, book: newTermBook()}
	t.placer = newPlacer(t)
	m.term = t
	w.trace(m.node, "leads", uint64(epoch), uint64(len(saved)))
	w.count("term begun")
	t.core = mastercore.New(m.cfg, w.store.cluster, epoch, saved, m.time(), t.batch)
	w.book.stepped(t, t.batch, mark{})
	t.check()
	t.after()
	if w.chance(.3) {
		m.dialWorkers(saved)
	}
}

// step lets the core decide, and starts what follows.
func (t *term) step(ev mastercore.Event) {
	if t.over {
		return
	}
	from := markOf(t.batch)
	t.core.Step(t.m.time(), ev, t.batch)
	t.m.w.book.stepped(t, t.batch, from)
	if from != markOf(t.batch) || t.batch.Place != nil || t.m.w.steps%16 == 0 { // not each heartbeat that changes nothing but a time
		t.check()
	}
	t.after()
}

func (t *term) check() {
	if err := t.core.Check(); err != nil {
		t.m.w.fail("S2", "books of %s: %v", t.m.name, err)
	}
}

func (t *term) after() {
	if u := t.batch.Place; u != nil {
		t.batch.Place = nil
		t.placer.update(u)
	}
	if at, ok := t.core.Deadline(); ok {
		t.tick.ring(t.m.when(at), func() { t.step(mastercore.Tick{}) })
	} else {
		t.tick.off()
	}
	t.flush()
}

// flush hands the batch to the store unless that is busy with the one before.
func (t *term) flush() {
	w := t.m.w
	if t.committing || t.over {
		return
	}
	b := t.batch
	silent := len(b.Persist) == 0 && len(b.Send) == 0 && len(b.Acks) == 0 && len(b.Hangup) == 0
	if silent && len(b.Facts) == 0 && len(b.Rows) == 0 {
		return
	}
	t.batch = &mastercore.Effects{}
	if len(b.Persist) == 0 && (silent || w.now-t.verified < verifyEvery) {
		t.release(b)
		return
	}
	t.committing = true
	began := w.now
	w.store.apply(t.m, t.epoch, b.Persist, func(err error) {
		if t.over {
			return
		}
		t.committing = false
		if err != nil {
			t.end(fmt.Sprintf("cannot make a batch durable: %v", err))
			return
		}
		t.verified = began
		t.release(b)
		t.flush()
	})
}

// release lets a durable batch out: messages in order for each peer, answers to heartbeats, hang-ups.
func (t *term) release(b *mastercore.Effects) {
	t.m.w.book.released(t, b)
	for i := 0; i < len(b.Send); {
		to, items := b.Send[i].To, []rpc.Item(nil)
		if to == 0 {
			t.calls[b.Send[i].Re-1](b.Send[i].Msg)
			i++
			continue
		}
		for ; i < len(b.Send) && b.Send[i].To == to; i++ {
			items = append(items, rpc.Item{Stamp: b.Send[i].Stamp, Re: b.Send[i].Re, Msg: b.Send[i].Msg})
		}
		if e := t.m.end(to); e != nil {
			e.send(items)
		}
	}
	for _, a := range b.Acks {
		if e := t.m.end(a.To); e != nil {
			e.send([]rpc.Item{{Stamp: a.Stamp, Msg: a.Msg}})
		}
	}
	for _, h := range b.Hangup {
		if e := t.m.end(h.Peer); e != nil {
			e.hangUp(h.Reason)
		}
	}
}

// end ends the term: what is not durable is dropped, every session hangs up, and another master may try.
func (t *term) end(reason string) {
	m := t.m
	m.w.trace(m.node, "term ends: "+reason, uint64(t.epoch), 0)
	m.w.count("term ended")
	t.over, m.term = true, nil
	t.tick.off()
	for _, e := range m.endsOf(t) {
		e.hangUp("the master's term is over")
	}
	m.rest = m.w.now + 2*time.Second
	m.w.ballot.resign(m)
}
