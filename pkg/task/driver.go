package task

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/musterproject/muster/internal/taskcore"
	"github.com/musterproject/muster/pkg/backend"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// driver gives tasks to executors. Its loop owns the core; everybody else sends it events.
type driver struct {
	cfg     Config
	log     *slog.Logger
	backend backend.Backend

	core    *taskcore.Core
	out     taskcore.Effects
	conns   map[deploy.PeerID]*outgoing
	busy    []*outgoing         // have tasks to be sent by this turn
	inputs  [][]byte            // spare memory
	reached []deploy.ExecutorID // the same
	hunger  hunger
	have    map[int32]bool // executors the cluster has for it, starting ones too; of the backend's goroutine
	killing sync.WaitGroup

	events chan incoming
	over   chan struct{} // closed when the loop has ended

	app   atomic.Pointer[backend.Registered]
	waits atomic.Pointer[deploy.Decision] // the newest
	cores atomic.Int64                    // of present executors
	slots atomic.Int64                    // tasks they may hold
	peers atomic.Uint64
	jobs  atomic.Uint64

	mu   sync.Mutex
	live map[taskcore.JobID]*job
	end  error // why no more jobs begin
}

// incoming is what the loop is told: an event, with the connection of a new session; a job that has been fed; or that it is time to part.
type incoming struct {
	event    taskcore.Event
	conn     rpc.Conn
	fed      *job
	farewell chan<- struct{} // closed when all executors have been told to stop
}

// outgoing is a session and the tasks that go out on it next.
type outgoing struct {
	conn  rpc.Conn
	tasks []deploy.Task
}

func newDriver(cfg Config, log *slog.Logger, b backend.Backend) *driver {
	return &driver{
		cfg: cfg, log: log, backend: b, core: taskcore.New(cfg.Rules), conns: map[deploy.PeerID]*outgoing{},
		events: make(chan incoming, 1024), over: make(chan struct{}), live: map[taskcore.JobID]*job{}, have: map[int32]bool{},
	}
}

// run steps the core until ctx ends. Whatever has come meanwhile is decided on before anything is sent: that is what fills messages under load.
func (d *driver) run(ctx context.Context) {
	timer, look := time.NewTimer(time.Hour), time.NewTicker(hungerLook)
	defer d.killing.Wait()
	defer close(d.over)
	defer timer.Stop()
	defer look.Stop()
	for {
		if at, ok := d.core.Deadline(); ok {
			timer.Reset(max(0, time.Until(at)))
		} else {
			timer.Stop()
		}
		select {
		case <-ctx.Done():
			d.endJobs(context.Cause(ctx))
			return
		case in := <-d.events:
			d.take(in)
			for range len(d.events) {
				d.take(<-d.events)
			}
		case <-timer.C:
			d.step(taskcore.Tick{})
		case now := <-look.C:
			d.hungry(now)
		}
		d.carryOut(ctx)
	}
}

// post hands something to the loop; false after its end.
func (d *driver) post(in incoming) bool {
	select {
	case d.events <- in:
		return true
	case <-d.over:
		return false
	}
}

func (d *driver) step(ev taskcore.Event) { d.core.Step(time.Now(), ev, &d.out) }

func (d *driver) take(in incoming) {
	switch {
	case in.fed != nil:
		d.fed(in.fed)
		return
	case in.farewell != nil:
		d.part()
		close(in.farewell)
		return
	}
	switch ev := in.event.(type) {
	case taskcore.ExecutorReady:
		d.conns[ev.Peer] = &outgoing{conn: in.conn}
	case taskcore.ExecutorClosed:
		delete(d.conns, ev.Peer)
	}
	d.step(in.event)
}

func (d *driver) fed(j *job) {
	inputs, closed := j.take(d.inputs)
	if !j.begun {
		j.begun = true
		d.step(taskcore.JobBegun{Job: j.id, Func: j.fn, Attempts: int32(j.attempts)})
	}
	if len(inputs) > 0 {
		d.step(taskcore.TasksAdded{Job: j.id, Inputs: inputs})
	}
	if closed {
		d.step(taskcore.JobClosed{Job: j.id})
	}
	clear(inputs)
	d.inputs = inputs
}

// part tells all executors that are connected to stop.
func (d *driver) part() {
	for _, o := range d.conns {
		if err := o.conn.Send(rpc.Item{Msg: deploy.StopExecutor{Reason: "the driver has ended"}}); err != nil {
			o.conn.Close(err.Error())
		}
	}
}

func (d *driver) carryOut(ctx context.Context) {
	d.sendTasks()
	d.sendCancels()
	for _, h := range d.out.Hangup {
		if o := d.conns[h.Peer]; o != nil {
			o.conn.Close(h.Reason)
			delete(d.conns, h.Peer)
		}
	}
	d.kill(ctx, d.out.Kill)
	d.deliver()
	if len(d.out.Facts) > 0 {
		d.tell(d.out.Facts)
		d.reach(d.out.Facts)
		load := d.core.Load()
		d.cores.Store(int64(load.Cores))
		d.slots.Store(int64(load.Cores) * int64(1+d.cfg.MaxAhead))
	}
	d.out.Reset()
}

