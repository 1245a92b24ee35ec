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

// limited gives a queue with a quota and what it has, in cores.
func limited(ref, parent uint32, quota, used int64) scheduler.QueueRow {
	q := queue(ref, parent, fmt.Sprintf("q%d", ref))
	q.Quota, q.Used = cores(quota), cores(used)
	return q
}

func TestQuotasBind(t *testing.T) {
	up := limited(1, 0, 10, 4)
	up.Quota = append(up.Quota, deploy.Quantity{Resource: "memory", Amount: 1000})
	many := of(2, demand(0, 2, 300))
	many.Units = 9
	grows := of(1, demand(1, 1, 400))
	grows.Grow, grows.Units = true, deploy.NoLimit
	gang := of(2, demand(2, 3, 0))
	gang.Gang, gang.Units = true, 3
	free := demand(3, 8, 4096)
	r := open(t, worker(0, 64, 1<<20), worker(1, 64, 1<<20), up, limited(2, 1, 8, 1), many, grows, gang, free)
	v := r.View(0)
	left := func(what string, d scheduler.DemandRef, units, cores int32) {
		t.Helper()
		if u, c := v.Left(d); u != units || c != cores {
			t.Errorf("%s: left %d units and %d cores, want %d and %d", what, u, c, units, cores)
		}
	}
	why := func(what string, d scheduler.DemandRef, code deploy.ReasonCode, queue uint32) {
		t.Helper()
		if got, until := v.Explain(d); got.Code != code || got.Queue != queue || code == deploy.ReasonQuota && until.Kind != scheduler.WakeNeedFits {
			t.Errorf("%s: got %+v until %+v, want %s of queue %d", what, got, until, code, queue)
		}
	}
	// The upper queue has 4 cores of its own and 1 of the lower: 5 are left. The lower has 7 left.
	left("the upper queue's cores", 0, 2, 5)
	left("the upper queue's memory", 1, 2, 5)
	left("no quota", 3, 1, deploy.NoLimit)
	why("a gang of 9 cores", 2, deploy.ReasonQuota, 2)
	if v.Take(1, 0, 6, 0) || !v.Take(0, 0, 2, 0) || !v.Take(1, 0, 2, 0) {
		t.Fatal("want 6 cores refused and 2 and 2 granted")
	}
	left("1 core is left", 0, 0, 1)
	left("1 core is left, growing", 1, 0, 1) // and 300 MiB of 400
	why("the upper queue is full", 0, deploy.ReasonQuota, 1)
	why("of memory too", 1, deploy.ReasonQuota, 1)
	if v.Take(0, 1, 2, 0) || v.Take(1, 1, 1, 0) || !v.Take(3, 1, 8, 0) {
		t.Fatal("want both refused and the one without a quota granted")
	}
	why("served", 3, deploy.ReasonExecutorLimit, 0)
	v = r.View(0)
	left("the takes are undone", 0, 2, 5)
}

func TestQuotaWakes(t *testing.T) {
	wide := worker(0, 8, 512)
	full := wide
	full.Free.Cores = 0
	for _, c := range []struct {
		what string
		tell []any
		want []scheduler.DemandRef
	}{
		{"a core too few came back", []any{limited(2, 1, 4, 3)}, nil},
		{"enough came back", []any{limited(2, 1, 4, 2)}, refs(0)},
		{"the quota rises too little", []any{limited(2, 1, 5, 4)}, nil},
		{"the quota rises", []any{limited(2, 1, 6, 4)}, refs(0)},
		{"the quota goes", []any{queue(2, 1, "q2")}, refs(0)},
		{"a worker grows and the quota does not", []any{worker(1, 99, 9999)}, nil},
		{"the upper quota is used up as well", []any{limited(2, 1, 4, 2), limited(1, 0, 3, 0)}, nil},
		{"another has used the upper quota up", []any{limited(2, 1, 4, 2), limited(3, 1, 9, 8), limited(1, 0, 10, 0)}, nil},
		{"the queue moves from an upper quota", []any{limited(1, 0, 0, 0), limited(2, 3, 4, 2)}, refs(0)},
		{"no worker has room", []any{limited(2, 1, 4, 2), full}, nil},
		{"others use the room of the queue above", []any{limited(1, 0, 10, 9)}, nil},
	} {
		t.Run(c.what, func(t *testing.T) {
			r := open(t, wide, limited(1, 0, 10, 0), limited(2, 1, 4, 4), limited(3, 0, 9, 0), of(2, demand(0, 2, 100)))
			v := r.View(0)
			for d := range v.Asked() {
				reason, until := v.Explain(d)
				if reason.Code != deploy.ReasonQuota || reason.Queue != 2 {
					t.Fatalf("it waits for %+v, want QUOTA of queue 2", reason)
				}
				v.Wait(d, reason, until)
			}
			v.Plan()
			r.tell()
			r.wantAsked("nothing has changed")
			r.tell(c.tell...)
			r.wantAsked(c.what, c.want...)
		})
	}
}

