package scheduler_test

import (
	"slices"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
	"github.com/musterproject/muster/pkg/scheduler/schedulertest"
)

// sites gives six workers of 4 cores, two to a host and three to a zone: w-0 and w-1 on h-0, ..., z-0 has the first three.
func sites(demands ...scheduler.DemandRow) *schedulertest.Books {
	b := schedulertest.NewBooks()
	for i := range 6 {
		r := deploy.Resources{Cores: 4, MemoryMiB: 4096}
		b.AddWorker(scheduler.WorkerRow{
			ID: deploy.WorkerID('a' + rune(i)), Host: string('0' + rune(i/2)), Free: r, Total: r,
			Labels: []deploy.Label{{Key: "odd", Value: []string{"no", "yes"}[i%2]}, {Key: "zone", Value: []string{"z-0", "z-1"}[i/3]}},
		})
	}
	for _, d := range demands {
		b.AddDemand(d)
	}
	return b
}

// TestPlacementVectors gives one demand its executors on six workers, in order of id: how many each gets, and why no more.
func TestPlacementVectors(t *testing.T) {
	odd := func(op deploy.Operator, values ...string) deploy.Requirement {
		return deploy.Requirement{Key: "odd", Operator: op, Values: values}
	}
	zone := deploy.Requirement{Key: "zone", Values: []string{"z-1"}}
	for _, c := range []struct {
		name         string
		units        int32
		place        func(d *scheduler.DemandRow)
		spread, pack [6]int32
		why          deploy.ReasonCode
	}{
		{"no words", 7, func(*scheduler.DemandRow) {}, [6]int32{2, 1, 1, 1, 1, 1}, [6]int32{4, 3}, deploy.ReasonNone},
		{"required", 9, func(d *scheduler.DemandRow) { d.Require = []deploy.Requirement{odd(deploy.OpIn, "yes"), zone} }, [6]int32{0, 0, 0, 4, 0, 4}, [6]int32{0, 0, 0, 4, 0, 4}, deploy.ReasonInsufficientCores},
		{"required, nowhere", 1, func(d *scheduler.DemandRow) { d.Require = []deploy.Requirement{odd(deploy.OpIn, "maybe")} }, [6]int32{}, [6]int32{}, deploy.ReasonFilteredLabel},
		{"required, too small there", 1, func(d *scheduler.DemandRow) { d.Require, d.Need.Cores = []deploy.Requirement{zone}, 5 }, [6]int32{}, [6]int32{}, deploy.ReasonInfeasible},
		{"preferred", 9, func(d *scheduler.DemandRow) { d.Prefer = []deploy.Preference{{Requirement: zone, Weight: 1}} }, [6]int32{0, 0, 0, 3, 3, 3}, [6]int32{0, 0, 0, 4, 4, 1}, deploy.ReasonNone},
		{"preferred until they are full", 14, func(d *scheduler.DemandRow) { d.Prefer = []deploy.Preference{{Requirement: zone, Weight: 1}} }, [6]int32{1, 1, 0, 4, 4, 4}, [6]int32{2, 0, 0, 4, 4, 4}, deploy.ReasonNone},
		{"two preferences", 10, func(d *scheduler.DemandRow) {
			d.Prefer = []deploy.Preference{{Requirement: zone, Weight: 1}, {Requirement: odd(deploy.OpIn, "no"), Weight: 5}}
		}, [6]int32{3, 0, 3, 0, 4, 0}, [6]int32{4, 0, 2, 0, 4, 0}, deploy.ReasonNone},
		{"two of one weight", 11, func(d *scheduler.DemandRow) {
			d.Prefer = []deploy.Preference{{Requirement: zone, Weight: 2}, {Requirement: odd(deploy.OpIn, "no"), Weight: 2}}
		}, [6]int32{2, 0, 2, 2, 4, 1}, [6]int32{4, 0, 3, 0, 4, 0}, deploy.ReasonNone},
		{"avoided before preferred", 9, func(d *scheduler.DemandRow) {
			d.Prefer, d.Avoid = []deploy.Preference{{Requirement: zone, Weight: 1}}, []scheduler.WorkerRef{3}
		}, [6]int32{1, 0, 0, 0, 4, 4}, [6]int32{1, 0, 0, 0, 4, 4}, deploy.ReasonNone},
		{"at most two per worker", 13, func(d *scheduler.DemandRow) { d.MaxPerWorker = 2 }, [6]int32{2, 2, 2, 2, 2, 2}, [6]int32{2, 2, 2, 2, 2, 2}, deploy.ReasonFilteredRule},
		{"apart by host", 5, func(d *scheduler.DemandRow) { d.Apart = deploy.ApartHost }, [6]int32{1, 0, 1, 0, 1, 0}, [6]int32{1, 0, 1, 0, 1, 0}, deploy.ReasonFilteredRule},
		{"apart by zone", 2, func(d *scheduler.DemandRow) { d.Apart = "zone" }, [6]int32{1, 0, 0, 1, 0, 0}, [6]int32{1, 0, 0, 1, 0, 0}, deploy.ReasonNone},
		{"apart by a label nobody has", 9, func(d *scheduler.DemandRow) { d.Apart = "rack" }, [6]int32{1, 1, 1, 1, 1, 1}, [6]int32{1, 1, 1, 1, 1, 1}, deploy.ReasonFilteredRule},
		{"apart, preferred and required", 3, func(d *scheduler.DemandRow) {
			d.Apart, d.Require, d.Prefer = "host", []deploy.Requirement{odd(deploy.OpExists)}, []deploy.Preference{{Requirement: odd(deploy.OpNotIn, "no"), Weight: 7}}
		}, [6]int32{0, 1, 0, 1, 0, 1}, [6]int32{0, 1, 0, 1, 0, 1}, deploy.ReasonNone},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := scheduler.DemandRow{Subject: "app", Units: c.units, Cores: deploy.NoLimit, Share: 1, Need: scheduler.Need{Cores: 1, MemoryMiB: 64}}
			c.place(&d)
			o := scheduler.Options{Order: scheduler.ByWorkerID}
			for i, p := range []scheduler.SchedulerPolicy{scheduler.NewSpread(o), scheduler.NewPack(o)} {
				want := [][6]int32{c.spread, c.pack}[i]
				b := sites(d)
				s := scheduler.NewState(scheduler.Config{})
				if err := s.Apply(b.Full()); err != nil {
					t.Fatal(err)
				}
				plan := planOf(t, s, p, b)
				var got [6]int32
				for _, g := range plan.Grants {
					got[g.Worker]++
				}
				why := deploy.ReasonNone
				if len(plan.Waiting) > 0 {
					why = plan.Waiting[0].Reason.Code
				}
				if got != want || why != c.why {
					t.Errorf("got %v and %s, want %v and %s", got, why, want, c.why)
				}
			}
		})
	}
}

