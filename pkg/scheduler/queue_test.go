package scheduler_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
	"github.com/musterproject/muster/pkg/scheduler/schedulertest"
)

// queue gives a row without limits.
func queue(ref uint32, parent uint32, name string) scheduler.QueueRow {
	return scheduler.QueueRow{Ref: ref, Parent: parent, Name: name, Weight: 1}
}

// of puts a demand into a queue.
func of(queue uint32, d scheduler.DemandRow) scheduler.DemandRow {
	d.Queue = queue
	return d
}

// cores and the like give lists as rows have them.
func cores(n int64) []deploy.Quantity { return list(deploy.ResourceCores, n) }

func list(name string, n int64) []deploy.Quantity {
	return []deploy.Quantity{{Resource: name, Amount: n}}
}

func TestApplyRefusesFaultyQueues(t *testing.T) {
	weight := func(w float64) scheduler.QueueRow {
		q := queue(1, 0, "a")
		q.Weight = w
		return q
	}
	with := func(low, quota, used []deploy.Quantity) scheduler.QueueRow {
		q := queue(1, 0, "a")
		q.Min, q.Quota, q.Used = low, quota, used
		return q
	}
	unsorted := []deploy.Quantity{{Resource: "memory", Amount: 1}, {Resource: "cores", Amount: 1}}
	var deep []scheduler.QueueRow
	for i := range uint32(20) {
		deep = append(deep, queue(10+i, 9+i, "deep"))
	}
	deep[0].Parent = 0
	for _, c := range []struct {
		want    string // part of the error
		queues  []scheduler.QueueRow
		demands []scheduler.DemandRow
	}{
		{"slot beyond the limit of 64", []scheduler.QueueRow{queue(64, 0, "a")}, nil},
		{"queue 1 (a): named twice", []scheduler.QueueRow{queue(1, 0, "a"), queue(1, 0, "a")}, nil},
		{"queue 9 above it is not there", []scheduler.QueueRow{queue(1, 9, "a")}, nil},
		{"queue 5 above it is not there", []scheduler.QueueRow{{Ref: 5, Gone: true}}, nil},
		{"no root above it", []scheduler.QueueRow{queue(1, 2, "a"), queue(2, 1, "b")}, nil},
		{"no root above it", []scheduler.QueueRow{queue(5, 6, "up")}, nil},
		{"no root above it", deep, nil},
		{"the root is below queue 1", []scheduler.QueueRow{queue(0, 1, "")}, nil},
		{"weight 0", []scheduler.QueueRow{weight(0)}, nil},
		{"weight NaN", []scheduler.QueueRow{weight(math.NaN())}, nil},
		{"weight +Inf", []scheduler.QueueRow{weight(math.Inf(1))}, nil},
		{"minimum, cores of 1", []scheduler.QueueRow{with(unsorted, nil, nil)}, nil},
		{"quota, cores of -1", []scheduler.QueueRow{with(nil, cores(-1), nil)}, nil},
		{"used, cores of 9223372036854775807", []scheduler.QueueRow{with(nil, nil, cores(math.MaxInt64))}, nil},
		{"queue 1 is not there", nil, []scheduler.DemandRow{of(1, demand(1, 1, 1))}},
		{"1 demands still name it", []scheduler.QueueRow{{Ref: 6, Gone: true}}, nil},
		{"queue 6 is not there", []scheduler.QueueRow{{Ref: 6, Gone: true}}, []scheduler.DemandRow{of(6, demand(0, 2, 2))}},
	} {
		t.Run(c.want, func(t *testing.T) {
			s := scheduler.NewState(scheduler.Config{MaxQueues: 64})
			if err := s.Apply(&scheduler.Update{
				Full: true, Epoch: 1, To: 1, Queues: []scheduler.QueueRow{queue(5, 0, "up"), queue(6, 5, "up.down")},
				Demands: []scheduler.DemandRow{of(6, demand(0, 1, 1))},
			}); err != nil {
				t.Fatal(err)
			}
			sound := queue(7, 0, "sound")
			u := &scheduler.Update{Epoch: 1, From: 1, To: 2, Queues: append([]scheduler.QueueRow{sound}, c.queues...), Demands: c.demands}
			err := s.Apply(u)
			if !errors.Is(err, scheduler.ErrBadUpdate) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want ErrBadUpdate with %q", err, c.want)
			}
			if got := names(s.View(0)); !slices.Equal(got, []string{"", "up", "up.down"}) {
				t.Errorf("after the faulty update there are %q", got)
			}
		})
	}
}

