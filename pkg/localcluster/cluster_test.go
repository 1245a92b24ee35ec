package localcluster_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/backend"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/localcluster"
	"github.com/musterproject/muster/pkg/rpc"
	"github.com/musterproject/muster/pkg/rpc/grpcrpc"
)

// submit runs a shell script as a driver and gives its row at the end.
func submit(ctx context.Context, at deploy.Address, script string) (row deploy.DriverRow, err error) {
	transport := grpcrpc.New(grpcrpc.DefaultConfig())
	defer func() { err = errors.Join(err, transport.Close()) }()
	cluster := rpc.NewCluster(transport, []deploy.Address{at}, 10*time.Second)
	answer, err := cluster.Call(ctx, deploy.SubmitDriver{Request: deploy.RequestID(script), Spec: deploy.DriverSpec{
		Name: "script", Need: deploy.Resources{Cores: 1, MemoryMiB: 64}, Command: deploy.Command{Program: "sh", Args: []string{"-c", script}},
	}})
	if err != nil {
		return row, err
	}
	for rows, err := range cluster.Watch(ctx, rpc.Query{Kind: deploy.RowDriver, ID: answer.(deploy.Accepted).ID, Follow: true, Ended: true}) {
		if err != nil {
			return row, err
		}
		for _, r := range rows.Rows {
			if d, ok := r.(deploy.DriverRow); ok && d.State.Terminal() {
				return d, nil
			}
		}
	}
	return row, ctx.Err()
}

func ExampleRun() {
	cfg := localcluster.DefaultConfig()
	cfg.Workers = 2
	err := localcluster.Run(context.Background(), cfg, func(ctx context.Context, at deploy.Address) error {
		row, err := submit(ctx, at, "exit 3")
		fmt.Println(row.State, "with exit code", row.Exit.Code)
		return err
	})
	fmt.Println(err)
	// Output:
	// FAILED with exit code 3
	// <nil>
}

func TestFilesAreKeptWhereWanted(t *testing.T) {
	cfg := localcluster.DefaultConfig()
	cfg.Dir = t.TempDir()
	err := localcluster.Run(t.Context(), cfg, func(ctx context.Context, at deploy.Address) error {
		_, err := submit(ctx, at, "echo hello")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(cfg.Dir, "worker-1", "work", "driver-*", "stdout"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v: %v", files, err)
	}
	if text, err := os.ReadFile(files[0]); string(text) != "hello\n" {
		t.Errorf("%q: %v", text, err)
	}
}

func TestErrorOfUse(t *testing.T) {
	mine := errors.New("mine")
	err := localcluster.Run(t.Context(), localcluster.DefaultConfig(), func(context.Context, deploy.Address) error { return mine })
	if !errors.Is(err, mine) {
		t.Errorf("%v", err)
	}
}

func TestCancelledBeforeItStands(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := localcluster.Run(ctx, localcluster.DefaultConfig(), func(context.Context, deploy.Address) error {
		t.Error("used")
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestBadConfig(t *testing.T) {
	cfg := localcluster.Config{Workers: 257, CoresPerWorker: -1}
	err := localcluster.Run(t.Context(), cfg, nil)
	for _, says := range []string{"257 workers", "-1 cores", "0 MiB", "Grace"} {
		if err == nil || !strings.Contains(err.Error(), says) || !errors.Is(err, deploy.ErrInvalid) {
			t.Errorf("%s: %v", says, err)
		}
	}
	_, err = localcluster.Backend().Open(backend.Options{URL: deploy.MasterURL{Kind: deploy.KindLocalCluster, Workers: 1}})
	if !errors.Is(err, deploy.ErrInvalid) {
		t.Errorf("%v", err)
	}
}

func TestBackendThatDoesNotRun(t *testing.T) {
	b, err := localcluster.Backend().Open(backend.Options{URL: deploy.MasterURL{Kind: deploy.KindLocalCluster, Workers: 1, CoresPerWorker: 1, MemoryPerWorkerMiB: 64}})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.SetTargets(t.Context(), nil, nil); !errors.Is(err, backend.ErrNotRunning) {
		t.Errorf("%v", err)
	}
	if _, err := b.Kill(t.Context(), nil); !errors.Is(err, backend.ErrNotRunning) {
		t.Errorf("%v", err)
	}
}
