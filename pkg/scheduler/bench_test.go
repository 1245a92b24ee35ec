package scheduler_test

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
	"github.com/musterproject/muster/pkg/scheduler/schedulertest"
)

// mill is a cluster in full swing: rows as the core has them, what runs, and the update that is being written. It allocates nothing once
// warm, so that what the benchmarks report is the scheduler's.
type mill struct {
	r       *rand.Rand
	state   *scheduler.State
	policy  scheduler.SchedulerPolicy
	rows    []scheduler.WorkerRow
	named   []bool // in u
	u       scheduler.Update
	version uint64
	order   uint64
	running []run
	granted int
	spent   time.Duration     // time in Apply, View and Place; what the books cost is not the scheduler's
	queues  uint32            // that demands are dealt to in turn; 0: all in the root
	demands []*scheduler.Need // by slot
	dress   func(row *scheduler.DemandRow)
	held    []int32 // executors by share and worker, if demands are dressed
}

type run struct {
	worker scheduler.WorkerRef
	need   *scheduler.Need
	share  uint32
}

// batch is how many decisions one plan makes, as a busy master's do.
const batch = 256

var clusterSizes = []int{1_000, 5_000, 10_000, 100_000}

func needs() []scheduler.Need {
	return []scheduler.Need{
		{Cores: 1, MemoryMiB: 512}, {Cores: 2, MemoryMiB: 1024}, {Cores: 4, MemoryMiB: 1024}, {Cores: 1, MemoryMiB: 4096},
		{Cores: 2, MemoryMiB: 512, Custom: []deploy.Amount{{Name: "gpu", Count: 1}}},
	}
}

// newMill gives n workers of a few kinds, all taken in part, one in eight with gpus, ids in no order.
func newMill(b testing.TB, n int, p scheduler.SchedulerPolicy) *mill {
	return newSkewedMill(b, n, p, mixed)
}

// newSkewedMill gives n workers as draw makes them.
func newSkewedMill(b testing.TB, n int, p scheduler.SchedulerPolicy, draw func(r *rand.Rand, i int) (total, free deploy.Resources)) *mill {
	m := &mill{r: rand.New(rand.NewPCG(1, 9)), policy: p, state: scheduler.NewState(scheduler.Config{}), named: make([]bool, n), version: 1}
	m.u = scheduler.Update{Full: true, Epoch: 1, To: 1, DriverSlots: deploy.NoLimit}
	for i := range n {
		total, free := draw(m.r, i)
		id := deploy.WorkerID("worker-" + strconv.FormatUint(m.r.Uint64(), 36))
		m.rows = append(m.rows, scheduler.WorkerRow{Ref: scheduler.WorkerRef(i), ID: id, Free: free, Total: total})
	}
	m.u.Workers = m.rows
	if err := m.state.Apply(&m.u); err != nil {
		b.Fatal(err)
	}
	m.u = scheduler.Update{Epoch: 1, DriverSlots: deploy.NoLimit}
	m.demands = make([]*scheduler.Need, batch)
	return m
}

func mixed(r *rand.Rand, _ int) (total, free deploy.Resources) {
	cores := []int32{8, 16, 16, 32, 64}[r.IntN(5)]
	total = deploy.Resources{Cores: cores, MemoryMiB: int64(cores) * []int64{1024, 2048, 4096}[r.IntN(3)]}
	if r.IntN(8) == 0 {
		total.Custom = []deploy.Amount{{Name: "gpu", Count: 4}}
	}
	free = total
	free.Custom = slices.Clone(total.Custom)
	free.Cores = r.Int32N(cores + 1)
	free.MemoryMiB = r.Int64N(total.MemoryMiB/512+1) * 512
	return total, free
}

// divide makes queues below the root.
func (m *mill) divide(b testing.TB, queues uint32) {
	m.queues = queues
	for q := range queues {
		m.u.Queues = append(m.u.Queues, scheduler.QueueRow{Ref: q + 1, Name: "q" + strconv.Itoa(int(q)), Weight: float64(1 + q%4),
			Quota: []deploy.Quantity{{Resource: deploy.ResourceCores, Amount: 1 << 40}}})
	}
	m.tell(b)
	m.u.Queues = nil
}

