package schedulertest_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
	"github.com/musterproject/muster/pkg/scheduler/schedulertest"
)

func pack() scheduler.SchedulerPolicy {
	return scheduler.NewPack(scheduler.Options{Order: scheduler.ByWorkerID})
}

// hosts gives a trace with so many workers of 4 cores and 4 GiB.
func hosts(n int, apps ...schedulertest.App) schedulertest.Trace {
	machine := schedulertest.Machine{Count: n, Capacity: deploy.Resources{Cores: 4, MemoryMiB: 4096}}
	return schedulertest.Trace{Name: "by hand", Machines: []schedulertest.Machine{machine}, Apps: apps}
}

// batch gives an application whose executors of 2 cores run for ten minutes.
func batch(name string, at time.Duration, queue string, units int32) schedulertest.App {
	return schedulertest.App{
		Name: name, At: at, Place: deploy.Placement{Queue: queue}, Units: units, Run: 10 * time.Minute,
		Need: scheduler.Need{Cores: 2, MemoryMiB: 512},
	}
}

func simulate(t *testing.T, trace schedulertest.Trace) schedulertest.Report {
	t.Helper()
	r, err := schedulertest.Simulate(t.Context(), pack(), trace)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func near(got, want float64) bool { return math.Abs(got-want) < 1e-9 }

// TestSimulateByHand replays traces whose course is plain.
func TestSimulateByHand(t *testing.T) {
	const m = time.Minute
	elastic := func(units int32, work time.Duration) schedulertest.App {
		return schedulertest.App{Name: "elastic", Units: units, Work: work, Need: scheduler.Need{Cores: 1, MemoryMiB: 128}}
	}
	growing := elastic(deploy.NoLimit, time.Hour)
	growing.Grow = true
	bounded := elastic(deploy.NoLimit, time.Hour)
	bounded.MaxCores = 2
	low, high := batch("low", 0, "", 2), batch("high", m, "", 2)
	high.Place.Priority = 1
	outage := func(trace schedulertest.Trace, o ...schedulertest.Outage) schedulertest.Trace {
		trace.Outages = o
		return trace
	}
	for _, c := range []struct {
		name            string
		trace           schedulertest.Trace
		span            time.Duration
		p50, longest    time.Duration
		cores, whenBusy float64
		starved, never  int
	}{
		{"nothing", hosts(1), 0, 0, 0, 0, 0, 0, 0},
		{"one behind the other", hosts(1, batch("a", 0, "", 2), batch("b", 0, "", 2)), 20 * m, 0, 10 * m, 1, 1, 0, 0},
		{"two waves of one", hosts(1, batch("a", 0, "", 3)), 20 * m, 0, 0, 0.75, 1, 0, 0},
		{"side by side", hosts(2, batch("a", 0, "", 2), batch("b", 5*m, "", 2)), 15 * m, 0, 0, 2.0 / 3, 0, 0, 0},
		{"priority", hosts(1, batch("first", 0, "", 2), low, high), 30 * m, 9 * m, 20 * m, 1, 1, 0, 0},
		{"work on all cores", hosts(1, growing), 15 * m, 0, 0, 1, 1, 0, 0},
		{"work on two cores", hosts(1, bounded), 30 * m, 0, 0, 0.5, 0, 0, 0},
		{"work on three executors", hosts(1, elastic(3, time.Hour)), 20 * m, 0, 0, 0.75, 0, 0, 0},
		{ // half the work with 8 cores, the rest with 4
			"work on what is left", outage(hosts(2, elastic(8, 2*time.Hour)), schedulertest.Outage{Worker: 1, At: 7*m + 30*time.Second}),
			22*m + 30*time.Second, 0, 0, 1, 1, 0, 0,
		},
		{ // lost after 5 minutes, again from the start after 8
			"again after an outage", outage(hosts(1, batch("a", 0, "", 2)), schedulertest.Outage{At: 5 * m, For: 3 * m}),
			18 * m, 0, 0, 15.0 / 18, 0, 0, 0,
		},
		{"an outage for good", outage(hosts(1, batch("a", 0, "", 2)), schedulertest.Outage{At: 5 * m}), 5 * m, 0, 0, 1, 0, 0, 0},
		{"too large for any", hosts(1, batch("a", 0, "", 2), func() schedulertest.App {
			a := batch("b", 0, "", 1)
			a.Need.Cores = 5
			return a
		}()), 10 * m, 0, 0, 1, 0, 0, 1},
		{"starved", hosts(1, batch("a", 0, "", 12), batch("b", 0, "", 1)), 70 * m, 0, 60 * m, 6.5 / 7, 1, 1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := simulate(t, c.trace)
			all, cores := r.Waits[0], r.Resources[0]
			if r.Span != c.span || all.P50 != c.p50 || all.Max != c.longest || len(r.Starved) != c.starved || len(r.Never) != c.never {
				t.Errorf("span %s, p50 %s, longest wait %s, %d starved, %d never; want %s, %s, %s, %d, %d",
					r.Span, all.P50, all.Max, len(r.Starved), len(r.Never), c.span, c.p50, c.longest, c.starved, c.never)
			}
			if !near(cores.Mean, c.cores) || !near(cores.Busy, c.whenBusy) {
				t.Errorf("cores %v, while busy %v; want %v, %v", cores.Mean, cores.Busy, c.cores, c.whenBusy)
			}
		})
	}
}

