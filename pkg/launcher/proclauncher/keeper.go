//go:build linux

package proclauncher

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/musterproject/muster/pkg/deploy"
)

const (
	listenerFD   = 3                // the socket a worker hands to its keeper
	firstContact = 10 * time.Second // until a keeper that no worker calls ends itself
	outputBuffer = 64 << 10

	toldToEnd = "its keeper was told to end" // why a launch ended
)

// keeper owns the children of one worker after another.
type keeper struct {
	log     *slog.Logger
	home    home
	records records
	book    *book
	reaper  *reaper
	cgroups *cgroups // nil without
	null    *os.File
	slots   chan struct{} // bounds the starts being prepared at a time
	buffers sync.Pool
	ooms    oomCount
	lives   sync.WaitGroup

	mu       sync.Mutex
	settings settings
	runs     map[deploy.LaunchID]*run
	alone    bool               // no worker is connected
	over     bool               // nothing more is started
	changed  chan struct{}      // holds a token when a run has ended
	paces    chan time.Duration // between measurements; 0: none
}

// KeeperMain is the life of a keeper: a program that Open started with Config.KeeperArgs calls it, and ends with its error. It returns when there is
// neither a worker nor a launch alive. ctx ends it early: everything is stopped.
func KeeperMain(ctx context.Context) error {
	file := os.NewFile(listenerFD, "keeper.sock")
	listener, err := net.FileListener(file)
	if err != nil {
		return fmt.Errorf("keeper: a worker starts it with a socket as descriptor %d; it is not started by hand: %w", listenerFD, err)
	}
	err = errors.Join(file.Close(), shutInherited(), unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
	if err != nil {
		return fmt.Errorf("keeper: %w", err)
	}
	unix.Umask(0o022)
	_ = os.WriteFile("/proc/self/comm", []byte("muster-keeper"), 0) // for those who read process lists
	null, err := os.Open(os.DevNull)
	if err != nil {
		return fmt.Errorf("keeper: %w", err)
	}
	defer null.Close()
	k := &keeper{
		log: slog.New(slog.NewTextHandler(os.Stderr, nil)), null: null, reaper: newReaper(), runs: map[deploy.LaunchID]*run{},
		slots: make(chan struct{}, 8*runtime.NumCPU()), changed: make(chan struct{}, 1), paces: make(chan time.Duration),
	}
	k.buffers.New = func() any { b := make([]byte, outputBuffer); return &b }
	if err := k.serve(ctx, listener.(*net.UnixListener)); err != nil {
		return fmt.Errorf("keeper: %w", err)
	}
	return nil
}

// shutInherited closes what the worker's own parents left open: all of this process's own descriptors are closed on exec.
func shutInherited() error {
	dir, err := os.Open("/proc/self/fd")
	if err != nil {
		return err
	}
	names, err := dir.Readdirnames(-1)
	if err = errors.Join(err, dir.Close()); err != nil {
		return err
	}
	for _, name := range names {
		fd, err := strconv.Atoi(name)
		if err != nil || fd <= 2 {
			continue
		}
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			_ = unix.Close(fd) // whatever it was, it is not needed
		}
	}
	return nil
}

// serve answers one worker at a time, the newest, until there is neither worker nor launch.
func (k *keeper) serve(ctx context.Context, listener *net.UnixListener) (err error) {
	told := ctx.Done()
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx)) // being told to end is not yet the end
	var all sync.WaitGroup
	defer func() {
		cancel()
		_ = listener.Close()
		if err == nil {
			all.Wait()
		} // else the end of the process ends the rest
	}()
	reaped := make(chan error, 1)
	all.Go(func() { reaped <- k.reaper.run(ctx) })
	calls := make(chan *net.UnixConn)
	all.Go(func() { k.listen(ctx, listener, calls) })
	all.Go(func() { k.measure(ctx) })

	// Handlers, also for what was ignored before: an ignored signal would stay ignored in the children.
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, unix.SIGTERM, unix.SIGINT, unix.SIGHUP, unix.SIGQUIT, unix.SIGPIPE, unix.SIGUSR1, unix.SIGUSR2)
	defer signal.Stop(signals)
	if err := k.loop(ctx, told, calls, signals, reaped); err != nil {
		return err
	}
	k.cleanUp()
	return nil
}

