package scheduler_test

import (
	"context"
	"fmt"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

func ExampleState() {
	s := scheduler.NewState(scheduler.Config{})
	free := deploy.Resources{Cores: 4, MemoryMiB: 8192}
	err := s.Apply(&scheduler.Update{
		Full: true, Epoch: 1, To: 1, DriverSlots: deploy.NoLimit,
		Workers: []scheduler.WorkerRow{{Ref: 0, ID: "worker-a", Free: free, Total: free}, {Ref: 1, ID: "worker-b", Free: free, Total: free}},
		Demands: []scheduler.DemandRow{
			{Ref: 0, Subject: "app-1", Order: 1, Units: 3, Cores: deploy.NoLimit, Need: scheduler.Need{Cores: 2, MemoryMiB: 1024}},
			{Ref: 1, Subject: "app-2", Order: 2, Units: 1, Cores: deploy.NoLimit, Need: scheduler.Need{Cores: 3, MemoryMiB: 1024}},
			{Ref: 2, Subject: "app-3", Order: 3, Units: 1, Cores: deploy.NoLimit, Need: scheduler.Need{Cores: 1, MemoryMiB: 98304}},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	policy := scheduler.NewSpread(scheduler.Options{Order: scheduler.ByWorkerID})
	v := s.View(0)
	plan, err := policy.Place(context.Background(), v)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, g := range plan.Grants {
		fmt.Println(v.Demand(g.Demand).Subject, "gets", g.Cores, "cores of", v.Row(g.Worker).ID)
	}
	for _, w := range plan.Waiting {
		fmt.Println(v.Demand(w.Demand).Subject, "waits:", w.Reason.Code)
	}
	// Output:
	// app-1 gets 2 cores of worker-a
	// app-1 gets 2 cores of worker-a
	// app-1 gets 2 cores of worker-b
	// app-2 waits: QUEUE_BEHIND
	// app-3 waits: INFEASIBLE
}
