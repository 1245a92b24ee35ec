package scheduler_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

func worker(ref scheduler.WorkerRef, cores int32, memory int64) scheduler.WorkerRow {
	r := deploy.Resources{Cores: cores, MemoryMiB: memory}
	return scheduler.WorkerRow{Ref: ref, ID: deploy.WorkerID(fmt.Sprintf("w-%d", ref)), Free: r, Total: r}
}

func demand(ref scheduler.DemandRef, cores int32, memory int64) scheduler.DemandRow {
	return scheduler.DemandRow{
		Ref: ref, Subject: fmt.Sprintf("app-%d", ref), Order: uint64(ref), Units: 1, Cores: deploy.NoLimit,
		Need: scheduler.Need{Cores: cores, MemoryMiB: memory},
	}
}

func driver(ref scheduler.DemandRef) scheduler.DemandRow {
	d := demand(ref, 1, 64)
	d.Driver = true
	return d
}

// replica is a State and the version that its updates have reached.
type replica struct {
	*scheduler.State
	t       *testing.T
	version uint64
	slots   int32
	now     time.Time
}

func open(t *testing.T, rows ...any) *replica {
	r := &replica{scheduler.NewState(scheduler.Config{}), t, 0, deploy.NoLimit, time.Unix(1_800_000_000, 0)}
	return r.tell(rows...)
}

// tell applies rows as the next update, the first one full.
func (r *replica) tell(rows ...any) *replica {
	r.t.Helper()
	u := &scheduler.Update{Epoch: 1, Full: r.version == 0, From: r.version, To: r.version + 1, Seed: r.version, DriverSlots: r.slots, Now: r.now}
	for _, row := range rows {
		switch row := row.(type) {
		case scheduler.WorkerRow:
			u.Workers = append(u.Workers, row)
		case scheduler.DemandRow:
			u.Demands = append(u.Demands, row)
		case scheduler.QueueRow:
			u.Queues = append(u.Queues, row)
		case scheduler.HeldRow:
			u.Held = append(u.Held, row)
		}
	}
	if err := r.Apply(u); err != nil {
		r.t.Fatal(err)
	}
	r.version++
	return r
}

func (r *replica) asked(v scheduler.View) []scheduler.DemandRef { return slices.Collect(v.Asked()) }

// leave opens a view and leaves everything asked waiting until the wake.
func (r *replica) leave(until scheduler.Wake) []scheduler.DemandRef {
	v := r.View(0)
	asked := r.asked(v)
	for _, d := range asked {
		v.Wait(d, scheduler.Reason{Code: deploy.ReasonHeld}, until)
	}
	v.Plan()
	return asked
}

func (r *replica) wantAsked(what string, want ...scheduler.DemandRef) {
	r.t.Helper()
	if got := r.asked(r.View(0)); !slices.Equal(got, want) {
		r.t.Fatalf("%s: asked %v, want %v", what, got, want)
	}
}

func TestApplyRefusesGaps(t *testing.T) {
	s := scheduler.NewState(scheduler.Config{})
	if err := s.Apply(&scheduler.Update{Epoch: 1, To: 1}); !errors.Is(err, scheduler.ErrGap) {
		t.Errorf("an empty replica: got %v, want ErrGap", err)
	}
	if err := s.Apply(&scheduler.Update{Epoch: 1, To: 5, Full: true}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		u    scheduler.Update
		want error
	}{
		{scheduler.Update{Epoch: 1, From: 4, To: 5}, nil}, // known already
		{scheduler.Update{Epoch: 1, From: 6, To: 7}, scheduler.ErrGap},
		{scheduler.Update{Epoch: 1, From: 4, To: 6}, scheduler.ErrGap},
		{scheduler.Update{Epoch: 2, From: 5, To: 6}, scheduler.ErrGap},
		{scheduler.Update{Epoch: 1, From: 5, To: 4}, scheduler.ErrBadUpdate},
		{scheduler.Update{Epoch: 1, From: 5, To: 6}, nil},
		{scheduler.Update{Epoch: 2, To: 1, Full: true}, nil},
	} {
		if err := s.Apply(&c.u); !errors.Is(err, c.want) {
			t.Errorf("%d to %d of epoch %d: got %v, want %v", c.u.From, c.u.To, c.u.Epoch, err, c.want)
		}
	}
	if epoch, version := s.Version(); epoch != 2 || version != 1 {
		t.Errorf("got epoch %d version %d, want 2 and 1", epoch, version)
	}
}

