package localcluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"

	"github.com/musterproject/muster/pkg/app"
	"github.com/musterproject/muster/pkg/backend"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher/proclauncher"
	"github.com/musterproject/muster/pkg/rpc/grpcrpc"
)

// keeperWord is the argument that a keeper of this package is started with.
const keeperWord = "muster-local-keeper"

// WorkDirEnv names a directory that is used instead of a temporary one, and kept: what executors wrote to their standard streams can be read there.
const WorkDirEnv = "MUSTER_WORKER_DIR"

// Backend serves master URLs of the form local-cluster[workers,cores,MiB].
func Backend() backend.Opener {
	return backend.Opener{Kind: deploy.KindLocalCluster, Open: open, Become: Become}
}

// Become takes over in a process that a local cluster has started as its keeper; it tells whether it did.
func Become(ctx context.Context) (bool, error) {
	if len(os.Args) < 2 || os.Args[1] != keeperWord {
		return false, nil
	}
	return true, proclauncher.KeeperMain(ctx)
}

func open(o backend.Options) (backend.Backend, error) {
	cfg := DefaultConfig()
	cfg.Workers, cfg.CoresPerWorker, cfg.MemoryPerWorkerMiB = o.URL.Workers, o.URL.CoresPerWorker, o.URL.MemoryPerWorkerMiB
	cfg.Cluster, cfg.Version, cfg.Log, cfg.Dir = o.Cluster, o.Version, o.Log, os.Getenv(WorkDirEnv)
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &local{cfg: cfg, url: o.URL}, nil
}

// local is one application with a cluster of its own.
type local struct {
	cfg Config
	url deploy.MasterURL
	app atomic.Pointer[app.App] // from the start of the cluster on
	ran atomic.Bool
}

var _ backend.Backend = (*local)(nil)

// Run starts the cluster, holds the application in it, and stops the workers and then the master behind it.
func (b *local) Run(ctx context.Context, what backend.Application, tell func(backend.Event)) error {
	if b.ran.Swap(true) {
		return backend.ErrRunTwice
	}
	for _, p := range what.Spec.Profiles {
		if err := b.fits(p); err != nil {
			return err
		}
	}
	return Run(ctx, b.cfg, func(inner context.Context, at deploy.Address) (err error) {
		cfg := app.DefaultConfig()
		cfg.Masters, cfg.Cluster, cfg.Version = []deploy.Address{at}, b.cfg.Cluster, b.cfg.Version
		transport := grpcrpc.New(grpcrpc.DefaultConfig())
		defer func() { err = errors.Join(err, transport.Close()) }()
		a, err := app.New(cfg, app.Deps{Transport: transport, Log: b.cfg.Log})
		if err != nil {
			return err
		}
		b.app.Store(a)
		return a.Run(inner, what, tell)
	})
}

// fits refuses executors for which no worker is large enough.
func (b *local) fits(p deploy.Profile) error {
	switch {
	case p.MemoryMiB > b.url.MemoryPerWorkerMiB:
		return fmt.Errorf("%w: an executor needs %d MiB, and the workers of %s have %d MiB: lower executor.memory or write local-cluster[%d,%d,%d]: %w",
			backend.ErrEnded, p.MemoryMiB, b.url, b.url.MemoryPerWorkerMiB, b.url.Workers, b.url.CoresPerWorker, p.MemoryMiB, deploy.ErrInvalid)
	case int(p.Cores) > b.url.CoresPerWorker:
		return fmt.Errorf("%w: an executor needs %d cores, and the workers of %s have %d: lower executor.cores or write local-cluster[%d,%d,%d]: %w",
			backend.ErrEnded, p.Cores, b.url, b.url.CoresPerWorker, b.url.Workers, p.Cores, b.url.MemoryPerWorkerMiB, deploy.ErrInvalid)
	}
	return nil
}

// SetTargets passes on to the application's session.
func (b *local) SetTargets(ctx context.Context, profiles []deploy.Profile, targets []deploy.Target) error {
	if a := b.app.Load(); a != nil {
		return a.SetTargets(ctx, profiles, targets)
	}
	return backend.ErrNotRunning
}

// Kill passes on to the application's session.
func (b *local) Kill(ctx context.Context, nums []int32) ([]int32, error) {
	if a := b.app.Load(); a != nil {
		return a.Kill(ctx, nums)
	}
	return nil, backend.ErrNotRunning
}

// Reached passes on to the application's session.
func (b *local) Reached(ids []deploy.ExecutorID) {
	if a := b.app.Load(); a != nil {
		a.Reached(ids)
	}
}
