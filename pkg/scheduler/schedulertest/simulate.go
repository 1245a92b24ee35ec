package schedulertest

import (
	"container/heap"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// Simulate replays a trace in virtual time: a policy beside a replica makes plans as under a master, each plan is checked and booked, and what
// was granted runs and ends as the trace says. The same policy and trace give the same report, byte for byte.
func Simulate(ctx context.Context, policy scheduler.SchedulerPolicy, t Trace) (Report, error) {
	if err := t.Check(); err != nil {
		return Report{}, fmt.Errorf("simulate: %w", err)
	}
	s := newSim(policy, &t)
	for idle := 0; idle < mostIdle; {
		at, ok := s.next()
		if !ok {
			break
		}
		s.meter.advance(at)
		s.books.Advance(at - s.now)
		s.now = at
		for len(s.events) > 0 && s.events[0].at == at {
			heap.Pop(&s.events).(event).what()
		}
		if err := s.plan(ctx); err != nil {
			return Report{}, fmt.Errorf("simulate %s at %s: %w", t.Name, s.now, err)
		}
		s.meter.look(s)
		if idle++; len(s.events) > 0 {
			idle = 0
		}
	}
	return s.report(), nil
}

// mostIdle bounds how often time alone may change something while nothing runs or arrives any more.
const mostIdle = 64

// next tells when something happens: an event of the trace, or time alone changes something, as a reservation ends or a replica has
// something to ask.
func (s *sim) next() (time.Duration, bool) {
	for len(s.events) > 0 && s.events[0].void != nil && s.events[0].void() {
		heap.Pop(&s.events)
	}
	at, ok := time.Duration(0), len(s.events) > 0
	if ok {
		at = s.events[0].at
	}
	for _, alarm := range []func() (time.Time, bool){s.books.NextExpiry, s.state.NextAlarm} {
		if when, due := alarm(); due && when.Sub(s.start) > s.now && (!ok || when.Sub(s.start) < at) {
			at, ok = when.Sub(s.start), true
		}
	}
	return at, ok
}

// event is something that happens at a time. Those of one time happen in the order in which they were found out.
type event struct {
	at   time.Duration
	seq  uint64
	what func()
	void func() bool // nothing comes of it any more; nil: it stands
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at < e[j].at || e[i].at == e[j].at && e[i].seq < e[j].seq
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }

// Push is for container/heap.
func (e *events) Push(x any) { *e = append(*e, x.(event)) }

// Pop is for container/heap.
func (e *events) Pop() any {
	last := len(*e) - 1
	x := (*e)[last]
	*e = (*e)[:last]
	return x
}

// job is an application on its way through the cluster.
type job struct {
	*App
	demand      scheduler.DemandRef
	arrived     bool
	started     bool
	ended       bool
	first, last time.Duration // when its first executor started, and when it ended

	running map[uint64]int32 // cores by id of what runs
	left    int32            // executors that have still to end, if they Run
	done    time.Duration    // core time
	rate    int32            // cores that work
	mark    time.Duration    // done is as of then
	guess   uint64           // counts the guesses of its end
}

type sim struct {
	trace   *Trace
	policy  scheduler.SchedulerPolicy
	books   *Books
	state   *scheduler.State
	start   time.Time
	now     time.Duration
	events  events
	seq     uint64
	arrived uint64 // jobs
	jobs    []*job
	byRef   map[scheduler.DemandRef]*job
	byRun   map[uint64]*job
	queues  map[string]uint32
	reasons map[scheduler.DemandRef]deploy.ReasonCode // last given
	meter   *meter
	tally   tally
}

// tally counts what planning took.
type tally struct {
	plans, grants, reasons, most, reserved int
}

func newSim(policy scheduler.SchedulerPolicy, t *Trace) *sim {
	s := &sim{
		trace: t, policy: policy, books: NewBooks(), state: scheduler.NewState(scheduler.Config{}),
		byRef: map[scheduler.DemandRef]*job{}, byRun: map[uint64]*job{}, queues: map[string]uint32{"": 0},
		reasons: map[scheduler.DemandRef]deploy.ReasonCode{},
	}
	s.start = s.books.Now
	for _, m := range t.Machines {
		for range m.Count {
			id := fmt.Sprintf("worker-%05d", len(s.books.Workers))
			s.books.AddWorker(scheduler.WorkerRow{ID: deploy.WorkerID(id), Host: id, Free: m.Capacity, Total: m.Capacity, Labels: m.Labels})
		}
	}
	for i := range t.Queues {
		s.queue(t.Queues[i].Name, &t.Queues[i])
	}
	for i := range t.Apps {
		j := &job{App: &t.Apps[i], running: map[uint64]int32{}}
		s.jobs = append(s.jobs, j)
		s.queue(j.Place.Queue, nil)
		s.at(j.At, func() { s.arrive(j) })
	}
	for _, o := range t.Outages {
		s.at(o.At, func() { s.outage(o) })
	}
	s.meter = newMeter(t)
	return s
}

func (s *sim) at(when time.Duration, what func()) { s.unless(nil, when, what) }

func (s *sim) unless(void func() bool, when time.Duration, what func()) {
	s.seq++
	heap.Push(&s.events, event{when, s.seq, what, void})
}

// queue gives the number of a queue, which is made with those above it if need be.
func (s *sim) queue(path string, spec *deploy.Queue) uint32 {
	ref, known := s.queues[path]
	if known && spec == nil {
		return ref
	}
	row := scheduler.QueueRow{Ref: ref, Name: path, Weight: 1}
	if path != "" {
		row.Parent = s.queue(path[:max(0, strings.LastIndexByte(path, '.'))], nil)
	}
	if spec != nil {
		row.Weight, row.Min, row.Quota = spec.Weight, spec.Min, spec.Quota
	}
	if known {
		s.books.SetQueue(row)
		return ref
	}
	s.queues[path] = s.books.AddQueue(row)
	return s.queues[path]
}

func (s *sim) arrive(j *job) {
	j.arrived, j.left, j.mark = true, j.Units, s.now
	s.arrived++
	row := scheduler.DemandRow{
		Subject: j.Name, Need: j.Need, Grow: j.Grow, Gang: j.Gang, Order: uint64(127-j.Place.Priority)<<56 | s.arrived, Share: uint32(s.arrived),
		Units: j.Units, Cores: deploy.NoLimit, Queue: s.queues[j.Place.Queue],
		Require: j.Place.Require, Prefer: j.Place.Prefer, Apart: j.Place.Apart, MaxPerWorker: j.Place.MaxPerWorker,
	}
	if j.MaxCores > 0 {
		row.Cores = j.MaxCores
	}
	j.demand = s.books.AddDemand(row)
	s.byRef[j.demand] = j
}

func (s *sim) outage(o Outage) {
	row := s.books.Workers[o.Worker]
	if row.Gone {
		return
	}
	for _, run := range s.books.Running {
		if j := s.byRun[run.ID]; run.Worker == row.Ref {
			s.stops(j, run.ID)
			d := s.books.Demands[j.demand]
			if d.Units == 0 {
				d.Since = s.books.Now
			}
			if d.Units != deploy.NoLimit {
				d.Units++
			}
			s.books.SetDemand(d)
		}
	}
	s.books.LoseWorker(row.Ref)
	if o.For > 0 {
		s.at(s.now+o.For, func() {
			row.Free, row.Blocked, row.For = row.Total, deploy.ReasonNone, 0
			s.books.SetWorker(row)
		})
	}
}
