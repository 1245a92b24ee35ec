//go:build linux

package proclauncher

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
)

// Launcher starts processes through a keeper. It is a launcher.ExecutorLauncher, and its methods may be called at the same time.
type Launcher struct {
	cfg     Config
	dir     *os.File // the state directory
	lock    *os.File
	records records
	book    *book
	closed  chan struct{} // nothing more will happen
	serving sync.WaitGroup
	opening chan struct{} // holds a token: only one starts a keeper

	mu      sync.Mutex // never held while something may block
	line    *line      // to the newest keeper, which may be dead
	closing bool
}

var _ launcher.ExecutorLauncher = (*Launcher)(nil)

// Open takes the state directory over: it calls the keeper of the last worker if that still lives and adopts what it holds; else it ends what
// was left over, reads how durable launches ended and starts a keeper. ctx bounds the opening alone. Close ends it.
func Open(ctx context.Context, cfg Config) (*Launcher, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	l := &Launcher{cfg: cfg, closed: make(chan struct{}), opening: make(chan struct{}, 1)}
	if err := l.open(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open launcher in %s: %w", cfg.StateDir, err), l.unlock())
	}
	return l, nil
}

func (l *Launcher) open(ctx context.Context) error {
	dir, err := filepath.Abs(l.cfg.StateDir)
	if err != nil {
		return err
	}
	l.cfg.StateDir, l.records = dir, recordsIn(dir)
	if err := os.MkdirAll(l.records.dir, dirMode); err != nil {
		return err
	}
	if err := os.Chmod(dir, dirMode); err != nil {
		return err
	}
	if l.dir, err = os.Open(dir); err != nil {
		return err
	}
	if l.lock, err = lockFile(filepath.Join(dir, "lock")); err != nil {
		return err
	}
	l.book = newBook(launcher.Cursor(time.Now().UnixMicro()), l.cfg.RetainEvents) // so that cursors of other streams are told apart
	ln, err := l.call(ctx, nil)
	if err == nil {
		l.attach(ln)
		return nil
	}
	if err := l.clearAway(); err != nil {
		return err
	}
	_, err = l.keeper(ctx)
	return err
}

// clearAway ends what the last keeper left over, and reads how its durable launches ended.
func (l *Launcher) clearAway() error {
	last, err := readHome(l.cfg.StateDir)
	if err == nil && last != nil {
		err = sweep(*last)
	}
	if err != nil {
		return fmt.Errorf("end what the last keeper left: %w", err)
	}
	all, err := l.records.load()
	if err != nil {
		return err
	}
	now := l.book.last()
	for i := range all {
		all[i].Handle.Cursor = now // what it knew was of another stream
	}
	l.book.take(image{Held: all, Floor: now, Newest: now})
	return l.endAll("its keeper died with the worker")
}

// endAll writes that everything alive has ended: nothing of it is alive any more and nobody saw how it ended.
func (l *Launcher) endAll(why string) error {
	var faults []error
	for _, h := range l.book.list(func(h *holding) bool { return !h.ended() }) {
		now := time.Now()
		e := entry{Kind: exited, Launch: h.Handle.Launch, At: now, Exit: deploy.Exit{Signal: int32(unix.SIGKILL)}, Killed: true, Message: why}
		if h.Handle.State == deploy.ExecutorLaunching {
			e = entry{Kind: startFailed, Launch: h.Handle.Launch, At: now, Message: why}
		} else if !h.Handle.StartedAt.IsZero() {
			e.Lived = now.Sub(h.Handle.StartedAt)
		}
		if e.apply(&h.Handle); h.Durable {
			faults = append(faults, l.records.write(h))
		}
		l.book.add(e)
	}
	return errors.Join(faults...)
}

// Launch is of launcher.ExecutorLauncher. Without an OrphanGrace it returns as soon as the order is on its way: should the keeper die before it
// is read, the launch is reported as failed.
func (l *Launcher) Launch(ctx context.Context, spec launcher.Spec) (launcher.Handle, error) {
	if err := checkSpec(&spec, l.isolation()); err != nil {
		return launcher.Handle{}, err
	}
	h, err := l.launch(ctx, orderOf(&spec))
	if err != nil {
		return launcher.Handle{}, fmt.Errorf("launch %s: %w", spec.Launch, err)
	}
	return h, nil
}

func (l *Launcher) launch(ctx context.Context, o *order) (launcher.Handle, error) {
	if err := l.usable(ctx); err != nil {
		return launcher.Handle{}, err
	}
	if h, held := l.book.get(o.Launch); held && h.ended() {
		again, _, err := l.book.admit(o)
		return again, err
	}
	ln, h, fresh, err := l.admit(ctx, o)
	if err != nil {
		return launcher.Handle{}, err
	}
	if o.OrphanGrace == 0 {
		if fresh {
			ln.out.put(frame{Launch: o})
		}
		return h, nil
	}
	// A repeat asks too: the first may not have been answered yet. Where the keeper dies, the launch has ended.
	if err := ln.ask(ctx, frame{Launch: o}); err != nil && !errors.Is(err, errKeeperGone) {
		return launcher.Handle{}, err
	}
	now, _ := l.book.get(o.Launch)
	return now.Handle, nil
}

