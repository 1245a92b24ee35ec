package scheduler_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
	"github.com/musterproject/muster/pkg/scheduler/schedulertest"
)

// slow explains by looking at every worker.
type slow struct {
	books *schedulertest.Books
	have  []deploy.Resources // free now, or in all
	total bool
}

// counts tells whether a worker counts for what is free; by capacity all do.
func (s *slow) counts(w scheduler.WorkerRow) bool {
	return !w.Gone && (s.total || w.Blocked == deploy.ReasonNone)
}

// lacks gives the first that a worker lacks: of custom resources, then cores, then memory.
func (s *slow) lacks(w scheduler.WorkerRef, n *scheduler.Need) (code deploy.ReasonCode, resource string, have, want int64) {
	free := s.have[w]
	for _, a := range n.Custom {
		if free.Of(a.Name) < a.Count {
			return deploy.ReasonInsufficientResource, a.Name, int64(free.Of(a.Name)), int64(a.Count)
		}
	}
	switch {
	case free.Cores < n.Cores:
		return deploy.ReasonInsufficientCores, "", int64(free.Cores), int64(n.Cores)
	case free.MemoryMiB < n.MemoryMiB:
		return deploy.ReasonInsufficientMemory, "", free.MemoryMiB, n.MemoryMiB
	}
	return deploy.ReasonNone, "", 0, 0
}

// causes gives the counts by code and resource, with what the nearest has.
func (s *slow) causes(n *scheduler.Need) map[string]scheduler.Cause {
	out := map[string]scheduler.Cause{}
	for _, w := range s.books.Workers {
		if w.Gone {
			continue
		}
		code, resource, have, want := w.Blocked, "", int64(0), int64(0)
		if s.counts(w) {
			code, resource, have, want = s.lacks(w.Ref, n)
		}
		k := code.String() + ":" + resource
		c := out[k]
		c.Code, c.Resource, c.Want, c.Have = code, resource, want, max(c.Have, have)
		c.Workers++
		out[k] = c
	}
	return out
}

func (s *slow) fits(n *scheduler.Need) bool {
	return slices.ContainsFunc(s.books.Workers, func(w scheduler.WorkerRow) bool {
		if !s.counts(w) {
			return false
		}
		code, _, _, _ := s.lacks(w.Ref, n)
		return code == deploy.ReasonNone
	})
}

// TestExplanationsAreTrue recomputes every reason of every plan for the books as they stood at that demand's turn.
func TestExplanationsAreTrue(t *testing.T) {
	seen := map[deploy.ReasonCode]int{}
	for seed := range uint64(250) {
		r := rand.New(rand.NewPCG(seed, 6))
		b := schedulertest.Draw(seed, 1+r.IntN(40), 1+r.IntN(40))
		p := scheduler.NewSpread(scheduler.Options{Order: scheduler.By(r.IntN(5)), SpreadDrivers: true})
		s := scheduler.NewState(scheduler.Config{})
		if err := s.Apply(b.Full()); err != nil {
			t.Fatal(err)
		}
		b.Delta()
		for round := range 6 {
			u := b.Delta()
			if round == 0 {
				u = b.Full()
			}
			if err := s.Apply(u); err != nil {
				t.Fatal(err)
			}
			plan, err := p.Place(t.Context(), s.View(0))
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range plan.Waiting {
				seen[w.Reason.Code]++
				if err := judge(b, plan.Grants, w); err != nil {
					t.Fatalf("seed %d round %d: %+v\nwaits for %+v:\n%v", seed, round, b.Demands[w.Demand], w.Reason, err)
				}
			}
			b.Accept(plan.Grants)
			b.Stir(r)
		}
	}
	for _, code := range []deploy.ReasonCode{
		deploy.ReasonQueueBehind, deploy.ReasonAppCoresMax, deploy.ReasonExecutorLimit, deploy.ReasonMaxDrivers, deploy.ReasonInfeasible,
		deploy.ReasonInsufficientCores, deploy.ReasonInsufficientMemory, deploy.ReasonInsufficientResource, deploy.ReasonWorkerUnhealthy,
	} {
		if seen[code] == 0 {
			t.Errorf("%s was never given", code)
		}
	}
}

// turn orders demands as they are asked.
func turn(a, b *scheduler.DemandRow) int {
	kind := func(d *scheduler.DemandRow) int {
		if d.Driver {
			return 0
		}
		return 1
	}
	return cmp.Or(cmp.Compare(kind(a), kind(b)), cmp.Compare(a.Order, b.Order), cmp.Compare(a.Profile, b.Profile), cmp.Compare(a.Ref, b.Ref))
}

