package scheduler_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
	"github.com/musterproject/muster/pkg/scheduler/schedulertest"
)

// TestAllKeepTheContract holds the three to it with reservations; spread and pack without them are held to it where the contract is.
func TestAllKeepTheContract(t *testing.T) {
	for i, name := range scheduler.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			schedulertest.Run(t, func() scheduler.SchedulerPolicy {
				o := reserving(3)
				o.Order = scheduler.By(2 * i)
				p, err := scheduler.Open(name, o)
				if err != nil {
					t.Fatal(err)
				}
				return p
			})
		})
	}
}

// fairCases is how many books are drawn for the comparison with the obvious model, each for four plans on a warm replica.
const fairCases = 1200

// TestFairEqualsFilling compares every grant, in order: the tolerance is none. Both make the same divisions of the same whole numbers, so even
// equal shares are equal in both, and then the names decide.
func TestFairEqualsFilling(t *testing.T) {
	const parts = 8
	for part := range uint64(parts) {
		t.Run(fmt.Sprint(part), func(t *testing.T) {
			t.Parallel()
			granted := 0
			for seed := part; seed < fairCases/shrink; seed += parts {
				granted += compareFair(t, seed)
			}
			if granted < 10*fairCases/shrink/parts {
				t.Errorf("%d grants compared, want some more", granted)
			}
		})
	}
}

// compareFair lives through four plans with ends and arrivals between them, and counts grants.
func compareFair(t *testing.T, seed uint64) (granted int) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 77))
	b := schedulertest.DrawRules(seed, 1+r.IntN(10), 1+r.IntN(16))
	o := scheduler.Options{Order: scheduler.By(r.IntN(5)), SpreadDrivers: r.IntN(2) == 0}
	if r.IntN(2) == 0 {
		o.Reserve = scheduler.ReserveOptions{After: time.Minute, Max: 3}
	}
	p, model := scheduler.NewFair(o), schedulertest.Filling{Order: o.Order, SpreadDrivers: o.SpreadDrivers}
	s := scheduler.NewState(scheduler.Config{})
	b.Delta()
	update := b.Full()
	for round := range 4 {
		if err := s.Apply(update); err != nil {
			t.Fatalf("seed %d round %d: %v", seed, round, err)
		}
		plan, err := p.Place(t.Context(), s.View(0))
		if err != nil {
			t.Fatalf("seed %d round %d: %v", seed, round, err)
		}
		if err := schedulertest.Check(b, plan); err != nil {
			t.Fatalf("seed %d round %d: %v", seed, round, err)
		}
		want, err := model.Place(b)
		if err != nil {
			t.Fatalf("seed %d round %d: the model: %v", seed, round, err)
		}
		if !slices.Equal(plan.Grants, want) {
			t.Fatalf("seed %d round %d: got\n%v\nwant\n%v", seed, round, plan.Grants, want)
		}
		granted += len(want)
		b.Accept(schedulertest.Part(plan.Grants, r.IntN(len(plan.Grants)+1)))
		b.Reserve(plan.Reserve)
		b.Stir(r)
		update = b.Delta()
	}
	return granted
}

// split puts queues with demands before fair on one worker and counts the cores that each queue gets.
func split(t *testing.T, cores int32, queues []scheduler.QueueRow, demands ...scheduler.DemandRow) map[string]int32 {
	t.Helper()
	b := schedulertest.NewBooks()
	r := deploy.Resources{Cores: cores, MemoryMiB: int64(cores) * 1000, Custom: []deploy.Amount{{Name: "gpu", Count: 10}}}
	b.AddWorker(scheduler.WorkerRow{ID: "w-0", Free: r, Total: r})
	names := map[uint32]string{}
	for _, q := range queues {
		names[b.AddQueue(q)] = q.Name
	}
	for _, d := range demands {
		b.AddDemand(d)
	}
	s := scheduler.NewState(scheduler.Config{})
	if err := s.Apply(b.Full()); err != nil {
		t.Fatal(err)
	}
	plan, err := scheduler.NewFair(scheduler.Options{}).Place(t.Context(), s.View(0))
	if err != nil {
		t.Fatal(err)
	}
	if err := schedulertest.Check(b, plan); err != nil {
		t.Fatal(err)
	}
	got := map[string]int32{}
	for _, g := range plan.Grants {
		got[names[b.Demands[g.Demand].Queue]] += g.Cores
	}
	return got
}

// many wants executors of one core without bound.
func many(queue uint32, memory int64) scheduler.DemandRow {
	return scheduler.DemandRow{Subject: "app", Queue: queue, Units: deploy.NoLimit, Cores: deploy.NoLimit, Need: scheduler.Need{Cores: 1, MemoryMiB: memory}}
}

func growing(queue uint32, memory int64) scheduler.DemandRow {
	d := many(queue, memory)
	d.Grow = true
	return d
}

func queueRow(name string, parent uint32, weight float64) scheduler.QueueRow {
	return scheduler.QueueRow{Name: name, Parent: parent, Weight: weight}
}

func quantities(resource string, amount int64) []deploy.Quantity {
	return []deploy.Quantity{{Resource: resource, Amount: amount}}
}

