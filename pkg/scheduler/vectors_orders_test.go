package scheduler_test

import (
	"fmt"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// uneven are three workers that each order ranks in its own way:
//
//	CORES_FREE_DESC 1 0 2, CORES_FREE_ASC 2 0 1, MEMORY_FREE_DESC 0 2 1, MEMORY_FREE_ASC 1 2 0, WORKER_ID 0 1 2
func uneven() []deploy.Resources {
	return []deploy.Resources{{Cores: 8, MemoryMiB: 3072}, {Cores: 10, MemoryMiB: 1024}, {Cores: 6, MemoryMiB: 2048}}
}

// byOrder has one result per order: CORES_FREE_DESC, CORES_FREE_ASC, MEMORY_FREE_DESC, MEMORY_FREE_ASC, WORKER_ID; each for w-0, w-1, w-2.
type byOrder [5][3]int32

var orders = [5]scheduler.By{
	scheduler.ByCoresFreeDesc, scheduler.ByCoresFreeAsc, scheduler.ByMemoryFreeDesc, scheduler.ByMemoryFreeAsc, scheduler.ByWorkerID,
}

func same(v ...int32) byOrder {
	a := [3]int32{v[0], v[1], v[2]}
	return byOrder{a, a, a, a, a}
}

// unevenVectors were worked by hand: cores per worker.
var unevenVectors = []struct {
	vector
	spread, pack byOrder
}{
	{vector{name: "basic", memory: 256}, same(8, 10, 6), same(8, 10, 6)},
	{vector{name: "too little memory on one", memory: 2048}, same(8, 0, 6), same(8, 0, 6)},
	{
		vector{name: "max 8", memory: 256, max: 8},
		byOrder{{3, 3, 2}, {3, 2, 3}, {3, 2, 3}, {2, 3, 3}, {3, 3, 2}},
		byOrder{{0, 8, 0}, {2, 0, 6}, {8, 0, 0}, {0, 8, 0}, {8, 0, 0}},
	},
	{ // six rounds fill w-2, the nineteenth core goes to the first of the others
		vector{name: "max 19", memory: 256, max: 19},
		byOrder{{6, 7, 6}, {7, 6, 6}, {7, 6, 6}, {6, 7, 6}, {7, 6, 6}},
		byOrder{{8, 10, 1}, {8, 5, 6}, {8, 5, 6}, {3, 10, 6}, {8, 10, 1}},
	},
	{
		vector{name: "limit 2", memory: 256, limited: true, limit: 2},
		byOrder{{8, 10, 0}, {8, 0, 6}, {8, 0, 6}, {0, 10, 6}, {8, 10, 0}},
		byOrder{{8, 10, 0}, {8, 0, 6}, {8, 0, 6}, {0, 10, 6}, {8, 10, 0}},
	},
	{
		vector{name: "limit 2, max 9", memory: 256, max: 9, limited: true, limit: 2},
		byOrder{{4, 5, 0}, {4, 0, 5}, {5, 0, 4}, {0, 5, 4}, {5, 4, 0}},
		byOrder{{0, 9, 0}, {3, 0, 6}, {8, 0, 1}, {0, 9, 0}, {8, 1, 0}},
	},
	{ // room for 4, 2 and 3 executors
		vector{name: "2 each", memory: 512, cores: 2}, same(8, 4, 6), same(8, 4, 6),
	},
	{
		vector{name: "limit 4, 2 each", memory: 512, cores: 2, limited: true, limit: 4},
		byOrder{{2, 4, 2}, {2, 2, 4}, {4, 2, 2}, {2, 4, 2}, {4, 2, 2}},
		byOrder{{4, 4, 0}, {2, 0, 6}, {8, 0, 0}, {0, 4, 4}, {8, 0, 0}},
	},
	{ // room for 2, 3 and 2; 14 cores are 4 executors and 2 cores never granted
		vector{name: "limit 5, 3 each, max 14", memory: 256, cores: 3, max: 14, limited: true, limit: 5},
		byOrder{{3, 6, 3}, {3, 3, 6}, {6, 3, 3}, {3, 6, 3}, {6, 3, 3}},
		byOrder{{3, 9, 0}, {6, 0, 6}, {6, 0, 6}, {0, 9, 3}, {6, 6, 0}},
	},
	{
		vector{name: "limit 3, 3 each, max 20", memory: 256, cores: 3, max: 20, limited: true, limit: 3},
		same(3, 3, 3),
		byOrder{{0, 9, 0}, {3, 0, 6}, {6, 0, 3}, {0, 9, 0}, {6, 3, 0}},
	},
	{
		vector{name: "limit 0, 3 each, max 20", memory: 256, cores: 3, max: 20, limited: true},
		same(0, 0, 0), same(0, 0, 0),
	},
}

func TestVectorsOnUnevenWorkers(t *testing.T) {
	for _, v := range unevenVectors {
		for i, by := range orders {
			for _, spread := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s/%s/spread=%v", v.name, by, spread), func(t *testing.T) {
					want := v.pack[i]
					if spread {
						want = v.spread[i]
					}
					_, plan := place(t, spread, scheduler.Options{Order: by}, uneven(), v.demand())
					if got := perWorker(plan.Grants, 0, true); got != want {
						t.Errorf("cores on w-0, w-1, w-2: got %v, want %v", got, want)
					}
				})
			}
		}
	}
}