// scene is the cluster at one demand's turn: as it stood, without what others took in this plan, and by capacity.
type scene struct {
	now, without, capacity *slow
	units, cores, drivers  int32
}

func sceneOf(b *schedulertest.Books, grants []scheduler.Grant, d *scheduler.DemandRow) *scene {
	x := &scene{&slow{books: b}, &slow{books: b}, &slow{books: b, total: true}, d.Units, d.Cores, b.DriverSlots}
	for _, row := range b.Workers {
		x.now.have, x.without.have = append(x.now.have, clone(row.Free)), append(x.without.have, clone(row.Free))
		x.capacity.have = append(x.capacity.have, row.Total)
	}
	for _, g := range grants {
		by := &b.Demands[g.Demand]
		if turn(by, d) > 0 {
			continue
		}
		spend(&x.now.have[g.Worker], by, g.Cores)
		if by.Driver && x.drivers != deploy.NoLimit {
			x.drivers--
		}
		if x.cores != deploy.NoLimit && (by == d || by.Share != 0 && by.Share == d.Share) {
			x.cores -= g.Cores
		}
		if by != d {
			continue
		}
		spend(&x.without.have[g.Worker], by, g.Cores)
		if x.units != deploy.NoLimit {
			x.units--
		}
		if d.Grow { // has its executor of this plan there
			x.without.have[g.Worker].Cores = 0
		}
	}
	return x
}

func judge(b *schedulertest.Books, grants []scheduler.Grant, w scheduler.Waiting) error {
	d := &b.Demands[w.Demand]
	x := sceneOf(b, grants, d)
	expect := func(code deploy.ReasonCode, wake scheduler.WakeKind) error {
		if w.Reason.Code != code || w.Until.Kind != wake {
			return fmt.Errorf("want %s until %d", code, wake)
		}
		return nil
	}
	switch {
	case x.units == 0:
		return expect(deploy.ReasonExecutorLimit, scheduler.WakeChanged)
	case !d.Driver && x.cores < d.Need.Cores:
		return expect(deploy.ReasonAppCoresMax, scheduler.WakeChanged)
	case d.Driver && x.drivers == 0:
		return expect(deploy.ReasonMaxDrivers, scheduler.WakeDriverSlot)
	case !slices.ContainsFunc(b.Workers, func(w scheduler.WorkerRow) bool { return !w.Gone }):
		return expect(deploy.ReasonNoWorkers, scheduler.WakeNeedFits)
	case !x.capacity.fits(&d.Need):
		return cmp.Or(expect(deploy.ReasonInfeasible, scheduler.WakeNeedFits), sameCauses(w.Reason.Causes, x.capacity, &d.Need))
	}
	if err := sameCauses(w.Reason.Causes, x.now, &d.Need); err != nil {
		return err
	}
	if x.without.fits(&d.Need) {
		return expect(deploy.ReasonQueueBehind, scheduler.WakeNeedFits)
	}
	most := scheduler.Cause{}
	for _, c := range w.Reason.Causes {
		if open := c.Want > 0; open && (most.Want == 0 || c.Workers > most.Workers) || !open && most.Want == 0 && c.Workers > most.Workers {
			most = c
		}
	}
	return expect(most.Code, scheduler.WakeNeedFits)
}

func sameCauses(got []scheduler.Cause, s *slow, n *scheduler.Need) error {
	want := s.causes(n)
	if len(got) != len(want) {
		return fmt.Errorf("got %d causes, want %+v", len(got), want)
	}
	for _, c := range got {
		x, ok := want[c.Code.String()+":"+c.Resource]
		if !ok || c.Workers != x.Workers || c.Want != x.Want {
			return fmt.Errorf("cause %+v: want %+v", c, x)
		}
		if x.Want == 0 || c.Nearest == scheduler.NoWorker {
			if x.Have > 0 {
				return fmt.Errorf("cause %+v names no worker: want one that has %d", c, x.Have)
			}
			continue
		}
		_, _, have, _ := s.lacks(c.Nearest, n)
		if first := n.Custom == nil || len(n.Custom) == 1; first && (c.Have != x.Have || have != x.Have) {
			return fmt.Errorf("cause %+v: the nearest has %d, want %d", c, have, x.Have)
		}
	}
	return nil
}

func clone(r deploy.Resources) deploy.Resources {
	r.Custom = slices.Clone(r.Custom)
	return r
}

func spend(free *deploy.Resources, d *scheduler.DemandRow, cores int32) {
	free.Cores -= cores
	free.MemoryMiB -= d.Need.MemoryMiB
	for _, a := range d.Need.Custom {
		i := slices.IndexFunc(free.Custom, func(x deploy.Amount) bool { return x.Name == a.Name })
		free.Custom[i].Count -= a.Count
	}
}
