package scheduler_test

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
	"github.com/musterproject/muster/pkg/scheduler/schedulertest"
)

// fitting gives the workers that Next is to give for a demand, found and sorted the obvious way.
func fitting(b *schedulertest.Books, v scheduler.View, d *scheduler.DemandRow, by scheduler.By) []scheduler.WorkerRef {
	var list []scheduler.WorkerRef
	best := math.MinInt
	grants := v.Plan().Grants
	for _, row := range b.Workers {
		class := classOf(d, row.Ref)
		if row.Gone || row.Blocked != deploy.ReasonNone || !holds(v.Free(row.Ref), &d.Need) || class < best {
			continue
		}
		grown := func(g scheduler.Grant) bool { return g.Demand == d.Ref && g.Worker == row.Ref }
		if d.Grow && slices.ContainsFunc(grants, grown) {
			continue
		}
		if class > best {
			list, best = list[:0], class
		}
		list = append(list, row.Ref)
	}
	sortBy(b, v, list, by)
	return list
}

// sortBy puts workers in order the obvious way.
func sortBy(b *schedulertest.Books, v scheduler.View, list []scheduler.WorkerRef, by scheduler.By) {
	slices.SortFunc(list, func(x, y scheduler.WorkerRef) int {
		first := 0
		switch by {
		case scheduler.ByCoresFreeAsc, scheduler.ByCoresFreeDesc:
			first = cmp.Compare(v.Free(x).Cores, v.Free(y).Cores)
		case scheduler.ByMemoryFreeAsc, scheduler.ByMemoryFreeDesc:
			first = cmp.Compare(v.Free(x).MemoryMiB, v.Free(y).MemoryMiB)
		default: // the others need nothing here
		}
		return cmp.Or(first, cmp.Compare(b.Workers[x].ID, b.Workers[y].ID), cmp.Compare(x, y))
	})
	if by == scheduler.ByCoresFreeDesc || by == scheduler.ByMemoryFreeDesc {
		slices.Reverse(list)
	}
}

// classOf gives the class of a worker for a demand: the greatest comes first.
func classOf(d *scheduler.DemandRow, w scheduler.WorkerRef) int {
	if slices.Contains(d.Avoid, w) {
		return -1000
	}
	return 0
}

func holds(free deploy.Resources, n *scheduler.Need) bool {
	for _, a := range n.Custom {
		if free.Of(a.Name) < a.Count {
			return false
		}
	}
	return free.Cores >= n.Cores && free.MemoryMiB >= n.MemoryMiB
}

func compareNext(t *testing.T, b *schedulertest.Books, v scheduler.View, ref scheduler.DemandRef) {
	t.Helper()
	d := &b.Demands[ref]
	for by := range scheduler.ByWorkerID + 1 {
		var got []scheduler.WorkerRef
		for at, ok := v.Next(ref, by, scheduler.NoWorker); ok; at, ok = v.Next(ref, by, at) {
			got = append(got, at)
		}
		if want := fitting(b, v, d, by); !slices.Equal(got, want) {
			t.Fatalf("%s for %+v: got %v, want %v", by, *d, got, want)
		}
	}
}

