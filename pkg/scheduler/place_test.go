package scheduler_test

import (
	"fmt"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

func workers(n int, cores int32, memory int64) []scheduler.WorkerRow {
	rows := make([]scheduler.WorkerRow, n)
	for i := range rows {
		r := deploy.Resources{Cores: cores, MemoryMiB: memory}
		rows[i] = scheduler.WorkerRow{Ref: scheduler.WorkerRef(i), ID: deploy.WorkerID(fmt.Sprintf("worker-%d", i)), Free: r, Total: r}
	}
	return rows
}

func TestSmoke(t *testing.T) {
	s := scheduler.NewState(scheduler.Config{})
	err := s.Apply(&scheduler.Update{Full: true, Epoch: 1, To: 1, DriverSlots: 5, Workers: workers(3, 10, 512), Demands: []scheduler.DemandRow{
		{Ref: 0, Subject: "a", Need: scheduler.Need{Cores: 2, MemoryMiB: 32}, Units: deploy.NoLimit, Cores: 20},
		{Ref: 1, Subject: "b", Order: 1, Need: scheduler.Need{Cores: 3, MemoryMiB: 32}, Units: deploy.NoLimit, Cores: 20},
		{Ref: 2, Subject: "c", Order: 2, Need: scheduler.Need{Cores: 3, MemoryMiB: 1024}, Units: deploy.NoLimit, Cores: 20},
	}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := scheduler.NewSpread(scheduler.DefaultOptions()).Place(t.Context(), s.View(0))
	t.Logf("%+v %v", p, err)
}