// TestQuotaAndRoomComeOneByOne wakes only when both are there, whichever comes last.
func TestQuotaAndRoomComeOneByOne(t *testing.T) {
	full := worker(0, 8, 512)
	full.Free.Cores = 1
	free := worker(0, 8, 512)
	for _, first := range []bool{true, false} {
		r := open(t, full, limited(1, 0, 4, 4), of(1, demand(0, 2, 100)))
		r.leave(scheduler.Wake{Kind: scheduler.WakeNeedFits})
		steps := []any{limited(1, 0, 4, 0), free}
		if first {
			slices.Reverse(steps)
		}
		r.tell(steps[0])
		r.wantAsked("one of both")
		r.leave(scheduler.Wake{Kind: scheduler.WakeNeedFits})
		r.tell(steps[1])
		r.wantAsked("both", 0)
	}
}

// TestAQueueLeavesAQuotaBehind moves the queue of one that waits for the quota above it.
func TestAQueueLeavesAQuotaBehind(t *testing.T) {
	r := open(t, worker(0, 8, 512), limited(1, 0, 4, 4), queue(2, 1, "a.b"), of(2, demand(0, 2, 100)))
	r.leave(scheduler.Wake{Kind: scheduler.WakeNeedFits})
	r.tell(queue(3, 0, "c"))
	r.wantAsked("another queue has come")
	r.tell(queue(2, 0, "b"))
	r.wantAsked("it is below the root now", 0)
}

// TestAGangWaitsForQuotaForAll frees the units of a quota one by one.
func TestAGangWaitsForQuotaForAll(t *testing.T) {
	gang := of(1, demand(0, 2, 100))
	gang.Gang, gang.Units = true, 3
	r := open(t, worker(0, 8, 512), limited(1, 0, 10, 10), gang, of(1, demand(1, 2, 100)))
	r.leave(scheduler.Wake{Kind: scheduler.WakeNeedFits})
	for used, want := range map[int64][]scheduler.DemandRef{9: nil, 8: refs(1), 5: refs(1), 4: refs(0, 1)} {
		r.tell(limited(1, 0, 10, 10))
		r.leave(scheduler.Wake{Kind: scheduler.WakeNeedFits})
		r.tell(limited(1, 0, 10, used))
		r.wantAsked(fmt.Sprintf("%d of 10 are used, the gang wants 6", used), want...)
	}
}

// TestAFailedGroupGivesItsQuotaBack lets one wait for a quota that another's group had for a while.
func TestAFailedGroupGivesItsQuotaBack(t *testing.T) {
	gang := of(1, demand(0, 2, 100))
	gang.Gang, gang.Units = true, 2
	r := open(t, worker(0, 2, 512), worker(1, 8, 512), limited(1, 0, 4, 0), gang, of(1, demand(1, 3, 100))) // the first worker never fits it
	v := r.View(0)
	for d := range v.Asked() {
		if d == 0 {
			v.Take(0, 0, 2, 7)
			continue
		}
		reason, until := v.Explain(1)
		if reason.Code != deploy.ReasonQuota {
			t.Fatalf("got %+v, want QUOTA", reason)
		}
		v.Wait(1, reason, until)
		v.Take(0, 0, 2, 7) // fails, and the group with it
		v.Wait(0, scheduler.Reason{Code: deploy.ReasonHeld}, scheduler.Wake{Kind: scheduler.WakeChanged})
	}
	if n := len(v.Plan().Grants); n > 0 {
		t.Fatalf("got %d grants, want none", n)
	}
	r.tell()
	r.wantAsked("the group took nothing", 1)
}

func TestGangsAreTakenInOneGroup(t *testing.T) {
	gang := demand(0, 2, 64)
	gang.Gang, gang.Units = true, 3
	r := open(t, worker(0, 8, 512), gang)
	v := r.View(0)
	g := v.Group()
	if v.Take(0, 0, 2, 0) {
		t.Error("a unit of a gang was taken without a group")
	}
	if !v.Take(0, 0, 2, g) || v.Take(0, 0, 2, v.Group()) {
		t.Error("a gang has one group and no other")
	}
	if again := v.Group(); again == g {
		t.Errorf("group %d is given twice", g)
	}
	for _, bad := range []func(d *scheduler.DemandRow){
		func(d *scheduler.DemandRow) { d.Units = deploy.NoLimit },
		func(d *scheduler.DemandRow) { d.Driver = true },
		func(d *scheduler.DemandRow) { d.Grow, d.Need.Cores = true, 1 },
	} {
		row := gang
		bad(&row)
		if err := r.Apply(&scheduler.Update{Epoch: 1, From: 1, To: 2, Demands: []scheduler.DemandRow{row}}); err == nil {
			t.Errorf("%+v was taken over", row)
		}
	}
}

