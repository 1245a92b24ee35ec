package scheduler_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
	"github.com/musterproject/muster/pkg/scheduler/schedulertest"
)

// plain judges placements by looking at everything: what the rules say of one more unit of a demand on a worker, in a view with takes.
type plain struct {
	books *schedulertest.Books
	view  scheduler.View
	held  map[uint32]map[scheduler.WorkerRef]int32
}

func newPlain(b *schedulertest.Books, v scheduler.View) *plain {
	p := &plain{b, v, map[uint32]map[scheduler.WorkerRef]int32{}}
	add := func(share uint32, w scheduler.WorkerRef, n int32) {
		if p.held[share] == nil {
			p.held[share] = map[scheduler.WorkerRef]int32{}
		}
		p.held[share][w] += n
	}
	for _, h := range b.Full().Held {
		add(h.Share, h.Worker, h.Executors)
	}
	for _, g := range v.Plan().Grants {
		if d := &b.Demands[g.Demand]; !d.Driver && d.Share != 0 {
			add(d.Share, g.Worker, 1)
		}
	}
	return p
}

// near counts the executors of a demand's share on a worker and in its domain.
func (p *plain) near(d *scheduler.DemandRow, w *scheduler.WorkerRow) (here, near int32) {
	for other, n := range p.held[d.Share] {
		row := &p.books.Workers[other]
		same := row.Host == w.Host
		if d.Apart != deploy.ApartHost {
			i := slices.IndexFunc(row.Labels, func(l deploy.Label) bool { return l.Key == d.Apart })
			same = i >= 0 && slices.Contains(w.Labels, row.Labels[i])
		}
		if other == w.Ref {
			here += n
			same = true
		}
		if same {
			near += n
		}
	}
	return here, near
}

// room counts the units of a demand, or the cores if it grows, that a worker takes.
func (p *plain) room(d *scheduler.DemandRow, w *scheduler.WorkerRow) int32 {
	if w.Gone || w.Blocked != deploy.ReasonNone && (w.Blocked != deploy.ReasonReserved || w.For != d.Ref) {
		return 0
	}
	for i := range d.Require {
		if !d.Require[i].Holds(w.Labels) {
			return 0
		}
	}
	free := p.view.Free(w.Ref)
	if !holds(free, &d.Need) {
		return 0
	}
	grown := func(g scheduler.Grant) bool { return g.Demand == d.Ref && g.Worker == w.Ref }
	if d.Grow && slices.ContainsFunc(p.view.Plan().Grants, grown) {
		return 0
	}
	here, near := p.near(d, w)
	most := deploy.NoLimit
	if d.MaxPerWorker > 0 {
		most = max(0, d.MaxPerWorker-here)
	}
	if d.Apart != "" {
		most = min(most, 1)
	}
	if most == 0 || d.Apart != "" && near > 0 {
		return 0
	}
	if d.Grow {
		return free.Cores
	}
	units := int32(0)
	for more := d.Need; units < most && holds(free, &more); units++ {
		more = scheduler.Need{Cores: more.Cores + d.Need.Cores, MemoryMiB: more.MemoryMiB + d.Need.MemoryMiB, Custom: slices.Clone(more.Custom)}
		for i := range more.Custom {
			more.Custom[i].Count += d.Need.Custom[i].Count
		}
	}
	return units
}

// class ranks a worker for a demand: the greatest is given first.
func (p *plain) class(d *scheduler.DemandRow, w *scheduler.WorkerRow) int {
	class := 0
	if w.Blocked == deploy.ReasonReserved {
		return 1000
	}
	for i := range d.Prefer {
		if d.Prefer[i].Holds(w.Labels) {
			class += int(d.Prefer[i].Weight)
		}
	}
	if slices.Contains(d.Avoid, w.Ref) {
		class -= 1000
	}
	return class
}