func TestApplyRefusesNonsense(t *testing.T) {
	gpus := func(list ...deploy.Amount) []deploy.Amount { return list }
	for _, c := range []struct {
		want string // part of the error
		u    func(u *scheduler.Update)
	}{
		{"driver slots -1", func(u *scheduler.Update) { u.DriverSlots = -1 }},
		{"worker 1 (w-1): named twice", func(u *scheduler.Update) { u.Workers = append(u.Workers, worker(1, 1, 1), worker(1, 1, 1)) }},
		{"slot beyond the limit", func(u *scheduler.Update) { u.Workers = append(u.Workers, worker(100, 1, 1)) }},
		{"no id", func(u *scheduler.Update) { u.Workers = append(u.Workers, scheduler.WorkerRow{Ref: 1}) }},
		{"less than nothing", func(u *scheduler.Update) { u.Workers = append(u.Workers, worker(1, -1, 1)) }},
		{"more than the", func(u *scheduler.Update) {
			w := worker(1, 1, 1)
			w.Free.MemoryMiB = 2
			u.Workers = append(u.Workers, w)
		}},
		{"more is free than there is", func(u *scheduler.Update) {
			w := worker(1, 1, 1)
			w.Free.Custom = gpus(deploy.Amount{Name: "gpu", Count: 1})
			u.Workers = append(u.Workers, w)
		}},
		{"names in ascending order", func(u *scheduler.Update) {
			w := worker(1, 1, 1)
			w.Total.Custom = gpus(deploy.Amount{Name: "gpu", Count: 1}, deploy.Amount{Name: "fpga", Count: 1})
			u.Workers = append(u.Workers, w)
		}},
		{"demand 2 (app-2): named twice", func(u *scheduler.Update) { u.Demands = append(u.Demands, demand(2, 1, 1), demand(2, 1, 1)) }},
		{"slot beyond the limit", func(u *scheduler.Update) { u.Demands = append(u.Demands, demand(200, 1, 1)) }},
		{"needs no core", func(u *scheduler.Update) { u.Demands = append(u.Demands, demand(2, 0, 1)) }},
		{"need: less than nothing", func(u *scheduler.Update) { u.Demands = append(u.Demands, demand(2, 1, -1)) }},
		{"only executors grow", func(u *scheduler.Update) {
			d := demand(2, 2, 1)
			d.Grow = true
			u.Demands = append(u.Demands, d)
		}},
		{"-1 units", func(u *scheduler.Update) {
			d := demand(2, 2, 1)
			d.Units = -1
			u.Demands = append(u.Demands, d)
		}},
		{"label \"disk\" stands after \"zone\"", func(u *scheduler.Update) {
			w := worker(1, 1, 1)
			w.Labels = []deploy.Label{{Key: "zone"}, {Key: "disk"}}
			u.Workers = append(u.Workers, w)
		}},
		{"reserved for demand 200", func(u *scheduler.Update) { u.Workers = append(u.Workers, reserved(worker(1, 1, 1), 200)) }},
		{"share 0 is nobody's", func(u *scheduler.Update) { u.Held = []scheduler.HeldRow{{Executors: 1}} }},
		{"-1 executors", func(u *scheduler.Update) { u.Held = []scheduler.HeldRow{{Share: 1, Executors: -1}} }},
		{"slot beyond the limit", func(u *scheduler.Update) { u.Held = []scheduler.HeldRow{{Share: 1, Worker: 100}} }},
		{"the worker is gone", func(u *scheduler.Update) { u.Held = []scheduler.HeldRow{{Share: 1, Worker: 7, Executors: 1}} }},
		{"the worker is gone", func(u *scheduler.Update) {
			u.Workers = append(u.Workers[:0], scheduler.WorkerRow{Ref: 0, Gone: true})
			u.Held = []scheduler.HeldRow{{Share: 1, Worker: 0, Executors: 1}}
		}},
		{"rules are for executors with a share", func(u *scheduler.Update) {
			d := demand(2, 2, 1)
			d.Apart = "host"
			u.Demands = append(u.Demands, d)
		}},
		{"rules are for executors with a share", func(u *scheduler.Update) {
			d := driver(2)
			d.Share, d.MaxPerWorker = 3, 1
			u.Demands = append(u.Demands, d)
		}},
		{"at most -1 executors per worker", func(u *scheduler.Update) {
			d := demand(2, 2, 1)
			d.MaxPerWorker = -1
			u.Demands = append(u.Demands, d)
		}},
		{"required selector 0", func(u *scheduler.Update) {
			d := demand(2, 2, 1)
			d.Require = []deploy.Requirement{{Key: "zone", Operator: 9}}
			u.Demands = append(u.Demands, d)
		}},
		{"preferred selector 1", func(u *scheduler.Update) {
			d := demand(2, 2, 1)
			d.Prefer = []deploy.Preference{{Weight: 1}, {Weight: 101}}
			u.Demands = append(u.Demands, d)
		}},
		{"4 preferred selectors", func(u *scheduler.Update) {
			d := demand(2, 2, 1)
			d.Prefer = make([]deploy.Preference, 4)
			u.Demands = append(u.Demands, d)
		}},
		{"counts from 1", func(u *scheduler.Update) {
			d := demand(2, 2, 1)
			d.Need.Custom = gpus(deploy.Amount{Name: "gpu"})
			u.Demands = append(u.Demands, d)
		}},
	} {
		t.Run(c.want, func(t *testing.T) {
			s := scheduler.NewState(scheduler.Config{MaxWorkers: 100, MaxDemands: 200})
			if err := s.Apply(&scheduler.Update{Full: true, Epoch: 1, To: 1, Workers: []scheduler.WorkerRow{worker(0, 4, 4)}}); err != nil {
				t.Fatal(err)
			}
			// A sound row before the faulty one must not be taken over either.
			u := &scheduler.Update{Epoch: 1, From: 1, To: 2, Workers: []scheduler.WorkerRow{worker(0, 2, 2)}}
			c.u(u)
			err := s.Apply(u)
			if !errors.Is(err, scheduler.ErrBadUpdate) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want ErrBadUpdate with %q", err, c.want)
			}
			if got := s.View(0).Row(0).Free.Cores; got != 4 {
				t.Errorf("after the faulty update worker 0 has %d cores, want 4 as before", got)
			}
		})
	}
}

