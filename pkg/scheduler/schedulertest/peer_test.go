package schedulertest_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/musterproject/muster/pkg/scheduler"
	"github.com/musterproject/muster/pkg/scheduler/schedulertest"
)

// policy gives the built-in policy that must equal a peer.
func policy(p schedulertest.Peer) scheduler.SchedulerPolicy {
	o := scheduler.Options{Order: p.Order, SpreadDrivers: p.SpreadDrivers}
	if p.Spread {
		return scheduler.NewSpread(o)
	}
	return scheduler.NewPack(o)
}

// TestPoliciesEqualThePeer lets a warm replica live through books that change and compares every plan with the peer's.
func TestPoliciesEqualThePeer(t *testing.T) {
	const books, rounds = 400, 12
	for by := range scheduler.ByWorkerID + 1 {
		for _, spread := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/spread=%v", by, spread), func(t *testing.T) {
				granted := 0
				for seed := range uint64(books) {
					granted += live(t, seed, rounds, schedulertest.Peer{Spread: spread, Order: by, SpreadDrivers: seed%2 == 0})
				}
				if granted < books*rounds {
					t.Fatalf("%d grants in %d rounds: the books are too full to prove anything", granted, books*rounds)
				}
			})
		}
	}
}

func live(t *testing.T, seed uint64, rounds int, peer schedulertest.Peer) (granted int) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 3))
	b := schedulertest.Draw(seed, 1+r.IntN(40), 1+r.IntN(25))
	s := scheduler.NewState(scheduler.Config{})
	p := policy(peer)
	if err := s.Apply(b.Full()); err != nil {
		t.Fatal(err)
	}
	b.Delta()
	for round := range rounds {
		u := b.Delta()
		if round == 0 {
			u = b.Full()
		}
		if err := s.Apply(u); err != nil {
			t.Fatalf("seed %d round %d: %v", seed, round, err)
		}
		plan, err := p.Place(t.Context(), s.View(0))
		if err != nil {
			t.Fatal(err)
		}
		want := peer.Place(b)
		if len(plan.Grants)+len(want) > 0 && !reflect.DeepEqual(plan.Grants, want) {
			t.Fatalf("seed %d round %d: got\n%v\nwant\n%v", seed, round, plan.Grants, want)
		}
		if err := schedulertest.Check(b, plan); err != nil {
			t.Fatalf("seed %d round %d: %v", seed, round, err)
		}
		granted += len(want)
		if n := len(want); n > 0 && r.IntN(4) == 0 {
			want = want[:r.IntN(n)] // the core bears only some
		}
		b.Accept(want)
		b.Stir(r)
	}
	return granted
}