func names(v scheduler.View) []string {
	var got []string
	for q := range v.Queues() {
		got = append(got, q.Name)
	}
	return got
}

// TestQueuesComeAndGo moves queues about while demands wait in them.
func TestQueuesComeAndGo(t *testing.T) {
	b := queue(2, 1, "a.b")
	b.Used = cores(3)
	r := open(t, worker(0, 8, 512), queue(1, 0, "a"), b, queue(3, 0, "0"), of(2, demand(0, 9, 9)))
	want := func(what string, all int64, queues ...string) {
		t.Helper()
		v := r.View(0)
		if got := names(v); !slices.Equal(got, queues) {
			t.Errorf("%s: got %q, want %q", what, got, queues)
		}
		if got := v.Usage(1, true)[0]; got != all {
			t.Errorf("%s: a has %d cores with all below, want %d", what, got, all)
		}
		if got := v.Usage(0, true)[0]; got != 3 {
			t.Errorf("%s: the root has %d cores, want 3", what, got)
		}
	}
	want("at first", 3, "", "0", "a", "a.b")
	b.Parent, b.Name = 3, "0.b"
	r.tell(b)
	want("b has moved", 0, "", "0", "a", "0.b")
	r.tell(scheduler.QueueRow{Ref: 1, Gone: true})
	want("a has gone", 0, "", "0", "0.b")
	other := queue(1, 0, "other")
	r.tell(other, of(1, demand(0, 9, 9)), scheduler.QueueRow{Ref: 0, Gone: true})
	want("another in its slot", 0, "", "0", "other", "0.b")
	if u, ok := r.View(0).Changes(3); !ok || len(u.Queues) != 1 || u.Queues[0].Name != "other" || len(u.Demands) != 1 {
		t.Errorf("changes since 3: got %+v, %v", u, ok)
	}
	if u, ok := r.View(0).Changes(0); ok || len(u.Queues) != 4 {
		t.Errorf("all rows: got %+v, %v", u, ok)
	}
}

func TestResourcesHaveNumbersByName(t *testing.T) {
	gpus := worker(0, 4, 512)
	gpus.Total.Custom = []deploy.Amount{{Name: "gpu", Count: 2}}
	q := queue(1, 0, "a")
	q.Quota, q.Used = []deploy.Quantity{{Resource: "fpga", Amount: 7}, {Resource: "gpu", Amount: 1}}, list("gpu", 1)
	r := open(t, gpus, worker(1, 4, 1<<60))
	v := r.tell(q).View(0)
	for _, c := range []struct {
		what      string
		got, want []int64
	}{
		{"capacity", v.Capacity(), []int64{8, 512 + 1<<42, 0, 2}}, // absurd memory counts as 4 EiB
		{"usage", v.Usage(0, true), []int64{0, 0, 0, 1}},
		{"usage of the root's own", v.Usage(0, false), []int64{0, 0, 0, 0}},
		{"usage of no queue", v.Usage(9, true), []int64{0, 0, 0, 0}},
		{"quota", v.Quantities(q.Quota), []int64{-1, -1, 7, 1}},
		{"nothing named", v.Quantities(nil), []int64{-1, -1, -1, -1}},
		{"unknown", v.Quantities([]deploy.Quantity{{Resource: "cores", Amount: 3}, {Resource: "tpu", Amount: 1}}), []int64{3, -1, -1, -1}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s: got %v, want %v", c.what, c.got, c.want)
		}
	}
	if got := r.tell(scheduler.WorkerRow{Ref: 0, Gone: true}).View(0).Capacity(); !slices.Equal(got, []int64{4, 1 << 42, 0, 0}) {
		t.Errorf("without its gpus the cluster has %v", got)
	}
}

