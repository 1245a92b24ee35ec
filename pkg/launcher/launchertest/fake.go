package launchertest

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
)

// Order is what somebody has asked of a Fake.
type Order struct {
	Launch  deploy.LaunchID
	Control launcher.Control
}

// Fake is a launcher without processes. Left alone, a launch starts at once and a Stop ends it at once; with Hold the test decides when.
// Pids count from 1000, cursors from 1, and time is time.Now, which a synctest bubble makes virtual.
type Fake struct {
	mu      sync.Mutex
	held    map[deploy.LaunchID]*fakeLaunch
	events  []launcher.Event
	orders  []Order
	moved   chan struct{}
	closed  chan struct{}
	pids    int
	holding bool
	refuse  func(launcher.Spec) error
}

type fakeLaunch struct {
	spec   launcher.Spec
	text   string // of the spec, to tell another one apart
	handle launcher.Handle
	asked  bool // to stop
}

var _ launcher.ExecutorLauncher = (*Fake)(nil)

// NewFake gives a launcher that starts and stops everything at once.
func NewFake() *Fake {
	return &Fake{held: map[deploy.LaunchID]*fakeLaunch{}, moved: make(chan struct{}), closed: make(chan struct{}), pids: 999}
}

// Hold leaves the starts and ends of the launches to come to Start, Fail and Exit.
func (f *Fake) Hold() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.holding = true
}

// Refuse makes Launch give the errors of why, and take over only what it has none for. Nil takes all.
func (f *Fake) Refuse(why func(launcher.Spec) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refuse = why
}

// Launch is of launcher.ExecutorLauncher.
func (f *Fake) Launch(ctx context.Context, spec launcher.Spec) (launcher.Handle, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.usable(ctx); err != nil {
		return launcher.Handle{}, fmt.Errorf("launch %s: %w", spec.Launch, err)
	}
	text := specText(spec)
	if l := f.held[spec.Launch]; l != nil {
		if l.text != text {
			return launcher.Handle{}, fmt.Errorf("launch %s: %w", spec.Launch, launcher.ErrConflict)
		}
		return l.handle, nil
	}
	if f.refuse != nil {
		if err := f.refuse(spec); err != nil {
			return launcher.Handle{}, err
		}
	}
	l := &fakeLaunch{spec: spec, text: text, handle: launcher.Handle{Launch: spec.Launch, Owner: spec.Owner, State: deploy.ExecutorLaunching, Cursor: f.newest()}}
	f.held[spec.Launch] = l
	if !f.holding {
		f.start(l)
	}
	return l.handle, nil
}

// specText shows a spec with its secrets, which do not print themselves.
func specText(s launcher.Spec) string {
	text := fmt.Sprintf("%+v", s)
	for _, c := range s.Secrets {
		text += fmt.Sprintf("%q", c.Value.Reveal())
	}
	return text
}

// List is of launcher.ExecutorLauncher.
func (f *Fake) List(ctx context.Context) ([]launcher.Handle, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.usable(ctx); err != nil {
		return nil, fmt.Errorf("list launches: %w", err)
	}
	list := make([]launcher.Handle, 0, len(f.held))
	for _, l := range f.held {
		list = append(list, l.handle)
	}
	slices.SortFunc(list, func(x, y launcher.Handle) int { return x.Launch.Compare(y.Launch) })
	return list, nil
}

// Watch is of launcher.ExecutorLauncher. A Fake forgets no event.
func (f *Fake) Watch(ctx context.Context, after launcher.Cursor) iter.Seq2[launcher.Event, error] {
	return func(yield func(launcher.Event, error) bool) {
		for ctx.Err() == nil {
			f.mu.Lock()
			newest, moved, closed := f.newest(), f.moved, f.closed
			var rest []launcher.Event
			if after <= newest {
				rest = f.events[after:newest]
			}
			f.mu.Unlock()
			if after > newest {
				yield(nil, fmt.Errorf("%w: %d, the newest is %d", launcher.ErrCursor, after, newest))
				return
			}
			for _, e := range rest {
				if ctx.Err() != nil || !yield(e, nil) {
					return
				}
				after++
			}
			if len(rest) > 0 {
				continue
			}
			select {
			case <-moved:
			case <-ctx.Done():
			case <-closed:
				yield(nil, fmt.Errorf("watch launches: %w", launcher.ErrClosed))
				return
			}
		}
	}
}

