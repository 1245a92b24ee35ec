package clusterfx

import (
	"context"
	"log/slog"
	"net"

	"go.uber.org/fx"

	"github.com/musterproject/muster/pkg/artifact"
	"github.com/musterproject/muster/pkg/master"
	"github.com/musterproject/muster/pkg/recovery"
	"github.com/musterproject/muster/pkg/rpc"
	"github.com/musterproject/muster/pkg/scheduler"
	"github.com/musterproject/muster/pkg/status"
)

// MasterListener is where a master serves; a type of its own, so that a worker may live in the same application.
type MasterListener struct{ net.Listener }

// Master is a master: give it master.Config, MasterListener, *recovery.Mode, rpc.Transport, scheduler.SchedulerPolicy, artifact.Store and *slog.Logger.
// It provides *master.Master and the *status.Store that readers look at.
var Master = fx.Module("master", fx.Provide(status.NewStore, newMaster), fx.Invoke(runMaster))

type masterParams struct {
	fx.In

	Config    master.Config
	Listener  MasterListener
	Mode      *recovery.Mode
	Transport rpc.Transport
	Policy    scheduler.SchedulerPolicy
	Blobs     artifact.Store
	Status    *status.Store
	Log       *slog.Logger
}

func newMaster(p masterParams) (*master.Master, error) {
	return master.New(p.Config, master.Deps{
		Mode: p.Mode, Transport: p.Transport, Listener: p.Listener, Policy: p.Policy, Fallback: scheduler.NewSpread(scheduler.DefaultOptions()),
		Blobs: p.Blobs, Status: p.Status, Log: p.Log,
	})
}

func runMaster(lc fx.Lifecycle, down fx.Shutdowner, m *master.Master) {
	ctx, cancel := context.WithCancel(context.Background())
	bridge(lc, down, "master", func(outer context.Context) error {
		defer context.AfterFunc(outer, cancel)()
		return m.Run(ctx)
	}, cancel)
}