// TestAGangIsNotAskedForNothing lets one wait that each worker has room for in part.
func TestAGangIsNotAskedForNothing(t *testing.T) {
	gang := demand(0, 2, 64)
	gang.Gang, gang.Units = true, 3
	r := open(t, worker(0, 3, 512), worker(1, 3, 512), gang)
	v := r.View(0)
	for d := range v.Asked() {
		reason, until := v.Explain(d)
		if until.Kind != scheduler.WakeNeedFits || reason.Code == deploy.ReasonQueueBehind {
			t.Fatalf("got %+v until %+v, want it to wait for room", reason, until)
		}
		v.Wait(d, reason, until)
	}
	v.Plan()
	r.tell()
	r.wantAsked("nothing has changed")
	r.tell(worker(2, 3, 512))
	r.wantAsked("room for the third", 0)
}

// TestQuotasNeverKeepWaiting compares replicas that have lived through many updates with new ones that get the whole books, as quotas come,
// go, fill up and are eased: one missed wake is one missing grant.
func TestQuotasNeverKeepWaiting(t *testing.T) {
	seen := map[deploy.ReasonCode]int{}
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 22))
		b := plainRules(seed, 1+r.IntN(30), 1+r.IntN(40))
		b.Delta()
		p := scheduler.NewSpread(scheduler.Options{Order: scheduler.By(r.IntN(5)), SpreadDrivers: true})
		warm := scheduler.NewState(scheduler.Config{})
		for round := range 15 {
			u := b.Delta()
			if round == 0 {
				u = b.Full()
			}
			plan := planAfter(t, warm, p, b, u)
			fresh := planAfter(t, scheduler.NewState(scheduler.Config{}), p, b, b.Full())
			if !slices.Equal(plan.Grants, fresh.Grants) {
				t.Fatalf("seed %d round %d: warm\n%v\nfresh\n%v", seed, round, plan.Grants, fresh.Grants)
			}
			said := map[scheduler.DemandRef]string{}
			for _, w := range fresh.Waiting {
				said[w.Demand] = fmt.Sprintf("%+v", w)
				seen[w.Reason.Code]++
			}
			for _, w := range plan.Waiting {
				if got := fmt.Sprintf("%+v", w); got != said[w.Demand] {
					t.Fatalf("seed %d round %d: warm says\n%s\nfresh says\n%s", seed, round, got, said[w.Demand])
				}
			}
			b.Accept(schedulertest.Part(plan.Grants, r.IntN(len(plan.Grants)+1)))
			b.Stir(r)
			unruled(b)
		}
	}
	if seen[deploy.ReasonQuota] < 500 {
		t.Errorf("%d waited for a quota: too few to say anything", seen[deploy.ReasonQuota])
	}
}

func planAfter(t *testing.T, s *scheduler.State, p scheduler.SchedulerPolicy, b *schedulertest.Books, u *scheduler.Update) scheduler.Plan {
	t.Helper()
	if err := s.Apply(u); err != nil {
		t.Fatal(err)
	}
	return planOf(t, s, p, b).Clone()
}

// TestQuotaAsksFewAndNobodyForNothing frees one unit after another of a quota that 10 000 alike wait for.
func TestQuotaAsksFewAndNobodyForNothing(t *testing.T) {
	rows := []any{worker(0, 1<<20, 1<<40), limited(1, 0, 100, 100)}
	for i := range scheduler.DemandRef(10_000) {
		rows = append(rows, of(1, demand(i, 2, 16)))
	}
	r := open(t, rows...)
	p := scheduler.NewSpread(scheduler.DefaultOptions())
	place := func() scheduler.Plan {
		plan, err := p.Place(t.Context(), r.View(0))
		if err != nil {
			t.Fatal(err)
		}
		return plan
	}
	if got := len(place().Waiting); got != 10_000 {
		t.Fatalf("%d wait at first, want all", got)
	}
	w := worker(0, 1<<20, 1<<40)
	for i := range scheduler.DemandRef(50) {
		w.Free.Cores -= 2
		r.tell(limited(1, 0, 100, 98), w)
		plan := place()
		if len(plan.Grants) != 1 || plan.Grants[0].Demand != i || len(plan.Waiting) > 1 {
			t.Fatalf("round %d: got %v, and %d asked that wait on; want one grant to %d", i, plan.Grants, len(plan.Waiting), i)
		}
		r.tell(limited(1, 0, 100, 100), scheduler.DemandRow{Ref: i, Gone: true})
		if plan = place(); len(plan.Grants)+len(plan.Waiting) > 0 {
			t.Fatalf("round %d: the quota is used up again and %d are asked", i, len(plan.Grants)+len(plan.Waiting))
		}
	}
}
