package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/musterproject/muster/internal/taskcore"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// ErrDriverLost ends an executor that could not reach its driver for Config.DriverTimeout.
var ErrDriverLost = errors.New("task: the driver is lost")

// ExitDriverLost is the exit code of an executor's process that ended with ErrDriverLost.
const ExitDriverLost = taskcore.ExitDriverLost

const (
	firstRedial = 20 * time.Millisecond
	lastRedial  = 500 * time.Millisecond

	resultsPerItem = 4096
	bytesPerItem   = 1 << 20
)

// executor runs tasks for a driver, session after session, until it is stopped.
type executor struct {
	program   *Program
	transport rpc.Transport
	driver    deploy.Address
	hello     deploy.Hello
	ready     deploy.ExecutorReady
	facts     Context
	heartbeat time.Duration
	timeout   time.Duration // of a driver that is not heard
	maxOutput int
	shared    bool // the driver lives in this process
	log       *slog.Logger

	heard atomic.Pointer[time.Time] // when the driver last said something
}

// run serves the driver until it says stop or ctx ends (nil), or until it has not been heard for too long (ErrDriverLost).
func (e *executor) run(ctx context.Context) error {
	e.hear()
	var why error
	for wait := firstRedial; ; wait = min(2*wait, lastRedial) {
		before := *e.heard.Load()
		stopped, err := e.serve(ctx)
		if why == nil || !errors.Is(err, context.DeadlineExceeded) { // of a try cut short: an earlier one says more
			why = err
		}
		switch {
		case stopped || ended(ctx):
			return nil
		case e.silent() >= e.timeout:
			return fmt.Errorf("%w: %s was not heard for %s: %w", ErrDriverLost, e.driver, e.timeout, why)
		case e.heard.Load().After(before):
			wait = firstRedial
		}
		e.log.Warn("session with the driver is over, dialling again", "driver", e.driver, "error", err)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil
		}
	}
}

func ended(ctx context.Context) bool { return ctx.Err() != nil }

func (e *executor) hear() {
	now := time.Now()
	e.heard.Store(&now)
}

func (e *executor) silent() time.Duration { return time.Since(*e.heard.Load()) }

// serve opens a session and runs what it brings; with the session ends what runs. It tells whether the driver has said stop.
func (e *executor) serve(ctx context.Context) (stopped bool, err error) {
	dialling, cancel := context.WithTimeout(ctx, e.timeout-e.silent())
	conn, err := e.transport.Dial(dialling, e.driver, e.hello)
	cancel()
	if err != nil {
		return false, err
	}
	s := session{e: e, conn: conn, over: make(chan struct{})}
	s.pool = newPool(e.program, e.facts, e.maxOutput, e.shared, s.deliver)
	return s.run(ctx)
}

// session is one connection with the driver and what it runs.
type session struct {
	e       *executor
	conn    rpc.Conn
	pool    *pool
	over    chan struct{} // closed when the pool has ended
	stopped atomic.Bool
}

func (s *session) run(ctx context.Context) (stopped bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() { // waited for by end, as far as it can be
		defer close(s.over)
		s.pool.run(ctx)
		cancel(errPoolEnded)
	}()
	beat := make(chan struct{})
	go func() {
		defer close(beat)
		s.beat(ctx)
	}()
	err = s.conn.Send(rpc.Item{Msg: s.e.ready})
	for err == nil {
		var items []rpc.Item
		if items, err = s.conn.Recv(ctx); err == nil {
			s.e.hear()
			s.hear(items)
		}
	}
	if s.stopped.Load() && errors.Is(context.Cause(ctx), errPoolEnded) {
		s.conn.Close("stopped")
		<-beat
		return true, nil
	}
	cancel(nil)
	s.conn.Close(err.Error())
	<-beat
	return s.stopped.Load(), errors.Join(err, s.end())
}

var errPoolEnded = errors.New("everything has ended")

// end drops what waits and waits for what runs, as long as the driver's patience with this executor lasts.
func (s *session) end() error {
	s.pool.close(true)
	select {
	case <-s.over:
		return nil
	case <-time.After(max(0, s.e.timeout-s.e.silent())):
		return errors.New("a function goes on though its context has ended")
	}
}

func (s *session) hear(items []rpc.Item) {
	for _, it := range items {
		switch m := it.Msg.(type) {
		case deploy.RunTasks:
			s.pool.add(m.Tasks)
		case deploy.CancelTasks:
			s.pool.cancel(m)
		case deploy.StopExecutor:
			s.e.log.Info("stopping", "reason", m.Reason)
			s.stopped.Store(true)
			s.pool.close(false)
		case deploy.HeartbeatAck: // having heard it is all
		default:
			s.e.log.Warn("the driver said what no executor is told", "message", fmt.Sprintf("%T", m))
		}
	}
}

// beat says that the executor lives, and hangs up when the driver is silent for half of what it may be, so that another session can be tried.
func (s *session) beat(ctx context.Context) {
	ticker := time.NewTicker(s.e.heartbeat)
	defer ticker.Stop()
	for n := uint64(1); ; n++ {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		if quiet := s.e.silent(); quiet >= max(s.e.timeout/2, 2*s.e.heartbeat) {
			s.conn.Close(fmt.Sprintf("the driver is silent for %s", quiet.Round(time.Millisecond)))
			return
		}
		if err := s.conn.Send(rpc.Item{Msg: deploy.Heartbeat{N: n}}); err != nil {
			return // the receiver learns why
		}
	}
}

// deliver sends results in messages of bearable size.
func (s *session) deliver(results []deploy.TaskResult) {
	for len(results) > 0 {
		n, bytes := 0, 0
		for n < len(results) && n < resultsPerItem && (n == 0 || bytes+len(results[n].Output)+len(results[n].Error) <= bytesPerItem) {
			bytes += len(results[n].Output) + len(results[n].Error)
			n++
		}
		if err := s.conn.Send(rpc.Item{Msg: deploy.TaskResults{Results: results[:n:n]}}); err != nil {
			s.conn.Close("results cannot be sent: " + err.Error()) // they are lost with the session, and run again
			return
		}
		results = results[n:]
	}
}