// touch books a need on a worker, or gives it back, and names the worker in the update.
func (m *mill) touch(w scheduler.WorkerRef, n *scheduler.Need, sign int32) {
	f := &m.rows[w].Free
	f.Cores -= sign * n.Cores
	f.MemoryMiB -= int64(sign) * n.MemoryMiB
	if len(n.Custom) > 0 {
		f.Custom[0].Count -= sign
	}
	if !m.named[w] {
		m.named[w] = true
		m.u.Workers = append(m.u.Workers, scheduler.WorkerRow{Ref: w})
	}
}

// tell applies the update and begins the next.
func (m *mill) tell(b testing.TB) {
	for i := range m.u.Workers {
		ref := m.u.Workers[i].Ref
		m.u.Workers[i], m.named[ref] = m.rows[ref], false
	}
	m.u.From, m.u.To, m.u.Seed = m.version, m.version+1, m.version
	m.version++
	start := time.Now()
	if err := m.state.Apply(&m.u); err != nil {
		b.Fatal(err)
	}
	m.spent += time.Since(start)
	m.u.Workers, m.u.Demands, m.u.Held = m.u.Workers[:0], m.u.Demands[:0], m.u.Held[:0]
}

// end ends so many of what runs, picked at random.
func (m *mill) end(count int) {
	for range count {
		j := m.r.IntN(len(m.running))
		m.touch(m.running[j].worker, m.running[j].need, -1)
		m.hold(m.running[j].share, m.running[j].worker, -1)
		m.running[j] = m.running[len(m.running)-1]
		m.running = m.running[:len(m.running)-1]
	}
}

// place makes a plan and books it.
func (m *mill) place(b testing.TB) {
	start := time.Now()
	plan, err := m.policy.Place(b.Context(), m.state.View(0))
	if err != nil {
		b.Fatal(err)
	}
	m.spent += time.Since(start)
	for _, g := range plan.Grants {
		n := m.demands[g.Demand]
		m.touch(g.Worker, n, 1)
		share := uint32(0)
		if m.dress != nil {
			share = uint32(g.Demand) + 1
			m.hold(share, g.Worker, 1)
		}
		m.running = append(m.running, run{g.Worker, n, share})
	}
	m.granted += len(plan.Grants)
}

// round places batch applications of one executor, or one application of batch executors, and ends as many.
func (m *mill) round(b testing.TB, all []scheduler.Need, single bool) {
	if len(m.running) > 16*batch || m.dress != nil && len(m.running) > 2*batch {
		m.end(batch)
	}
	from := len(m.u.Demands)
	for d := range m.demands {
		m.order++
		row := scheduler.DemandRow{Ref: scheduler.DemandRef(d), Subject: "app", Order: m.order, Units: 1, Cores: deploy.NoLimit}
		if m.queues > 0 {
			row.Queue = 1 + uint32(d)%m.queues
		}
		if single {
			row.Units = batch
		}
		m.demands[d] = &all[m.r.IntN(len(all))]
		row.Need = *m.demands[d]
		m.u.Demands = append(m.u.Demands, row)
		if m.dress != nil {
			m.dress(&m.u.Demands[from+d])
		}
		if single {
			break
		}
	}
	rows := m.u.Demands[from:]
	m.tell(b)
	m.place(b)
	for i := range rows { // the same memory: it has been told
		rows[i].Gone = true
	}
	m.u.Demands = append(m.u.Demands, rows...)
	m.tell(b)
}

func TestPlacingAllocatesNothing(t *testing.T) {
	all := needs()
	for _, single := range []bool{true, false} {
		m := newMill(t, 2_000, scheduler.NewSpread(scheduler.DefaultOptions()))
		for range 200 {
			m.round(t, all, single)
		}
		if got := testing.AllocsPerRun(100, func() { m.round(t, all, single) }); got >= 1 {
			t.Errorf("single %v: a warm round of %d decisions allocates %v times, want never", single, batch, got)
		}
	}
}