// TestFairnessByHand gives one queue everything while another wants more: 4 of 4 cores, of which 3 are due to the other, or as much as it wants.
func TestFairnessByHand(t *testing.T) {
	for _, c := range []struct {
		name    string
		queues  []deploy.Queue
		second  schedulertest.App
		missing float64
		jain    float64
	}{
		{"half each", nil, batch("b", 0, "two", 9), 0.5, 0.5},
		{"by weight", []deploy.Queue{{Name: "one", Weight: 1}, {Name: "two", Weight: 3}}, batch("b", 0, "two", 9), 0.75, 0.5},
		{"no more than it wants", []deploy.Queue{{Name: "one", Weight: 1}, {Name: "two", Weight: 9}}, batch("b", 0, "two", 1), 0.5, 0.5},
		{"below another", []deploy.Queue{{Name: "one", Weight: 1}, {Name: "two", Weight: 3}}, batch("b", 0, "two.x.y", 9), 0.75, 0.5},
		{"in one queue there is nothing to share", nil, batch("b", 0, "one", 9), 0, 1},
		{"what a quota bars is not due", []deploy.Queue{{Name: "two", Weight: 1, Quota: []deploy.Quantity{{Resource: deploy.ResourceCores, Amount: 1}}}}, batch("b", 0, "two", 9), 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			trace := hosts(1, batch("a", 0, "one", 2), c.second)
			trace.Queues = c.queues
			r := simulate(t, trace)
			if x := r.Samples[0]; !near(x.Unfair, c.missing) || !near(x.Jain, c.jain) {
				t.Errorf("%.3f missed, Jain's index %.3f; want %.3f and %.3f", x.Unfair, x.Jain, c.missing, c.jain)
			}
		})
	}
}

// TestFragmentsByHand leaves 3 of 8 cores free, on two workers, and asks for 2 at once, or for more.
func TestFragmentsByHand(t *testing.T) {
	hold := func(cores int32) schedulertest.App {
		a := batch("hold", 0, "", 1)
		a.Need.Cores = cores
		return a
	}
	for _, c := range []struct {
		name    string
		cores   int32
		useless float64
	}{{"fits", 2, 0}, {"would fit if it were one piece", 3, 3.0 / 8}} {
		want := hold(c.cores)
		trace := hosts(2, hold(2), hold(3), want)
		r := simulate(t, trace)
		if got := r.Samples[0].Fragmented; !near(got, c.useless) {
			t.Errorf("%s: %v of the cores are of no use, want %v", c.name, got, c.useless)
		}
	}
}

func TestSimulateRefusesWhatMakesNoSense(t *testing.T) {
	bad := func(change func(*schedulertest.App)) schedulertest.Trace {
		a := batch("a", 0, "", 1)
		change(&a)
		return hosts(1, a)
	}
	for fault, trace := range map[string]schedulertest.Trace{
		"so that it ends":    bad(func(a *schedulertest.App) { a.Run = 0 }),
		"one of them":        bad(func(a *schedulertest.App) { a.Work = 1 }),
		"at least one core":  bad(func(a *schedulertest.App) { a.Need.Cores = 0 }),
		"0 or later":         bad(func(a *schedulertest.App) { a.At = -1 }),
		"without bound only": bad(func(a *schedulertest.App) { a.Units = deploy.NoLimit }),
		"no gang":            bad(func(a *schedulertest.App) { a.Grow, a.Gang, a.Need.Cores = true, true, 1 }),
		"max cores":          bad(func(a *schedulertest.App) { a.MaxCores = -1 }),
		"priority":           bad(func(a *schedulertest.App) { a.Place.Priority = 1000 }),
		"machine 0":          hosts(0),
		"weight":             {Queues: []deploy.Queue{{Name: "q"}}},
		"a worker below 0":   {Outages: []schedulertest.Outage{{}}},
	} {
		if _, err := schedulertest.Simulate(t.Context(), pack(), trace); err == nil || !strings.Contains(err.Error(), fault) {
			t.Errorf("got %v, want an error with %q", err, fault)
		}
	}
}

