package backendtest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/backend"
	"github.com/musterproject/muster/pkg/deploy"
)

// patience is how long a check waits for what must come.
const patience = 30 * time.Second

// Fixture is a backend that has not run, and an application that it can serve.
type Fixture struct {
	Backend     backend.Backend
	Application backend.Application
}

// Check is one promise of the contract.
type Check struct {
	Name string
	Run  func(t *testing.T, make func(t *testing.T) Fixture)
}

// Checks are all promises that hold for every backend.
func Checks() []Check {
	return []Check{
		{"RegistersFirst", registersFirst},
		{"EndsWithItsContext", endsWithItsContext},
		{"EndsWithAFailure", endsWithAFailure},
		{"EndsBeforeItBegins", endsBeforeItBegins},
		{"AnswersWhileItRuns", answersWhileItRuns},
		{"AnswersNobodyElse", answersNobodyElse},
		{"RunsOnce", runsOnce},
	}
}

// run is a backend that runs.
type run struct {
	t       *testing.T
	backend backend.Backend
	end     context.CancelCauseFunc
	ended   chan error
	first   chan backend.Registered // of the first registration

	mu      sync.Mutex
	telling bool
	over    bool
	told    []backend.Event
}

func begin(t *testing.T, f Fixture) *run {
	t.Helper()
	ctx, end := context.WithCancelCause(t.Context())
	r := &run{t: t, backend: f.Backend, end: end, ended: make(chan error, 1), first: make(chan backend.Registered, 1)}
	go func() {
		err := f.Backend.Run(ctx, f.Application, r.tell)
		r.mu.Lock()
		r.over = true
		r.mu.Unlock()
		r.ended <- err
	}()
	return r
}

func (r *run) tell(ev backend.Event) {
	r.mu.Lock()
	if r.telling || r.over {
		r.t.Errorf("%T is told beside another event, or after the end", ev)
	}
	r.telling = true
	first := len(r.told) == 0
	r.told = append(r.told, ev)
	r.mu.Unlock()
	registered, ok := ev.(backend.Registered)
	if first && !ok {
		r.t.Errorf("%T is told before the registration", ev)
	}
	if first {
		r.first <- registered
	}
	r.mu.Lock()
	r.telling = false
	r.mu.Unlock()
}

func (r *run) registered() backend.Registered {
	r.t.Helper()
	select {
	case e := <-r.first:
		return e
	case err := <-r.ended:
		r.t.Fatalf("ended before it was registered: %v", err)
	case <-time.After(patience):
		r.t.Fatal("not registered")
	}
	return backend.Registered{}
}

func (r *run) finish(cause error) {
	r.t.Helper()
	r.end(cause)
	select {
	case err := <-r.ended:
		if err != nil {
			r.t.Errorf("Run returns %v", err)
		}
	case <-time.After(patience):
		r.t.Fatal("Run does not return")
	}
}

func registersFirst(t *testing.T, make func(t *testing.T) Fixture) {
	r := begin(t, make(t))
	e := r.registered()
	if e.App == "" || e.Token.IsZero() {
		t.Errorf("registered as %q, token set: %t", e.App, !e.Token.IsZero())
	}
	r.finish(nil)
}

func endsWithItsContext(t *testing.T, make func(t *testing.T) Fixture) {
	r := begin(t, make(t))
	r.registered()
	r.finish(context.Canceled)
}

func endsWithAFailure(t *testing.T, make func(t *testing.T) Fixture) {
	r := begin(t, make(t))
	r.registered()
	r.finish(errors.New("the driver has failed")) // told to the cluster; Run has done what it was asked for
}

// endsBeforeItBegins: a context that is over is no fault of the backend, which may also say so.
func endsBeforeItBegins(t *testing.T, make func(t *testing.T) Fixture) {
	f := make(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ended := newEnd()
	go func() { ended <- f.Backend.Run(ctx, f.Application, func(backend.Event) {}) }()
	select {
	case err := <-ended:
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("Run returns %v", err)
		}
	case <-time.After(patience):
		t.Fatal("Run does not return")
	}
}

func newEnd() chan error { return make(chan error, 1) }

func answersWhileItRuns(t *testing.T, make func(t *testing.T) Fixture) {
	r := begin(t, make(t))
	r.registered()
	if err := r.backend.SetTargets(t.Context(), nil, []deploy.Target{{Profile: 0, Total: 1}}); err != nil {
		t.Errorf("SetTargets: %v", err)
	}
	if killed, err := r.backend.Kill(t.Context(), []int32{1 << 30}); err != nil || len(killed) > 0 {
		t.Errorf("Kill of nobody ends %v: %v", killed, err)
	}
	for range 1000 { // whoever serves the executors cannot wait
		r.backend.Reached([]deploy.ExecutorID{{App: "of another time", Num: 1}})
	}
	r.finish(nil)
}

func answersNobodyElse(t *testing.T, make func(t *testing.T) Fixture) {
	f := make(t)
	refuses := func(when string) {
		if err := f.Backend.SetTargets(t.Context(), nil, nil); !errors.Is(err, backend.ErrNotRunning) {
			t.Errorf("SetTargets %s: %v", when, err)
		}
		if _, err := f.Backend.Kill(t.Context(), nil); !errors.Is(err, backend.ErrNotRunning) {
			t.Errorf("Kill %s: %v", when, err)
		}
		f.Backend.Reached(nil)
	}
	refuses("before Run")
	r := begin(t, f)
	r.registered()
	r.finish(nil)
	refuses("after Run")
}

func runsOnce(t *testing.T, make func(t *testing.T) Fixture) {
	f := make(t)
	r := begin(t, f)
	r.registered()
	if err := f.Backend.Run(t.Context(), f.Application, func(backend.Event) {}); err == nil {
		t.Error("a second Run beside the first is no error")
	}
	r.finish(nil)
	if err := f.Backend.Run(t.Context(), f.Application, func(backend.Event) {}); err == nil {
		t.Error("a second Run is no error")
	}
}
