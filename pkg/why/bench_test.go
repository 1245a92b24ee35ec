package why_test

import (
	"fmt"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/status"
	"github.com/musterproject/muster/pkg/why"
)

// crowd is a cluster of n workers of which one in a hundred has room, with an executor on each, and 10 000 applications that wait.
func crowd(n int) *status.Store {
	rows := []deploy.Row{deploy.MasterRow{Name: "m", State: deploy.MasterAlive}}
	for i := range n {
		taken := int32(30)
		if i%100 == 0 {
			taken = 8
		}
		id := fmt.Sprintf("w%06d", i)
		rows = append(rows, worker(id, 32, 128<<10, used(taken, 64<<10), label("zone", fmt.Sprint("z", i%10))))
		rows = append(rows, executor(fmt.Sprintf("app-%d", i%1000), int32(i), id, taken, 64<<10))
	}
	for i := range 10_000 {
		id := fmt.Sprintf("wait-%05d", i)
		rows = append(rows, app(id, deploy.Placement{}, deploy.Profile{Cores: 31, MemoryMiB: 100 << 10}), decided(id, 0, deploy.ReasonInsufficientCores, 10))
	}
	return store(rows...)
}

func BenchmarkExplain(b *testing.B) {
	for _, n := range []int{1000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := crowd(n)
			b.ReportAllocs()
			for b.Loop() {
				x, err := why.Explain(b.Context(), s, noon, deploy.Explain{ID: "wait-00000"})
				if err != nil || x.Total != n {
					b.Fatal(x, err)
				}
			}
		})
	}
}

func BenchmarkPlan(b *testing.B) {
	for _, n := range []int{1000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := crowd(n)
			b.ReportAllocs()
			for b.Loop() {
				o, err := why.Plan(b.Context(), s, noon, terms(), asking(4, 40, 1024))
				if err != nil || o.Verdict != deploy.VerdictNever {
					b.Fatal(o.Text, err)
				}
				if o, err = why.Plan(b.Context(), s, noon, terms(), asking(100, 16, 1024)); err != nil || o.Parts[0].Starts == 0 {
					b.Fatal(o.Text, err)
				}
			}
		})
	}
}
