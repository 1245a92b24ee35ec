//go:build linux

package proclauncher

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
)

// greetingTime bounds the first words of both sides.
const greetingTime = 10 * time.Second

// newsBatch is how many entries stand in one frame at most.
const newsBatch = 512

// session is the service of one worker, on a goroutine of its own. A nil one is over.
type session struct {
	conn *net.UnixConn
	out  *outbox
	over chan struct{}
}

func (k *keeper) begin(ctx context.Context, conn *net.UnixConn) *session {
	s := &session{conn: conn, out: newOutbox(), over: make(chan struct{})}
	go func() {
		defer close(s.over)
		if err := k.serveWorker(ctx, conn, s.out); !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
			k.note("serve worker", err)
		}
	}()
	return s
}

// left is closed when the worker has gone.
func (s *session) left() <-chan struct{} {
	if s == nil {
		return nil
	}
	return s.over
}

// hangUp ends the session and waits for that. What was not sent is told to the next worker.
func (s *session) hangUp() {
	if s != nil {
		_ = s.conn.Close()
		<-s.over
	}
}

// end says farewell first, after all news.
func (s *session) end() {
	if s == nil {
		return
	}
	s.out.put(frame{Bye: &bye{}})
	late := time.AfterFunc(lastBytes, func() { _ = s.conn.Close() })
	defer late.Stop()
	<-s.over
}

func (k *keeper) serveWorker(ctx context.Context, conn *net.UnixConn, a *outbox) error {
	defer conn.Close()
	ctx, cancel := context.WithCancel(ctx)
	var sending sync.WaitGroup
	defer sending.Wait()
	defer cancel()

	w := newWire(conn)
	if err := conn.SetReadDeadline(time.Now().Add(greetingTime)); err != nil {
		return err
	}
	first, err := w.receive()
	if err != nil {
		return err
	}
	if err := k.greet(ctx, first.Hello); err != nil {
		return err
	}
	if err := conn.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	sending.Go(func() {
		k.note("inform worker", k.inform(ctx, w, a))
		_ = conn.Close() // the reader below ends
	})
	for {
		f, err := w.receive()
		if err != nil {
			return err
		}
		if f.Bye != nil {
			k.partWith(a)
			sending.Wait()
			return nil
		}
		k.obey(f, a)
	}
}

// greet takes a worker's settings over, and from the first worker where to be.
func (k *keeper) greet(ctx context.Context, h *hello) error {
	k.mu.Lock()
	if h == nil || (h.Seed == nil && k.book == nil) {
		k.mu.Unlock()
		return fmt.Errorf("a worker must begin with a greeting, the first one with a seed: %w", deploy.ErrInvalid)
	}
	k.settings, k.alone = h.Settings, false
	if k.book == nil {
		k.home, k.records = h.Seed.Home, recordsIn(h.Seed.StateDir)
		k.home.PID = unix.Getpid()
		k.book = newBook(h.Seed.Book.Newest, h.Settings.RetainEvents)
		k.book.take(h.Seed.Book)
		if k.home.Cgroup != "" {
			k.cgroups = &cgroups{root: k.home.Cgroup}
		}
		k.ooms.seen = oomKillsHere()
	}
	for _, r := range k.runs {
		r.rejoin()
	}
	if k.cgroups != nil {
		k.cgroups.measure(h.Settings.UsageEvery > 0)
	}
	k.mu.Unlock()
	select {
	case k.paces <- h.Settings.UsageEvery:
	case <-ctx.Done():
	}
	return nil
}

// partWith ends what does not outlive its worker, and says so.
func (k *keeper) partWith(a *outbox) {
	k.leave()
	var ending, staying int
	retry(greetingTime, func() bool {
		ending, staying = k.count()
		return ending == 0
	})
	a.put(frame{Bye: &bye{Staying: ending+staying > 0}})
}

// count tells how many launches end with their worker and how many stay.
func (k *keeper) count() (ending, staying int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, r := range k.runs {
		if r.orphanGrace == 0 {
			ending++
		} else {
			staying++
		}
	}
	return ending, staying
}