// TestReservedComesFirst places on the worker kept for a demand before any better one, and nobody else there.
func TestReservedComesFirst(t *testing.T) {
	d := scheduler.DemandRow{Subject: "large", Units: 5, Cores: deploy.NoLimit, Need: scheduler.Need{Cores: 1}, Avoid: []scheduler.WorkerRef{4}}
	other := d
	other.Subject, other.Order, other.Units = "other", 1, deploy.NoLimit
	b := sites(d, other)
	w := b.Workers[4]
	w.Blocked, w.For = deploy.ReasonReserved, 0
	b.SetWorker(w)
	s := scheduler.NewState(scheduler.Config{})
	if err := s.Apply(b.Full()); err != nil {
		t.Fatal(err)
	}
	plan := planOf(t, s, scheduler.NewPack(scheduler.Options{Order: scheduler.ByWorkerID}), b)
	var got []scheduler.WorkerRef
	for _, g := range plan.Grants {
		if g.Demand == 0 {
			got = append(got, g.Worker)
		} else if g.Worker == 4 {
			t.Errorf("another one was placed on the worker that is kept: %+v", g)
		}
	}
	if !slices.Equal(got, []scheduler.WorkerRef{4, 4, 4, 4, 0}) {
		t.Errorf("got workers %v, want the one that is kept first", got)
	}
	if r := plan.Waiting[len(plan.Waiting)-1].Reason; !slices.ContainsFunc(r.Causes, func(c scheduler.Cause) bool { return c.Code == deploy.ReasonReserved && c.Workers == 1 }) {
		t.Errorf("got %+v, want one worker RESERVED", r)
	}
}
