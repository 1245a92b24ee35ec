package schedulertest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// Run holds a policy to the contract. open makes a new one each time it is called.
func Run(t *testing.T, open func() scheduler.SchedulerPolicy) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(*testing.T, func() scheduler.SchedulerPolicy)
	}{
		{"never over-commits", neverOverCommits},
		{"deterministic", deterministic},
		{"warm equals fresh", warmEqualsFresh},
		{"equal over the wire", equalOverTheWire},
		{"explains what it leaves waiting", explains},
		{"asks again when room comes", asksAgain},
		{"asks nobody for nothing", asksNobody},
		{"honours its context", honoursContext},
		{"avoids", avoids},
		{"leaves blocked workers alone", leavesBlockedAlone},
		{"keeps to the driver slots", keepsDriverSlots},
		{"drivers come first", driversFirst},
		{"shares the cores of an application", sharesCores},
		{"an empty cluster", emptyCluster},
		{"obeys selectors", obeysSelectors},
		{"asks again when a label appears", wakesForLabels},
		{"prefers", prefers},
		{"avoids before it prefers", avoidsBeforeItPrefers},
		{"keeps apart", keepsApart},
		{"asks again when a place for what is apart comes free", wakesApart},
		{"at most so many per worker", atMostPerWorker},
		{"leaves reserved workers to their holders", leavesReservedToHolder},
		{"serves holders where workers are kept for them", servesReservedFirst},
		{"keeps to quotas", keepsQuotas},
		{"asks again when a quota rises", wakesWhenAQuotaRises},
		{"gangs all or none", gangsAllOrNone},
		{"names the largest worker", namesTheLargest},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open) })
	}
}

// bench is one replica with its policy.
type bench struct {
	t      *testing.T
	books  *Books
	state  *scheduler.State
	policy scheduler.SchedulerPolicy
}

func newBench(t *testing.T, b *Books, p scheduler.SchedulerPolicy) *bench {
	t.Helper()
	x := &bench{t, b, scheduler.NewState(scheduler.Config{}), p}
	b.Delta()
	x.apply(b.Full())
	return x
}

func (x *bench) apply(u *scheduler.Update) {
	x.t.Helper()
	foreign, spoil := lend(u)
	if err := x.state.Apply(foreign); err != nil {
		x.t.Fatal(err)
	}
	spoil()
}

// place makes a checked plan on the replica as it is.
func (x *bench) place() scheduler.Plan {
	x.t.Helper()
	plan, err := x.policy.Place(x.t.Context(), x.state.View(0))
	if err != nil {
		x.t.Fatal(err)
	}
	if err := Check(x.books, plan); err != nil {
		x.t.Fatal(err)
	}
	return plan.Clone()
}

// next tells the replica what has changed and makes a plan.
func (x *bench) next() scheduler.Plan {
	x.t.Helper()
	x.apply(x.books.Delta())
	return x.place()
}

// draws are the kinds of books that a policy lives through.
func draws() []func(seed uint64, workers, demands int) *Books {
	return []func(uint64, int, int) *Books{Draw, DrawRules}
}

func neverOverCommits(t *testing.T, open func() scheduler.SchedulerPolicy) {
	granted := 0
	for seed := range uint64(80) {
		r := rand.New(rand.NewPCG(seed, 11))
		b := draws()[seed%2](seed, 1+r.IntN(60), 1+r.IntN(40))
		x := newBench(t, b, open())
		plan := x.place()
		for range 12 {
			granted += len(plan.Grants)
			plan.Grants = Part(plan.Grants, r.IntN(len(plan.Grants)+1))
			b.AcceptPlan(plan)
			b.Stir(r)
			plan = x.next()
		}
	}
	if granted == 0 {
		t.Fatal("nothing was ever granted")
	}
}

func deterministic(t *testing.T, open func() scheduler.SchedulerPolicy) {
	for seed := range uint64(40) {
		b := draws()[seed%2](seed, 30, 30)
		first, second := text(newBench(t, b, open()).place()), text(reopen(t, b, open()).place())
		if first != second {
			t.Fatalf("seed %d: two new policies on the same books:\n%s\n%s", seed, first, second)
		}
	}
}

// warmEqualsFresh compares a replica and a policy that have lived through many updates with new ones that get the whole books. The warm
// one asks only some, so its grants must be equal, and so must what it says of those it asked; told the whole books, it must say it all.
func warmEqualsFresh(t *testing.T, open func() scheduler.SchedulerPolicy) {
	for seed := range uint64(80) {
		r := rand.New(rand.NewPCG(seed, 12))
		b := draws()[seed%2](seed, 1+r.IntN(40), 1+r.IntN(30))
		warm := newBench(t, b, open())
		plan := warm.place()
		for round := range 10 {
			b.AcceptPlan(plan)
			b.Stir(r)
			plan = warm.next()
			fresh := reopen(t, b, open()).place()
			if !slices.Equal(plan.Grants, fresh.Grants) {
				t.Fatalf("seed %d round %d: grants warm\n%v\nfresh\n%v", seed, round, plan.Grants, fresh.Grants)
			}
			said := map[scheduler.DemandRef]scheduler.Waiting{}
			for _, w := range fresh.Waiting {
				said[w.Demand] = w
			}
			for _, w := range plan.Waiting {
				if !reflect.DeepEqual(w, said[w.Demand]) {
					t.Fatalf("seed %d round %d: warm says\n%+v\nfresh says\n%+v", seed, round, w, said[w.Demand])
				}
			}
			if round%4 == 3 {
				warm.apply(b.Full())
				if plan = warm.place(); text(plan) != text(fresh) {
					t.Fatalf("seed %d round %d: on the whole books warm\n%s\nfresh\n%s", seed, round, text(plan), text(fresh))
				}
			}
		}
	}
}

