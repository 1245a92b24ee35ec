package schedulertest_test

import (
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
	"github.com/musterproject/muster/pkg/scheduler/schedulertest"
)

// mirror is what somebody knows who hears updates.
type mirror struct {
	workers map[scheduler.WorkerRef]scheduler.WorkerRow
	demands map[scheduler.DemandRef]scheduler.DemandRow
	queues  map[uint32]scheduler.QueueRow
	held    map[scheduler.HeldRow]int32
}

func newMirror() *mirror {
	return &mirror{
		map[scheduler.WorkerRef]scheduler.WorkerRow{}, map[scheduler.DemandRef]scheduler.DemandRow{},
		map[uint32]scheduler.QueueRow{}, map[scheduler.HeldRow]int32{},
	}
}

func (m *mirror) hear(u *scheduler.Update) {
	for _, w := range u.Workers {
		m.workers[w.Ref] = w
	}
	for _, d := range u.Demands {
		m.demands[d.Ref] = d
	}
	for _, q := range u.Queues {
		m.queues[q.Ref] = q
	}
	maps.DeleteFunc(m.workers, func(_ scheduler.WorkerRef, w scheduler.WorkerRow) bool { return w.Gone })
	maps.DeleteFunc(m.demands, func(_ scheduler.DemandRef, d scheduler.DemandRow) bool { return d.Gone })
	maps.DeleteFunc(m.queues, func(_ uint32, q scheduler.QueueRow) bool { return q.Gone })
	for _, h := range u.Held {
		m.held[scheduler.HeldRow{Share: h.Share, Worker: h.Worker}] = h.Executors
	}
	maps.DeleteFunc(m.held, func(_ scheduler.HeldRow, n int32) bool { return n == 0 })
}

// anything grants what fits on the first worker, without a look at the rules of placement, and reserves at random.
func anything(b *schedulertest.Books, r *rand.Rand) scheduler.Plan {
	p := scheduler.Plan{Grants: schedulertest.Peer{Spread: true, Order: scheduler.By(r.IntN(5))}.Place(b)}
	for _, d := range b.Demands {
		if r.IntN(20) == 0 {
			p.Reserve = append(p.Reserve, scheduler.Reservation{Demand: d.Ref, Worker: scheduler.WorkerRef(r.IntN(len(b.Workers)))})
		}
	}
	return p
}

// TestDeltasTellEverything compares what was heard of changes with the whole books, and counts what runs a second time.
func TestDeltasTellEverything(t *testing.T) {
	held, reserved, expired := 0, 0, 0
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 21))
		b := schedulertest.DrawRules(seed, 1+r.IntN(30), 1+r.IntN(30))
		heard := newMirror()
		for range 20 {
			heard.hear(b.Delta())
			whole := newMirror()
			full := b.Full()
			whole.hear(full)
			if !reflect.DeepEqual(heard, whole) {
				t.Fatalf("seed %d: heard\n%+v\nwhole books\n%+v", seed, heard, whole)
			}
			recount(t, b, full)
			held += len(full.Held)
			for _, w := range full.Workers {
				if w.Blocked == deploy.ReasonReserved {
					reserved++
				}
			}
			b.AcceptPlan(anything(b, r))
			before := slices.Clone(b.Demands)
			b.Stir(r)
			for i, d := range before {
				if b.Demands[i].Subject == d.Subject && b.Demands[i].Tries > d.Tries {
					expired++
				}
			}
		}
	}
	if held == 0 || reserved == 0 || expired == 0 {
		t.Fatalf("%d held rows, %d reserved workers, %d expired reservations: the books are too poor to prove anything", held, reserved, expired)
	}
}

// recount holds what is told of queues and rules against what runs.
func recount(t *testing.T, b *schedulertest.Books, u *scheduler.Update) {
	t.Helper()
	held, cores := map[scheduler.HeldRow]int32{}, map[uint32]int64{}
	for _, run := range b.Running {
		if run.Ruled {
			held[scheduler.HeldRow{Share: run.Share, Worker: run.Worker}]++
		}
		cores[run.Queue] += int64(run.Cores)
	}
	for _, h := range u.Held {
		if at := (scheduler.HeldRow{Share: h.Share, Worker: h.Worker}); held[at] != h.Executors {
			t.Fatalf("share %d holds %d executors on worker %d, told %d", h.Share, held[at], h.Worker, h.Executors)
		}
	}
	if len(held) != len(u.Held) {
		t.Fatalf("%d places are held, told %d", len(held), len(u.Held))
	}
	for _, q := range u.Queues {
		used := int64(0)
		for _, a := range q.Used {
			if a.Resource == deploy.ResourceCores {
				used = a.Amount
			}
		}
		if used != cores[q.Ref] {
			t.Fatalf("queue %q runs %d cores, told %d", q.Name, cores[q.Ref], used)
		}
	}
}