// BenchmarkPlace counts decisions with all that belongs to them: the demand told and taken back, the grant, the books told, the executor's
// end. In /many each decision is an application of its own, in /one 256 of them are one application's.
func BenchmarkPlace(b *testing.B) {
	o := scheduler.DefaultOptions()
	for _, c := range []struct {
		name   string
		single bool
		policy func() scheduler.SchedulerPolicy
	}{
		{"spread/many", false, func() scheduler.SchedulerPolicy { return scheduler.NewSpread(o) }},
		{"spread/one", true, func() scheduler.SchedulerPolicy { return scheduler.NewSpread(o) }},
		{"pack/many", false, func() scheduler.SchedulerPolicy { return scheduler.NewPack(o) }},
		{"pack/one", true, func() scheduler.SchedulerPolicy { return scheduler.NewPack(o) }},
		{"fair/many", false, func() scheduler.SchedulerPolicy { return scheduler.NewFair(o) }},
		{"fair/one", true, func() scheduler.SchedulerPolicy { return scheduler.NewFair(o) }},
	} {
		for _, n := range clusterSizes {
			b.Run(c.name+"/"+strconv.Itoa(n/1000)+"k", func(b *testing.B) {
				m, all := newMill(b, n, c.policy()), needs()
				for range 40 {
					m.round(b, all, c.single)
				}
				m.granted = 0
				m.spent = 0
				b.ReportAllocs()
				b.ResetTimer()
				for m.granted < b.N {
					m.round(b, all, c.single)
				}
				b.ReportMetric(float64(m.granted)/b.Elapsed().Seconds(), "decisions/s")
				b.ReportMetric(float64(m.spent)/float64(m.granted), "own-ns/op")
			})
		}
	}
}

// BenchmarkQueues is BenchmarkPlace/fair/many with the demands in so many queues, each with a weight and a quota that is never reached.
func BenchmarkQueues(b *testing.B) {
	for _, queues := range []uint32{1, 16, 256} {
		b.Run(strconv.Itoa(int(queues)), func(b *testing.B) {
			m, all := newMill(b, 5_000, scheduler.NewFair(scheduler.DefaultOptions())), needs()
			m.divide(b, queues)
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

// BenchmarkApply tells of one worker that has changed, 256 to an update.
func BenchmarkApply(b *testing.B) {
	for _, n := range clusterSizes {
		b.Run(strconv.Itoa(n/1000)+"k", func(b *testing.B) {
			m := newMill(b, n, nil)
			one := &scheduler.Need{Cores: 1, MemoryMiB: 64}
			b.ReportAllocs()
			b.ResetTimer()
			for i := 0; i < b.N; i += batch {
				for range batch {
					w := scheduler.WorkerRef(m.r.IntN(n))
					if f := &m.rows[w].Free; f.Cores > 0 && f.MemoryMiB >= 64 {
						m.touch(w, one, 1)
					} else {
						f.Cores, f.MemoryMiB = m.rows[w].Total.Cores, m.rows[w].Total.MemoryMiB
						m.touch(w, &scheduler.Need{}, 1)
					}
				}
				m.tell(b)
				m.state.View(0).Workers() // brings the index up to date
			}
		})
	}
}

// BenchmarkWake lets 10 000 applications wait that cannot fit while one worker frees a core, again and again.
func BenchmarkWake(b *testing.B) {
	for _, waiting := range []int{0, 100, 10_000} {
		b.Run(strconv.Itoa(waiting)+" wait", func(b *testing.B) {
			m := newMill(b, 5_000, scheduler.NewSpread(scheduler.DefaultOptions()))
			for d := range waiting {
				n := scheduler.Need{Cores: 65 + int32(d%50), MemoryMiB: int64(512 + d)}
				m.u.Demands = append(m.u.Demands, scheduler.DemandRow{Ref: scheduler.DemandRef(d), Order: uint64(d), Units: 1, Cores: deploy.NoLimit, Need: n})
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

// BenchmarkPeer is the peer's algorithm on the same books, one plan of one application with one executor.
func BenchmarkPeer(b *testing.B) {
	for _, n := range clusterSizes[:3] {
		b.Run(strconv.Itoa(n/1000)+"k", func(b *testing.B) {
			m := newMill(b, n, nil)
			books := schedulertest.NewBooks()
			books.Workers = m.rows
			books.Demands = []scheduler.DemandRow{{Units: 1, Cores: deploy.NoLimit, Need: needs()[1]}}
			p := schedulertest.Peer{Spread: true}
			b.ReportAllocs()
			for b.Loop() {
				if len(p.Place(books)) != 1 {
					b.Fatal("no grant")
				}
			}
		})
	}
}