func TestApplyTwiceIsHarmless(t *testing.T) {
	r := open(t, worker(0, 4, 512), demand(0, 8, 512))
	r.leave(scheduler.Wake{Kind: scheduler.WakeNeedFits})
	r.tell(worker(0, 4, 512), demand(0, 8, 512))
	r.wantAsked("rows that say nothing new")
	u := &scheduler.Update{Epoch: 1, From: 1, To: 2, DriverSlots: deploy.NoLimit, Workers: []scheduler.WorkerRow{worker(0, 8, 512)}}
	if err := r.Apply(u); err != nil {
		t.Fatal(err)
	}
	r.wantAsked("an update that was applied before")
}

func TestTakesAreUndone(t *testing.T) {
	w := worker(0, 4, 512)
	w.Total.Custom = []deploy.Amount{{Name: "gpu", Count: 2}}
	w.Free.Custom = []deploy.Amount{{Name: "gpu", Count: 2}}
	d := demand(0, 2, 100)
	d.Need.Custom = []deploy.Amount{{Name: "gpu", Count: 2}}
	r := open(t, w, d)
	v := r.View(0)
	if !v.Take(0, 0, 2, 0) {
		t.Fatal("the take was refused")
	}
	want := deploy.Resources{Cores: 2, MemoryMiB: 412, Custom: []deploy.Amount{{Name: "gpu", Count: 0}}}
	if got := v.Free(0); !reflect.DeepEqual(got, want) {
		t.Errorf("free after the take: got %+v, want %+v", got, want)
	}
	if _, ok := v.Next(0, scheduler.ByWorkerID, scheduler.NoWorker); ok {
		t.Error("the worker has no gpu left and was found")
	}
	if got := r.View(0).Free(0); !reflect.DeepEqual(got, w.Free) {
		t.Errorf("free in the next view: got %+v, want %+v", got, w.Free)
	}
	if v.Take(0, 0, 2, 0) || len(v.Plan().Grants) > 0 || len(r.asked(v)) > 0 {
		t.Error("a view that is over still takes, plans or asks")
	}
}

