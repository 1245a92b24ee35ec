package scheduler_test

import (
	"slices"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// occupy lets so many cores of each worker run something for good.
func (x *stage) occupy(cores ...int32) {
	for i, n := range cores {
		d := x.books.AddDemand(scheduler.DemandRow{Subject: "app-busy", Units: 1, Cores: deploy.NoLimit, Need: scheduler.Need{Cores: n}})
		x.books.Accept([]scheduler.Grant{{Demand: d, Worker: scheduler.WorkerRef(i), Cores: n}})
		x.books.SetDemand(scheduler.DemandRow{Ref: d, Gone: true})
	}
}

func keptIn(p scheduler.Plan) (list []scheduler.WorkerRef) {
	for _, r := range p.Reserve {
		list = append(list, r.Worker)
	}
	return list
}

func reserving(most int) scheduler.Options {
	o := scheduler.DefaultOptions()
	o.Reserve = scheduler.ReserveOptions{After: time.Minute, Max: most}
	return o
}

func single(cores int32) scheduler.DemandRow {
	return scheduler.DemandRow{Subject: "app", Units: 1, Cores: deploy.NoLimit, Need: scheduler.Need{Cores: cores}}
}

// TestReservations goes through the life of one: not before the time, on the worker that misses least, for nobody else, until it is served.
func TestReservations(t *testing.T) {
	eachPolicy(t, reserving(2), func(t *testing.T, p scheduler.SchedulerPolicy) {
		x := newStage(t, p)
		for _, host := range []string{"a", "b", "c"} {
			x.worker(host, 8)
		}
		x.occupy(4, 3, 5)
		d := x.books.AddDemand(single(8))
		plan, said := x.place(d)
		if want := x.books.Now.Add(time.Minute); len(plan.Reserve) > 0 || !said.Until.At.Equal(want) {
			t.Fatalf("at once: got %+v, want no reservation before %s", plan, want)
		}
		x.books.Advance(time.Minute)
		if plan, _ = x.place(d); !slices.Equal(keptIn(plan), []scheduler.WorkerRef{1}) {
			t.Fatalf("after a minute: got %+v, want the worker with most free kept", plan)
		}
		x.books.AcceptPlan(plan)
		small := x.books.AddDemand(single(5))
		plan, said = x.place(small)
		if len(plan.Grants)+len(plan.Reserve) > 0 || !slices.ContainsFunc(said.Reason.Causes, func(c scheduler.Cause) bool { return c.Code == deploy.ReasonReserved && c.Workers == 1 }) {
			t.Fatalf("one that would fit there: got %+v, want it to wait for RESERVED", plan)
		}
		x.books.Finish(1)
		if plan, _ = x.place(d); len(plan.Grants) != 1 || plan.Grants[0].Demand != d || plan.Grants[0].Worker != 1 {
			t.Fatalf("the kept worker is empty: got %+v, want the large one there", plan)
		}
	})
}

// TestReservationsGoOn lets one run out: the next keeps another worker, and those with fewer tries come first.
func TestReservationsGoOn(t *testing.T) {
	eachPolicy(t, reserving(1), func(t *testing.T, p scheduler.SchedulerPolicy) {
		x := newStage(t, p)
		for _, host := range []string{"a", "b", "c"} {
			x.worker(host, 8)
		}
		x.occupy(4, 3, 5)
		d, e := x.books.AddDemand(single(8)), x.books.AddDemand(single(7))
		x.place(d)
		x.books.Advance(time.Minute)
		for i, want := range []scheduler.Reservation{{Demand: d, Worker: 1}, {Demand: e, Worker: 1}, {Demand: d, Worker: 0}, {Demand: e, Worker: 0}, {Demand: d, Worker: 2}} {
			plan, _ := x.place(d)
			if !slices.Equal(plan.Reserve, []scheduler.Reservation{want}) {
				t.Fatalf("reservation %d: got %+v, want %+v", i, plan.Reserve, want)
			}
			x.books.AcceptPlan(plan)
			if plan, _ = x.place(d); len(plan.Reserve) > 0 {
				t.Fatalf("one holds reservations: got %+v, want no more", plan.Reserve)
			}
			x.books.Advance(x.books.ReserveFor << 4)
		}
	})
}

// TestReservationsOfGangs keeps as few workers as hold all units even if nothing else runs there, and none if all are not enough.
func TestReservationsOfGangs(t *testing.T) {
	for _, c := range []struct {
		name string
		d    scheduler.DemandRow
		want []scheduler.WorkerRef
	}{
		{"two workers", gang(5, 2), []scheduler.WorkerRef{1, 0}},
		{"as many as hosts", func() scheduler.DemandRow { d := gang(2, 5); d.Apart, d.Share = deploy.ApartHost, 1; return d }(), []scheduler.WorkerRef{1, 2}},
		{"too many", gang(13, 2), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachPolicy(t, reserving(1), func(t *testing.T, p scheduler.SchedulerPolicy) {
				x := newStage(t, p)
				for _, host := range []string{"a", "a", "c"} {
					x.worker(host, 8)
				}
				x.occupy(6, 5, 7)
				d := x.books.AddDemand(c.d)
				x.books.Advance(time.Minute)
				if plan, _ := x.place(d); !slices.Equal(keptIn(plan), c.want) {
					t.Fatalf("got %+v, want %v kept", plan, c.want)
				}
			})
		})
	}
}

// TestNoReservationHelpsAgainstLimits: whoever waits for cores of its application or for a quota is not served by an empty worker.
func TestNoReservationHelpsAgainstLimits(t *testing.T) {
	eachPolicy(t, reserving(1), func(t *testing.T, p scheduler.SchedulerPolicy) {
		x := newStage(t, p)
		x.worker("a", 8)
		x.occupy(4)
		limited, barred := single(6), single(6)
		limited.Cores = 5
		barred.Queue = x.books.AddQueue(scheduler.QueueRow{Name: "q", Weight: 1, Quota: quantities("cores", 5)})
		d := x.books.AddDemand(limited)
		x.books.AddDemand(barred)
		x.books.Advance(time.Hour)
		if plan, _ := x.place(d); len(plan.Reserve) > 0 || len(plan.Waiting) != 2 {
			t.Fatalf("got %+v, want no reservation", plan)
		}
	})
}
