package scheduler_test

import (
	"runtime"
	"strconv"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// hold counts executors of a share on a worker and names them in the update.
func (m *mill) hold(share uint32, w scheduler.WorkerRef, by int32) {
	if share == 0 {
		return
	}
	n := &m.held[int(share)*len(m.rows)+int(w)]
	*n += by
	m.u.Held = append(m.u.Held, scheduler.HeldRow{Share: share, Worker: w, Executors: *n})
}

// newDressedMill gives workers with a zone, a disk, a rack and a host of two, and demands with the words that dress adds.
func newDressedMill(b testing.TB, n int, dress func(row *scheduler.DemandRow)) *mill {
	m := newMill(b, n, scheduler.NewSpread(scheduler.DefaultOptions()))
	m.dress, m.held = dress, make([]int32, (batch+1)*n)
	for i := range m.rows {
		row := &m.rows[i]
		row.Host = "host-" + strconv.Itoa(i/2)
		row.Labels = []deploy.Label{
			{Key: "disk", Value: []string{"ssd", "hdd"}[m.r.IntN(2)]}, {Key: "rack", Value: strconv.Itoa(m.r.IntN(n/20 + 1))}, {Key: "zone", Value: strconv.Itoa(m.r.IntN(3))},
		}
		m.named[i] = true
		m.u.Workers = append(m.u.Workers, scheduler.WorkerRow{Ref: row.Ref})
	}
	m.tell(b)
	return m
}

// dresses are the words of a placement.
func dresses() map[string]func(row *scheduler.DemandRow) {
	zone := []deploy.Requirement{{Key: "zone", Values: []string{"1"}}}
	prefer := []deploy.Preference{
		{Requirement: deploy.Requirement{Key: "disk", Values: []string{"ssd"}}, Weight: 10}, {Requirement: deploy.Requirement{Key: "zone", Values: []string{"2"}}, Weight: 5},
	}
	avoid := []scheduler.WorkerRef{1, 2, 3}
	return map[string]func(row *scheduler.DemandRow){
		"none":    func(*scheduler.DemandRow) {},
		"require": func(row *scheduler.DemandRow) { row.Require = zone },
		"prefer":  func(row *scheduler.DemandRow) { row.Prefer, row.Avoid = prefer, avoid },
		"most":    func(row *scheduler.DemandRow) { row.Share, row.MaxPerWorker = uint32(row.Ref)+1, 2 },
		"apart":   func(row *scheduler.DemandRow) { row.Share, row.Apart = uint32(row.Ref)+1, deploy.ApartHost },
		"all": func(row *scheduler.DemandRow) {
			row.Require, row.Prefer, row.Avoid, row.Share, row.Apart = zone, prefer, avoid, uint32(row.Ref)+1, "rack"
		},
	}
}

func TestRulesAllocateNothing(t *testing.T) {
	for name, dress := range dresses() {
		for _, single := range []bool{true, false} {
			m, all := newDressedMill(t, 1_000, dress), needs()
			for range 100 {
				m.round(t, all, single)
			}
			if got := testing.AllocsPerRun(50, func() { m.round(t, all, single) }); got >= 1 {
				t.Errorf("%s, single %v: a warm round of %d decisions allocates %v times, want never", name, single, batch, got)
			}
		}
	}
}

// BenchmarkRules counts decisions as BenchmarkPlace does, for demands with labels and rules.
func BenchmarkRules(b *testing.B) {
	for _, name := range []string{"none", "require", "prefer", "most", "apart", "all"} {
		for _, n := range []int{1_000, 10_000, 100_000} {
			b.Run(name+"/"+strconv.Itoa(n/1000)+"k", func(b *testing.B) {
				m, all := newDressedMill(b, n, dresses()[name]), needs()
				for range 40 {
					m.round(b, all, false)
				}
				m.granted = 0
				m.spent = 0
				b.ReportAllocs()
				b.ResetTimer()
				for m.granted < b.N {
					m.round(b, all, false)
				}
				b.ReportMetric(float64(m.spent)/float64(m.granted), "own-ns/op")
			})
		}
	}
}

// BenchmarkShapes measures what one more selector costs: the memory of its index, and following a worker that changes in all of them.
func BenchmarkShapes(b *testing.B) {
	for _, shapes := range []int{1, 16, 120} {
		b.Run(strconv.Itoa(shapes)+" selectors", func(b *testing.B) {
			m := newMill(b, 100_000, scheduler.NewSpread(scheduler.DefaultOptions()))
			for i := range batch {
				m.rows[i].Free.Cores, m.rows[i].Free.MemoryMiB = m.rows[i].Total.Cores, m.rows[i].Total.MemoryMiB
				m.touch(scheduler.WorkerRef(i), &scheduler.Need{}, 1)
			}
			for i := range shapes {
				row := scheduler.DemandRow{Ref: scheduler.DemandRef(i), Order: uint64(i), Units: 1, Cores: deploy.NoLimit, Need: scheduler.Need{Cores: 1, MemoryMiB: 1 << 40}}
				row.Require = []deploy.Requirement{{Key: "zone", Operator: deploy.OpNotIn, Values: []string{"none" + strconv.Itoa(i)}}} // all workers
				m.u.Demands = append(m.u.Demands, row)
			}
			m.tell(b)
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			m.place(b) // builds them, to explain
			runtime.GC()
			runtime.ReadMemStats(&after)
			one := &scheduler.Need{Cores: 1, MemoryMiB: 64}
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				w := scheduler.WorkerRef(i % batch)
				m.touch(w, one, 1-int32(i/batch%2)*2)
				if i%batch == batch-1 {
					m.tell(b)
					m.state.View(0).Workers()
				}
			}
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6/float64(shapes), "MB/selector")
		})
	}
}
