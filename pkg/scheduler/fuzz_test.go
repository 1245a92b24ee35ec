package scheduler_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
	"github.com/musterproject/muster/pkg/scheduler/schedulertest"
)

// reader turns bytes into small numbers, and into absurd ones now and then.
type reader struct{ data []byte }

func (r *reader) next() byte {
	if len(r.data) == 0 {
		return 0
	}
	b := r.data[0]
	r.data = r.data[1:]
	return b
}

func (r *reader) number() int64 {
	b := r.next()
	if b < 0xf0 || len(r.data) < 8 {
		return int64(b % 24)
	}
	n := int64(binary.LittleEndian.Uint64(r.data))
	r.data = r.data[8:]
	return n
}

func (r *reader) custom() []deploy.Amount {
	switch r.next() % 8 {
	case 0:
		return []deploy.Amount{{Name: "gpu", Count: int32(r.number())}}
	case 1:
		return []deploy.Amount{{Name: "fpga", Count: int32(r.next())}, {Name: "gpu", Count: int32(r.next())}}
	}
	return nil
}

func (r *reader) resources() deploy.Resources {
	return deploy.Resources{Cores: int32(r.number()), MemoryMiB: r.number(), Custom: r.custom()}
}

func (r *reader) labels() []deploy.Label {
	switch r.next() % 8 {
	case 0, 1:
		return []deploy.Label{{Key: "disk", Value: "ssd"}, {Key: "zone", Value: string('x' + rune(r.next()%2))}}
	case 2, 3:
		return []deploy.Label{{Key: "zone", Value: "x"}}
	case 4:
		return []deploy.Label{{Key: "zone", Value: "x"}, {Key: "disk", Value: "ssd"}} // not sorted
	}
	return nil
}

func (r *reader) requirement() deploy.Requirement {
	q := deploy.Requirement{Key: []string{"zone", "disk"}[r.next()%2], Operator: deploy.Operator(r.next() % 64 / 20)}
	if q.Operator < deploy.OpExists {
		q.Values = []string{"ssd", "x"}[:1+r.next()%2]
	}
	return q
}

func (r *reader) placement(row *scheduler.DemandRow) {
	for range max(1, r.next()%6) - 1 {
		row.Require = append(row.Require, r.requirement())
	}
	for range max(1, r.next()%6) - 1 {
		row.Prefer = append(row.Prefer, deploy.Preference{Requirement: r.requirement(), Weight: 1 + int32(r.number()%4)})
	}
	if r.next()%4 == 0 && !row.Driver {
		row.Apart, row.MaxPerWorker = []string{"", "host", "zone"}[r.next()%3], int32(r.next()%3)
	}
}

func (r *reader) update(b *schedulertest.Books) *scheduler.Update {
	u := &scheduler.Update{Epoch: b.Epoch, From: b.Version, To: b.Version + 1, DriverSlots: int32(r.next() % 4), Now: b.Now.Add(time.Duration(r.next()) * time.Second)}
	kind := r.next()
	u.Full = kind%16 == 0
	if kind%16 == 1 {
		u.From++
	}
	for range r.next() % 5 {
		row := scheduler.WorkerRow{Ref: scheduler.WorkerRef(r.next() % 6), Gone: r.next()%5 == 0, Total: r.resources()}
		row.ID = deploy.WorkerID(fmt.Sprintf("w-%d", r.next()%9))
		row.Free = row.Total
		if r.next()%2 == 0 {
			row.Free.Cores /= 2
			row.Free.MemoryMiB /= 2
		}
		switch r.next() % 24 {
		case 0:
			row.Blocked = deploy.ReasonWorkerDraining
		case 1:
			row.Blocked, row.For = deploy.ReasonReserved, scheduler.DemandRef(r.number())
		}
		row.Host, row.Labels = string('a'+rune(r.next()%3)), r.labels()
		u.Workers = append(u.Workers, row)
	}
	for range r.next() % 5 {
		row := scheduler.DemandRow{Ref: scheduler.DemandRef(r.next() % 10), Gone: r.next()%5 == 0, Driver: r.next()%4 == 0, Order: uint64(r.number())}
		row.Need = scheduler.Need{Cores: int32(r.number()), MemoryMiB: r.number(), Custom: r.custom()}
		row.Units, row.Cores, row.Share, row.Profile = int32(r.number()%100), int32(r.number()), uint32(r.next()%3), int32(r.next()%3)
		if row.Share != 0 {
			row.Cores = int32(row.Share) * 5 // all of a share say the same
		}
		row.Grow = row.Need.Cores == 1 && r.next()%2 == 0 && !row.Driver
		row.Avoid = append(row.Avoid, scheduler.WorkerRef(r.number()))
		row.Blocked = deploy.ReasonCode(max(0, int(r.next())-240))
		row.Queue, row.Gang = uint32(max(0, int(r.next()%8)-4)), r.next()%8 == 0
		r.placement(&row)
		u.Demands = append(u.Demands, row)
	}
	for range r.next() % 4 {
		u.Queues = append(u.Queues, r.queue())
	}
	for range r.next() % 4 {
		u.Held = append(u.Held, scheduler.HeldRow{Share: uint32(r.next() % 3), Worker: scheduler.WorkerRef(r.next() % 6), Executors: int32(r.number() % 3)})
	}
	return u
}

