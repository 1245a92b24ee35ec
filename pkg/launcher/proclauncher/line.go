//go:build linux

package proclauncher

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
)

// errKeeperGone says that the keeper died before it answered; its launches have ended.
var errKeeperGone = errors.New("the keeper is gone")

// line is the worker's connection to one keeper.
type line struct {
	w     *wire
	home  home
	child *os.Process // the keeper, if this process started it
	out   *outbox
	gone  chan struct{} // closed when the keeper is dead and all it held has ended, or it stays without us
	dying bool          // guarded by Launcher.mu: it takes no launch any more

	mu    sync.Mutex
	calls map[uint64]chan error
	last  uint64
}

// current gives the line to a living keeper, or nil.
func (l *Launcher) current() *line {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.line == nil || l.line.dying {
		return nil
	}
	return l.line
}

// startLock keeps others from starting a keeper.
func (l *Launcher) startLock(ctx context.Context) (unlock func(), err error) {
	select {
	case l.opening <- struct{}{}:
		return func() { <-l.opening }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// keeper gives the line to a living keeper and starts one if there is none.
func (l *Launcher) keeper(ctx context.Context) (*line, error) {
	if ln := l.current(); ln != nil {
		return ln, nil
	}
	done, err := l.startLock(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	if err := l.usable(ctx); err != nil {
		return nil, err
	}
	if ln := l.current(); ln != nil {
		return ln, nil
	}
	l.mu.Lock()
	last := l.line
	l.mu.Unlock()
	if last != nil {
		select {
		case <-last.gone:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	ln, err := l.start(ctx)
	if err != nil {
		return nil, fmt.Errorf("start keeper: %w", err)
	}
	l.attach(ln)
	return ln, nil
}

// start starts a keeper and greets it.
func (l *Launcher) start(ctx context.Context) (*line, error) {
	h, err := l.newHome()
	if err != nil {
		return nil, err
	}
	child, err := l.spawn(h)
	if err != nil {
		return nil, errors.Join(err, h.abolish())
	}
	ln, err := l.call(ctx, &seed{Home: h, StateDir: l.cfg.StateDir, Book: l.book.image()})
	if err != nil {
		err = fmt.Errorf("%w; what it said stands in %s", err, filepath.Join(l.cfg.StateDir, keeperLog))
		_ = child.Kill() // it may have ended already
		_, waited := child.Wait()
		return nil, errors.Join(err, waited, h.abolish())
	}
	ln.child = child
	return ln, nil
}

// newHome names a keeper, and makes its cgroup where that is wanted and possible.
func (l *Launcher) newHome() (home, error) {
	var name [16]byte
	if _, err := rand.Read(name[:]); err != nil {
		return home{}, err
	}
	boot, err := bootID()
	if err != nil {
		return home{}, err
	}
	h := home{Generation: hex.EncodeToString(name[:]), Boot: boot}
	if l.cfg.UseCgroup != CgroupNever {
		h.Cgroup, err = makeCgroup("muster-" + h.Generation)
		if err != nil && l.cfg.UseCgroup == CgroupAlways {
			return home{}, err
		}
	}
	if h.Cgroup == "" { // the process table must show who is whose child
		if _, err := childrenOf(os.Getpid(), strconv.Itoa(os.Getpid())); err != nil {
			return home{}, fmt.Errorf("neither a cgroup nor the lists of children in /proc: %w", err)
		}
	}
	if err := writeHome(l.cfg.StateDir, h); err != nil {
		return home{}, errors.Join(err, h.abolish())
	}
	return h, nil
}

// keeperLog is where a keeper writes what it cannot tell its worker.
const keeperLog = "keeper.log"

// spawn starts the keeper's process with a listening socket.
func (l *Launcher) spawn(h home) (child *os.Process, err error) {
	path := l.socket()
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	listener.SetUnlinkOnClose(false)
	socket, err := listener.File()
	if err = errors.Join(err, listener.Close()); err != nil {
		return nil, err
	}
	defer socket.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	log, err := os.OpenFile(filepath.Join(l.cfg.StateDir, keeperLog), os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND, outputMode)
	if err != nil {
		return nil, err
	}
	defer log.Close()

	program, name, args := l.cfg.KeeperPath, l.cfg.KeeperPath, l.cfg.KeeperArgs
	if program == "" { // as it runs: its file may have been replaced since
		program, name = "/proc/self/exe", os.Args[0]
	}
	if args == nil {
		args = []string{KeeperArg}
	}
	return os.StartProcess(program, append([]string{name}, args...), &os.ProcAttr{
		Dir: "/", Env: []string{launcher.NonceEnv + "=" + h.Generation},
		Files: []*os.File{null, log, log, socket},
		Sys:   &syscall.SysProcAttr{Setsid: true}, // Ctrl-C in a terminal is for the worker
	})
}

// socket is the keeper's address, short whatever the length of the state directory.
func (l *Launcher) socket() string { return fmt.Sprintf("/proc/self/fd/%d/keeper.sock", l.dir.Fd()) }

// call greets a keeper and takes over its book.
func (l *Launcher) call(ctx context.Context, s *seed) (ln *line, err error) {
	ctx, cancel := context.WithTimeout(ctx, greetingTime)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", l.socket())
	if err != nil {
		return nil, fmt.Errorf("call keeper: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("call keeper: %w", err), conn.Close())
		}
	}()
	peer, deadline := conn.(*net.UnixConn), time.Time{}
	if err := checkPeer(peer); err != nil {
		return nil, err
	}
	if end, ok := ctx.Deadline(); ok {
		deadline = end
	}
	if err := conn.SetDeadline(deadline); err != nil {
		return nil, err
	}
	w := newWire(peer)
	err = errors.Join(w.send(&frame{Hello: &hello{Seed: s, Settings: settings{
		DefaultGrace: l.cfg.DefaultGrace, UsageEvery: l.cfg.UsageEvery, RetainEvents: l.cfg.RetainEvents,
	}}}), w.flush())
	if err != nil {
		return nil, err
	}
	f, err := w.receive()
	if err == nil && f.Welcome == nil {
		err = fmt.Errorf("its first words are of another version: %w", deploy.ErrMismatch)
	}
	if err = errors.Join(err, conn.SetDeadline(time.Time{})); err != nil {
		return nil, err
	}
	l.book.take(f.Welcome.Book)
	return &line{w: w, home: f.Welcome.Home, out: newOutbox(), gone: make(chan struct{}), calls: map[uint64]chan error{}}, nil
}

// attach serves the line until it ends. Close waits for that.
func (l *Launcher) attach(ln *line) {
	l.mu.Lock()
	l.line = ln
	l.mu.Unlock()
	l.serving.Go(func() { l.serve(ln) })
}

func (l *Launcher) serve(ln *line) {
	over := make(chan struct{})
	var sending sync.WaitGroup
	sending.Go(func() {
		if ln.sendAll(over) != nil {
			_ = ln.w.conn.Close() // the reader below ends
		}
	})
	left, err := ln.hear(l.book)
	close(over)
	_ = ln.w.conn.Close() // it has said all it had to say
	sending.Wait()
	l.bury(ln, left, err)
}

func (ln *line) sendAll(over <-chan struct{}) error {
	for {
		out := ln.out.take()
		for i := range out {
			if err := ln.w.send(&out[i]); err != nil {
				return err
			}
		}
		if len(out) > 0 {
			continue
		}
		if err := ln.w.flush(); err != nil {
			return err
		}
		select {
		case <-ln.out.ready:
		case <-over:
			return nil
		}
	}
}

// hear follows the keeper's book and passes answers on, until the keeper says farewell or the line breaks.
func (ln *line) hear(b *book) (*bye, error) {
	for {
		f, err := ln.w.receive()
		switch {
		case err != nil:
			return nil, err
		case f.Bye != nil:
			return f.Bye, nil
		case f.Image != nil:
			b.take(*f.Image)
		case f.Done != nil:
			ln.answer(f.Done)
		default:
			b.follow(f.News)
		}
	}
}

// ask sends a request and waits for its answer.
func (ln *line) ask(ctx context.Context, f frame) error {
	answer := make(chan error, 1)
	ln.mu.Lock()
	ln.last++
	f.Call = ln.last
	ln.calls[f.Call] = answer
	ln.mu.Unlock()
	ln.out.put(f)
	select {
	case err := <-answer:
		return err
	case <-ln.gone:
		return errKeeperGone
	case <-ctx.Done():
		ln.mu.Lock()
		delete(ln.calls, f.Call)
		ln.mu.Unlock()
		return ctx.Err()
	}
}

func (ln *line) answer(d *done) {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	if c := ln.calls[d.Call]; c != nil {
		c <- d.err()
		delete(ln.calls, d.Call)
	}
}
