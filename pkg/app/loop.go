package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/musterproject/muster/pkg/backend"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// loop owns the core and the sessions' table, and carries out effects in the order the core gives them.
type loop struct {
	a       *App
	core    *core
	files   []file
	tell    func(backend.Event)
	conns   map[deploy.PeerID]open
	replies map[uint64]chan<- deploy.Message
	work    sync.WaitGroup
}

// open is a session and the address it was dialled at.
type open struct {
	conn rpc.Conn
	at   deploy.Address
}

// incoming is an event on its way to the loop; a new session brings its connection and a question the place for its answer, so that the tables
// are touched by the loop alone.
type incoming struct {
	event event
	conn  rpc.Conn
	reply chan<- deploy.Message
}

// run steps the core until it is done. What it starts has a context of its own, because the goodbye comes after the end of ctx.
func (l *loop) run(ctx context.Context) error {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer l.work.Wait()
	defer cancel()
	defer l.hangUpAll()
	timer := time.NewTimer(0)
	defer timer.Stop()
	leaving := ctx.Done()
	var out effects
	done := l.step(work, begun{}, &out)
	for !done {
		if at, ok := l.core.deadline(); ok {
			timer.Reset(max(0, time.Until(at)))
		} else {
			timer.Stop()
		}
		select {
		case in := <-l.a.events:
			l.note(in)
			done = l.step(work, in.event, &out)
		case <-leaving:
			leaving = nil
			done = l.step(work, leave{failure: failure(ctx)}, &out)
		case <-l.a.joined:
			done = l.step(work, joined{ids: l.a.takeReached()}, &out)
		case <-timer.C:
			done = l.step(work, tick{}, &out)
		}
	}
	return out.err
}

// failure is what the end of ctx says about the application.
func failure(ctx context.Context) string {
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause.Error()
	}
	return ""
}

func (l *loop) note(in incoming) {
	switch ev := in.event.(type) {
	case opened:
		l.conns[ev.peer] = open{conn: in.conn, at: ev.at}
	case closed:
		delete(l.conns, ev.peer)
	case asked:
		l.replies[ev.id] = in.reply
	case dropped:
		delete(l.replies, ev.id)
	}
}

func (l *loop) step(ctx context.Context, ev event, out *effects) (done bool) {
	out.reset()
	l.core.step(time.Now(), ev, out)
	l.a.report(out.facts)
	for _, at := range out.dial {
		l.work.Go(func() { l.dial(ctx, at) })
	}
	for _, peer := range out.ship {
		at := l.conns[peer].at
		l.work.Go(func() { l.ship(ctx, peer, at) })
	}
	l.send(out.send)
	for _, h := range out.hangup {
		if c, ok := l.conns[h.peer]; ok {
			c.conn.Close(h.reason)
			delete(l.conns, h.peer)
		}
	}
	for _, e := range out.tell {
		l.tell(e)
	}
	for _, r := range out.answer {
		if reply := l.replies[r.id]; reply != nil {
			reply <- r.msg // has room for the one answer
			delete(l.replies, r.id)
		}
	}
	return out.done
}

func (l *loop) send(list []envelope) {
	for _, e := range list {
		c, ok := l.conns[e.to]
		if !ok {
			continue // it hung up; the core hears closed
		}
		if err := c.conn.Send(rpc.Item{Msg: e.msg}); err != nil {
			c.conn.Close(err.Error())
		}
	}
}

func (l *loop) hangUpAll() {
	for _, c := range l.conns {
		c.conn.Close("the application is leaving")
	}
}

// post hands an event to the loop, unless it has ended.
func (l *loop) post(ctx context.Context, in incoming) bool {
	select {
	case l.a.events <- in:
		return true
	case <-ctx.Done():
		return false
	}
}

// dial opens a session with a master and reads it to its end.
func (l *loop) dial(ctx context.Context, at deploy.Address) {
	conn, err := l.a.deps.Transport.Dial(ctx, at, deploy.Hello{
		Role: deploy.RoleApp, Protocol: deploy.ProtocolVersion, Version: l.a.cfg.Version, Cluster: l.a.cfg.Cluster, ID: l.a.ids,
	})
	if err != nil {
		final := errors.Is(err, rpc.ErrHello) || errors.Is(err, deploy.ErrMismatch) || errors.Is(err, deploy.ErrDenied)
		l.post(ctx, incoming{event: dialFailed{at: at, reason: err.Error(), final: final}})
		return
	}
	peer := deploy.PeerID(l.a.peers.Add(1))
	ok := l.post(ctx, incoming{event: opened{peer: peer, at: at, hello: conn.Peer().Hello}, conn: conn})
	for ok {
		var items []rpc.Item
		if items, err = conn.Recv(ctx); err != nil {
			break
		}
		ok = l.post(ctx, incoming{event: received{peer: peer, items: items}})
	}
	if !ok {
		err = context.Cause(ctx)
	}
	conn.Close(err.Error())
	l.post(ctx, incoming{event: closed{peer: peer, reason: err.Error()}})
}
