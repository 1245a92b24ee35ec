package scheduler_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
	"github.com/musterproject/muster/pkg/scheduler/schedulertest"
)

// drain asks one queue to the end.
func drain(v scheduler.View, queue uint32) []scheduler.DemandRef {
	var got []scheduler.DemandRef
	for d, ok := v.NextOf(queue); ok; d, ok = v.NextOf(queue) {
		got = append(got, d)
	}
	return got
}

func TestNextOfGivesOneQueueInOrder(t *testing.T) {
	late := of(1, demand(7, 1, 1))
	late.Order = 0
	r := open(t, worker(0, 8, 512), queue(1, 0, "a"), queue(2, 1, "a.b"),
		of(1, demand(0, 1, 1)), of(2, demand(1, 1, 1)), of(1, demand(2, 1, 1)), demand(3, 1, 1), of(2, demand(4, 1, 1)), of(2, driver(5)), driver(6), late)
	v := r.View(0)
	if got := slices.Collect(v.Drivers()); !slices.Equal(got, refs(5, 6)) {
		t.Fatalf("drivers: got %v", got)
	}
	for _, c := range []struct {
		queue uint32
		want  []scheduler.DemandRef
	}{{1, refs(0, 7, 2)}, {2, refs(1, 4)}, {1, nil}, {9, nil}, {0, refs(3)}} {
		if got := drain(v, c.queue); !slices.Equal(got, c.want) {
			t.Errorf("queue %d: got %v, want %v", c.queue, got, c.want)
		}
	}
	v = r.View(0)
	first, _ := v.NextOf(2)
	var rest []scheduler.DemandRef
	for d := range v.Asked() {
		if rest = append(rest, d); d == 0 {
			next, _ := v.NextOf(1)
			rest = append(rest, next)
		}
	}
	if first != 1 || !slices.Equal(rest, refs(5, 6, 0, 7, 2, 3, 4)) {
		t.Errorf("one of a.b, then all with one of a in between: got %d and %v", first, rest)
	}
	v = r.View(3)
	v.NextOf(2)
	if got := slices.Collect(v.Drivers()); !slices.Equal(got, refs(5, 6)) {
		t.Errorf("drivers of a bounded view: got %v", got)
	}
	if got := drain(v, 1); len(got) > 0 {
		t.Errorf("a view of 3 asked %v beyond them", got)
	}
	if got := drain(r.View(0), 1); !slices.Equal(got, refs(0, 7, 2)) {
		t.Errorf("a view that was left alone has a trace: got %v", got)
	}
}

// TestNextOfAndAskedAreTheSame asks the same replicas in both ways, with woken groups and changed demands in all queues.
func TestNextOfAndAskedAreTheSame(t *testing.T) {
	several := 0
	for seed := range uint64(80) {
		r := rand.New(rand.NewPCG(seed, 23))
		b := plainRules(seed, 2+r.IntN(20), 40)
		b.Delta()
		s := scheduler.NewState(scheduler.Config{})
		p := scheduler.NewPack(scheduler.DefaultOptions())
		for round := range 10 {
			u := b.Delta()
			if round == 0 {
				u = b.Full()
			}
			if err := s.Apply(u); err != nil {
				t.Fatal(err)
			}
			want := slices.Collect(s.View(0).Asked())
			v := s.View(0)
			got := slices.Collect(v.Drivers())
			for q := range v.Queues() {
				mine := drain(v, q.Ref)
				if len(mine) > 0 && len(mine) < len(want) {
					several++
				}
				got = append(got, mine...)
			}
			slices.SortStableFunc(got, func(x, y scheduler.DemandRef) int { return turn(&b.Demands[x], &b.Demands[y]) })
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d round %d: queue by queue %v, all together %v", seed, round, got, want)
			}
			b.Accept(planOf(t, s, p, b).Grants)
			b.Stir(r)
			unruled(b)
		}
	}
	if several < 100 {
		t.Errorf("only %d queues had a part of what was asked", several)
	}
}

