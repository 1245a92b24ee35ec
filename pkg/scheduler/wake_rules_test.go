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

func labelled(w scheduler.WorkerRow, key, value string) scheduler.WorkerRow {
	w.Labels = []deploy.Label{{Key: key, Value: value}}
	return w
}

func require(d scheduler.DemandRow, key string, values ...string) scheduler.DemandRow {
	d.Require = []deploy.Requirement{{Key: key, Operator: deploy.OpIn, Values: values}}
	return d
}

// ruled gives a demand with a share that one of its executors holds on worker 0.
func ruled(apart string, most int32) scheduler.DemandRow {
	d := demand(0, 4, 100)
	d.Share, d.Apart, d.MaxPerWorker = 7, apart, most
	return d
}

func reserved(w scheduler.WorkerRow, by scheduler.DemandRef) scheduler.WorkerRow {
	w.Blocked, w.For = deploy.ReasonReserved, by
	return w
}

func hosted(w scheduler.WorkerRow, host string) scheduler.WorkerRow {
	w.Host = host
	return w
}

// TestWakesByRules lets demand 0 wait for room and changes one thing.
func TestWakesByRules(t *testing.T) {
	eu := labelled(worker(0, 8, 512), "zone", "eu")
	small := worker(0, 8, 512)
	small.Free.Cores = 2
	smallEU := labelled(small, "zone", "eu")
	held := scheduler.HeldRow{Share: 7, Worker: 0, Executors: 1}
	for _, c := range []struct {
		what   string
		before []any
		tell   []any
		want   []scheduler.DemandRef
	}{
		{"a worker grows that lacks the label", []any{small, require(demand(0, 4, 100), "zone", "eu")}, []any{worker(0, 8, 512)}, nil},
		{"a worker grows that has it", []any{smallEU, require(demand(0, 4, 100), "zone", "eu")}, []any{eu}, refs(0)},
		{"a worker appears that has it", []any{small, require(demand(0, 4, 100), "zone", "eu")}, []any{labelled(worker(1, 8, 512), "zone", "eu")}, refs(0)},
		{"a worker appears that has another value", []any{small, require(demand(0, 4, 100), "zone", "eu")}, []any{labelled(worker(1, 8, 512), "zone", "us")}, nil},
		{"a worker gets the label", []any{worker(0, 8, 512), require(demand(0, 4, 100), "zone", "eu")}, []any{eu}, refs(0)},
		{"a worker that is too small gets it", []any{small, require(demand(0, 4, 100), "zone", "eu")}, []any{smallEU}, nil},
		{"a worker gets another label", []any{worker(0, 8, 512), require(demand(0, 4, 100), "zone", "eu")}, []any{labelled(worker(0, 8, 512), "rack", "eu")}, nil},

		{"a worker grows that the rule forbids", []any{small, held, ruled("host", 0)}, []any{worker(0, 8, 512)}, nil},
		{"a worker grows on the same host", []any{worker(0, 2, 512), small1("a"), hosted(worker(2, 2, 512), "b"), scheduler.HeldRow{Share: 7, Worker: 2, Executors: 1}, ruled("host", 0)},
			[]any{hosted(worker(2, 2, 512), "b"), hosted(worker(1, 8, 512), "b")}, nil},
		{"a worker grows on another host", []any{worker(0, 2, 512), small1("a"), held, ruled("host", 0)}, []any{hosted(worker(1, 8, 512), "a")}, refs(0)},
		{"the executor there ends", []any{worker(0, 8, 512), held, ruled("host", 0)}, []any{scheduler.HeldRow{Share: 7, Worker: 0}}, refs(0)},
		{"another one starts", []any{worker(0, 8, 512), held, ruled("host", 0)}, []any{scheduler.HeldRow{Share: 7, Worker: 0, Executors: 2}}, nil},
		{"one of somebody else ends", []any{worker(0, 8, 512), held, scheduler.HeldRow{Share: 9, Worker: 0, Executors: 1}, ruled("host", 0)}, []any{scheduler.HeldRow{Share: 9, Worker: 0}}, nil},
		{"one of too many ends", []any{worker(0, 8, 512), scheduler.HeldRow{Share: 7, Worker: 0, Executors: 2}, ruled("", 2)}, []any{held}, refs(0)},
		{"one of far too many ends", []any{worker(0, 8, 512), scheduler.HeldRow{Share: 7, Worker: 0, Executors: 9}, ruled("", 2)}, []any{scheduler.HeldRow{Share: 7, Worker: 0, Executors: 8}}, nil},
		{"the worker moves to another host", []any{hosted(worker(0, 2, 512), "a"), hosted(worker(1, 8, 512), "a"), held, ruled("host", 0)}, []any{hosted(worker(1, 8, 512), "b")}, refs(0)},
		{"the executor's worker moves", []any{hosted(worker(0, 2, 512), "a"), hosted(worker(1, 8, 512), "a"), held, ruled("host", 0)}, []any{hosted(worker(0, 2, 512), "b")}, refs(0)},
		{"the executor's worker goes", []any{hosted(worker(0, 2, 512), "a"), hosted(worker(1, 8, 512), "a"), held, ruled("host", 0)}, []any{scheduler.WorkerRow{Ref: 0, Gone: true}}, refs(0)},
		{"another worker in its slot", []any{hosted(worker(0, 2, 512), "a"), hosted(worker(1, 8, 512), "a"), held, ruled("host", 0)},
			[]any{scheduler.WorkerRow{Ref: 0, ID: "other", Host: "a", Free: small.Free, Total: small.Total}}, refs(0)},

		{"it is reserved for another", []any{small, demand(0, 4, 100)}, []any{reserved(worker(0, 8, 512), 9)}, nil},
		{"it is reserved for it", []any{small, demand(0, 9, 100)}, []any{reserved(small, 0)}, refs(0)},
		{"what is kept for it changes", []any{reserved(small, 0), demand(0, 4, 100)}, []any{reserved(worker(0, 3, 512), 0)}, refs(0)},
		{"what is kept for it goes", []any{reserved(small, 0), demand(0, 4, 100)}, []any{scheduler.WorkerRow{Ref: 0, Gone: true}}, refs(0)},
		{"what is kept for another changes", []any{reserved(small, 9), demand(0, 4, 100)}, []any{reserved(worker(0, 8, 512), 9)}, nil},
		{"what was kept for another is free", []any{reserved(worker(0, 8, 512), 9), demand(0, 4, 100)}, []any{worker(0, 8, 512)}, refs(0)},
	} {
		t.Run(c.what, func(t *testing.T) {
			r := open(t, c.before...)
			r.leave(scheduler.Wake{Kind: scheduler.WakeNeedFits})
			r.tell()
			r.wantAsked("nothing has changed")
			r.tell(c.tell...)
			r.wantAsked(c.what, c.want...)
		})
	}
}