// admit writes the launch into the book while the keeper is alive, so that the keeper's death, should it come, is the launch's end too.
func (l *Launcher) admit(ctx context.Context, o *order) (ln *line, h launcher.Handle, fresh bool, err error) {
	for {
		if ln, err = l.keeper(ctx); err != nil {
			return nil, h, false, err
		}
		l.mu.Lock()
		if l.line == ln && !ln.dying {
			h, fresh, err = l.book.admit(o)
			l.mu.Unlock()
			return ln, h, fresh, err
		}
		l.mu.Unlock()
	}
}

func (l *Launcher) isolation() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.line != nil && l.line.home.Cgroup != "" {
		return []string{IsolationProcess, IsolationCgroup}
	}
	return []string{IsolationProcess}
}

// List is of launcher.ExecutorLauncher.
func (l *Launcher) List(ctx context.Context) ([]launcher.Handle, error) {
	if err := l.usable(ctx); err != nil {
		return nil, fmt.Errorf("list launches: %w", err)
	}
	all := l.book.list(func(*holding) bool { return true })
	list := make([]launcher.Handle, len(all))
	for i := range all {
		list[i] = all[i].Handle
	}
	return list, nil
}

// Watch is of launcher.ExecutorLauncher.
func (l *Launcher) Watch(ctx context.Context, after launcher.Cursor) iter.Seq2[launcher.Event, error] {
	return func(yield func(launcher.Event, error) bool) {
		closed := false
		for ctx.Err() == nil {
			batch, moved, err := l.book.since(after, newsBatch)
			switch {
			case err != nil:
				yield(nil, err)
				return
			case len(batch) > 0:
				if !hand(ctx, batch, yield) {
					return
				}
				after = batch[len(batch)-1].Cursor
				continue
			case closed:
				yield(nil, fmt.Errorf("watch launches: %w", launcher.ErrClosed))
				return
			}
			select {
			case <-moved:
			case <-ctx.Done():
			case <-l.closed:
				closed = true // once more: something may have happened last
			}
		}
	}
}

func hand(ctx context.Context, batch []entry, yield func(launcher.Event, error) bool) bool {
	for i := range batch {
		if ctx.Err() != nil || !yield(batch[i].event(), nil) {
			return false
		}
	}
	return true
}

// Control is of launcher.ExecutorLauncher.
func (l *Launcher) Control(ctx context.Context, id deploy.LaunchID, c launcher.Control) error {
	if err := l.usable(ctx); err != nil {
		return fmt.Errorf("control launch %s: %w", id, err)
	}
	h, ok := l.book.get(id)
	if !ok {
		return fmt.Errorf("control launch %s: %w", id, launcher.ErrUnknownLaunch)
	}
	order := control{Launch: id}
	switch c := c.(type) {
	case launcher.Stop:
		if h.ended() {
			return nil
		}
		order.Kind, order.Grace = doStop, c.Grace
	case launcher.Signal:
		if c.Number < 1 || c.Number > 64 {
			return fmt.Errorf("signal launch %s: %w: %d is no signal, they go from 1 to 64", id, deploy.ErrInvalid, c.Number)
		}
		if h.ended() {
			return fmt.Errorf("signal launch %s: %w", id, deploy.ErrAlreadyFinished)
		}
		order.Kind, order.Number = doSignal, c.Number
	case launcher.Forget:
		if !h.ended() {
			return notEnded(id, h.Handle.State)
		}
		return l.forget(ctx, h)
	}
	return l.order(ctx, order)
}

// order passes an order on. If the keeper is gone, so is the launch.
func (l *Launcher) order(ctx context.Context, c control) error {
	err := errKeeperGone
	if ln := l.current(); ln != nil {
		err = ln.ask(ctx, frame{Control: &c})
	}
	if !errors.Is(err, errKeeperGone) {
		return err
	}
	if c.Kind == doSignal {
		return fmt.Errorf("signal launch %s: %w", c.Launch, deploy.ErrAlreadyFinished)
	}
	return nil
}

// forget drops an ended launch on both sides.
func (l *Launcher) forget(ctx context.Context, h holding) error {
	id := h.Handle.Launch
	for {
		if ln := l.current(); ln != nil {
			err := ln.ask(ctx, frame{Control: &control{Launch: id, Kind: doForget}})
			if err == nil || errors.Is(err, launcher.ErrUnknownLaunch) {
				l.book.forget(id)
				return nil
			}
			if !errors.Is(err, errKeeperGone) {
				return err
			}
		}
		if tried, err := l.forgetAlone(ctx, h); tried || err != nil {
			return err
		}
	}
}

// forgetAlone drops an ended launch while there is no keeper, and keeps a new one from starting with it in its book.
func (l *Launcher) forgetAlone(ctx context.Context, h holding) (tried bool, err error) {
	done, err := l.startLock(ctx)
	if err != nil {
		return false, err
	}
	defer done()
	if l.current() != nil {
		return false, nil
	}
	if h.Durable {
		if err := l.records.remove(h.Handle.Launch); err != nil {
			return true, err
		}
	}
	l.book.forget(h.Handle.Launch)
	return true, nil
}

// usable is the error of ctx, or ErrClosed after Close.
func (l *Launcher) usable(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if l.ending() {
		return launcher.ErrClosed
	}
	return nil
}
