package master

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/election"
	"github.com/musterproject/muster/pkg/rpc"
)

// Master stands by and leads. Make it with New, give it life with Run.
type Master struct {
	cfg  Config
	deps Deps
	log  *slog.Logger

	term       atomic.Pointer[term]       // the leadership of now; nil while standing by
	scheduling atomic.Pointer[Scheduling] // the newest
	peers      atomic.Uint64              // last PeerID given
	calls      atomic.Uint64              // last CallID given
	asking     chan struct{}              // has one place: who fills it may look at all rows
}

// New checks cfg and deps and makes a master that does nothing yet.
func New(cfg Config, deps Deps) (*Master, error) {
	if err := errors.Join(cfg.Validate(), deps.validate()); err != nil {
		return nil, err
	}
	log := deps.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	m := &Master{cfg: cfg, deps: deps, log: log, asking: make(chan struct{}, 1)}
	m.scheduling.Store(cfg.scheduling(deps.Policy))
	return m, nil
}

// Run serves, campaigns and leads until ctx ends; then it lets the present batch become durable, hangs up and returns nil.
// It returns an error if the listener, the recovery mode or the election breaks down for good.
func (m *Master) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		return m.deps.Transport.Serve(ctx, m.deps.Listener, rpc.Server{
			Hello: m.hello, Session: m.session, Call: m.call, Watch: m.watch, Logs: m.logs, Blobs: m.deps.Blobs,
		})
	})
	if m.deps.Mode.Run != nil {
		g.Go(func() error { return m.deps.Mode.Run(ctx) })
	}
	g.Go(func() error { return m.deps.Mode.Agent.Lead(ctx, m.lead) })
	err := g.Wait()
	if ctx.Err() != nil && (err == nil || errors.Is(err, context.Canceled)) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("master %s: %w", m.cfg.Name, err)
	}
	return nil
}

// Leading tells whether this master leads now, and in which epoch.
func (m *Master) Leading() (deploy.Epoch, bool) {
	if t := m.term.Load(); t != nil {
		return t.epoch, true
	}
	return 0, false
}

func (m *Master) hello() deploy.Hello {
	h := deploy.Hello{
		Role: deploy.RoleMaster, Protocol: deploy.ProtocolVersion, Version: m.cfg.Version,
		Cluster: m.cfg.Cluster, ID: m.cfg.Name, Address: m.cfg.Address,
	}
	if t := m.term.Load(); t != nil {
		h.Epoch, h.ClusterID = t.epoch, t.cluster
	}
	return h
}

// standby says who leads instead, as far as the agent knows.
func (m *Master) standby(ctx context.Context) deploy.Standby {
	s := deploy.Standby{State: deploy.MasterStandby, Retry: m.cfg.Heartbeat}
	term, err := m.deps.Mode.Agent.Leader(ctx)
	if err != nil && !errors.Is(err, election.ErrNoLeader) {
		m.log.Warn("cannot learn who leads", "error", err)
	}
	if err == nil && term.Leader != m.cfg.Address {
		s.Leader = term.Leader
	}
	return s
}