// TestPositionsAreTrue counts who waits before whom in each queue of books that all demands are asked on.
func TestPositionsAreTrue(t *testing.T) {
	behind := 0
	for seed := range uint64(120) {
		r := rand.New(rand.NewPCG(seed, 24))
		b := plainRules(seed, 1+r.IntN(20), 40)
		s := scheduler.NewState(scheduler.Config{})
		if err := s.Apply(b.Full()); err != nil {
			t.Fatal(err)
		}
		plan := planOf(t, s, scheduler.NewSpread(scheduler.DefaultOptions()), b)
		for _, w := range plan.Waiting {
			if w.Until.Kind != scheduler.WakeNeedFits && w.Until.Kind != scheduler.WakeDriverSlot {
				continue
			}
			position, ahead := standing(b, plan.Grants, w.Demand)
			if w.Reason.Position != position || w.Reason.Ahead != ahead {
				t.Fatalf("seed %d: demand %d of queue %d is told %d behind %d, want %d behind %d",
					seed, w.Demand, b.Demands[w.Demand].Queue, w.Reason.Position, w.Reason.Ahead, position, ahead)
			}
			if position > 1 {
				behind++
			}
		}
	}
	if behind < 500 {
		t.Errorf("only %d stood behind another", behind)
	}
}

// standing counts a queue: who wants more than he has got by the turn of a demand comes before it.
func standing(b *schedulertest.Books, grants []scheduler.Grant, ref scheduler.DemandRef) (int, scheduler.DemandRef) {
	d := &b.Demands[ref]
	var before []*scheduler.DemandRow
	for i := range b.Demands {
		x := &b.Demands[i]
		if x.Gone || x.Queue != d.Queue || x.Blocked != deploy.ReasonNone || turn(x, d) >= 0 || x.Units == 0 || !x.Driver && int64(x.Cores) < atOnce(x) {
			continue
		}
		units, own, all := x.Units, false, x.Cores
		for _, g := range grants {
			y := &b.Demands[g.Demand]
			switch {
			case turn(y, x) > 0:
			case y == x:
				own, units, all = true, units-1, all-g.Cores
			case y.Share != 0 && y.Share == x.Share:
				all -= g.Cores
			}
		}
		served := own && (x.Units != deploy.NoLimit && units == 0 || !x.Driver && x.Cores != deploy.NoLimit && all < x.Need.Cores)
		if !served {
			before = append(before, x)
		}
	}
	if len(before) == 0 {
		return 1, scheduler.NoDemand
	}
	first := slices.MinFunc(before, turn)
	return 1 + len(before), first.Ref
}

// TestAheadOutlivesAFailedGroup lets the first be served for a while only.
func TestAheadOutlivesAFailedGroup(t *testing.T) {
	r := open(t, worker(0, 2, 512), demand(0, 2, 64), demand(1, 1, 64), demand(2, 1, 64))
	v := r.View(0)
	v.NextOf(0)
	v.Take(0, 0, 2, 5)
	v.NextOf(0)
	v.NextOf(0)
	if got, _ := v.Explain(2); got.Position != 2 || got.Ahead != 1 {
		t.Errorf("the first is served: got %d behind %d, want 2 behind 1", got.Position, got.Ahead)
	}
	v.Take(1, 0, 1, 5)
	if got, _ := v.Explain(2); got.Position != 3 || got.Ahead != 0 {
		t.Errorf("the first is not served after all: got %d behind %d, want 3 behind 0", got.Position, got.Ahead)
	}
}

// noon is when the books of tests begin.
func noon() time.Time { return time.Unix(1_800_000_000, 0) }

// late gives a wake whose time comes some seconds after the books begin.
func late(seconds int64) scheduler.Wake {
	return scheduler.Wake{Kind: scheduler.WakeNeedFits, At: noon().Add(time.Duration(seconds) * time.Second)}
}