// small1 is worker 1 with 2 cores free.
func small1(host string) scheduler.WorkerRow {
	w := hosted(worker(1, 8, 512), host)
	w.Free.Cores = 2
	return w
}

// TestSiblingsWakeWhenAGrantComesToNothing lets one profile wait because another one was placed on the same host, by a grant that the core
// turns down.
func TestSiblingsWakeWhenAGrantComesToNothing(t *testing.T) {
	first, second := ruled("host", 0), ruled("host", 0)
	second.Ref, second.Profile = 1, 1
	second.Need.MemoryMiB = 300
	r := open(t, hosted(worker(0, 4, 200), "a"), hosted(worker(1, 4, 512), "a"), first, second)
	v := r.View(0)
	if got := r.asked(v); !slices.Equal(got, refs(0, 1)) || !v.Take(0, 0, 4, 0) {
		t.Fatalf("asked %v", got)
	}
	reason, until := v.Explain(1)
	if reason.Code != deploy.ReasonFilteredRule || v.Take(1, 1, 4, 0) {
		t.Fatalf("beside its sibling: got %+v", reason)
	}
	v.Wait(1, reason, until)
	v.Plan()
	r.tell(scheduler.DemandRow{Ref: 0, Gone: true})
	r.wantAsked("its sibling got nothing", 1)
}

