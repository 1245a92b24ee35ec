package app

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/musterproject/muster/pkg/backend"
	"github.com/musterproject/muster/pkg/deploy"
)

// App is one application's session with the masters of a cluster, and the backend of muster:// URLs. Make it with New, give it life with Run.
type App struct {
	cfg  Config
	deps Deps
	log  *slog.Logger
	ids  string
	seed uint64

	events chan incoming
	begun  atomic.Bool
	over   chan struct{} // closed when Run ends
	peers  atomic.Uint64
	asks   atomic.Uint64

	mu      sync.Mutex
	reached []deploy.ExecutorID // not yet taken by the loop
	joined  chan struct{}       // holds one token when there are some
}

// App is the one backend of standalone clusters.
var _ backend.Backend = (*App)(nil)

// New checks cfg and deps and makes a session that does nothing yet. Its request ids are drawn here, once.
func New(cfg Config, deps Deps) (*App, error) {
	err := cfg.Validate()
	if deps.Transport == nil {
		err = errors.Join(err, errors.New("application session: Deps.Transport is missing"))
	}
	if err != nil {
		return nil, err
	}
	var drawn [16]byte
	if _, err := rand.Read(drawn[:]); err != nil {
		return nil, fmt.Errorf("draw request ids: %w", err)
	}
	log := deps.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &App{
		cfg: cfg, deps: deps, log: log, ids: hex.EncodeToString(drawn[:]), seed: binary.LittleEndian.Uint64(drawn[:]),
		events: make(chan incoming, 256), over: make(chan struct{}), joined: make(chan struct{}, 1),
	}, nil
}

// Run registers the application, tells what happens to its executors until ctx ends, and unregisters it: see backend.Backend.
// Files are brought to the leader before it hears of the application, and again to every later leader that has not got them.
func (a *App) Run(ctx context.Context, what backend.Application, tell func(backend.Event)) error {
	if a.begun.Swap(true) {
		return backend.ErrRunTwice
	}
	defer close(a.over)
	if err := deploy.CheckTitle("application name", what.Spec.Name, 200); err != nil {
		return err
	}
	files, err := digest(what.Files)
	if err != nil {
		return err
	}
	spec := what.Spec
	for _, f := range files {
		spec.Executor.Artifacts = append(spec.Executor.Artifacts[:len(spec.Executor.Artifacts):len(spec.Executor.Artifacts)], f.artifact)
	}
	l := &loop{
		a: a, core: newCore(a.cfg, spec, len(files) > 0, a.ids, a.seed), files: files, tell: tell,
		conns: map[deploy.PeerID]open{}, replies: map[uint64]chan<- deploy.Message{},
	}
	return l.run(ctx)
}

// SetTargets asks for executor counts, at whichever leader, until it is answered: see backend.Backend.
func (a *App) SetTargets(ctx context.Context, profiles []deploy.Profile, targets []deploy.Target) error {
	_, err := a.ask(ctx, request{targets: &deploy.SetTargets{Profiles: profiles, Targets: targets}})
	if err != nil {
		return fmt.Errorf("set executor targets: %w", err)
	}
	return nil
}

// Kill ends executors by number, at whichever leader, until it is answered: see backend.Backend.
func (a *App) Kill(ctx context.Context, nums []int32) ([]int32, error) {
	m, err := a.ask(ctx, request{kill: &deploy.KillExecutors{Nums: nums}})
	if err != nil {
		return nil, fmt.Errorf("kill executors %v: %w", nums, err)
	}
	return m.Killed, nil
}

// Reached tells the leader which executors have reached the driver, and every later leader again: see backend.Backend.
func (a *App) Reached(ids []deploy.ExecutorID) {
	a.mu.Lock()
	a.reached = append(a.reached, ids...)
	a.mu.Unlock()
	select {
	case a.joined <- struct{}{}:
	default:
	}
}

func (a *App) takeReached() []deploy.ExecutorID {
	a.mu.Lock()
	defer a.mu.Unlock()
	ids := a.reached
	a.reached = nil
	return ids
}

func (a *App) ask(ctx context.Context, req request) (deploy.Accepted, error) {
	if !a.begun.Load() {
		return deploy.Accepted{}, backend.ErrNotRunning
	}
	id := a.asks.Add(1)
	reply := make(chan deploy.Message, 1)
	select {
	case a.events <- incoming{event: asked{id: id, req: req}, reply: reply}:
	case <-a.over:
		return deploy.Accepted{}, backend.ErrNotRunning
	case <-ctx.Done():
		return deploy.Accepted{}, context.Cause(ctx)
	}
	select {
	case m := <-reply:
		return answered(m)
	case <-ctx.Done():
	case <-a.over:
		select {
		case m := <-reply: // it came with the end
			return answered(m)
		default:
			return deploy.Accepted{}, backend.ErrNotRunning
		}
	}
	select {
	case a.events <- incoming{event: dropped{id: id}}:
	case <-a.over:
	}
	return deploy.Accepted{}, fmt.Errorf("no answer yet, it may still take effect: %w", context.Cause(ctx))
}

func answered(m deploy.Message) (deploy.Accepted, error) {
	switch m := m.(type) {
	case deploy.Accepted:
		return m, nil
	case deploy.Refused:
		return deploy.Accepted{}, m.Fault
	}
	return deploy.Accepted{}, fmt.Errorf("an answer of kind %T: %w", m, deploy.ErrInvalid)
}