func TestNextGivesTheExactOrder(t *testing.T) {
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 5))
		b := schedulertest.Draw(seed, 1+r.IntN(200), 30)
		b.Delta()
		s := scheduler.NewState(scheduler.Config{})
		if err := s.Apply(b.Full()); err != nil {
			t.Fatal(err)
		}
		for range 6 {
			v := s.View(0)
			for range 20 {
				d := b.Demands[r.IntN(len(b.Demands))]
				if d.Gone {
					continue
				}
				compareNext(t, b, v, d.Ref)
				if w, ok := v.Next(d.Ref, scheduler.By(r.IntN(5)), scheduler.NoWorker); ok {
					v.Take(d.Ref, w, d.Need.Cores, 0)
				}
			}
			b.Accept(v.Plan().Grants)
			b.Stir(r)
			if err := s.Apply(b.Delta()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestNextBeyondAbsurdMemory holds the exact fit where the order knows memory only up to 4 PiB.
func TestNextBeyondAbsurdMemory(t *testing.T) {
	b := schedulertest.NewBooks()
	for i, memory := range []int64{1 << 31, 1 << 32, 1<<32 + 5, 1 << 40, 1<<63 - 1, 0} {
		r := deploy.Resources{Cores: 1<<31 - 1, MemoryMiB: memory}
		b.AddWorker(scheduler.WorkerRow{ID: deploy.WorkerID(rune('f' - i)), Free: r, Total: r})
	}
	for _, memory := range []int64{0, 1 << 32, 1<<32 + 3, 1 << 41, 1<<63 - 1} {
		b.AddDemand(scheduler.DemandRow{Units: 1, Cores: deploy.NoLimit, Need: scheduler.Need{Cores: 1<<31 - 1, MemoryMiB: memory}})
	}
	s := scheduler.NewState(scheduler.Config{})
	if err := s.Apply(b.Full()); err != nil {
		t.Fatal(err)
	}
	v := s.View(0)
	for i := range b.Demands {
		d := &b.Demands[i]
		for _, by := range []scheduler.By{scheduler.ByMemoryFreeAsc, scheduler.ByMemoryFreeDesc} {
			count := 0
			for at, ok := v.Next(d.Ref, by, scheduler.NoWorker); ok; at, ok = v.Next(d.Ref, by, at) {
				count++
			}
			if want := len(fitting(b, v, d, by)); count != want {
				t.Errorf("%s for %d MiB: found %d workers, want %d", by, d.Need.MemoryMiB, count, want)
			}
		}
	}
}

// TestManyCustomLists asks for more different lists of custom resources than there are indexes for.
func TestManyCustomLists(t *testing.T) {
	b := schedulertest.NewBooks()
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 60 {
		free := deploy.Resources{Cores: r.Int32N(9), MemoryMiB: r.Int64N(2000), Custom: []deploy.Amount{{Name: "gpu", Count: 1 + r.Int32N(300)}}}
		b.AddWorker(scheduler.WorkerRow{ID: deploy.WorkerID(rune('A' + i)), Free: free, Total: free})
	}
	for i := range int32(290) {
		n := scheduler.Need{Cores: 1, MemoryMiB: 100, Custom: []deploy.Amount{{Name: "gpu", Count: 1 + i}}}
		b.AddDemand(scheduler.DemandRow{Units: 1, Cores: deploy.NoLimit, Need: n})
	}
	s := scheduler.NewState(scheduler.Config{})
	if err := s.Apply(b.Full()); err != nil {
		t.Fatal(err)
	}
	for round := range 3 {
		v := s.View(0)
		for i := range 290 {
			compareNext(t, b, v, scheduler.DemandRef((i+round*100)%290))
		}
		b.SetWorker(b.Workers[0])
		if err := s.Apply(b.Full()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestIDsInAnyOrder adds and removes workers so that every way to give a label is taken, and compares the order of ids.
func TestIDsInAnyOrder(t *testing.T) {
	for name, id := range map[string]func(i int, r *rand.Rand) string{
		"ascending":  func(i int, _ *rand.Rand) string { return string([]byte{'w', byte(i / 250), byte(i % 250)}) },
		"descending": func(i int, _ *rand.Rand) string { return string([]byte{'w', byte(250 - i/250), byte(250 - i%250)}) },
		"any": func(_ int, r *rand.Rand) string {
			return string([]byte{byte(r.IntN(26)), byte(r.IntN(250)), byte(r.IntN(250))})
		},
		"halving": func(i int, _ *rand.Rand) string { return halving(i) },
		"equal":   func(i int, _ *rand.Rand) string { return string([]byte{'w', byte(i % 7)}) },
	} {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(2, 2))
			b := schedulertest.NewBooks()
			s := scheduler.NewState(scheduler.Config{})
			if err := s.Apply(b.Full()); err != nil {
				t.Fatal(err)
			}
			b.Delta()
			b.AddDemand(scheduler.DemandRow{Units: 1, Need: scheduler.Need{Cores: 1, Custom: []deploy.Amount{{Name: "gpu", Count: 5}}}, Cores: 9})
			b.AddDemand(scheduler.DemandRow{Units: 1, Need: scheduler.Need{Cores: 1}, Cores: 9})
			b.AddDemand(scheduler.DemandRow{Units: 1, Need: scheduler.Need{Cores: 1, Custom: []deploy.Amount{{Name: "gpu", Count: 2}}}, Cores: 9})
			for i := range 800 {
				free := deploy.Resources{Cores: 1 + r.Int32N(3), MemoryMiB: r.Int64N(2000)}
				if i%2 == 0 {
					free.Custom = []deploy.Amount{{Name: "gpu", Count: 1 + r.Int32N(4)}}
				}
				b.AddWorker(scheduler.WorkerRow{ID: deploy.WorkerID(id(i, r)), Free: free, Total: free})
				if i%3 == 2 {
					b.SetWorker(scheduler.WorkerRow{Ref: scheduler.WorkerRef(r.IntN(len(b.Workers))), Gone: true})
				}
				u := b.Delta()
				if i == 0 {
					u = b.Full()
				}
				if err := s.Apply(u); err != nil {
					t.Fatal(err)
				}
				if i%40 == 0 {
					v := s.View(0)
					compareNext(t, b, v, 1)
					compareNext(t, b, v, 2)
					compareNearest(t, b, v)
				}
			}
		})
	}
}

// halving gives ids each of which stands between the two before it, which is what runs out of labels soonest.
func halving(i int) string {
	id := make([]byte, 0, i+1)
	for j := range i {
		id = append(id, byte('a'+j%2))
	}
	return string(append(id, 'a'+byte(1-i%2)))
}

// compareNearest asks why no worker has the gpus that demand 0 wants.
func compareNearest(t *testing.T, b *schedulertest.Books, v scheduler.View) {
	t.Helper()
	best := int32(0)
	for _, w := range b.Workers {
		best = max(best, w.Total.Of("gpu"))
	}
	r, _ := v.Explain(0)
	if c := r.Causes[0]; r.Code != deploy.ReasonInfeasible || c.Have != int64(best) || best > 0 && b.Workers[c.Nearest].Total.Of("gpu") != best {
		t.Fatalf("got %+v, want the nearest to have %d", r, best)
	}
}
