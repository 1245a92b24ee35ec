package task

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/musterproject/muster/internal/taskcore"
	"github.com/musterproject/muster/pkg/deploy"
)

// ErrTaskFailed says that a task has failed as often as it may; the error is a *Failure.
var ErrTaskFailed = errors.New("task: failed")

// Failure is how a task failed its job.
type Failure struct {
	Func     string
	Index    int // of the input
	Attempts int
	Executor deploy.ExecutorID // of the last attempt
	Text     string            // the function's error, or the panic with its stack
}

// Error gives a sentence with the function's own words.
func (f *Failure) Error() string {
	return fmt.Sprintf("input %d of function %q has failed %d times, at last on executor %s: %s", f.Index, f.Func, f.Attempts, f.Executor, f.Text)
}

// Unwrap gives ErrTaskFailed.
func (f *Failure) Unwrap() error { return ErrTaskFailed }

// job is one Map as driver and user share it: inputs on their way to the loop, outcomes on their way back.
type job struct {
	id       taskcore.JobID
	fn       string
	attempts int
	d        *driver
	begun    bool // the core knows it; of the loop

	mu       sync.Mutex
	inputs   [][]byte // for the loop
	closed   bool     // no more inputs come
	posted   bool     // the loop knows that there is something
	outcomes []taskcore.Outcome
	over     bool
	err      error         // with over
	news     chan struct{} // holds one token when outcomes or the end have come
	open     int           // added and not yet taken by the user
	bytes    int64         // of inputs and outputs of these
	room     chan struct{} // holds one token when there is room again
	blocked  bool          // the feeder waits for room
}

func newJob(d *driver, fn string, attempts int) *job {
	return &job{id: taskcore.JobID(d.jobs.Add(1)), fn: fn, attempts: attempts, d: d, news: make(chan struct{}, 1), room: make(chan struct{}, 1)}
}

// put hands an input to the loop, when there is room. It tells whether more may come.
func (j *job) put(ctx context.Context, input []byte) bool {
	for {
		j.mu.Lock()
		if j.over {
			j.mu.Unlock()
			return false
		}
		if !j.full() {
			break
		}
		j.blocked = true
		j.mu.Unlock()
		select {
		case <-j.room:
		case <-ctx.Done():
			return false
		}
	}
	j.inputs = append(j.inputs, input)
	j.open++
	j.bytes += int64(len(input))
	return j.post()
}

// full is asked with the lock held.
func (j *job) full() bool {
	if j.open >= j.d.cfg.MaxInFlight+2*int(j.d.slots.Load()) {
		return true
	}
	return j.bytes >= j.d.cfg.MaxInFlightBytes && j.open >= 2*int(j.d.cores.Load())+1
}

// only hands the one input of a job to the loop.
func (j *job) only(input []byte) {
	j.mu.Lock()
	j.inputs, j.closed, j.open, j.bytes = [][]byte{input}, true, 1, int64(len(input))
	j.post()
}

// fail ends the job for a reason that its feeder has found.
func (j *job) fail(err error) {
	if j.finish(err) {
		j.d.post(incoming{event: taskcore.JobCancelled{Job: j.id}})
	}
}

// end says that no more inputs come.
func (j *job) end() {
	j.mu.Lock()
	j.closed = true
	j.post()
}

// post tells the loop, with the lock held, which it gives up.
func (j *job) post() bool {
	known := j.posted
	j.posted = true
	j.mu.Unlock()
	return known || j.d.post(incoming{fed: j})
}

// take gives the loop what has come.
func (j *job) take(spare [][]byte) (inputs [][]byte, closed bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	inputs, closed = j.inputs, j.closed
	j.inputs, j.posted = spare[:0], false
	return inputs, closed
}

// done brings outcomes from the loop.
func (j *job) done(list []taskcore.Outcome) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.outcomes = append(j.outcomes, list...)
	for i := range list {
		j.bytes += int64(len(list[i].Output)) - list[i].Bytes
	}
	token(j.news)
}

// finish ends the job; the first end counts, and it tells whether this is it.
func (j *job) finish(err error) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.over {
		return false
	}
	j.over, j.err = true, err
	token(j.news)
	token(j.room)
	return true
}

// next waits for outcomes, or for the end: then over is true, and the outcomes are the last ones.
func (j *job) next(ctx context.Context, spare []taskcore.Outcome) (list []taskcore.Outcome, over bool, err error) {
	for {
		j.mu.Lock()
		if len(j.outcomes) > 0 || j.over {
			list, over, err = j.outcomes, j.over, j.err
			j.outcomes = spare[:0]
			j.mu.Unlock()
			return list, over, err
		}
		j.mu.Unlock()
		select {
		case <-j.news:
		case <-ctx.Done():
			return nil, true, context.Cause(ctx)
		}
	}
}

// taken makes room for more once the user has had outcomes.
func (j *job) taken(n int, bytes int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.open -= n
	j.bytes -= bytes
	if j.blocked && !j.full() {
		j.blocked = false
		token(j.room)
	}
}

func token(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// drop tells the loop that nobody wants the rest, if there may be one.
func (j *job) drop() { j.fail(errDropped) }

var errDropped = errors.New("nobody takes the results any more")
