package clusterfx_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.uber.org/fx"

	"github.com/musterproject/muster/pkg/artifact"
	"github.com/musterproject/muster/pkg/clusterfx"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/election"
	"github.com/musterproject/muster/pkg/launcher"
	"github.com/musterproject/muster/pkg/launcher/proclauncher"
	"github.com/musterproject/muster/pkg/master"
	"github.com/musterproject/muster/pkg/recovery"
	"github.com/musterproject/muster/pkg/rpc"
	"github.com/musterproject/muster/pkg/rpc/grpcrpc"
	"github.com/musterproject/muster/pkg/scheduler"
	"github.com/musterproject/muster/pkg/status"
	"github.com/musterproject/muster/pkg/worker"
)

// parts are what an embedder brings: where to listen and where to keep things.
type parts struct {
	dir            string
	master, worker net.Listener
}

func newParts() (parts, error) {
	dir, err := os.MkdirTemp("", "muster-example-")
	if err != nil {
		return parts{}, err
	}
	m, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return parts{}, err
	}
	w, err := net.Listen("tcp", "127.0.0.1:0")
	return parts{dir: dir, master: m, worker: w}, err
}

func addressOf(l net.Listener) deploy.Address {
	at := l.Addr().(*net.TCPAddr)
	return deploy.Address{Host: at.IP.String(), Port: uint16(at.Port)}
}

func (p parts) masterConfig() master.Config {
	c := master.DefaultConfig()
	c.Address = addressOf(p.master)
	c.Masters = []deploy.Address{c.Address}
	return c
}

func (p parts) workerConfig() worker.Config {
	c := worker.DefaultConfig()
	c.Masters = []deploy.Address{addressOf(p.master)}
	c.Worker.Address, c.Worker.Cores, c.Worker.MemoryMiB = addressOf(p.worker), 2, 1024
	c.WorkDir, c.StateDir = filepath.Join(p.dir, "work"), filepath.Join(p.dir, "state")
	c.Env = []deploy.EnvVar{{Name: "PATH", Value: os.Getenv("PATH")}}
	return c
}

// runOn submits a driver, waits for its end and says what it was.
func runOn(at deploy.Address, transport rpc.Transport) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	cluster := rpc.NewCluster(transport, []deploy.Address{at}, 10*time.Second)
	answer, err := cluster.Call(ctx, deploy.SubmitDriver{Request: "example", Spec: deploy.DriverSpec{
		Name: "hello", Need: deploy.Resources{Cores: 1, MemoryMiB: 64},
		Command: deploy.Command{Program: "sh", Args: []string{"-c", "exit 7"}},
	}})
	if err != nil {
		return "", err
	}
	id := answer.(deploy.Accepted).ID
	for rows, err := range cluster.Watch(ctx, rpc.Query{Kind: deploy.RowDriver, ID: id, Follow: true, Ended: true}) {
		if err != nil {
			return "", err
		}
		for _, r := range rows.Rows {
			if d, ok := r.(deploy.DriverRow); ok && d.State.Terminal() {
				return fmt.Sprint(d.Name, " ", d.State, " with exit code ", d.Exit.Code), nil
			}
		}
	}
	return "", ctx.Err()
}

// A master and a worker in one fx application.
func Example() {
	p, err := newParts()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(p.dir) }()
	transport := grpcrpc.New(grpcrpc.DefaultConfig())
	app := fx.New(fx.NopLogger, clusterfx.Master, clusterfx.Worker,
		fx.Supply(p.masterConfig(), p.workerConfig(), clusterfx.MasterListener{Listener: p.master}, clusterfx.WorkerListener{Listener: p.worker}),
		fx.Supply(fx.Annotate(transport, fx.As(new(rpc.Transport)))),
		fx.Provide(
			func() *slog.Logger { return slog.New(slog.DiscardHandler) },
			func() *recovery.Mode { return recovery.NewNone(time.Now, election.NewMonarchy(addressOf(p.master))) },
			func() scheduler.SchedulerPolicy { return scheduler.NewPack(scheduler.DefaultOptions()) },
			func() (artifact.Store, error) {
				return artifact.OpenFileStore(filepath.Join(p.dir, "blobs"), artifact.Limits{})
			},
			func() (*artifact.Cache, error) {
				return artifact.OpenCache(filepath.Join(p.dir, "cache"), artifact.Limits{})
			},
			func() (launcher.ExecutorLauncher, error) {
				return proclauncher.Open(context.Background(), proclauncher.DefaultConfig(filepath.Join(p.dir, "launcher")))
			},
		))
	if err := app.Start(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	end, err := runOn(addressOf(p.master), transport)
	if err != nil {
		fmt.Println(err)
	}
	fmt.Println(end)
	if err := app.Stop(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output: hello FAILED with exit code 7
}

// The same cluster without fx: constructors and Run.
func Example_withoutFx() {
	end, err := withoutFx()
	if err != nil {
		fmt.Println(err)
	}
	fmt.Println(end)
	// Output: hello FAILED with exit code 7
}

func withoutFx() (end string, err error) {
	p, err := newParts()
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(p.dir) }()
	transport := grpcrpc.New(grpcrpc.DefaultConfig())
	blobs, err := artifact.OpenFileStore(filepath.Join(p.dir, "blobs"), artifact.Limits{})
	if err != nil {
		return "", err
	}
	m, err := master.New(p.masterConfig(), master.Deps{
		Mode:      recovery.NewNone(time.Now, election.NewMonarchy(addressOf(p.master))),
		Transport: transport, Listener: p.master, Blobs: blobs, Status: status.NewStore(),
		Policy: scheduler.NewSpread(scheduler.DefaultOptions()), Fallback: scheduler.NewSpread(scheduler.DefaultOptions()),
	})
	if err != nil {
		return "", err
	}
	procs, err := proclauncher.Open(context.Background(), proclauncher.DefaultConfig(filepath.Join(p.dir, "launcher")))
	if err != nil {
		return "", err
	}
	defer func() { _ = procs.Close() }()
	cache, err := artifact.OpenCache(filepath.Join(p.dir, "cache"), artifact.Limits{})
	if err != nil {
		return "", err
	}
	w, err := worker.New(p.workerConfig(), worker.Deps{Transport: transport, Listener: p.worker, Launcher: procs, Cache: cache})
	if err != nil {
		return "", err
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var running sync.WaitGroup
	var errs [2]error
	running.Go(func() { errs[0] = m.Run(ctx) })
	running.Go(func() { errs[1] = w.Run(ctx) })
	end, err = runOn(addressOf(p.master), transport)
	stop()
	running.Wait()
	return end, errors.Join(errs[0], errs[1], err)
}
