package worker

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"time"

	"github.com/musterproject/muster/internal/workercore"
	"github.com/musterproject/muster/pkg/artifact"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
	"github.com/musterproject/muster/pkg/rpc"
)

// Rules are what the deciding core goes by.
type Rules = workercore.Config

// Config is the plain data of a worker. Rules.Worker.ID may be empty: it is then read from StateDir, or made from IDPattern and kept there.
type Config struct {
	Rules
	Cluster      string // the cluster's configured name; empty matches any
	Version      string
	StateDir     string // the worker's own files: identity, epochs
	WorkDir      string // of the processes: <WorkDir>/<app>/<executor>, <WorkDir>/<driver>
	IDPattern    string
	Env          []deploy.EnvVar // what every child gets besides what was asked for: worker.env
	Rolling      launcher.Rolling
	Grace        time.Duration // between TERM and KILL
	OrphanGrace  time.Duration // how long processes may outlive this worker's process
	PrepareLimit int           // launches prepared at a time
	FetchTimeout time.Duration // for all artifacts of one launch
}

// DefaultConfig gives the defaults of the reference worker.
func DefaultConfig() Config {
	return Config{
		Rules: workercore.DefaultConfig(), IDPattern: deploy.DefaultWorkerIDPattern, StateDir: "state", WorkDir: "work",
		Grace: 10 * time.Second, PrepareLimit: 16, FetchTimeout: 10 * time.Minute,
	}
}

// Validate reports all faults at once.
func (c Config) Validate() error {
	var errs []error
	if _, err := deploy.ParseWorkerPattern(c.IDPattern); err != nil {
		errs = append(errs, err)
	}
	if c.Worker.ID != "" {
		errs = append(errs, deploy.CheckID("worker id", string(c.Worker.ID)))
	}
	for name, dir := range map[string]string{"StateDir": c.StateDir, "WorkDir": c.WorkDir} {
		if !filepath.IsAbs(dir) {
			errs = append(errs, fmt.Errorf("worker: %s is %q: it must be an absolute path", name, dir))
		}
	}
	if c.Grace <= 0 || c.FetchTimeout <= 0 || c.PrepareLimit <= 0 {
		errs = append(errs, fmt.Errorf("worker: Grace %s, FetchTimeout %s and PrepareLimit %d must all be greater than zero", c.Grace, c.FetchTimeout, c.PrepareLimit))
	}
	if c.OrphanGrace < 0 {
		errs = append(errs, fmt.Errorf("worker: OrphanGrace is %s: it must not be negative; 0 ends processes with the worker", c.OrphanGrace))
	}
	return errors.Join(errs...)
}

// Deps are a worker's collaborators. All are needed but Log.
type Deps struct {
	Transport rpc.Transport
	Listener  net.Listener // serves logs to masters; closed when Run ends
	Launcher  launcher.ExecutorLauncher
	Cache     *artifact.Cache
	Log       *slog.Logger // nil discards
}

func (d Deps) validate() error {
	var errs []error
	for name, ok := range map[string]bool{
		"Transport": d.Transport != nil, "Listener": d.Listener != nil, "Launcher": d.Launcher != nil, "Cache": d.Cache != nil,
	} {
		if !ok {
			errs = append(errs, fmt.Errorf("worker: Deps.%s is missing", name))
		}
	}
	return errors.Join(errs...)
}
