package worker

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/musterproject/muster/internal/workercore"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// loop owns the core and the sessions' table, and carries out effects in the order the core gives them.
func (w *Worker) loop(ctx context.Context, g *errgroup.Group) error {
	var out workercore.Effects
	timer := time.NewTimer(0)
	defer timer.Stop()
	step := func(ev workercore.Event) error {
		out.Reset()
		w.core.Step(time.Now(), ev, &out)
		return w.carryOut(ctx, g, &out)
	}
	held, err := w.held(ctx)
	if err != nil {
		return err
	}
	if err := step(workercore.Begun{Handles: held}); err != nil {
		return err
	}
	defer func() {
		for _, c := range w.conns {
			c.Close("the worker is leaving")
		}
	}()
	for {
		if at, ok := w.core.Deadline(); ok {
			timer.Reset(max(0, time.Until(at)))
		} else {
			timer.Stop()
		}
		var err error
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case in := <-w.events:
			w.note(in)
			err = step(in.event)
		case l := <-w.leave:
			w.asked = true
			err = step(l)
		case <-timer.C:
			err = step(workercore.Tick{})
		}
		if err != nil {
			return err
		}
	}
}

func (w *Worker) carryOut(ctx context.Context, g *errgroup.Group, out *workercore.Effects) error {
	if len(out.Persist) > 0 {
		if err := w.me.raise(out.Persist); err != nil {
			return err // an epoch that is not durable must not be obeyed
		}
	}
	w.tell(out.Facts)
	w.follow(out.Facts)
	w.publish(out.Facts)
	for _, to := range out.Dial {
		g.Go(func() error { return w.dial(ctx, to) })
	}
	w.send(out.Send)
	for _, h := range out.Hangup {
		if c := w.conns[h.Peer]; c != nil {
			c.Close(h.Reason)
			delete(w.conns, h.Peer)
		}
	}
	for _, l := range out.Start {
		prep, abandon := context.WithCancelCause(ctx)
		w.preparing[l.ID] = abandon
		g.Go(func() error {
			defer abandon(nil)
			return w.start(ctx, prep, l)
		})
	}
	for _, id := range out.Abandon {
		if abandon := w.preparing[id]; abandon != nil {
			abandon(errAbandoned)
		}
	}
	for _, c := range out.Control {
		if err := w.deps.Launcher.Control(ctx, c.Launch, c.Control); err != nil {
			w.log.Warn("launcher", "launch_id", c.Launch, "control", c.Control, "error", err)
		}
	}
	for _, app := range out.Clean {
		w.clean(app)
	}
	if out.Done != "" {
		return &doneError{reason: out.Done, unregistered: !w.asked}
	}
	return nil
}

// follow remembers where the leader can be asked for artifacts.
func (w *Worker) follow(facts []workercore.Fact) {
	for _, f := range facts {
		if r, ok := f.(workercore.Registered); ok {
			w.leader.Store(&r.Master)
		}
	}
}

func (w *Worker) send(envelopes []workercore.Envelope) {
	for _, e := range envelopes {
		c := w.conns[e.To]
		if c == nil {
			continue // it hung up; the core hears Closed
		}
		if err := c.Send(rpc.Item{Msg: e.Msg}); err != nil {
			c.Close(err.Error())
		}
	}
}

// incoming is an event on its way to the loop; a new session brings its connection, so that the table is touched by the loop alone.
type incoming struct {
	event workercore.Event
	conn  rpc.Conn
}

func (w *Worker) note(in incoming) {
	switch ev := in.event.(type) {
	case workercore.Opened:
		w.conns[ev.Peer] = in.conn
	case workercore.Closed:
		delete(w.conns, ev.Peer)
	case workercore.Prepared:
		delete(w.preparing, ev.Launch)
	}
}

// post hands an event to the loop.
func (w *Worker) post(ctx context.Context, ev workercore.Event, conn rpc.Conn) error {
	select {
	case w.events <- incoming{event: ev, conn: conn}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// dial opens a session with a master and reads it to its end.
func (w *Worker) dial(ctx context.Context, to deploy.Address) error {
	conn, err := w.deps.Transport.Dial(ctx, to, w.hello())
	if err != nil {
		return ignoreEnd(ctx, w.post(ctx, workercore.DialFailed{Address: to, Reason: err.Error()}, nil))
	}
	return w.serve(ctx, conn, to)
}

// session serves a session that a master opened.
func (w *Worker) session(ctx context.Context, conn rpc.Conn) error {
	return w.serve(ctx, conn, deploy.Address{})
}

func (w *Worker) serve(ctx context.Context, conn rpc.Conn, dialled deploy.Address) error {
	id := deploy.PeerID(w.peers.Add(1))
	err := w.post(ctx, workercore.Opened{Peer: id, Hello: conn.Peer().Hello, Dialled: dialled}, conn)
	for err == nil {
		var items []rpc.Item
		if items, err = conn.Recv(ctx); err == nil {
			err = w.post(ctx, workercore.Received{Peer: id, At: time.Now(), Items: items}, nil)
		}
	}
	conn.Close(err.Error())
	return ignoreEnd(ctx, w.post(ctx, workercore.Closed{Peer: id, Reason: err.Error()}, nil))
}

// ignoreEnd takes the end of the worker for what it is: no error of a session.
func ignoreEnd(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return nil
}
