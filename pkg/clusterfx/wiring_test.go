package clusterfx_test

import (
	"log/slog"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/musterproject/muster/pkg/artifact"
	"github.com/musterproject/muster/pkg/clusterfx"
	"github.com/musterproject/muster/pkg/launcher"
	"github.com/musterproject/muster/pkg/master"
	"github.com/musterproject/muster/pkg/recovery"
	"github.com/musterproject/muster/pkg/rpc"
	"github.com/musterproject/muster/pkg/scheduler"
	"github.com/musterproject/muster/pkg/worker"
)

// of declares that the application brings a T, without making one.
func of[T any]() fx.Option { return fx.Provide(func() (t T) { return t }) }

var (
	common     = fx.Options(of[rpc.Transport](), of[*slog.Logger]())
	masterOnly = fx.Options(of[master.Config](), of[clusterfx.MasterListener](), of[*recovery.Mode](), of[scheduler.SchedulerPolicy](), of[artifact.Store]())
	workerOnly = fx.Options(of[worker.Config](), of[clusterfx.WorkerListener](), of[launcher.ExecutorLauncher](), of[*artifact.Cache]())
)

func TestDocumentedCompositions(t *testing.T) {
	for name, opts := range map[string]fx.Option{
		"a master":                fx.Options(clusterfx.Master, common, masterOnly),
		"a worker":                fx.Options(clusterfx.Worker, common, workerOnly),
		"both in one application": fx.Options(clusterfx.Master, clusterfx.Worker, common, masterOnly, workerOnly),
	} {
		if err := fx.ValidateApp(fx.NopLogger, opts); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAMissingPartIsNamed(t *testing.T) {
	err := fx.ValidateApp(fx.NopLogger, clusterfx.Worker, common, of[worker.Config](), of[clusterfx.WorkerListener](), of[*artifact.Cache]())
	if err == nil || !strings.Contains(err.Error(), "launcher.ExecutorLauncher") {
		t.Errorf("got %v", err)
	}
}
