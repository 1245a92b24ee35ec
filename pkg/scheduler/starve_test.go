package scheduler_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
	"github.com/musterproject/muster/pkg/scheduler/schedulertest"
)

// workload is a small cluster in virtual time that is never idle: whenever a small request is placed the next one waits already, and each ends
// some time after it began. Among them are a few large ones and gangs, which together fit into a cluster without the small ones.
type workload struct {
	t      *testing.T
	r      *rand.Rand
	books  *schedulertest.Books
	state  *scheduler.State
	policy scheduler.SchedulerPolicy
	ends   map[uint64]time.Time // of what runs, by its ID
	seen   uint64               // the last ID in ends
	born   map[scheduler.DemandRef]time.Time
	large  map[scheduler.DemandRef]bool
	order  uint64
	queues []uint32
	most   time.Duration // that a small one runs
	wait   int           // small ones that wait at all times
	start  time.Time
	steady bool // equally many end with each tick
}

const tick = 10 * time.Second

func newWorkload(t *testing.T, seed uint64, p scheduler.SchedulerPolicy) *workload {
	r := rand.New(rand.NewPCG(seed, 31))
	x := &workload{
		t: t, r: r, books: schedulertest.NewBooks(), state: scheduler.NewState(scheduler.Config{}), policy: p, ends: map[uint64]time.Time{},
		born: map[scheduler.DemandRef]time.Time{}, large: map[scheduler.DemandRef]bool{}, most: time.Duration(1+r.IntN(6)) * tick, wait: 3,
	}
	x.books.ReserveFor = []time.Duration{20 * time.Second, time.Minute}[r.IntN(2)]
	return x
}

func (x *workload) worker(cores int32) {
	r := deploy.Resources{Cores: cores, MemoryMiB: 1000 * int64(cores)}
	x.books.AddWorker(scheduler.WorkerRow{ID: deploy.WorkerID(fmt.Sprintf("w-%d", len(x.books.Workers))), Host: "h", Free: r, Total: r})
}

func (x *workload) arrive(d scheduler.DemandRow) scheduler.DemandRef {
	x.order++
	d.Order, d.Subject = x.order, fmt.Sprintf("app-%d", x.order)
	if d.Cores = deploy.NoLimit; len(x.queues) > 0 {
		d.Queue = x.queues[x.r.IntN(len(x.queues))]
	}
	ref := x.books.AddDemand(d)
	x.born[ref] = x.books.Now
	return ref
}

// feed keeps small ones waiting.
func (x *workload) feed() {
	small := len(x.born) - len(x.large)
	for ; small < x.wait; small++ {
		x.arrive(scheduler.DemandRow{Units: 1, Need: scheduler.Need{Cores: 1, MemoryMiB: int64(x.r.IntN(1000))}})
	}
}

// step lets a tick pass: what is due ends, a plan is made and made good. It gives the longest wait of all who wait still.
func (x *workload) step() (longest time.Duration) {
	x.t.Helper()
	b := x.books
	b.Advance(tick)
	for i := len(b.Running) - 1; i >= 0; i-- {
		if end, ok := x.ends[b.Running[i].ID]; ok && !end.After(b.Now) {
			delete(x.ends, b.Running[i].ID)
			b.Finish(i)
		}
	}
	x.place()
	for ref, at := range x.born {
		if b.Demands[ref].Gone || b.Demands[ref].Units == 0 {
			delete(x.born, ref)
			delete(x.large, ref)
			b.SetDemand(scheduler.DemandRow{Ref: ref, Gone: true})
			continue
		}
		longest = max(longest, b.Now.Sub(at))
	}
	return longest
}

func (x *workload) place() {
	x.t.Helper()
	b := x.books
	for x.feed(); ; x.feed() {
		if err := x.state.Apply(b.Delta()); err != nil {
			x.t.Fatal(err)
		}
		plan, err := x.policy.Place(x.t.Context(), x.state.View(0))
		if err != nil {
			x.t.Fatal(err)
		}
		b.AcceptPlan(plan)
		for _, run := range b.Running {
			if run.ID > x.seen {
				x.seen = run.ID
				x.ends[run.ID] = b.Now.Add(x.length(run.ID))
			}
		}
		if len(plan.Grants) == 0 {
			return
		}
		for ref := range x.born {
			if d := &b.Demands[ref]; !x.large[ref] && (d.Gone || d.Units == 0) {
				delete(x.born, ref)
				b.SetDemand(scheduler.DemandRow{Ref: ref, Gone: true})
			}
		}
	}
}

// length draws how long something runs. In a steady workload the first ones end a quarter at a time, all others run four ticks.
func (x *workload) length(id uint64) time.Duration {
	switch {
	case !x.steady:
		return time.Duration(1+x.r.IntN(int(x.most/tick))) * tick
	case x.books.Now.Equal(x.start):
		return time.Duration(1+id%4) * tick
	}
	return 4 * tick
}

