package task_test

import (
	"context"
	"log/slog"
	"os"
	"slices"
	"testing"

	"github.com/musterproject/muster/pkg/localcluster"
	"github.com/musterproject/muster/pkg/task"
)

// onLocalCluster runs drive over a real master, real workers and real executor processes.
func (f funcs) onLocalCluster(t testing.TB, url string, drive func(ctx context.Context, s *task.Session) error, opts ...task.Option) error {
	t.Helper()
	cfg := task.DefaultConfig()
	cfg.Master, cfg.ExecutorMemoryMiB = url, 256
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelInfo}))
	opts = append([]task.Option{task.WithBackend(localcluster.Backend()), task.WithLog(log)}, opts...)
	return task.Run(t.Context(), f.program, cfg, drive, opts...)
}

func TestLocalCluster(t *testing.T) {
	f := newFuncs()
	err := f.onLocalCluster(t, "local-cluster[2,1,512]", func(ctx context.Context, s *task.Session) error {
		n := 0
		executors := map[string]bool{}
		for r, err := range task.Map(ctx, s, f.square, slices.Values(make([]int, 1000))) {
			if err != nil {
				return err
			}
			n++
			executors[r.Executor.String()] = true
		}
		t.Log(n, executors)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