// greedy grants the first worker to all, whatever it has.
type greedy struct{}

func (greedy) Place(_ context.Context, v scheduler.View) (scheduler.Plan, error) {
	epoch, version := v.Version()
	p := scheduler.Plan{Epoch: epoch, Version: version}
	for d := range v.Asked() {
		p.Grants = append(p.Grants, scheduler.Grant{Demand: d, Cores: v.Demand(d).Need.Cores})
	}
	return p, nil
}

func TestSimulateChecksPlans(t *testing.T) {
	_, err := schedulertest.Simulate(t.Context(), greedy{}, hosts(1, batch("a", 0, "", 1), batch("b", 0, "", 1), batch("c", 0, "", 1)))
	if err == nil || !strings.Contains(err.Error(), "breaks the contract") {
		t.Errorf("got %v, want the broken contract named", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = schedulertest.Simulate(ctx, pack(), schedulertest.ManySmall(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
}

func traces() []schedulertest.Trace {
	return []schedulertest.Trace{schedulertest.ManySmall(1), schedulertest.FewLarge(1), schedulertest.MixedGangs(1)}
}

func TestSimulateIsDeterministic(t *testing.T) {
	for _, trace := range traces()[1:] { // the first is large
		first, second := simulate(t, trace), simulate(t, trace)
		if !reflect.DeepEqual(first, second) || !bytes.Equal(first.SVG(), second.SVG()) {
			t.Errorf("%s: two runs differ:\n%s\n%s", trace.Name, first, second)
		}
	}
	if a, b := simulate(t, schedulertest.FewLarge(1)), simulate(t, schedulertest.FewLarge(2)); a.Span == b.Span {
		t.Errorf("two seeds: both end after %s", a.Span)
	}
}

// TestPicturesAreWellFormed reads pictures as XML, of a report with nothing in it too.
func TestPicturesAreWellFormed(t *testing.T) {
	some := simulate(t, hosts(1, batch("a", 0, "", 3)))
	some.Policy = `<"a&b">`
	for _, reports := range [][]schedulertest.Report{nil, {{}}, {some}, {some, simulate(t, schedulertest.FewLarge(1)), some, some}} {
		picture := schedulertest.Picture(reports...)
		d := xml.NewDecoder(bytes.NewReader(picture))
		for {
			_, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%v in\n%s", err, picture)
			}
		}
		if s := string(picture); strings.Contains(s, "NaN") || strings.Contains(s, "Inf") {
			t.Errorf("no number in\n%s", picture)
		}
	}
}

func ExampleSimulate() {
	trace := schedulertest.Trace{
		Name:     "one large among small ones",
		Machines: []schedulertest.Machine{{Count: 2, Capacity: deploy.Resources{Cores: 8, MemoryMiB: 16384}}},
		Apps: []schedulertest.App{
			{Name: "small", Units: 4, Need: scheduler.Need{Cores: 2, MemoryMiB: 1024}, Run: 10 * time.Minute},
			{Name: "large", At: time.Minute, Units: 1, Need: scheduler.Need{Cores: 8, MemoryMiB: 8192}, Run: 5 * time.Minute},
		},
	}
	for _, policy := range []scheduler.SchedulerPolicy{scheduler.NewSpread(scheduler.DefaultOptions()), scheduler.NewPack(scheduler.DefaultOptions())} {
		report, err := schedulertest.Simulate(context.Background(), policy, trace)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(report.Policy, "lets the large one wait for", report.Waits[0].Max)
	}
	// Output:
	// spread lets the large one wait for 9m0s
	// pack lets the large one wait for 0s
}

func BenchmarkSimulate(b *testing.B) {
	for _, trace := range traces() {
		b.Run(strings.ReplaceAll(trace.Name, " ", "-"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := schedulertest.Simulate(b.Context(), pack(), trace); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