func TestOverdue(t *testing.T) {
	full := worker(0, 8, 512)
	full.Free.Cores = 1
	barred := limited(1, 0, 1, 1)
	r := open(t, full, barred, demand(3, 4, 64), demand(0, 2, 64), of(1, demand(1, 2, 64)), driver(2), demand(4, 2, 64), worker(1, 1, 1))
	v := r.View(0)
	for d := range v.Asked() {
		until := late(10)
		switch d {
		case 0:
			until = late(20)
		case 2:
			v.Take(2, 0, 1, 0)
			continue
		case 4:
			until.At = time.Time{}
		default: // the others are late soon
		}
		v.Wait(d, scheduler.Reason{Code: deploy.ReasonInsufficientCores}, until)
	}
	want := func(what string, v scheduler.View, want ...scheduler.DemandRef) {
		t.Helper()
		if got := slices.Collect(v.Overdue()); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", what, got, want)
		}
	}
	want("their time has not come", v)
	v.Plan()
	full.Free.Cores = 0
	r.tell(full, scheduler.DemandRow{Ref: 2, Gone: true})
	if at, ok := r.NextAlarm(); !ok || !at.Equal(noon().Add(10*time.Second)) {
		t.Errorf("next alarm: got %v, %v, want in 10 s", at, ok)
	}
	r.after(t, 10)
	v = r.View(0)
	if asked := r.asked(v); len(asked) > 0 {
		t.Errorf("their time has come: asked %v, want nobody", asked)
	}
	want("the first's time has come, another's quota is used up", v, 3)
	if at, _ := r.NextAlarm(); !at.Equal(noon().Add(20 * time.Second)) {
		t.Errorf("next alarm: got %v, want in 20 s", at)
	}
	r.after(t, 25)
	v = r.View(0)
	want("both", v, 0, 3)
	v.Wait(4, scheduler.Reason{Code: deploy.ReasonHeld}, late(25))
	v.Wait(0, scheduler.Reason{Code: deploy.ReasonHeld}, late(26))
	want("the last word counts", v, 3, 4)
	v.Wait(3, scheduler.Reason{Code: deploy.ReasonHeld}, scheduler.Wake{Kind: scheduler.WakeChanged})
	want("it waits for something else", v, 4)
	if _, ok := r.NextAlarm(); ok {
		t.Error("nobody waits for a time any more")
	}
	changed := demand(3, 4, 128)
	roomy := worker(0, 8, 512)
	roomy.Free.Cores = 3
	r.tell(changed, easedTo(barred, 3), roomy)
	v = r.View(0)
	want("one has changed, another's quota has room", v, 0, 1)
	if !v.Reserve(1, at(1)) {
		t.Fatal("the reservation was refused")
	}
	want("a worker is kept for one", v, 0)
	v.Take(0, 0, 2, 0)
	want("one has got something", v)
}

// easedTo raises a quota.
func easedTo(q scheduler.QueueRow, n int64) scheduler.QueueRow {
	q.Quota = cores(n)
	return q
}

// after lets the time pass and nothing else.
func (r *replica) after(t *testing.T, seconds int64) {
	t.Helper()
	r.now = noon().Add(time.Duration(seconds) * time.Second)
	if err := r.Apply(&scheduler.Update{Epoch: 1, From: r.version, To: r.version, DriverSlots: r.slots, Now: r.now}); err != nil {
		t.Fatal(err)
	}
}

// TestOverdueIsTheSameAfresh compares who is overdue on a replica that let them wait before with one that does so in this very view.
func TestOverdueIsTheSameAfresh(t *testing.T) {
	some := 0
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 25))
		b := plainRules(seed, 1+r.IntN(15), 30)
		b.Delta()
		warm := scheduler.NewState(scheduler.Config{})
		for round := range 12 {
			u := b.Delta()
			if round == 0 {
				u = b.Full()
			}
			got, grants := overdue(t, warm, b, u)
			want, _ := overdue(t, scheduler.NewState(scheduler.Config{}), b, b.Full())
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d round %d: warm %v, fresh %v", seed, round, got, want)
			}
			some += min(1, len(got))
			b.Accept(grants)
			b.Stir(r)
			unruled(b)
		}
	}
	if some < 100 {
		t.Errorf("in %d rounds somebody was overdue: too few", some)
	}
}

// atOnce gives the cores that a demand wants at once.
func atOnce(d *scheduler.DemandRow) int64 {
	if d.Gang {
		return int64(d.Units) * int64(d.Need.Cores)
	}
	return int64(d.Need.Cores)
}

// overdue serves who fits and gives who has waited for more than a minute.
func overdue(t *testing.T, s *scheduler.State, b *schedulertest.Books, u *scheduler.Update) ([]scheduler.DemandRef, []scheduler.Grant) {
	t.Helper()
	if err := s.Apply(u); err != nil {
		t.Fatal(err)
	}
	v := s.View(0)
	for d := range v.Asked() {
		row := v.Demand(d)
		if !row.Gang {
			if w, ok := v.Next(d, scheduler.ByWorkerID, scheduler.NoWorker); ok {
				v.Take(d, w, row.Need.Cores, 0)
			}
		}
		reason, until := v.Explain(d)
		if until.Kind == scheduler.WakeNeedFits {
			until.At = row.Since.Add(time.Minute)
		}
		v.Wait(d, reason, until)
	}
	got := slices.Collect(v.Overdue())
	if !slices.IsSortedFunc(got, func(x, y scheduler.DemandRef) int { return turn(&b.Demands[x], &b.Demands[y]) }) {
		t.Fatalf("%v are not in order", got)
	}
	return got, v.Plan().Clone().Grants
}
