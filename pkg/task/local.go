package task

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/musterproject/muster/pkg/backend"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// localBackend is one executor in the driver's own process.
type localBackend struct {
	program   *Program
	cfg       Config
	transport rpc.Transport
	threads   int
	log       *slog.Logger
	ran, runs atomic.Bool
}

var _ backend.Backend = (*localBackend)(nil)

// Run runs the executor until ctx ends.
func (b *localBackend) Run(ctx context.Context, what backend.Application, tell func(backend.Event)) error {
	if b.ran.Swap(true) {
		return backend.ErrRunTwice
	}
	b.runs.Store(true)
	defer b.runs.Store(false)
	var drawn [16]byte
	if _, err := rand.Read(drawn[:]); err != nil {
		return fmt.Errorf("draw a token: %w", err)
	}
	token := deploy.NewSecret(hex.EncodeToString(drawn[:]))
	id := deploy.ExecutorID{App: deploy.AppID("local-" + strconv.FormatInt(time.Now().UnixMilli(), 10))}
	tell(backend.Registered{App: id.App, Token: token, Master: what.Spec.Driver})
	dir, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("working directory: %w", err)
	}
	host, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("name of this machine: %w", err)
	}
	e := &executor{
		program: b.program, transport: b.transport, driver: what.Spec.Driver, heartbeat: b.cfg.Heartbeat, timeout: b.cfg.DriverTimeout,
		maxOutput: maxTaskBytes, shared: true, log: b.log,
		hello: deploy.Hello{Role: deploy.RoleExecutor, Protocol: deploy.ProtocolVersion, Version: b.cfg.Version, Cluster: b.cfg.Cluster, ID: id.String(), Token: token},
		ready: deploy.ExecutorReady{Executor: id, Host: host, PID: int32(os.Getpid()), Cores: int32(b.threads)},
		facts: Context{Executor: id, Host: host, Dir: dir, Cores: b.threads},
	}
	return e.run(ctx)
}

// SetTargets changes nothing: this process is all there is.
func (b *localBackend) SetTargets(context.Context, []deploy.Profile, []deploy.Target) error {
	if !b.runs.Load() {
		return backend.ErrNotRunning
	}
	return nil
}

// Reached tells nobody: there is no cluster to ask.
func (b *localBackend) Reached([]deploy.ExecutorID) {}

// Kill ends nothing: the executor is the driver's own process.
func (b *localBackend) Kill(context.Context, []int32) ([]int32, error) {
	if !b.runs.Load() {
		return nil, backend.ErrNotRunning
	}
	return nil, nil
}
