package scheduler_test

import (
	"slices"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// kept gives a worker that is reserved for a demand.
func kept(w scheduler.WorkerRow, d scheduler.DemandRef) scheduler.WorkerRow {
	w.Blocked, w.For = deploy.ReasonReserved, d
	return w
}

func at(list ...scheduler.WorkerRef) []scheduler.WorkerRef { return list }

func TestReserve(t *testing.T) {
	away := worker(4, 8, 512)
	away.Blocked = deploy.ReasonWorkerDraining
	held := demand(5, 1, 1)
	held.Blocked = deploy.ReasonHeld
	r := open(t, worker(0, 2, 512), worker(1, 8, 512), worker(2, 8, 512), kept(worker(3, 8, 512), 4), away,
		demand(0, 4, 64), demand(1, 4, 64), demand(2, 8, 64), demand(3, 8, 64), demand(4, 9, 64), held)
	v := r.View(0)
	if !v.Take(1, 2, 4, 0) {
		t.Fatal("the take was refused")
	}
	if got := v.Reserved(); got != 1 {
		t.Fatalf("%d hold reservations by the books, want 1", got)
	}
	for _, c := range []struct {
		what    string
		d       scheduler.DemandRef
		workers []scheduler.WorkerRef
		want    bool
	}{
		{"no worker", 0, nil, false},
		{"one that is not there", 0, at(1, 9), false},
		{"one that takes no work", 0, at(1, 4), false},
		{"one that is kept for another", 0, at(1, 3), false},
		{"the same twice", 0, at(1, 1), false},
		{"no such demand", 99, at(1), false},
		{"a held demand", 5, at(1), false},
		{"a demand that gets something", 1, at(1), false},
		{"a demand that holds some by the books", 4, at(1), false},
		{"two workers", 2, at(1, 0), true},
		{"a second time", 2, at(2), false},
		{"one that was proposed", 3, at(1), false},
		{"another", 3, at(2), true},
	} {
		if got := v.Reserve(c.d, c.workers); got != c.want {
			t.Errorf("%s: got %v, want %v", c.what, got, c.want)
		}
	}
	if got := v.Reserved(); got != 3 {
		t.Errorf("%d hold reservations, want 3", got)
	}
	if w, ok := v.Next(0, scheduler.ByWorkerID, scheduler.NoWorker); ok {
		t.Errorf("worker %d is kept and was found", w)
	}
	if v.Take(0, 1, 4, 0) || !v.Take(2, 1, 8, 0) {
		t.Error("a kept worker takes all others or not the one it is kept for")
	}
	if why, _ := v.Explain(0); !slices.ContainsFunc(why.Causes, func(c scheduler.Cause) bool { return c.Code == deploy.ReasonReserved && c.Workers == 4 }) {
		t.Errorf("4 workers are kept for others: got %+v", why.Causes)
	}
	want := []scheduler.Reservation{{Demand: 2, Worker: 1}, {Demand: 2, Worker: 0}, {Demand: 3, Worker: 2}}
	plan := v.Plan().Clone()
	if !slices.Equal(plan.Reserve, want) {
		t.Errorf("got %v, want %v", plan.Reserve, want)
	}
	if got := r.View(0).Reserved(); got != 1 {
		t.Errorf("the next view begins with %d, want the 1 of the books", got)
	}
	if !slices.Equal(plan.Reserve, want) {
		t.Error("a cloned plan changes with the next view")
	}
}

// TestReservationsEndWithTheirRows follows the books.
func TestReservationsEndWithTheirRows(t *testing.T) {
	r := open(t, kept(worker(0, 8, 512), 1), kept(worker(1, 8, 512), 1), kept(worker(2, 8, 512), 2))
	for _, c := range []struct {
		what string
		tell any
		want int
	}{
		{"at first", worker(3, 8, 512), 2},
		{"one of two", worker(0, 8, 512), 2},
		{"kept for another", kept(worker(1, 8, 512), 2), 1},
		{"put aside", func() scheduler.WorkerRow {
			w := worker(2, 8, 512)
			w.Blocked = deploy.ReasonWorkerUnhealthy
			return w
		}(), 1},
		{"gone", scheduler.WorkerRow{Ref: 1, Gone: true}, 0},
	} {
		if got := r.tell(c.tell).View(0).Reserved(); got != c.want {
			t.Errorf("%s: got %d, want %d", c.what, got, c.want)
		}
	}
}

// TestAReservationTurnedDownWakes lets another wait for a worker that was proposed to be kept.
func TestAReservationTurnedDownWakes(t *testing.T) {
	r := open(t, worker(0, 4, 512), demand(0, 8, 64), demand(1, 2, 64))
	v := r.View(0)
	v.Reserve(0, at(0))
	for d := range v.Asked() {
		reason, until := v.Explain(d)
		v.Wait(d, reason, until)
	}
	v.Plan()
	r.tell()
	r.wantAsked("the worker takes work after all", 1)
	v = r.View(0)
	v.Reserve(0, at(0))
	r.asked(v)
	v.Wait(1, scheduler.Reason{Code: deploy.ReasonReserved}, scheduler.Wake{Kind: scheduler.WakeNeedFits})
	v.Plan()
	r.tell(kept(worker(0, 4, 512), 0))
	if got := r.asked(r.View(0)); slices.Contains(got, 1) {
		t.Errorf("the worker is kept: asked %v", got)
	}
}
