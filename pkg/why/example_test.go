package why_test

import (
	"context"
	"fmt"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
	"github.com/musterproject/muster/pkg/status"
	"github.com/musterproject/muster/pkg/why"
)

// A program that reads a cluster's rows asks what would become of three executors.
func Example() {
	rows := status.NewStore()
	rows.Apply([]deploy.Row{
		deploy.WorkerRow{State: deploy.WorkerAlive, Spec: deploy.WorkerSpec{ID: "w1", Cores: 4, MemoryMiB: 8192}},
		deploy.WorkerRow{State: deploy.WorkerAlive, Spec: deploy.WorkerSpec{ID: "w2", Cores: 8, MemoryMiB: 8192}},
	})
	terms := why.Terms{Policy: scheduler.NewSpread(scheduler.DefaultOptions()), Name: "spread", DefaultCores: deploy.NoLimit, MaxDrivers: deploy.NoLimit}
	for _, cores := range []int32{4, 6, 9} {
		outlook, err := why.Plan(context.Background(), rows, time.Now(), terms, deploy.Plan{App: &deploy.AppSpec{
			Profiles: []deploy.Profile{{Cores: cores, MemoryMiB: 1024}}, Targets: []deploy.Target{{Total: 3}},
		}})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(outlook.Verdict, outlook.Parts[0].Starts, outlook.Parts[0].Decision.Code)
	}
	// Output:
	// FITS 3 NONE
	// WAITS 1 INSUFFICIENT_CORES
	// NEVER 0 INFEASIBLE
}
