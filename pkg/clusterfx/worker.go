package clusterfx

import (
	"log/slog"
	"net"

	"go.uber.org/fx"

	"github.com/musterproject/muster/pkg/artifact"
	"github.com/musterproject/muster/pkg/launcher"
	"github.com/musterproject/muster/pkg/rpc"
	"github.com/musterproject/muster/pkg/worker"
)

// WorkerListener is where a worker serves.
type WorkerListener struct{ net.Listener }

// Worker is a worker: give it worker.Config, WorkerListener, rpc.Transport, launcher.ExecutorLauncher, *artifact.Cache and *slog.Logger.
// It provides *worker.Worker.
var Worker = fx.Module("worker", fx.Provide(newWorker), fx.Invoke(runWorker))

type workerParams struct {
	fx.In

	Config    worker.Config
	Listener  WorkerListener
	Transport rpc.Transport
	Launcher  launcher.ExecutorLauncher
	Cache     *artifact.Cache
	Log       *slog.Logger
}

func newWorker(p workerParams) (*worker.Worker, error) {
	return worker.New(p.Config, worker.Deps{
		Transport: p.Transport, Listener: p.Listener, Launcher: p.Launcher, Cache: p.Cache, Log: p.Log,
	})
}

func runWorker(lc fx.Lifecycle, down fx.Shutdowner, w *worker.Worker) {
	bridge(lc, down, "worker", w.Run, func() { w.Leave("asked to stop", false, false) })
}
