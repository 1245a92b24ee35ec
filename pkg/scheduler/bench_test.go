package scheduler_test

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
	"github.com/musterproject/muster/pkg/scheduler/schedulertest"
)

var _ = rand.New
var _ = schedulertest.Draw

// cluster gives n workers of a few kinds, all partly taken, ids in no order.
func cluster(n int, seed uint64) []scheduler.WorkerRow {
	r := rand.New(rand.NewPCG(seed, 9))
	rows := make([]scheduler.WorkerRow, n)
	for i := range rows {
		cores := []int32{8, 16, 16, 32, 64}[r.IntN(5)]
		total := deploy.Resources{Cores: cores, MemoryMiB: int64(cores) * []int64{1024, 2048, 4096}[r.IntN(3)]}
		if r.IntN(8) == 0 {
			total.Custom = []deploy.Amount{{Name: "gpu", Count: 4}}
		}
		free := total
		free.Custom = slices.Clone(total.Custom)
		free.Cores = r.Int32N(cores + 1)
		free.MemoryMiB = r.Int64N(total.MemoryMiB/512+1) * 512
		rows[i] = scheduler.WorkerRow{Ref: scheduler.WorkerRef(i), ID: deploy.WorkerID("worker-" + strconv.FormatUint(r.Uint64(), 36)), Free: free, Total: total}
	}
	return rows
}

// BenchmarkPlace books 256 one-executor applications per plan, then ends as many executors picked at random. An op is one decision with all
// that belongs to it: the new demand, its grant, the accepted books, the end of the executor.
func BenchmarkPlace(b *testing.B) {
	for _, kind := range []string{"spread", "pack"} {
		for _, n := range []int{1_000, 5_000, 10_000, 100_000} {
			b.Run(kind+"/"+strconv.Itoa(n/1000)+"k", func(b *testing.B) {
				var p scheduler.SchedulerPolicy = scheduler.NewSpread(scheduler.DefaultOptions())
				if kind == "pack" {
					p = scheduler.NewPack(scheduler.DefaultOptions())
				}
				benchPlace(b, p, n)
			})
		}
	}
}

type live struct {
	worker scheduler.WorkerRef
	need   *scheduler.Need
}

func benchPlace(b *testing.B, p scheduler.SchedulerPolicy, n int) {
	const batch = 256
	r := rand.New(rand.NewPCG(1, 1))
	s := scheduler.NewState(scheduler.Config{})
	rows := cluster(n, 1)
	needs := []scheduler.Need{{Cores: 1, MemoryMiB: 512}, {Cores: 2, MemoryMiB: 1024}, {Cores: 4, MemoryMiB: 1024}, {Cores: 1, MemoryMiB: 512, Custom: []deploy.Amount{{Name: "gpu", Count: 1}}}}
	if err := s.Apply(&scheduler.Update{Full: true, Epoch: 1, To: 1, DriverSlots: deploy.NoLimit, Workers: rows}); err != nil {
		b.Fatal(err)
	}
	version := uint64(1)
	u := &scheduler.Update{Epoch: 1, DriverSlots: deploy.NoLimit}
	var running []live
	var drawn [batch]int
	dirty := make([]bool, n)
	touch := func(w scheduler.WorkerRef, need *scheduler.Need, sign int32) {
		f := &rows[w].Free
		f.Cores -= sign * need.Cores
		f.MemoryMiB -= int64(sign) * need.MemoryMiB
		if len(need.Custom) > 0 {
			f.Custom[0].Count -= sign
		}
		dirty[w] = true
	}
	granted, order := 0, uint64(0)
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i += batch {
		u.Workers, u.Demands = u.Workers[:0], u.Demands[:0]
		for len(running) > 8*batch {
			for range batch {
				j := r.IntN(len(running))
				touch(running[j].worker, running[j].need, -1)
				u.Workers = append(u.Workers, scheduler.WorkerRow{Ref: running[j].worker})
				running[j] = running[len(running)-1]
				running = running[:len(running)-1]
			}
		}
		for d := range batch {
			order++
			drawn[d] = r.IntN(len(needs))
			u.Demands = append(u.Demands, scheduler.DemandRow{Ref: scheduler.DemandRef(d), Subject: "a", Order: order, Need: needs[drawn[d]], Units: 1, Cores: deploy.NoLimit})
		}
		seal(u, rows, dirty, &version)
		if err := s.Apply(u); err != nil {
			b.Fatal(err)
		}
		plan, err := p.Place(b.Context(), s.View(0))
		if err != nil {
			b.Fatal(err)
		}
		u.Workers, u.Demands = u.Workers[:0], u.Demands[:0]
		for _, g := range plan.Grants {
			need := &needs[drawn[g.Demand]]
			touch(g.Worker, need, 1)
			running = append(running, live{g.Worker, need})
			u.Workers = append(u.Workers, scheduler.WorkerRow{Ref: g.Worker})
		}
		granted += len(plan.Grants)
		for d := range batch {
			u.Demands = append(u.Demands, scheduler.DemandRow{Ref: scheduler.DemandRef(d), Gone: true})
		}
		seal(u, rows, dirty, &version)
		if err := s.Apply(u); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(granted)/b.Elapsed().Seconds(), "decisions/s")
}

// seal turns the refs named in an update into rows, each once.
func seal(u *scheduler.Update, rows []scheduler.WorkerRow, dirty []bool, version *uint64) {
	k := 0
	for _, w := range u.Workers {
		if dirty[w.Ref] {
			dirty[w.Ref] = false
			u.Workers[k] = rows[w.Ref]
			k++
		}
	}
	u.Workers = u.Workers[:k]
	u.From, u.To = *version, *version+1
	*version++
	u.Seed = u.To
}