func (k *keeper) obey(f *frame, a *outbox) {
	answer := func(err error) {
		if f.Call != 0 {
			a.put(frame{Done: doneOf(f.Call, err)})
		}
	}
	switch {
	case f.Launch != nil:
		k.launch(f.Launch, answer)
	case f.Control != nil:
		answer(k.control(f.Control))
	default:
		answer(fmt.Errorf("an order that this keeper does not know: it is of another version than its worker: %w", deploy.ErrUnavailable))
	}
}

// launch takes an order over; answer is called when that will not be forgotten.
func (k *keeper) launch(o *order, answer func(error)) {
	_, fresh, err := k.book.admit(o)
	if !fresh {
		answer(err)
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	r := &run{launch: o.Launch, owner: o.Owner, grace: o.Grace, orphanGrace: o.OrphanGrace, wake: make(chan struct{}, 1)}
	if r.grace == 0 {
		r.grace = k.settings.DefaultGrace
	}
	k.runs[r.launch] = r
	k.lives.Go(func() { k.live(r, o, func() { answer(nil) }) })
}

func (k *keeper) control(c *control) error {
	k.mu.Lock()
	r := k.runs[c.Launch]
	k.mu.Unlock()
	switch c.Kind {
	case doStop:
		if r == nil {
			return nil
		}
		grace := c.Grace
		if grace == 0 {
			grace = r.grace
		}
		r.stop(grace, "")
	case doSignal:
		if r == nil {
			return fmt.Errorf("signal launch %s: %w", c.Launch, deploy.ErrAlreadyFinished)
		}
		return r.signal(c.Number)
	case doForget:
		return k.forget(c.Launch)
	}
	return nil
}

func (k *keeper) forget(id deploy.LaunchID) error {
	h, known := k.book.get(id)
	switch {
	case !known:
		return fmt.Errorf("forget launch %s: %w", id, launcher.ErrUnknownLaunch)
	case !h.ended():
		return notEnded(id, h.Handle.State)
	}
	if h.Durable {
		if err := k.records.remove(id); err != nil {
			return err
		}
	}
	k.book.forget(id)
	return nil
}

func notEnded(id deploy.LaunchID, state deploy.ExecutorState) error {
	return fmt.Errorf("forget launch %s: %w: it is %s; stop it and wait for its end first", id, deploy.ErrIllegalTransition, state)
}

// inform sends the book, then its news and the answers, until ctx ends or a farewell has been sent. What had happened before an answer is sent
// before it. Frames are flushed when there is nothing more to say.
func (k *keeper) inform(ctx context.Context, w *wire, a *outbox) error {
	all := k.book.image()
	if err := w.send(&frame{Welcome: &welcome{Home: k.home, Book: all}}); err != nil {
		return err
	}
	after := all.Newest
	for {
		out := a.take()
		moved, err := k.sendNews(w, &after)
		if err != nil {
			return err
		}
		for i := range out {
			if err := w.send(&out[i]); err != nil {
				return err
			}
			if out[i].Bye != nil {
				return w.flush()
			}
		}
		if len(out) > 0 {
			continue
		}
		runtime.Gosched() // who has something to say now saves a frame of its own
		if news, _, _ := k.book.since(after, 1); len(news) > 0 {
			continue
		}
		if err := w.flush(); err != nil {
			return err
		}
		select {
		case <-moved:
		case <-a.ready:
		case <-ctx.Done():
			return nil
		}
	}
}

// sendNews sends what has happened after the cursor, and moves it. moved says when there is more.
func (k *keeper) sendNews(w *wire, after *launcher.Cursor) (moved <-chan struct{}, err error) {
	for {
		news, moved, err := k.book.since(*after, newsBatch)
		switch {
		case err != nil: // the worker slept while much happened
			all := k.book.image()
			if err := w.send(&frame{Image: &all}); err != nil {
				return nil, err
			}
			*after = all.Newest
		case len(news) == 0:
			return moved, nil
		default:
			if err := w.send(&frame{News: news}); err != nil {
				return nil, err
			}
			*after = news[len(news)-1].Cursor
		}
	}
}