// TestFairShares tells in numbers what fair is. Queues are numbered from 1 in the order of the list.
func TestFairShares(t *testing.T) {
	atLeast := func(q scheduler.QueueRow, cores int64) scheduler.QueueRow {
		q.Min = quantities("cores", cores)
		return q
	}
	atMost := func(q scheduler.QueueRow, resource string, n int64) scheduler.QueueRow {
		q.Quota = quantities(resource, n)
		return q
	}
	gpus := many(2, 0)
	gpus.Need.Custom = []deploy.Amount{{Name: "gpu", Count: 1}}
	for _, c := range []struct {
		name    string
		queues  []scheduler.QueueRow
		demands []scheduler.DemandRow
		want    map[string]int32
	}{
		{"equal", []scheduler.QueueRow{queueRow("a", 0, 1), queueRow("b", 0, 1)}, []scheduler.DemandRow{many(1, 0), many(2, 0)}, map[string]int32{"a": 20, "b": 20}},
		{"by weight", []scheduler.QueueRow{queueRow("a", 0, 3), queueRow("b", 0, 1)}, []scheduler.DemandRow{many(1, 0), many(2, 0)}, map[string]int32{"a": 30, "b": 10}},
		{"growing by weight", []scheduler.QueueRow{queueRow("a", 0, 3), queueRow("b", 0, 1)}, []scheduler.DemandRow{growing(1, 0), growing(2, 0)}, map[string]int32{"a": 30, "b": 10}},
		{"the dominant one counts", []scheduler.QueueRow{queueRow("a", 0, 1), queueRow("b", 0, 1)}, // one of b has 5 % of the memory and 2.5 % of the cores
			[]scheduler.DemandRow{many(1, 0), many(2, 2000)}, map[string]int32{"a": 27, "b": 13}},
		{"custom ones count", []scheduler.QueueRow{queueRow("a", 0, 1), queueRow("b", 0, 1)}, []scheduler.DemandRow{many(1, 0), gpus}, map[string]int32{"a": 32, "b": 8}},
		{"minimum first", []scheduler.QueueRow{queueRow("a", 0, 9), atLeast(queueRow("b", 0, 1), 15)}, []scheduler.DemandRow{many(1, 0), many(2, 0)}, map[string]int32{"a": 25, "b": 15}},
		{"a quota leaves the rest to others", []scheduler.QueueRow{queueRow("a", 0, 1), atMost(queueRow("b", 0, 9), "cores", 7)},
			[]scheduler.DemandRow{many(1, 0), many(2, 0)}, map[string]int32{"a": 33, "b": 7}},
		{"a quota of those above", []scheduler.QueueRow{queueRow("a", 0, 1), atMost(queueRow("b", 0, 1), "gpu", 4), queueRow("b.c", 2, 1)},
			[]scheduler.DemandRow{many(1, 0), gpus, func() scheduler.DemandRow { d := gpus; d.Queue = 3; return d }()}, map[string]int32{"a": 36, "b": 2, "b.c": 2}},
		{"down the tree", []scheduler.QueueRow{queueRow("a", 0, 1), queueRow("b", 0, 1), queueRow("b.x", 2, 1), queueRow("b.y", 2, 3)},
			[]scheduler.DemandRow{many(1, 0), many(3, 0), many(4, 0)}, map[string]int32{"a": 20, "b.x": 5, "b.y": 15}},
		{"its own beside its children", []scheduler.QueueRow{queueRow("a", 0, 1), queueRow("a.x", 1, 1)},
			[]scheduler.DemandRow{many(1, 0), many(2, 0)}, map[string]int32{"a": 20, "a.x": 20}},
		{"what one leaves goes to all", []scheduler.QueueRow{queueRow("a", 0, 1), queueRow("b", 0, 1), queueRow("c", 0, 2)},
			[]scheduler.DemandRow{many(1, 0), many(2, 0)}, map[string]int32{"a": 20, "b": 20}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := split(t, 40, c.queues, c.demands...); fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// TestFairAllocatesNothing holds fair to it among queues, while workers are reserved anew in each plan for one that is overdue, and another is
// overdue that no worker is large enough for.
func TestFairAllocatesNothing(t *testing.T) {
	m, all := newMill(t, 2_000, scheduler.NewFair(scheduler.FairOptions())), needs()
	m.divide(t, 100)
	hopeless, large := single(10_000), single(64)
	large.Need.MemoryMiB = 64 * 4096
	hopeless.Ref, hopeless.Since, large.Ref, large.Since = batch, time.Unix(1, 0), batch+1, time.Unix(2, 0)
	m.u.Demands, m.u.Now = append(m.u.Demands, hopeless, large), time.Unix(1_800_000_000, 0)
	for range 200 {
		m.round(t, all, false)
	}
	if got := testing.AllocsPerRun(100, func() { m.round(t, all, false) }); got >= 1 {
		t.Errorf("a warm round of %d decisions allocates %v times, want never", batch, got)
	}
	if plan, err := m.policy.Place(t.Context(), m.state.View(0)); err != nil || len(plan.Reserve) != 1 || plan.Reserve[0].Demand != large.Ref {
		t.Errorf("got %+v, %v; want a worker kept for the one that is overdue", plan, err)
	}
}
