package localcluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/musterproject/muster/pkg/artifact"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/election"
	"github.com/musterproject/muster/pkg/launcher/proclauncher"
	"github.com/musterproject/muster/pkg/master"
	"github.com/musterproject/muster/pkg/recovery"
	"github.com/musterproject/muster/pkg/rpc/grpcrpc"
	"github.com/musterproject/muster/pkg/scheduler"
	"github.com/musterproject/muster/pkg/status"
	"github.com/musterproject/muster/pkg/worker"
)

// Run starts a master and workers, calls use with the master's address once all workers are registered, and when use returns stops the workers with
// everything they run, then the master. Its error is use's, or says what broke. The context of use ends with ctx, or when a part breaks.
func Run(ctx context.Context, cfg Config, use func(ctx context.Context, at deploy.Address) error) (err error) {
	if err := cfg.Validate(); err != nil {
		return err
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	c := &cluster{cfg: cfg, dir: cfg.Dir, status: status.NewStore()}
	if c.dir == "" {
		if c.dir, err = os.MkdirTemp("", "muster-local-"); err != nil {
			return fmt.Errorf("local cluster: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(c.dir)) }()
	} else if c.dir, err = filepath.Abs(c.dir); err != nil {
		return fmt.Errorf("local cluster: %w", err)
	}
	c.transport = grpcrpc.New(grpcrpc.DefaultConfig())
	defer func() { err = errors.Join(err, c.transport.Close()) }()
	return c.run(ctx, use)
}

type cluster struct {
	cfg       Config
	dir       string
	transport *grpcrpc.Transport
	at        deploy.Address // the master
	status    *status.Store
	cache     *artifact.Cache
	cancel    context.CancelCauseFunc // ends use
}

// run nests the parts: the workers run within the master's life, use within theirs.
func (c *cluster) run(ctx context.Context, use func(context.Context, deploy.Address) error) error {
	ctx, c.cancel = context.WithCancelCause(ctx)
	defer c.cancel(nil)
	m, err := c.master(ctx)
	if err != nil {
		return err
	}
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- c.part("master", m.Run(life)) }()
	err = c.withWorkers(ctx, use)
	end()
	return errors.Join(err, <-ended)
}

// part ends use when a part of the cluster breaks.
func (c *cluster) part(name string, err error) error {
	if err != nil {
		err = fmt.Errorf("%s of the local cluster: %w", name, err)
		c.cancel(err)
	}
	return err
}

func listen(ctx context.Context) (net.Listener, deploy.Address, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, deploy.Address{}, fmt.Errorf("local cluster: %w", err)
	}
	at := l.Addr().(*net.TCPAddr)
	return l, deploy.Address{Host: at.IP.String(), Port: uint16(at.Port)}, nil
}

func (c *cluster) master(ctx context.Context) (*master.Master, error) {
	blobs, err := artifact.OpenFileStore(filepath.Join(c.dir, "blobs"), artifact.Limits{})
	if err != nil {
		return nil, err
	}
	if c.cache, err = artifact.OpenCache(filepath.Join(c.dir, "cache"), artifact.Limits{}); err != nil {
		return nil, err
	}
	l, at, err := listen(ctx)
	if err != nil {
		return nil, err
	}
	c.at = at
	cfg := master.DefaultConfig()
	cfg.Address, cfg.Masters, cfg.Cluster, cfg.Version = at, []deploy.Address{at}, c.cfg.Cluster, c.cfg.Version
	policy := scheduler.NewSpread(scheduler.DefaultOptions())
	m, err := master.New(cfg, master.Deps{
		Mode: recovery.NewNone(time.Now, election.NewMonarchy(at)), Transport: c.transport, Listener: l, Blobs: blobs, Status: c.status,
		Policy: policy, Fallback: scheduler.NewSpread(scheduler.DefaultOptions()), Log: c.cfg.Log,
	})
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return m, nil
}

// withWorkers runs all workers, and use once they are registered.
func (c *cluster) withWorkers(ctx context.Context, use func(context.Context, deploy.Address) error) (err error) {
	var running sync.WaitGroup
	var mu sync.Mutex
	var workers []*worker.Worker
	defer func() {
		for _, w := range workers {
			w.Leave("the local cluster ends", false, false)
		}
		running.Wait()
	}()
	for i := range c.cfg.Workers {
		w, closeAll, startErr := c.worker(ctx, i+1)
		if startErr != nil {
			return startErr
		}
		workers = append(workers, w)
		running.Go(func() {
			runErr := c.part("worker "+strconv.Itoa(i+1), errors.Join(w.Run(context.WithoutCancel(ctx)), closeAll()))
			mu.Lock()
			defer mu.Unlock()
			err = errors.Join(err, runErr)
		})
	}
	if err := c.registered(ctx); err != nil {
		return err
	}
	useErr := use(ctx, c.at)
	mu.Lock()
	defer mu.Unlock()
	return errors.Join(err, useErr)
}

func (c *cluster) worker(ctx context.Context, n int) (*worker.Worker, func() error, error) {
	dir := filepath.Join(c.dir, "worker-"+strconv.Itoa(n))
	launch := proclauncher.DefaultConfig(filepath.Join(dir, "launcher"))
	launch.KeeperArgs = []string{keeperWord}
	procs, err := proclauncher.Open(ctx, launch)
	if err != nil {
		return nil, nil, err
	}
	l, at, err := listen(ctx)
	if err != nil {
		return nil, nil, errors.Join(err, procs.Close())
	}
	cfg := worker.DefaultConfig()
	cfg.Masters, cfg.Cluster, cfg.Version, cfg.Env, cfg.Grace = []deploy.Address{c.at}, c.cfg.Cluster, c.cfg.Version, c.cfg.Env, c.cfg.Grace
	cfg.StateDir, cfg.WorkDir = filepath.Join(dir, "state"), filepath.Join(dir, "work")
	cfg.Worker.Address, cfg.Worker.Cores, cfg.Worker.MemoryMiB = at, int32(c.cfg.CoresPerWorker), c.cfg.MemoryPerWorkerMiB
	w, err := worker.New(cfg, worker.Deps{Transport: c.transport, Listener: l, Launcher: procs, Cache: c.cache, Log: c.cfg.Log})
	if err != nil {
		return nil, nil, errors.Join(err, l.Close(), procs.Close())
	}
	return w, procs.Close, nil
}

// registered waits until the master knows all workers.
func (c *cluster) registered(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, c.cfg.StartTimeout, fmt.Errorf("local cluster: its %d workers are not registered within %s: %w",
		c.cfg.Workers, c.cfg.StartTimeout, deploy.ErrUnavailable))
	defer cancel()
	known := map[deploy.WorkerID]bool{}
	for change := range c.status.Watch(ctx, status.Query{Kind: deploy.RowWorker}) {
		for _, r := range change.Rows {
			if w, ok := r.(deploy.WorkerRow); ok && w.State == deploy.WorkerAlive {
				known[w.Spec.ID] = true
			}
		}
		if len(known) >= c.cfg.Workers {
			return nil
		}
	}
	return context.Cause(ctx)
}