func (k *keeper) loop(ctx context.Context, told <-chan struct{}, calls <-chan *net.UnixConn, signals <-chan os.Signal, reaped <-chan error) error {
	first := time.NewTimer(firstContact)
	defer first.Stop()
	var now *session
	defer func() { now.end() }()
	for {
		select {
		case conn := <-calls:
			first.Stop()
			now.hangUp()
			now = k.begin(ctx, conn)
		case <-now.left():
			now = nil
			k.abandon()
		case <-first.C:
			return fmt.Errorf("no worker called within %v", firstContact)
		case s := <-signals:
			if s == unix.SIGTERM || s == unix.SIGINT {
				k.stopAll()
			}
		case <-told:
			told = nil
			k.stopAll()
		case err := <-reaped: // whoever waits for a child waits in vain: a keeper that cannot keep them ends them
			now.hangUp()
			now = nil
			retry(lastBytes, func() bool { return killHome(k.home) == nil })
			return errors.Join(errors.New("children cannot be waited for"), err)
		case <-k.changed:
		}
		if k.done() {
			return nil
		}
	}
}

func (k *keeper) listen(ctx context.Context, listener *net.UnixListener, calls chan<- *net.UnixConn) {
	for {
		conn, err := listener.AcceptUnix()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			k.note("accept", err)
			time.Sleep(longestPause) // descriptors may be free by then
			continue
		}
		if err := checkPeer(conn); err != nil {
			k.note("refuse caller", errors.Join(err, conn.Close()))
			continue
		}
		select {
		case calls <- conn:
		case <-ctx.Done():
			_ = conn.Close() // the caller sees that nobody is here any more
			return
		}
	}
}

// done tells whether there is nothing more to keep.
func (k *keeper) done() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.runs) == 0 && (k.alone || k.over)
}

func (k *keeper) ending() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.over
}

// abandon says that no worker is here any more.
func (k *keeper) abandon() {
	k.leave()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.alone = true
}

// leave tells every launch that its worker has gone.
func (k *keeper) leave() {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	for _, r := range k.runs {
		r.leave(now)
	}
}

// stopAll ends everything and this keeper with it.
func (k *keeper) stopAll() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.over = true
	for _, r := range k.runs {
		r.stop(r.grace, toldToEnd)
	}
}

// drop takes out a run that has ended.
func (k *keeper) drop(r *run) {
	k.mu.Lock()
	delete(k.runs, r.launch)
	idle := len(k.runs) == 0
	k.mu.Unlock()
	if idle { // what has left both session and nonce behind: while a launch is alive nobody can tell whose it is
		k.note("kill strays", k.reaper.killOrphans())
	}
	k.rouse()
}

func (k *keeper) rouse() {
	select {
	case k.changed <- struct{}{}:
	default:
	}
}

// cleanUp leaves nothing behind.
func (k *keeper) cleanUp() {
	k.lives.Wait()
	if k.cgroups != nil {
		k.note("remove cgroups", k.cgroups.close())
	}
	k.note("end what is left", func() error {
		if !retry(lastBytes, func() bool {
			k.note("kill strays", k.reaper.killOrphans())
			_, err := nextDead(unix.WNOHANG)
			return errors.Is(err, syscall.ECHILD)
		}) {
			return errors.New("some process does not die")
		}
		return nil
	}())
}

// tell writes an event. Where the launch has a record, start and end are recorded first: once an end is told it may be forgotten.
func (k *keeper) tell(e entry) {
	if h, ok := k.book.get(e.Launch); ok && h.Durable && !h.ended() {
		if e.apply(&h.Handle); h.ended() || e.Kind == started {
			k.note("record", k.records.write(h))
		}
	}
	k.book.add(e)
}

func (k *keeper) record(launch deploy.LaunchID) error {
	h, ok := k.book.get(launch)
	if !ok {
		return nil // forgotten before it began
	}
	return k.records.write(h)
}

func (k *keeper) note(what string, err error) {
	if err != nil {
		k.log.Warn(what, "error", err)
	}
}