// keepSome keeps some workers for demands, in books whose core would have done so.
func keepSome(r *rand.Rand, b *schedulertest.Books) {
	for range r.IntN(3) {
		d := &b.Demands[r.IntN(len(b.Demands))]
		if d.Gone || len(b.KeptFor(d.Ref)) > 0 {
			continue
		}
		var list []scheduler.Reservation
		for range 1 + r.IntN(3) {
			x := scheduler.Reservation{Demand: d.Ref, Worker: scheduler.WorkerRef(r.IntN(len(b.Workers)))}
			if w := b.Workers[x.Worker]; !w.Gone && w.Blocked == deploy.ReasonNone && !slices.Contains(list, x) {
				list = append(list, x)
			}
		}
		b.Reserve(list)
	}
}

// throughRules lets replicas live through books with all words, placing at random, and calls check in each view now and then.
func throughRules(t *testing.T, seeds uint64, check func(t *testing.T, r *rand.Rand, b *schedulertest.Books, v scheduler.View)) {
	t.Helper()
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 15))
		b := schedulertest.DrawRules(seed, 1+r.IntN(60), 1+r.IntN(30))
		s := scheduler.NewState(scheduler.Config{})
		u := b.Full()
		b.Delta()
		u.To = b.Version
		for range 6 {
			if err := s.Apply(u); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			v, undone := s.View(0), false // after takes that were undone, what comes before them may look wrong
			for range 12 {
				d := &b.Demands[r.IntN(len(b.Demands))]
				if d.Gone {
					continue
				}
				check(t, r, b, v)
				group := uint32(0)
				if d.Gang || r.IntN(8) == 0 {
					group = 1 + uint32(d.Ref)
				}
				if w, ok := v.Next(d.Ref, scheduler.By(r.IntN(5)), scheduler.NoWorker); ok {
					undone = !v.Take(d.Ref, w, d.Need.Cores, group) && group > 0 || undone
				}
			}
			plan := v.Plan()
			grants := whole(b, plan.Grants)
			undone = undone || len(grants) < len(plan.Grants)
			plan.Grants = grants
			if err := schedulertest.Check(b, plan); err != nil && !undone {
				t.Fatalf("seed %d: %v", seed, err)
			}
			b.Accept(grants)
			b.Stir(r)
			keepSome(r, b)
			u = b.Delta()
		}
	}
}

// whole leaves out gangs that are not whole.
func whole(b *schedulertest.Books, grants []scheduler.Grant) []scheduler.Grant {
	units := map[scheduler.DemandRef]int32{}
	for _, g := range grants {
		units[g.Demand]++
	}
	return slices.DeleteFunc(slices.Clone(grants), func(g scheduler.Grant) bool {
		d := &b.Demands[g.Demand]
		return d.Gang && units[g.Demand] < d.Units
	})
}

func TestNextKeepsToAllRules(t *testing.T) {
	found := map[int]int{} // by class
	throughRules(t, 120, func(t *testing.T, r *rand.Rand, b *schedulertest.Books, v scheduler.View) {
		d := &b.Demands[r.IntN(len(b.Demands))]
		if d.Gone {
			return
		}
		p := newPlain(b, v)
		for by := range scheduler.ByWorkerID + 1 {
			var got, want []scheduler.WorkerRef
			for at, ok := v.Next(d.Ref, by, scheduler.NoWorker); ok; at, ok = v.Next(d.Ref, by, at) {
				got = append(got, at)
			}
			best := -1 << 30
			for i := range b.Workers {
				w := &b.Workers[i]
				if class := p.class(d, w); p.room(d, w) > 0 && class >= best {
					if class > best {
						want, best = want[:0], class
					}
					want = append(want, w.Ref)
				}
			}
			if sortBy(b, v, want, by); !slices.Equal(got, want) {
				t.Fatalf("%s for %+v: got %v, want %v of class %d", by, *d, got, want, best)
			}
			found[best]++
		}
		for i := range b.Workers {
			if got, want := v.Room(d.Ref, scheduler.WorkerRef(i)), p.room(d, &b.Workers[i]); got != want {
				t.Fatalf("room for %+v on %+v: got %d, want %d", *d, b.Workers[i], got, want)
			}
		}
	})
	for _, class := range []int{-1000, 0, 1, 2, 3, 4, 1000} {
		if found[class] == 0 {
			t.Errorf("no worker of class %d was ever found", class)
		}
	}
}

