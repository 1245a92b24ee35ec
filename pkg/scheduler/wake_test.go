package scheduler_test

import (
	"slices"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

func refs(list ...scheduler.DemandRef) []scheduler.DemandRef { return list }

func TestAskedInOrder(t *testing.T) {
	late, early, profile := demand(0, 1, 1), demand(1, 1, 1), demand(2, 1, 1)
	late.Order, early.Order, profile.Order, early.Profile = 9, 3, 3, 1
	held := demand(4, 1, 1)
	held.Blocked = deploy.ReasonHeld
	r := open(t, worker(0, 1, 1), late, early, profile, driver(3), held)
	r.wantAsked("all that is new", 3, 2, 1, 0)
	r.wantAsked("again, as nothing was decided", 3, 2, 1, 0)
}

func TestWakes(t *testing.T) {
	for _, c := range []struct {
		what  string
		until scheduler.Wake
		tell  func(r *replica)
		want  []scheduler.DemandRef
	}{
		{"needs 4 cores, 3 are free", scheduler.Wake{Kind: scheduler.WakeNeedFits}, func(r *replica) { r.tell(worker(0, 3, 512)) }, nil},
		{"needs 4 cores, 4 are free", scheduler.Wake{Kind: scheduler.WakeNeedFits}, func(r *replica) { r.tell(worker(0, 4, 512)) }, refs(0)},
		{"a new worker fits", scheduler.Wake{Kind: scheduler.WakeNeedFits}, func(r *replica) { r.tell(worker(1, 8, 512)) }, refs(0)},
		{"its memory does not", scheduler.Wake{Kind: scheduler.WakeNeedFits}, func(r *replica) { r.tell(worker(1, 8, 50)) }, nil},
		{"its own row changes", scheduler.Wake{Kind: scheduler.WakeChanged}, func(r *replica) {
			d := demand(0, 4, 100)
			d.Units = 2
			r.tell(d)
		}, refs(0)},
		{"another row changes", scheduler.Wake{Kind: scheduler.WakeChanged}, func(r *replica) { r.tell(worker(0, 8, 512)) }, nil},
		{"it is gone", scheduler.Wake{Kind: scheduler.WakeAnyChange}, func(r *replica) { r.tell(scheduler.DemandRow{Ref: 0, Gone: true}) }, nil},
		{"any change", scheduler.Wake{Kind: scheduler.WakeAnyChange}, func(r *replica) { r.tell() }, refs(0)},
		{"its time has not come", scheduler.Wake{Kind: scheduler.WakeAt, At: time.Unix(1_800_000_010, 0)}, func(r *replica) {
			r.now = time.Unix(1_800_000_009, 0)
			r.tell()
		}, nil},
		{"its time has come", scheduler.Wake{Kind: scheduler.WakeAt, At: time.Unix(1_800_000_010, 0)}, func(r *replica) {
			r.now = time.Unix(1_800_000_010, 0)
			r.tell()
		}, refs(0)},
		{"no driver slot", scheduler.Wake{Kind: scheduler.WakeDriverSlot}, func(r *replica) {
			r.slots = 0
			r.tell(worker(0, 8, 512))
		}, nil},
		{"a driver slot", scheduler.Wake{Kind: scheduler.WakeDriverSlot}, func(r *replica) { r.tell() }, refs(0)},
		{"held, then released", scheduler.Wake{Kind: scheduler.WakeChanged}, func(r *replica) {
			d := demand(0, 4, 100)
			d.Blocked = deploy.ReasonHeld
			r.tell(d)
			r.wantAsked("held")
			r.tell(demand(0, 4, 100))
		}, refs(0)},
	} {
		t.Run(c.what, func(t *testing.T) {
			w := worker(0, 8, 512)
			w.Free.Cores = 2
			r := open(t, w, demand(0, 4, 100))
			if got := r.leave(c.until); !slices.Equal(got, refs(0)) {
				t.Fatalf("at first: asked %v", got)
			}
			r.tell()
			if c.until.Kind == scheduler.WakeNeedFits || c.until.Kind == scheduler.WakeAt {
				r.wantAsked("nothing has changed")
			}
			c.tell(r)
			r.wantAsked(c.what, c.want...)
		})
	}
}

// TestWakeAsksOnlyWhileSomethingFits lets many alike wait for one worker: only those that its room suffices for are asked.
func TestWakeAsksOnlyWhileSomethingFits(t *testing.T) {
	full := worker(0, 8, 4096)
	full.Free.Cores = 0
	rows := []any{full}
	for i := range scheduler.DemandRef(100) {
		rows = append(rows, demand(i, 2, 16))
	}
	r := open(t, rows...)
	r.leave(scheduler.Wake{Kind: scheduler.WakeNeedFits})
	free := full
	free.Free.Cores = 5
	r.tell(free)
	v := r.View(0)
	var asked []scheduler.DemandRef
	for d := range v.Asked() {
		asked = append(asked, d)
		v.Take(d, 0, 2, 0)
	}
	if !slices.Equal(asked, refs(0, 1)) {
		t.Fatalf("5 cores for many that need 2: asked %v, want the first two", asked)
	}
	v.Plan()
	// The core bears the first grant only: the second is asked again, and the room it would have had wakes nobody else before it.
	free.Free.Cores = 3
	r.tell(free, scheduler.DemandRow{Ref: 0, Gone: true})
	v = r.View(0)
	asked = asked[:0]
	for d := range v.Asked() {
		asked = append(asked, d)
		v.Take(d, 0, 2, 0)
	}
	if !slices.Equal(asked, refs(1)) {
		t.Fatalf("after one grant was turned down: asked %v, want 1", asked)
	}
}

// TestUndoneTakesWake lets one demand wait for room that another's grant took, and the grant come to nothing.
func TestUndoneTakesWake(t *testing.T) {
	r := open(t, worker(0, 4, 512), demand(0, 4, 100), demand(1, 4, 100))
	v := r.View(0)
	for d := range v.Asked() {
		if !v.Take(d, 0, 4, 0) {
			v.Wait(d, scheduler.Reason{Code: deploy.ReasonQueueBehind}, scheduler.Wake{Kind: scheduler.WakeNeedFits})
		}
	}
	v.Plan()
	r.tell(scheduler.DemandRow{Ref: 0, Gone: true})
	r.wantAsked("the one before it has gone and took nothing", 1)
}

func TestBoundedViewsGoOn(t *testing.T) {
	rows := []any{worker(0, 1, 1)}
	for i := range scheduler.DemandRef(10) {
		rows = append(rows, demand(i, 1, 2))
	}
	r := open(t, rows...)
	var asked []scheduler.DemandRef
	for i := 0; r.Waiting(); i++ {
		v := r.View(3)
		for d := range v.Asked() {
			asked = append(asked, d)
			v.Wait(d, scheduler.Reason{Code: deploy.ReasonInsufficientMemory}, scheduler.Wake{Kind: scheduler.WakeNeedFits})
		}
		v.Plan()
		r.tell()
		if i > 4 {
			t.Fatalf("still waiting after %v", asked)
		}
	}
	if !slices.Equal(asked, refs(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)) {
		t.Fatalf("asked %v, want each once", asked)
	}
	// A policy that leaves alone what fits must still get to the last of them.
	r.tell(worker(0, 1, 2))
	asked = asked[:0]
	for range 4 {
		v := r.View(3)
		for d := range v.Asked() {
			asked = append(asked, d)
			v.Wait(d, scheduler.Reason{Code: deploy.ReasonQuota}, scheduler.Wake{Kind: scheduler.WakeNeedFits})
		}
		v.Plan()
		r.tell()
	}
	if !slices.Equal(asked, refs(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)) {
		t.Fatalf("woken: asked %v, want each once", asked)
	}
}

// TestAFailedGroupWakes lets one demand wait for room that another's group took for a while.
func TestAFailedGroupWakes(t *testing.T) {
	all := demand(0, 4, 100)
	all.Units = 2
	r := open(t, worker(0, 4, 512), all, demand(1, 4, 100))
	v := r.View(0)
	for d := range v.Asked() {
		if d == 0 {
			v.Take(0, 0, 4, 7)
			continue
		}
		v.Wait(d, scheduler.Reason{Code: deploy.ReasonQueueBehind}, scheduler.Wake{Kind: scheduler.WakeNeedFits})
		v.Take(0, 0, 4, 7) // fails, and the group with it
		v.Wait(0, scheduler.Reason{Code: deploy.ReasonHeld}, scheduler.Wake{Kind: scheduler.WakeChanged})
	}
	if got := v.Plan().Grants; len(got) > 0 {
		t.Fatalf("got %v, want no grant", got)
	}
	r.tell()
	r.wantAsked("the group took nothing", 1)
}

// TestAnotherWorkerInTheSlotWakes replaces a worker by one with as much as a policy has seen there before.
func TestAnotherWorkerInTheSlotWakes(t *testing.T) {
	r := open(t, worker(0, 8, 512), demand(0, 4, 100))
	r.leave(scheduler.Wake{Kind: scheduler.WakeNeedFits})
	r.tell(worker(0, 7, 512))
	other := worker(0, 8, 512)
	other.ID = "another"
	r.tell(other)
	r.wantAsked("a worker that was never seen", 0)
}

func TestADroppedPlanChangesNothing(t *testing.T) {
	r := open(t, worker(0, 4, 512), demand(0, 2, 100), demand(1, 8, 100))
	v := r.View(0)
	for d := range v.Asked() {
		if !v.Take(d, 0, 2, 0) {
			v.Wait(d, scheduler.Reason{Code: deploy.ReasonHeld}, scheduler.Wake{Kind: scheduler.WakeChanged})
		}
	}
	r.wantAsked("the plan was never made", 0, 1)
	r.tell()
	r.wantAsked("nor in the next update", 0, 1)
	r.leave(scheduler.Wake{Kind: scheduler.WakeChanged})
	r.wantAsked("a view on the same books begins again", 0, 1)
	r.leave(scheduler.Wake{Kind: scheduler.WakeChanged})
	r.tell()
	r.wantAsked("the plan was made and the books went on")
}

func TestLastWaitCounts(t *testing.T) {
	r := open(t, worker(0, 4, 512), demand(0, 8, 100))
	v := r.View(0)
	v.Wait(0, scheduler.Reason{Code: deploy.ReasonHeld}, scheduler.Wake{Kind: scheduler.WakeAnyChange})
	v.Wait(0, scheduler.Reason{Code: deploy.ReasonQuota}, scheduler.Wake{Kind: scheduler.WakeChanged})
	v.Wait(55, scheduler.Reason{Code: deploy.ReasonQuota}, scheduler.Wake{})
	if got := v.Plan().Waiting; len(got) != 1 || got[0].Reason.Code != deploy.ReasonQuota {
		t.Fatalf("got %+v, want one QUOTA", got)
	}
	r.tell()
	r.wantAsked("it waits for its row to change")
}

func TestChanges(t *testing.T) {
	s := scheduler.NewState(scheduler.Config{History: 8})
	apply := func(u *scheduler.Update) {
		t.Helper()
		u.Epoch, u.DriverSlots = 1, 3
		if err := s.Apply(u); err != nil {
			t.Fatal(err)
		}
	}
	apply(&scheduler.Update{Full: true, To: 1, Workers: []scheduler.WorkerRow{worker(0, 1, 1), worker(1, 1, 1)}, Demands: []scheduler.DemandRow{demand(0, 1, 1)}})
	apply(&scheduler.Update{From: 1, To: 2, Workers: []scheduler.WorkerRow{worker(0, 2, 2)}})
	apply(&scheduler.Update{From: 2, To: 3, Workers: []scheduler.WorkerRow{worker(0, 3, 3), {Ref: 1, Gone: true}}, Demands: []scheduler.DemandRow{demand(5, 1, 1)}})
	v := s.View(0)
	u, ok := v.Changes(1)
	if !ok || u.From != 1 || u.To != 3 || len(u.Workers) != 2 || len(u.Demands) != 1 {
		t.Fatalf("since 1: got %+v, %v", u, ok)
	}
	replay := scheduler.NewState(scheduler.Config{})
	if u, ok = v.Changes(0); ok || !u.Full {
		t.Fatalf("since 0: got %+v, %v, want a full update", u, ok)
	}
	if err := replay.Apply(u); err != nil {
		t.Fatal(err)
	}
	if got := replay.View(0); got.Workers() != 1 || got.Row(0).Free.Cores != 3 || !got.Row(1).Gone || got.Demand(5).Gone {
		t.Fatal("the full update of a replica does not make the same replica")
	}
	if u, ok = v.Changes(3); !ok || len(u.Workers)+len(u.Demands) > 0 {
		t.Fatalf("since now: got %+v, %v, want nothing", u, ok)
	}
	for i := range uint64(40) {
		apply(&scheduler.Update{From: 3 + i, To: 4 + i, Workers: []scheduler.WorkerRow{worker(0, int32(i+4), 9)}})
	}
	if u, ok = s.View(0).Changes(3); ok || !u.Full {
		t.Fatalf("since long ago: got %v full %v, want a full update", ok, u.Full)
	}
	if u, ok = s.View(0).Changes(40); !ok || len(u.Workers) != 1 || u.Workers[0].Free.Cores != 43 {
		t.Fatalf("since 40: got %+v, %v, want one row of now", u, ok)
	}
}