// number gives a resource's place in the vectors of books that know gpu and fpga, or fewer.
func number(v scheduler.View, name string) int {
	return slices.Index(v.Quantities(list(name, 1)), 1)
}

// TestUsageIsTheSum recounts what all queues have after every take, and after takes are undone.
func TestUsageIsTheSum(t *testing.T) {
	taken := 0
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 21))
		b := plainRules(seed, 1+r.IntN(20), 1+r.IntN(30))
		b.Delta()
		s := scheduler.NewState(scheduler.Config{})
		if err := s.Apply(b.Full()); err != nil {
			t.Fatal(err)
		}
		for round := range 8 {
			v := s.View(0)
			sameUsage(t, b, v, nil)
			var grants []scheduler.Grant
			for range 30 {
				d, w := scheduler.DemandRef(r.IntN(len(b.Demands))), scheduler.WorkerRef(r.IntN(len(b.Workers)))
				group := r.Uint32N(3)
				ok := v.Take(d, w, b.Demands[d].Need.Cores, group)
				if grants = v.Plan().Grants; ok {
					taken++
				}
				sameUsage(t, b, v, grants)
			}
			if round%2 == 0 {
				b.Accept(grants)
			}
			b.Stir(r)
			unruled(b)
			if err := s.Apply(b.Delta()); err != nil {
				t.Fatalf("seed %d round %d: %v", seed, round, err)
			}
		}
	}
	if taken < 1000 {
		t.Fatalf("only %d takes", taken)
	}
}

// sameUsage adds up rows and grants, queue by queue.
func sameUsage(t *testing.T, b *schedulertest.Books, v scheduler.View, grants []scheduler.Grant) {
	t.Helper()
	for q := range v.Queues() {
		for _, below := range []bool{false, true} {
			want := usageOf(b, v, grants, func(ref uint32) bool { return ref == q.Ref || below && isBelow(b, ref, q.Ref) })
			if got := v.Usage(q.Ref, below); !slices.Equal(got, want) {
				t.Fatalf("queue %d, below %v: has %v, want %v", q.Ref, below, got, want)
			}
		}
	}
}

func usageOf(b *schedulertest.Books, v scheduler.View, grants []scheduler.Grant, in func(uint32) bool) []int64 {
	sum := make([]int64, len(v.Capacity()))
	for _, q := range b.Queues {
		if !q.Gone && in(q.Ref) {
			for _, a := range q.Used {
				sum[number(v, a.Resource)] += a.Amount
			}
		}
	}
	for _, g := range grants {
		if d := &b.Demands[g.Demand]; in(d.Queue) {
			sum[0] += int64(g.Cores)
			sum[1] += d.Need.MemoryMiB
			for _, a := range d.Need.Custom {
				sum[number(v, a.Name)] += int64(a.Count)
			}
		}
	}
	return sum
}

func isBelow(b *schedulertest.Books, ref, above uint32) bool {
	for ref != above && ref != 0 {
		ref = b.Queues[ref].Parent
	}
	return ref == above
}

// plainRules draws books with queues, times and gangs, without selectors and rules on where executors may be.
func plainRules(seed uint64, workers, demands int) *schedulertest.Books {
	b := schedulertest.DrawRules(seed, workers, demands)
	unruled(b)
	return b
}

func unruled(b *schedulertest.Books) {
	for _, d := range b.Demands {
		if d.Apart != "" || d.MaxPerWorker > 0 || len(d.Require)+len(d.Prefer) > 0 {
			d.Apart, d.MaxPerWorker, d.Require, d.Prefer = "", 0, nil, nil
			b.SetDemand(d)
		}
	}
}