// TestWarmEqualsFreshByRules compares the grants of a replica that lives through changes of everything with those of new ones: one missed
// wake is one missing grant.
func TestWarmEqualsFreshByRules(t *testing.T) {
	granted := 0
	for seed := range uint64(400 / shrink) {
		r := rand.New(rand.NewPCG(seed, 16))
		o := scheduler.Options{Order: scheduler.By(r.IntN(5)), SpreadDrivers: seed%2 == 0}
		p := []scheduler.SchedulerPolicy{scheduler.NewSpread(o), scheduler.NewPack(o)}[seed%2]
		b := schedulertest.DrawRules(seed, 1+r.IntN(40), 1+r.IntN(25))
		s := scheduler.NewState(scheduler.Config{})
		if err := s.Apply(b.Full()); err != nil {
			t.Fatal(err)
		}
		b.Delta()
		for round := range 12 {
			u := b.Delta()
			if round == 0 {
				u = b.Full()
			}
			if err := s.Apply(u); err != nil {
				t.Fatalf("seed %d round %d: %v", seed, round, err)
			}
			warm := planOf(t, s, p, b)
			fresh := scheduler.NewState(scheduler.Config{})
			if err := fresh.Apply(b.Full()); err != nil {
				t.Fatal(err)
			}
			if got, want := fmt.Sprint(warm.Grants), fmt.Sprint(planOf(t, fresh, p, b).Grants); got != want {
				t.Fatalf("seed %d round %d:\nwarm  %s\nfresh %s", seed, round, got, want)
			}
			granted += len(warm.Grants)
			grants := warm.Grants
			if n := len(grants); n > 0 && r.IntN(4) == 0 {
				grants = schedulertest.Part(grants, r.IntN(n))
			}
			b.Accept(grants)
			b.Stir(r)
			keepSome(r, b)
		}
	}
	if granted < 4_000/shrink {
		t.Fatalf("%d grants: too few to prove anything", granted)
	}
}

// TestChangesTellWhatIsHeld replays what changed, and everything, on other replicas.
func TestChangesTellWhatIsHeld(t *testing.T) {
	held := scheduler.HeldRow{Share: 7, Worker: 0, Executors: 1}
	r := open(t, worker(0, 8, 512), worker(1, 8, 512), held, ruled("", 1))
	other := scheduler.NewState(scheduler.Config{})
	follow := func(since uint64) scheduler.View {
		t.Helper()
		u, _ := r.View(0).Changes(since)
		if err := other.Apply(u); err != nil {
			t.Fatal(err)
		}
		return other.View(0)
	}
	if v := follow(0); v.Room(0, 0) != 0 || v.Room(0, 1) != 1 {
		t.Fatalf("told everything: room for %d and %d, want 0 and 1", v.Room(0, 0), v.Room(0, 1))
	}
	r.tell(scheduler.HeldRow{Share: 7, Worker: 1, Executors: 3}, scheduler.HeldRow{Share: 7, Worker: 0})
	if v := follow(1); v.Room(0, 0) != 1 || v.Room(0, 1) != 0 {
		t.Fatalf("told what changed: room for %d and %d, want 1 and 0", v.Room(0, 0), v.Room(0, 1))
	}
	r.tell(scheduler.WorkerRow{Ref: 1, Gone: true})
	r.tell(worker(1, 8, 512))
	if v := follow(2); v.Room(0, 1) != 1 {
		t.Fatalf("another worker in the slot: room for %d, want 1", v.Room(0, 1))
	}
}
