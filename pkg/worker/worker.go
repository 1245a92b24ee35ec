package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/musterproject/muster/internal/workercore"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// ErrUnregistered ends Run when no master has taken the worker in for Rules.ExitWhenUnregistered.
var ErrUnregistered = errors.New("worker: no master took it in")

// Worker registers, launches and reports. Make it with New, give it life with Run.
type Worker struct {
	cfg  Config
	deps Deps
	log  *slog.Logger
	me   *identity
	core *workercore.Core // owned by loop

	events chan incoming
	leave  chan workercore.Leave
	asked  bool                       // to leave; owned by loop
	conns  map[deploy.PeerID]rpc.Conn // owned by loop
	peers  atomic.Uint64
	slots  chan struct{} // launches being prepared

	preparing map[deploy.LaunchID]context.CancelCauseFunc // owned by loop: what ends a preparation
	leader    atomic.Pointer[deploy.Address]              // who keeps the blobs
	shown     atomic.Pointer[[]deploy.LaunchReport]
	live      live
}

// New checks cfg and deps, takes up the identity kept in StateDir and makes a worker that does nothing yet.
func New(cfg Config, deps Deps) (*Worker, error) {
	if err := errors.Join(cfg.Validate(), deps.validate()); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.WorkDir, 0o755); err != nil {
		return nil, fmt.Errorf("work directory: %w", err)
	}
	me, err := takeUp(cfg.StateDir, cfg.IDPattern, cfg.Worker.ID, cfg.Worker.Address, time.Now())
	if err != nil {
		return nil, err
	}
	cfg.Worker.ID, cfg.Incarnation, cfg.Seen = me.ID, me.Incarnation, me.epochs()
	if err := cfg.Rules.Validate(); err != nil {
		return nil, err
	}
	log := deps.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Worker{
		cfg: cfg, deps: deps, log: log.With("worker_id", me.ID), me: me, core: workercore.New(cfg.Rules),
		events: make(chan incoming, 1024), leave: make(chan workercore.Leave, 2),
		conns: map[deploy.PeerID]rpc.Conn{}, slots: make(chan struct{}, cfg.PrepareLimit),
		preparing: map[deploy.LaunchID]context.CancelCauseFunc{},
	}, nil
}

// ID is the worker's name, as kept in its state directory.
func (w *Worker) ID() deploy.WorkerID { return w.me.ID }

// Leave asks Run to end: processes are stopped with their grace (or kept for adoption), their ends reported, the master told.
// A second call with now set does not wait for graces.
func (w *Worker) Leave(reason string, keep, now bool) {
	select {
	case w.leave <- workercore.Leave{Reason: reason, Keep: keep, Now: now}:
	default: // two requests are already waiting
	}
}

// Run works until Leave has been carried out (nil), the worker was never taken in (ErrUnregistered), or ctx ends: then it leaves at once
// and its processes end with it.
func (w *Worker) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		return w.deps.Transport.Serve(ctx, w.deps.Listener, rpc.Server{Hello: w.hello, Session: w.session, Logs: w.logs})
	})
	g.Go(func() error { return w.watch(ctx) })
	g.Go(func() error {
		err := w.loop(ctx, g)
		cancel(err)
		return err
	})
	err := g.Wait()
	var over *doneError
	switch {
	case errors.As(err, &over) && over.unregistered:
		return fmt.Errorf("%w: %s", ErrUnregistered, over.reason)
	case errors.As(err, &over), errors.Is(err, context.Canceled):
		return nil
	}
	return fmt.Errorf("worker %s: %w", w.me.ID, err)
}

func (w *Worker) hello() deploy.Hello {
	return deploy.Hello{
		Role: deploy.RoleWorker, Protocol: deploy.ProtocolVersion, Version: w.cfg.Version, Cluster: w.cfg.Cluster,
		ID: string(w.me.ID), Address: w.cfg.Worker.Address,
	}
}

// doneError ends the loop when the core says that the worker's run is over.
type doneError struct {
	reason       string
	unregistered bool
}

func (e *doneError) Error() string { return e.reason }