func TestSlotsAreUsedAgain(t *testing.T) {
	b := schedulertest.NewBooks()
	for range 5 {
		b.AddWorker(scheduler.WorkerRow{ID: "w"})
	}
	b.LoseWorker(3)
	b.LoseWorker(1)
	got := []scheduler.WorkerRef{b.AddWorker(scheduler.WorkerRow{ID: "a"}), b.AddWorker(scheduler.WorkerRow{ID: "b"}), b.AddWorker(scheduler.WorkerRow{ID: "c"})}
	if want := []scheduler.WorkerRef{1, 3, 5}; !slices.Equal(got, want) {
		t.Errorf("slots: got %v, want %v", got, want)
	}
}

func TestReservationsEnd(t *testing.T) {
	for _, c := range []struct {
		name  string
		end   func(*schedulertest.Books)
		kept  int
		tries int32
	}{
		{"nothing happens", func(b *schedulertest.Books) { b.Advance(9 * time.Minute) }, 2, 0},
		{"its time is up", func(b *schedulertest.Books) { b.Advance(10 * time.Minute) }, 0, 1},
		{"the second lasts twice as long", func(b *schedulertest.Books) {
			b.Advance(10 * time.Minute)
			b.Reserve([]scheduler.Reservation{{Demand: 0, Worker: 1}})
			b.Advance(19 * time.Minute)
		}, 1, 1},
		{"granted", func(b *schedulertest.Books) { b.Accept([]scheduler.Grant{{Demand: 0, Worker: 0, Cores: 1}}) }, 0, 0},
		{"held", func(b *schedulertest.Books) {
			d := b.Demands[0]
			d.Blocked = deploy.ReasonHeld
			b.SetDemand(d)
		}, 0, 0},
		{"a worker goes", func(b *schedulertest.Books) { b.LoseWorker(1) }, 0, 0},
		{"a worker falls ill", func(b *schedulertest.Books) {
			w := b.Workers[0]
			w.Blocked, w.For = deploy.ReasonWorkerUnhealthy, 0
			b.SetWorker(w)
		}, 0, 0},
		{"another one wants a kept worker", func(b *schedulertest.Books) {
			b.Reserve([]scheduler.Reservation{{Demand: 1, Worker: 2}, {Demand: 1, Worker: 0}})
		}, 2, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := schedulertest.NewBooks()
			for _, id := range []deploy.WorkerID{"a", "b", "c"} {
				b.AddWorker(scheduler.WorkerRow{ID: id, Free: deploy.Resources{Cores: 1}, Total: deploy.Resources{Cores: 1}})
			}
			for range 2 {
				b.AddDemand(scheduler.DemandRow{Units: 2, Cores: deploy.NoLimit, Need: scheduler.Need{Cores: 1}})
			}
			b.Reserve([]scheduler.Reservation{{Demand: 0, Worker: 0}, {Demand: 0, Worker: 1}})
			c.end(b)
			kept := 0
			for _, w := range b.Workers {
				if w.Blocked == deploy.ReasonReserved && w.For == 0 {
					kept++
				}
			}
			if kept != c.kept || b.Demands[0].Tries != c.tries {
				t.Errorf("%d workers kept, %d tries; want %d and %d", kept, b.Demands[0].Tries, c.kept, c.tries)
			}
		})
	}
}

func TestPartCutsNoGroup(t *testing.T) {
	grants := []scheduler.Grant{{Demand: 0, Group: 1}, {Demand: 1}, {Demand: 2, Group: 2}, {Demand: 0, Group: 1}, {Demand: 2, Group: 2}}
	if got := schedulertest.Part(grants, 4); !slices.Equal(got, []scheduler.Grant{grants[0], grants[1], grants[3]}) {
		t.Errorf("got %v, want group 2 left out", got)
	}
}
