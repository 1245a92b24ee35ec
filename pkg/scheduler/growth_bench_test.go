package scheduler_test

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// skews are clusters in which one in a hundred workers can serve, and the others look as if they could.
var skews = []struct {
	name string
	draw func(r *rand.Rand, i int) (total, free deploy.Resources)
}{
	{"no memory", func(_ *rand.Rand, i int) (total, free deploy.Resources) {
		total = deploy.Resources{Cores: 2048, MemoryMiB: 4 << 20}
		if free = total; i%100 != 0 {
			free.MemoryMiB = int64(i % 64)
		}
		return total, free
	}},
	{"no cores", func(_ *rand.Rand, i int) (total, free deploy.Resources) {
		total = deploy.Resources{Cores: 2048, MemoryMiB: 4 << 20}
		if free = total; i%100 != 0 {
			free.Cores = 0
		}
		return total, free
	}},
	{"half and half", func(_ *rand.Rand, i int) (total, free deploy.Resources) {
		total = deploy.Resources{Cores: 2048, MemoryMiB: 4 << 20}
		switch free = total; {
		case i%100 == 0:
		case i%2 == 0:
			free.Cores = 0
		default:
			free.MemoryMiB = int64(i % 512)
		}
		return total, free
	}},
}

// BenchmarkSkewed counts decisions on clusters that are full in one way or another: what serves must be found among what does not.
func BenchmarkSkewed(b *testing.B) {
	need := []scheduler.Need{{Cores: 1, MemoryMiB: 512}, {Cores: 2, MemoryMiB: 1024}}
	for _, skew := range skews {
		for _, by := range []scheduler.By{scheduler.ByCoresFreeDesc, scheduler.ByMemoryFreeAsc, scheduler.ByWorkerID} {
			for _, n := range []int{1_000, 100_000} {
				b.Run(skew.name+"/"+by.String()+"/"+strconv.Itoa(n/1000)+"k", func(b *testing.B) {
					m := newSkewedMill(b, n, scheduler.NewSpread(scheduler.Options{Order: by}), skew.draw)
					for range 40 {
						m.round(b, need, false)
					}
					m.granted = 0
					m.spent = 0
					b.ReportAllocs()
					b.ResetTimer()
					for m.granted < b.N {
						m.round(b, need, false)
					}
					b.ReportMetric(float64(m.spent)/float64(m.granted), "own-ns/op")
				})
			}
		}
	}
}

// BenchmarkFree frees and takes one core of one worker while 10 000 applications wait that it does not fit: the growth law of events.
func BenchmarkFree(b *testing.B) {
	for _, n := range clusterSizes {
		b.Run(strconv.Itoa(n/1000)+"k", func(b *testing.B) {
			m := newMill(b, n, scheduler.NewSpread(scheduler.DefaultOptions()))
			for d := range 10_000 {
				need := scheduler.Need{Cores: 65 + int32(d%50), MemoryMiB: int64(512 + d)}
				m.u.Demands = append(m.u.Demands, scheduler.DemandRow{Ref: scheduler.DemandRef(d), Order: uint64(d), Units: 1, Cores: deploy.NoLimit, Need: need})
			}
			m.tell(b)
			m.place(b)
			one := &scheduler.Need{Cores: 1, MemoryMiB: 64}
			b.ReportAllocs()
			for sign := int32(1); b.Loop(); sign = -sign {
				m.touch(0, one, sign)
				m.tell(b)
				m.place(b)
			}
			if m.granted > 0 {
				b.Fatal("one that cannot fit was granted something")
			}
		})
	}
}

// BenchmarkLoss takes a tenth of the workers away in one update and lets what ran there be placed anew.
func BenchmarkLoss(b *testing.B) {
	for _, n := range clusterSizes[2:] {
		b.Run(strconv.Itoa(n/1000)+"k", func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				m := newMill(b, n, scheduler.NewSpread(scheduler.DefaultOptions()))
				b.StartTimer()
				for w := range n / 10 {
					m.u.Workers = append(m.u.Workers, scheduler.WorkerRow{Ref: scheduler.WorkerRef(w), Gone: true})
				}
				m.u.Demands = append(m.u.Demands, scheduler.DemandRow{Subject: "app", Units: int32(n / 10), Cores: deploy.NoLimit, Need: needs()[0]})
				m.u.From, m.u.To = m.version, m.version+1
				if err := m.state.Apply(&m.u); err != nil {
					b.Fatal(err)
				}
				plan, err := m.policy.Place(b.Context(), m.state.View(0))
				if err != nil || len(plan.Grants) != n/10 {
					b.Fatalf("%d grants, %v", len(plan.Grants), err)
				}
			}
		})
	}
}