// text is a plan in bytes.
func text(p scheduler.Plan) string { return fmt.Sprintf("%+v", p) }

// reopen is newBench on books that have told a warm replica already.
func reopen(t *testing.T, b *Books, p scheduler.SchedulerPolicy) *bench {
	t.Helper()
	x := &bench{t, b, scheduler.NewState(scheduler.Config{}), p}
	x.apply(b.Full())
	return x
}

func explains(t *testing.T, open func() scheduler.SchedulerPolicy) {
	for seed := range uint64(80) {
		b := draws()[seed%2](seed, 1+int(seed/2), 30)
		plan := newBench(t, b, open()).place()
		got := map[scheduler.DemandRef]int32{}
		for _, g := range plan.Grants {
			got[g.Demand]++
		}
		for _, w := range plan.Waiting {
			got[w.Demand] = deploy.NoLimit
		}
		for _, d := range b.Demands {
			if d.Blocked == deploy.ReasonNone && got[d.Ref] < d.Units {
				t.Fatalf("seed %d: demand %d (%s) got %d of %d units and no reason", seed, d.Ref, d.Subject, got[d.Ref], d.Units)
			}
		}
	}
}

// machine gives a worker with so much free and in all.
func machine(id string, cores int32, memory int64) scheduler.WorkerRow {
	r := deploy.Resources{Cores: cores, MemoryMiB: memory}
	return scheduler.WorkerRow{ID: deploy.WorkerID(id), Host: id, Free: r, Total: r}
}

// wish gives an application that wants so many executors.
func wish(order uint64, units, cores int32, memory int64) scheduler.DemandRow {
	return scheduler.DemandRow{
		Subject: "app", Order: order, Units: units, Cores: deploy.NoLimit, Need: scheduler.Need{Cores: cores, MemoryMiB: memory},
	}
}

// taken gives a worker back with less of it free.
func taken(w scheduler.WorkerRow, cores int32) scheduler.WorkerRow {
	w.Free.Cores = cores
	return w
}

func asksAgain(t *testing.T, open func() scheduler.SchedulerPolicy) {
	b := NewBooks()
	w := b.AddWorker(taken(machine("w-1", 8, 8192), 1))
	d := b.AddDemand(wish(1, 1, 4, 1024))
	x := newBench(t, b, open())
	plan := x.place()
	if len(plan.Grants) > 0 || len(plan.Waiting) != 1 || plan.Waiting[0].Demand != d {
		t.Fatalf("a demand that cannot fit: got %+v, want it to wait", plan)
	}
	b.SetWorker(taken(b.Workers[w], 4))
	if plan = x.next(); len(plan.Grants) != 1 || plan.Grants[0].Demand != d {
		t.Fatalf("after a worker freed what it needs: got %+v, want one grant", plan)
	}
	// The core turns the grant down and says nothing new: it must be proposed again.
	if plan = x.next(); len(plan.Grants) != 1 {
		t.Fatalf("after a grant that came to nothing: got %+v, want it again", plan)
	}
}

func asksNobody(t *testing.T, open func() scheduler.SchedulerPolicy) {
	b := NewBooks()
	w := b.AddWorker(taken(machine("w-1", 8, 8192), 0))
	for i := range uint64(5) {
		b.AddDemand(wish(i, 1, 4, 1024))
	}
	x := newBench(t, b, open())
	for _, r := range x.place().Waiting {
		if r.Until.Kind != scheduler.WakeNeedFits {
			return // the policy wants to be asked at other times, which is its right
		}
	}
	b.SetWorker(taken(b.Workers[w], 3))
	if plan := x.next(); len(plan.Grants)+len(plan.Waiting) > 0 {
		t.Fatalf("3 cores came free and 4 are needed: got %+v, want nothing asked", plan)
	}
	b.SetWorker(taken(b.Workers[w], 2))
	if plan := x.next(); len(plan.Grants)+len(plan.Waiting) > 0 {
		t.Fatalf("a core was taken: got %+v, want nothing asked", plan)
	}
}

func honoursContext(t *testing.T, open func() scheduler.SchedulerPolicy) {
	x := newBench(t, Draw(1, 50, 50), open())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	start := time.Now()
	if _, err := x.policy.Place(ctx, x.state.View(0)); !errors.Is(err, context.Canceled) {
		t.Fatalf("place under a cancelled context: got %v, want context.Canceled", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Fatalf("it took %s to notice that the context was cancelled", took)
	}
	if plan := x.place(); len(plan.Grants) == 0 {
		t.Fatal("after a cancelled plan the same books gave none")
	}
}