// sendTasks sends what each executor has got, in one message or few.
func (d *driver) sendTasks() {
	for i := range d.out.Run {
		r := &d.out.Run[i]
		o := d.conns[r.Peer]
		if o == nil {
			continue // it hung up; the core hears of it
		}
		if len(o.tasks) == 0 {
			d.busy = append(d.busy, o)
		}
		o.tasks = append(o.tasks, r.Task)
	}
	for _, o := range d.busy {
		d.sendTo(o)
		o.tasks = nil // a transport of this process keeps what it was given
	}
	d.busy = d.busy[:0]
}

func (d *driver) sendTo(o *outgoing) {
	for rest := o.tasks; len(rest) > 0; {
		n, bytes := 0, 0
		for n < len(rest) && n < tasksPerItem && (n == 0 || bytes+len(rest[n].Input) <= bytesPerItem) {
			bytes += len(rest[n].Input)
			n++
		}
		if err := o.conn.Send(rpc.Item{Msg: deploy.RunTasks{Tasks: rest[:n:n]}}); err != nil {
			o.conn.Close("tasks cannot be sent: " + err.Error())
			return
		}
		rest = rest[n:]
	}
}

const tasksPerItem = 4096

func (d *driver) sendCancels() {
	for _, w := range d.out.Cancel {
		if o := d.conns[w.Peer]; o != nil {
			if err := o.conn.Send(rpc.Item{Msg: deploy.CancelTasks{IDs: []uint64{w.ID}, Unstarted: w.Unstarted}}); err != nil {
				o.conn.Close("tasks cannot be taken back: " + err.Error())
			}
		}
	}
}

// kill has the cluster end executors that are out of reach.
func (d *driver) kill(ctx context.Context, ids []deploy.ExecutorID) {
	app := d.app.Load()
	var nums []int32
	for _, id := range ids {
		if app != nil && id.App == app.App {
			nums = append(nums, id.Num)
		}
	}
	if len(nums) == 0 {
		return
	}
	d.killing.Go(func() {
		if _, err := d.backend.Kill(ctx, nums); err != nil && ctx.Err() == nil {
			d.log.Warn("executors that are out of reach cannot be ended", "executors", nums, "error", err)
		}
	})
}

// reach tells the cluster who has reached this driver for the first time.
func (d *driver) reach(facts []taskcore.Fact) {
	d.reached = d.reached[:0]
	for _, f := range facts {
		if j, ok := f.(taskcore.ExecutorJoined); ok && !j.Again {
			d.reached = append(d.reached, j.Executor)
		}
	}
	if len(d.reached) > 0 {
		d.backend.Reached(d.reached)
	}
}

// deliver brings outcomes and ends to the jobs they belong to.
func (d *driver) deliver() {
	for rest := d.out.Done; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].Job == rest[0].Job {
			n++
		}
		if j := d.job(rest[0].Job); j != nil {
			j.done(rest[:n])
		}
		rest = rest[n:]
	}
	for _, o := range d.out.Over {
		j := d.job(o.Job)
		switch {
		case j == nil:
		case o.Failure == nil:
			j.finish(nil)
		default:
			j.finish(&Failure{Func: j.fn, Index: o.Failure.Index, Attempts: int(o.Failure.Attempts), Executor: o.Failure.Executor, Text: o.Failure.Error})
		}
	}
}

func (d *driver) job(id taskcore.JobID) *job {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.live[id]
}

// begin opens a job; the loop hears of it with its first input.
func (d *driver) begin(fn string, attempts int) (*job, error) {
	j := newJob(d, fn, attempts)
	d.mu.Lock()
	err := d.end
	if err == nil {
		d.live[j.id] = j
	}
	d.mu.Unlock()
	return j, err
}

// forget drops a job that its user has done with.
func (d *driver) forget(j *job) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.live, j.id)
}

// endJobs ends all jobs, and those that would begin.
func (d *driver) endJobs(err error) {
	if err == nil || errors.Is(err, context.Canceled) {
		err = ErrSessionOver
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.end == nil {
		d.end = err
	}
	for _, j := range d.live {
		j.finish(d.end)
	}
}

// hear takes what the backend tells.
func (d *driver) hear(ev backend.Event) {
	switch e := ev.(type) {
	case backend.Registered:
		d.app.Store(&e)
	case backend.Waiting:
		d.waits.Store(&e.Decision)
	case backend.ExecutorChanged:
		d.post(incoming{event: taskcore.ExecutorChanged{View: e.Executor, Vanished: e.Vanished}})
	}
	d.tellEvent(ev)
}