// queue gives a row of one of four queues; that its parent is there and is not below it is a matter of luck.
func (r *reader) queue() scheduler.QueueRow {
	row := scheduler.QueueRow{Ref: uint32(r.next() % 4), Parent: uint32(max(0, int(r.next()%8)-4)), Gone: r.next()%6 == 0, Weight: 1}
	row.Name = fmt.Sprintf("q%d", r.next()%4)
	if row.Ref == 0 {
		row.Parent = 0
	}
	for _, x := range []struct {
		to   *[]deploy.Quantity
		bits byte
	}{{&row.Quota, r.next()}, {&row.Used, r.next()}, {&row.Min, r.next()}} {
		for i, name := range []string{"cores", "fpga", "gpu", "memory"} {
			if x.bits>>i&5 == 1 {
				*x.to = append(*x.to, deploy.Quantity{Resource: name, Amount: r.number()})
			}
		}
	}
	return row
}

// follow keeps books beside the replica, as the contract says updates mean.
func follow(b *schedulertest.Books, u *scheduler.Update) {
	if u.Full {
		epoch, now := b.Epoch, b.Now
		*b = *schedulertest.NewBooks()
		b.Epoch, b.Now = epoch, now
	}
	for _, row := range u.Workers {
		for _, h := range b.Full().Held {
			if h.Worker == row.Ref && (row.Gone || row.ID != b.Workers[row.Ref].ID) {
				h.Executors = 0
				b.SetHeld(h)
			}
		}
		b.SetWorker(row)
	}
	for _, row := range u.Held {
		b.SetHeld(row)
	}
	for _, row := range u.Demands {
		b.SetDemand(row)
	}
	for _, row := range u.Queues {
		b.SetQueue(row)
		b.SetUsed(row.Ref, row.Used)
	}
	b.Version, b.DriverSlots = u.To, u.DriverSlots
}

// FuzzState feeds a replica with any updates: it must refuse what is faulty without changing, and otherwise plan as a new replica does that
// is told the whole books, within the books.
func FuzzState(f *testing.F) {
	for seed := range 20 {
		data := make([]byte, 200+seed*20)
		for i := range data {
			data[i] = byte(i*(7+seed) + i*i*seed)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := &reader{data}
		s := scheduler.NewState(scheduler.Config{MaxWorkers: 8, MaxDemands: 16, MaxQueues: 8, History: 16})
		policies := []scheduler.SchedulerPolicy{
			scheduler.NewSpread(scheduler.Options{Order: scheduler.By(r.next() % 5), SpreadDrivers: true}),
			scheduler.NewPack(scheduler.Options{Order: scheduler.By(r.next() % 5)}),
			scheduler.NewFair(scheduler.FairOptions()),
		}
		p := policies[r.next()%3]
		b := schedulertest.NewBooks()
		if err := s.Apply(b.Full()); err != nil {
			t.Fatal(err)
		}
		for len(r.data) > 0 {
			u := r.update(b)
			err := s.Apply(u)
			if err == nil {
				follow(b, u)
			} else if !errors.Is(err, scheduler.ErrBadUpdate) && !errors.Is(err, scheduler.ErrGap) {
				t.Fatal(err)
			}
			warm := planOf(t, s, p, b)
			fresh := scheduler.NewState(scheduler.Config{})
			full := b.Full()
			full.Seed = u.Seed
			if err := fresh.Apply(full); err != nil {
				t.Fatalf("the books that were taken over are refused: %v", err)
			}
			if got, want := fmt.Sprint(warm.Grants), fmt.Sprint(planOf(t, fresh, p, b).Grants); got != want {
				t.Fatalf("warm %s\nfresh %s", got, want)
			}
		}
	})
}

func planOf(t *testing.T, s *scheduler.State, p scheduler.SchedulerPolicy, b *schedulertest.Books) scheduler.Plan {
	t.Helper()
	plan, err := p.Place(t.Context(), s.View(0))
	if err != nil {
		t.Fatal(err)
	}
	if err := schedulertest.Check(b, plan); err != nil {
		t.Fatal(err)
	}
	return plan
}