// TestRefusedIsWhatHasNoRoom takes at random, and expects to get what has room.
func TestRefusedIsWhatHasNoRoom(t *testing.T) {
	granted, refused := 0, 0
	throughRules(t, 60, func(t *testing.T, r *rand.Rand, b *schedulertest.Books, v scheduler.View) {
		d, w := &b.Demands[r.IntN(len(b.Demands))], &b.Workers[r.IntN(len(b.Workers))]
		units, cores := v.Left(d.Ref)
		if d.Gone || d.Blocked != deploy.ReasonNone || d.Gang || len(d.Avoid) > 0 || units == 0 || cores < d.Need.Cores || d.Driver && v.DriverSlots() == 0 {
			return
		}
		want := newPlain(b, v).room(d, w) > 0
		if got := v.Take(d.Ref, w.Ref, d.Need.Cores, 0); got != want {
			t.Fatalf("take of %+v on %+v: got %v, want %v", *d, *w, got, want)
		}
		if want {
			granted++
		} else {
			refused++
		}
	})
	if granted < 100 || refused < 100 {
		t.Errorf("%d granted, %d refused: too few to prove anything", granted, refused)
	}
}

// TestExplainCountsAsJudgeJudges compares the causes of a demand that waits with what Judge says of each worker.
func TestExplainCountsAsJudgeJudges(t *testing.T) {
	seen := map[deploy.ReasonCode]int{}
	throughRules(t, 250, func(t *testing.T, r *rand.Rand, b *schedulertest.Books, v scheduler.View) {
		d := &b.Demands[r.IntN(len(b.Demands))]
		reason, _ := v.Explain(d.Ref)
		if d.Gone || reason.Causes == nil {
			return
		}
		seen[reason.Code]++
		p := newPlain(b, v)
		want, best := map[string]int{}, map[string]int64{}
		for i := range b.Workers {
			row := b.Workers[i]
			if row.Gone {
				continue
			}
			here, near := p.near(d, &row)
			row.Free = v.Free(row.Ref)
			if reason.Code == deploy.ReasonInfeasible {
				row.Free, row.Blocked, here, near = row.Total, deploy.ReasonNone, 0, 0
			}
			c := scheduler.Judge(&row, d, here, near)
			if none := c.Code == deploy.ReasonNone; none != (p.room(d, &row) > 0) && reason.Code != deploy.ReasonInfeasible && !d.Grow {
				t.Fatalf("%+v on %+v: judged %+v, and the room is %d", *d, row, c, p.room(d, &row))
			} else if none {
				continue
			}
			k := c.Code.String() + ":" + c.Resource
			if want[k]++; want[k] == 1 || c.Have > best[k] == (c.Code != deploy.ReasonFilteredRule) {
				best[k] = c.Have
			}
		}
		got := map[string]int{}
		for _, c := range reason.Causes {
			if c.Resource == deploy.ResourceGang {
				continue // counts those that Judge finds nothing against
			}
			k := c.Code.String() + ":" + c.Resource
			got[k] += c.Workers
			seen[c.Code]++
			exact := c.Code != deploy.ReasonInsufficientResource || len(d.Need.Custom) == 1
			if c.Want > 0 && exact && c.Have != best[k] {
				t.Fatalf("%+v\n%+v: the nearest has %d", *d, c, best[k])
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%+v\n%+v:\ngot  %v\nwant %v", *d, reason, got, want)
		}
	})
	for _, code := range []deploy.ReasonCode{
		deploy.ReasonFilteredLabel, deploy.ReasonFilteredRule, deploy.ReasonReserved, deploy.ReasonInfeasible,
		deploy.ReasonInsufficientCores, deploy.ReasonInsufficientMemory, deploy.ReasonInsufficientResource,
	} {
		if seen[code] == 0 {
			t.Errorf("%s was never given", code)
		}
	}
}

func TestCandidatesAreWhoCouldServe(t *testing.T) {
	found := 0
	throughRules(t, 60, func(t *testing.T, r *rand.Rand, b *schedulertest.Books, v scheduler.View) {
		d := &b.Demands[r.IntN(len(b.Demands))]
		if d.Gone {
			return
		}
		p := newPlain(b, v)
		var want []scheduler.WorkerRef
		for i := range b.Workers {
			w := b.Workers[i]
			here, near := p.near(d, &w)
			w.Free = w.Total
			if c := scheduler.Judge(&w, d, here, near); c.Code == deploy.ReasonNone && !w.Gone {
				want = append(want, w.Ref)
			}
		}
		if sortBy(b, v, want, scheduler.ByWorkerID); !slices.Equal(slices.Collect(v.Candidates(d.Ref)), want) {
			t.Fatalf("%+v: got %v, want %v", *d, slices.Collect(v.Candidates(d.Ref)), want)
		}
		found += len(want)
	})
	if found == 0 {
		t.Error("nobody ever had a candidate")
	}
}

func TestJudgeGivesTheFirstObstacle(t *testing.T) {
	w := labelled(worker(3, 8, 512), "zone", "eu")
	d := require(ruled("host", 2), "zone", "eu")
	d.Require = append(d.Require, deploy.Requirement{Key: "disk", Operator: deploy.OpNotIn, Values: []string{"hdd"}})
	for _, c := range []struct {
		what       string
		change     func(w *scheduler.WorkerRow, d *scheduler.DemandRow)
		here, near int32
		want       scheduler.Cause
	}{
		{"it fits", func(*scheduler.WorkerRow, *scheduler.DemandRow) {}, 0, 0, scheduler.Cause{Nearest: scheduler.NoWorker}},
		{"blocked", func(w *scheduler.WorkerRow, _ *scheduler.DemandRow) {
			w.Blocked, w.Labels = deploy.ReasonWorkerDraining, nil
		}, 0, 0,
			scheduler.Cause{Code: deploy.ReasonWorkerDraining, Nearest: scheduler.NoWorker}},
		{"kept for another", func(w *scheduler.WorkerRow, _ *scheduler.DemandRow) { *w = reserved(*w, 5) }, 0, 0, scheduler.Cause{Code: deploy.ReasonReserved, Nearest: scheduler.NoWorker}},
		{"kept for it", func(w *scheduler.WorkerRow, _ *scheduler.DemandRow) { *w = reserved(*w, 0) }, 0, 0, scheduler.Cause{Nearest: scheduler.NoWorker}},
		{"two labels missing", func(w *scheduler.WorkerRow, d *scheduler.DemandRow) {
			w.Labels, d.Need.Cores = []deploy.Label{{Key: "disk", Value: "hdd"}}, 99
		}, 1, 1, scheduler.Cause{Code: deploy.ReasonFilteredLabel, Resource: "disk!=hdd", Nearest: scheduler.NoWorker}},
		{"no gpu", func(_ *scheduler.WorkerRow, d *scheduler.DemandRow) {
			d.Need.Cores, d.Need.Custom = 99, []deploy.Amount{{Name: "gpu", Count: 2}}
		}, 1, 1, scheduler.Cause{Code: deploy.ReasonInsufficientResource, Resource: "gpu", Nearest: 3, Want: 2}},
		{"few cores", func(_ *scheduler.WorkerRow, d *scheduler.DemandRow) { d.Need.Cores, d.Need.MemoryMiB = 99, 999 }, 1, 1,
			scheduler.Cause{Code: deploy.ReasonInsufficientCores, Nearest: 3, Have: 8, Want: 99}},
		{"little memory", func(_ *scheduler.WorkerRow, d *scheduler.DemandRow) { d.Need.MemoryMiB = 999 }, 1, 1,
			scheduler.Cause{Code: deploy.ReasonInsufficientMemory, Nearest: 3, Have: 512, Want: 999}},
		{"a sibling on the host", func(*scheduler.WorkerRow, *scheduler.DemandRow) {}, 0, 1, scheduler.Cause{Code: deploy.ReasonFilteredRule, Resource: "host", Nearest: 3}},
		{"too many", func(_ *scheduler.WorkerRow, d *scheduler.DemandRow) { d.Apart = "" }, 2, 0,
			scheduler.Cause{Code: deploy.ReasonFilteredRule, Resource: scheduler.RuleMaxPerWorker, Nearest: 3, Have: 2, Want: 2}},
	} {
		row, row2 := w, d
		c.change(&row, &row2)
		c.want.Workers = 1
		if got := scheduler.Judge(&row, &row2, c.here, c.near); got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.what, got, c.want)
		}
	}
}