func TestTakeRefuses(t *testing.T) {
	blocked := worker(1, 8, 8192)
	blocked.Blocked = deploy.ReasonWorkerUnhealthy
	held := demand(2, 1, 1)
	held.Blocked = deploy.ReasonHeld
	grows := demand(3, 1, 64)
	grows.Grow, grows.Units, grows.Cores = true, 3, 5
	first, second := demand(5, 2, 64), demand(6, 2, 64)
	first.Share, first.Cores, second.Share, second.Cores = 9, 3, 9, 3
	r := open(t, worker(0, 8, 8192), blocked, demand(0, 2, 64), demand(1, 9, 64), held, grows, driver(4), first, second)
	r.slots = 1
	v := r.tell(driver(7)).View(0)
	for _, c := range []struct {
		what  string
		d     scheduler.DemandRef
		w     scheduler.WorkerRef
		cores int32
		want  bool
	}{
		{"no such demand", 77, 0, 1, false},
		{"no such worker", 0, 77, 2, false},
		{"blocked worker", 0, 1, 2, false},
		{"held demand", 2, 0, 1, false},
		{"fewer cores than needed", 0, 0, 1, false},
		{"more cores than needed", 0, 0, 3, false},
		{"too large", 1, 0, 9, false},
		{"fits", 0, 0, 2, true},
		{"second unit of one", 0, 0, 2, false},
		{"growing beyond the application's cores", 3, 0, 6, false},
		{"growing", 3, 0, 2, true},
		{"growing twice on one worker", 3, 0, 1, false},
		{"driver", 4, 0, 1, true},
		{"driver without a slot", 7, 0, 1, false},
		{"first of a share", 5, 0, 2, true},
		{"the share is used up", 6, 0, 2, false},
	} {
		if got := v.Take(c.d, c.w, c.cores, 0); got != c.want {
			t.Errorf("%s: got %v, want %v", c.what, got, c.want)
		}
	}
	if got := len(v.Plan().Grants); got != 4 {
		t.Errorf("got %d grants, want 4", got)
	}
}

func TestGroupsHoldAllTogether(t *testing.T) {
	all := demand(0, 2, 64)
	all.Units = 5
	r := open(t, worker(0, 4, 512), worker(1, 4, 512), all, demand(1, 1, 64), demand(2, 4, 64))
	v := r.View(0)
	v.Take(1, 1, 1, 0)
	for i, w := range []scheduler.WorkerRef{0, 0, 1} {
		if !v.Take(0, w, 2, 7) {
			t.Fatalf("take %d of the group was refused", i)
		}
	}
	if v.Take(0, 1, 2, 7) {
		t.Fatal("the fourth take of the group does not fit and was granted")
	}
	if v.Take(0, 0, 2, 7) {
		t.Fatal("the group has failed and still takes")
	}
	if got := v.Free(0).Cores + v.Free(1).Cores; got != 7 {
		t.Fatalf("after the group failed %d cores are free, want 7", got)
	}
	if units, _ := v.Left(0); units != 5 {
		t.Fatalf("after the group failed %d units are wanted, want 5", units)
	}
	if !v.Take(2, 0, 4, 8) || !slices.Equal(v.Plan().Grants, []scheduler.Grant{{Demand: 1, Worker: 1, Cores: 1}, {Demand: 2, Worker: 0, Cores: 4, Group: 8}}) {
		t.Fatalf("got %v", v.Plan().Grants)
	}
}
