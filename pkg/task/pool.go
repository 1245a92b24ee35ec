package task

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

const (
	maxStackBytes = 16 << 10 // of a panic, told to the driver
	maxErrorBytes = 64 << 10
)

// pool runs tasks in the order they come, as many at a time as there are cores, and collects what became of them. One session with the driver has
// one pool; with the session ends what it runs.
type pool struct {
	funcs     map[string]call
	facts     Context
	maxOutput int
	clone     bool                      // inputs are shared with the driver: a function gets a copy
	deliver   func([]deploy.TaskResult) // called by whoever finds results and nobody delivering

	mu      sync.Mutex
	more    sync.Cond // tasks wait, or the end has come
	waiting []deploy.Task
	head    int // of waiting
	running map[uint64]context.CancelFunc
	results []deploy.TaskResult
	closed  bool          // no more is started
	news    chan struct{} // holds one token when results wait for the sender
}

func newPool(p *Program, facts Context, maxOutput int, clone bool, deliver func([]deploy.TaskResult)) *pool {
	l := &pool{
		funcs: p.funcs, facts: facts, maxOutput: maxOutput, clone: clone, deliver: deliver,
		running: map[uint64]context.CancelFunc{}, news: make(chan struct{}, 1),
	}
	l.more.L = &l.mu
	return l
}

// run works until close has been called and what runs has ended. The end of ctx ends the contexts of what runs.
func (l *pool) run(ctx context.Context) {
	var workers, sender sync.WaitGroup
	stop := make(chan struct{})
	sender.Go(func() { l.send(stop) })
	first := context.WithValue(ctx, contextKey{}, &l.facts)
	for range l.facts.Cores {
		l.worker(first, &workers)
	}
	workers.Wait()
	close(stop)
	sender.Wait()
	l.flush()
}

// worker starts one that runs tasks, and another when a function has ended its goroutine with runtime.Goexit.
func (l *pool) worker(ctx context.Context, all *sync.WaitGroup) {
	all.Go(func() {
		ended := false
		defer func() {
			if !ended {
				l.worker(ctx, all)
			}
		}()
		for {
			t, run, ok := l.next(ctx)
			if !ok {
				ended = true
				return
			}
			l.one(run, t)
		}
	})
}

// add queues tasks.
func (l *pool) add(tasks []deploy.Task) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	if l.head == len(l.waiting) {
		l.waiting, l.head = append(l.waiting[:0], tasks...), 0
	} else {
		l.waiting = append(l.waiting, tasks...)
	}
	if len(tasks) == 1 {
		l.more.Signal()
	} else {
		l.more.Broadcast()
	}
}

// cancel drops tasks that wait, and reports them killed; the contexts of running ones end unless only waiting ones are meant.
func (l *pool) cancel(m deploy.CancelTasks) {
	l.mu.Lock()
	defer l.mu.Unlock()
	ids := make(map[uint64]bool, len(m.IDs))
	for _, id := range m.IDs {
		if ids[id] = true; !m.Unstarted && l.running[id] != nil {
			l.running[id]()
		}
	}
	kept := l.waiting[l.head:l.head]
	for _, t := range l.waiting[l.head:] {
		if ids[t.ID] {
			l.results = append(l.results, deploy.TaskResult{ID: t.ID, Attempt: t.Attempt, State: deploy.TaskKilled})
		} else {
			kept = append(kept, t)
		}
	}
	clear(l.waiting[l.head+len(kept):])
	l.waiting = l.waiting[:l.head+len(kept)]
	l.tell()
}

// close starts nothing more. With now, what waits is dropped unsaid, because nobody waits for it.
func (l *pool) close(now bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for _, t := range l.waiting[l.head:] {
		if !now {
			l.results = append(l.results, deploy.TaskResult{ID: t.ID, Attempt: t.Attempt, State: deploy.TaskKilled})
		}
	}
	l.waiting, l.head = nil, 0
	l.tell()
	l.more.Broadcast()
}

func (l *pool) tell() {
	select {
	case l.news <- struct{}{}:
	default:
	}
}

// send delivers results that workers who are busy with the next task leave behind.
func (l *pool) send(stop <-chan struct{}) {
	for {
		select {
		case <-l.news:
			l.flush()
		case <-stop:
			return
		}
	}
}

func (l *pool) flush() {
	l.mu.Lock()
	out := l.results
	l.results = nil
	l.mu.Unlock()
	if len(out) > 0 {
		l.deliver(out)
	}
}

// next waits for a task. A worker that has to wait delivers first what is done.
func (l *pool) next(ctx context.Context) (t deploy.Task, run context.Context, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.head == len(l.waiting) {
		if l.closed {
			return t, nil, false
		}
		if out := l.results; len(out) > 0 {
			l.results = nil
			l.mu.Unlock()
			l.deliver(out)
			l.mu.Lock()
			continue
		}
		l.more.Wait()
	}
	t = l.waiting[l.head]
	l.waiting[l.head] = deploy.Task{}
	l.head++
	run, cancel := context.WithCancel(ctx)
	l.running[t.ID] = cancel
	return t, run, true
}

// done books the end of a task.
func (l *pool) done(r deploy.TaskResult) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if cancel := l.running[r.ID]; cancel != nil {
		cancel()
		delete(l.running, r.ID)
	}
	l.results = append(l.results, r)
	if l.head < len(l.waiting) {
		l.tell() // this worker goes on, somebody else delivers
	}
}

// one runs a task and books its end, whatever the function does.
func (l *pool) one(ctx context.Context, t deploy.Task) {
	r := deploy.TaskResult{ID: t.ID, Attempt: t.Attempt, State: deploy.TaskFailed, Error: "the function ended its goroutine with runtime.Goexit"}
	began := time.Now()
	defer func() {
		if p := recover(); p != nil {
			stack := debug.Stack()
			r.Error = fmt.Sprintf("panic: %v\n\n%s", p, stack[:min(len(stack), maxStackBytes)])
		}
		r.Took = time.Since(began)
		r.Error = r.Error[:min(len(r.Error), maxErrorBytes)]
		l.done(r)
	}()
	output, err := l.call(ctx, t)
	switch {
	case err == nil:
		r.State, r.Output, r.Error = deploy.TaskFinished, output, ""
	case ctx.Err() != nil:
		r.State, r.Error = deploy.TaskKilled, err.Error()
	default:
		r.Error = err.Error()
	}
}

func (l *pool) call(ctx context.Context, t deploy.Task) ([]byte, error) {
	f := l.funcs[t.Func]
	if f == nil {
		return nil, fmt.Errorf("function %q: %w in the executor: define it before Main, in every run of the program", t.Func, deploy.ErrNotFound)
	}
	if t.Attempt > 0 { // few are: all others share what they know
		facts := l.facts
		facts.Attempt = int(t.Attempt)
		ctx = context.WithValue(ctx, contextKey{}, &facts)
	}
	input := t.Input
	if l.clone {
		input = append([]byte(nil), input...)
	}
	output, err := f(ctx, input)
	if err == nil && len(output) > l.maxOutput {
		return nil, fmt.Errorf("output of function %q has %d bytes: %w: one has at most %d; return less, or write it where the driver can read it",
			t.Func, len(output), deploy.ErrTooLarge, l.maxOutput)
	}
	return output, err
}