// TestWholeExecutors wants 3 executors of 16 cores on 4 workers of 16: going around core by core would give 12 everywhere and no executor.
func TestWholeExecutors(t *testing.T) {
	r := deploy.Resources{Cores: 16, MemoryMiB: 1024}
	d := scheduler.DemandRow{Subject: "app", Units: deploy.NoLimit, Cores: 48, Need: scheduler.Need{Cores: 16, MemoryMiB: 512}}
	for i, want := range [5][]scheduler.WorkerRef{{3, 2, 1}, {0, 1, 2}, {3, 2, 1}, {0, 1, 2}, {0, 1, 2}} {
		for _, spread := range []bool{true, false} {
			_, plan := place(t, spread, scheduler.Options{Order: orders[i]}, []deploy.Resources{r, r, r, r}, d)
			if len(plan.Grants) != len(want) {
				t.Fatalf("%s, spread %v: got %+v, want an executor on each of %v", orders[i], spread, plan.Grants, want)
			}
			for k, g := range plan.Grants {
				if g.Worker != want[k] || g.Cores != 16 {
					t.Errorf("%s, spread %v: executor %d: got %+v, want 16 cores of worker %d", orders[i], spread, k, g, want[k])
				}
			}
		}
	}
}

// TestCustomInEachOrder grants whole addresses: gpus for 1, 0 and 2 executors of two.
func TestCustomInEachOrder(t *testing.T) {
	workers := uneven()
	for i, n := range []int32{3, 1, 5} {
		workers[i].Custom = []deploy.Amount{{Name: "gpu", Count: n}}
	}
	d := scheduler.DemandRow{
		Subject: "app", Units: 2, Cores: deploy.NoLimit,
		Need: scheduler.Need{Cores: 1, MemoryMiB: 128, Custom: []deploy.Amount{{Name: "gpu", Count: 2}}},
	}
	packed := byOrder{{1, 0, 1}, {0, 0, 2}, {1, 0, 1}, {0, 0, 2}, {1, 0, 1}}
	for i, by := range orders {
		for _, spread := range []bool{true, false} {
			want := packed[i]
			if spread {
				want = [3]int32{1, 0, 1}
			}
			_, plan := place(t, spread, scheduler.Options{Order: by}, workers, d)
			if got := perWorker(plan.Grants, 0, false); got != want {
				t.Errorf("%s, spread %v: got %v, want %v", by, spread, got, want)
			}
		}
	}
}