// Control is of launcher.ExecutorLauncher. Every order is kept for Orders, also one that fails.
func (f *Fake) Control(ctx context.Context, id deploy.LaunchID, c launcher.Control) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.usable(ctx); err != nil {
		return fmt.Errorf("control launch %s: %w", id, err)
	}
	f.orders = append(f.orders, Order{id, c})
	l := f.held[id]
	if l == nil {
		return fmt.Errorf("control launch %s: %w", id, launcher.ErrUnknownLaunch)
	}
	ended := l.handle.State.Terminal()
	switch c := c.(type) {
	case launcher.Stop:
		if l.asked = true; !ended && !f.holding {
			f.end(l, deploy.Exit{Signal: 9})
		}
	case launcher.Signal:
		switch {
		case c.Number < 1 || c.Number > 64:
			return fmt.Errorf("signal %d: %w", c.Number, deploy.ErrInvalid)
		case ended:
			return fmt.Errorf("signal launch %s: %w", id, deploy.ErrAlreadyFinished)
		case l.handle.PID == 0:
			return fmt.Errorf("signal launch %s: %w", id, deploy.ErrIllegalTransition)
		}
	case launcher.Forget:
		if !ended {
			return fmt.Errorf("forget launch %s: %w", id, deploy.ErrIllegalTransition)
		}
		delete(f.held, id)
	}
	return nil
}

// Start says that a held launch runs. It tells whether there was one to be started.
func (f *Fake) Start(id deploy.LaunchID) bool {
	return f.with(id, deploy.ExecutorLaunching, f.start)
}

// Fail says that a held launch could not be started.
func (f *Fake) Fail(id deploy.LaunchID, message string) bool {
	return f.with(id, deploy.ExecutorLaunching, func(l *fakeLaunch) {
		now := time.Now()
		l.handle.State, l.handle.Message, l.handle.EndedAt = deploy.ExecutorFailed, message, now
		l.handle.Cursor = f.tell(func(c launcher.Cursor) launcher.Event {
			return launcher.StartFailed{Cursor: c, Launch: id, Message: message, At: now}
		})
	})
}

// Exit says that a running launch has ended; killed, if a Stop came before.
func (f *Fake) Exit(id deploy.LaunchID, exit deploy.Exit) bool {
	return f.with(id, deploy.ExecutorRunning, func(l *fakeLaunch) {
		if exit.OOM {
			l.handle.Cursor = f.tell(func(c launcher.Cursor) launcher.Event {
				return launcher.OOMKilled{Cursor: c, Launch: id, At: time.Now()}
			})
		}
		f.end(l, exit)
	})
}

// Spec gives what was launched.
func (f *Fake) Spec(id deploy.LaunchID) (launcher.Spec, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	l := f.held[id]
	if l == nil {
		return launcher.Spec{}, false
	}
	return l.spec, true
}

// Orders gives all that was asked by Control, in order.
func (f *Fake) Orders() []Order {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.orders)
}

// Close ends every Watch.
func (f *Fake) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	select {
	case <-f.closed:
	default:
		close(f.closed)
	}
}

func (f *Fake) usable(ctx context.Context) error {
	select {
	case <-f.closed:
		return launcher.ErrClosed
	default:
		return ctx.Err()
	}
}

func (f *Fake) with(id deploy.LaunchID, in deploy.ExecutorState, do func(*fakeLaunch)) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	l := f.held[id]
	if l == nil || l.handle.State != in {
		return false
	}
	do(l)
	return true
}

func (f *Fake) start(l *fakeLaunch) {
	f.pids++
	h := &l.handle
	h.State, h.PID, h.StartedAt = deploy.ExecutorRunning, f.pids, time.Now()
	h.Cursor = f.tell(func(c launcher.Cursor) launcher.Event {
		return launcher.Started{Cursor: c, Launch: h.Launch, PID: h.PID, At: h.StartedAt}
	})
}

func (f *Fake) end(l *fakeLaunch, exit deploy.Exit) {
	h := &l.handle
	h.State, h.Exit, h.EndedAt = deploy.ExecutorExited, exit, time.Now()
	if l.asked {
		h.State = deploy.ExecutorKilled
	}
	var lived time.Duration
	if !h.StartedAt.IsZero() {
		lived = h.EndedAt.Sub(h.StartedAt)
	}
	h.Cursor = f.tell(func(c launcher.Cursor) launcher.Event {
		return launcher.Exited{Cursor: c, Launch: h.Launch, Exit: exit, Killed: l.asked, Lived: lived, At: h.EndedAt}
	})
}

func (f *Fake) newest() launcher.Cursor { return launcher.Cursor(len(f.events)) }

func (f *Fake) tell(event func(launcher.Cursor) launcher.Event) launcher.Cursor {
	c := f.newest() + 1
	f.events = append(f.events, event(c))
	close(f.moved)
	f.moved = make(chan struct{})
	return c
}