// begin tells the replica the first books.
func (x *workload) begin() {
	x.start = x.books.Now
	x.books.Delta()
	if err := x.state.Apply(x.books.Full()); err != nil {
		x.t.Fatal(err)
	}
}

// drawWorkload gives workers, some of them taken for good, a crowd of small ones, and then those that would starve.
func drawWorkload(t *testing.T, seed uint64, p scheduler.SchedulerPolicy) *workload {
	x := newWorkload(t, seed, p)
	workers := 1 + x.r.IntN(5)
	cores := int32(2 + x.r.IntN(6))
	for range workers {
		x.worker(cores)
	}
	for range x.r.IntN(3) {
		x.queues = append(x.queues, x.books.AddQueue(queueRow(fmt.Sprintf("q%d", len(x.queues)), 0, 1+x.r.Float64())))
	}
	x.begin()
	x.place()
	if workers > 1 && x.r.IntN(3) == 0 { // what runs on the first never ends
		for _, run := range x.books.Running {
			if run.Worker == 0 {
				delete(x.ends, run.ID)
			}
		}
		workers--
	}
	for range 1 + x.r.IntN(3) {
		d := scheduler.DemandRow{Units: 1, Need: scheduler.Need{Cores: cores - x.r.Int32N(cores/2), MemoryMiB: 500}}
		switch x.r.IntN(4) {
		case 0:
			d.Driver = true
		case 1, 2:
			d.Gang, d.Need.Cores = true, 1+x.r.Int32N(cores)
			d.Units = max(1, int32(workers)*(cores/d.Need.Cores)-x.r.Int32N(3))
		}
		x.large[x.arrive(d)] = true
	}
	return x
}

// TestNobodyStarves lets each policy run random workloads until all large ones are served, and holds them and the small ones to a bound.
func TestNobodyStarves(t *testing.T) {
	const parts, workloads = 8, 10_000
	for part := range uint64(parts) {
		t.Run(fmt.Sprint(part), func(t *testing.T) {
			t.Parallel()
			for seed := part; seed < workloads/shrink; seed += parts {
				o := scheduler.Options{Order: scheduler.By(seed % 5), Reserve: scheduler.ReserveOptions{After: 3 * tick, Max: 1 + int(seed/7%4)}}
				p, err := scheduler.Open(scheduler.Names()[seed/5%3], o)
				if err != nil {
					t.Fatal(err)
				}
				x := drawWorkload(t, seed, p)
				for len(x.large) > 0 {
					if wait := x.step(); wait > longestWait {
						t.Fatalf("seed %d, %T: somebody waits for %s: %+v", seed, p, wait, x.left())
					}
				}
			}
		})
	}
}

// longestWait bounds the waits of drawn workloads. A reservation that meets only what ends is over when it ends, within a minute; those before
// it of the same demand lasted up to that together, one for each worker that never drains doubled that; and up to six, large ones and small
// ones that had to wait for them, wait for each other.
const longestWait = 30 * time.Minute

func (x *workload) left() (list []scheduler.DemandRow) {
	for ref := range x.large {
		list = append(list, x.books.Demands[ref])
	}
	return list
}

// TestWithoutReservationsSomeStarve is why there are reservations: one request for a whole worker, and one gang, for ever behind small ones.
func TestWithoutReservationsSomeStarve(t *testing.T) {
	for _, name := range scheduler.Names() {
		for _, gang := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/gang=%v", name, gang), func(t *testing.T) {
				for _, after := range []time.Duration{0, 3 * tick} {
					p, err := scheduler.Open(name, scheduler.Options{Reserve: scheduler.ReserveOptions{After: after, Max: 1}})
					if err != nil {
						t.Fatal(err)
					}
					if served := starves(t, p, gang); served != (after > 0) {
						t.Errorf("reserve after %s: served within two hours: %v", after, served)
					}
				}
			})
		}
	}
}

// starves tells whether a large request is served within two hours.
func starves(t *testing.T, p scheduler.SchedulerPolicy, gang bool) (served bool) {
	x := newWorkload(t, 1, p)
	x.steady = true
	x.worker(16)
	x.worker(16)
	x.begin()
	x.place()
	x.step()
	d := scheduler.DemandRow{Units: 1, Need: scheduler.Need{Cores: 16, MemoryMiB: 16000}}
	if gang {
		d.Gang, d.Units, d.Need = true, 20, scheduler.Need{Cores: 1, MemoryMiB: 10}
	}
	x.large[x.arrive(d)] = true
	for range 2 * time.Hour / tick {
		if x.step(); len(x.large) == 0 {
			return true
		}
	}
	return false
}
