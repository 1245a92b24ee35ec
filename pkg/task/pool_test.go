package task

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// bench is a pool and what it has delivered.
type workbench struct {
	*pool
	mu      sync.Mutex
	results map[uint64]deploy.TaskResult
	ended   chan struct{}
}

// withPool runs a pool of the functions given, in virtual time.
func withPool(t *testing.T, cores int, funcs map[string]call, use func(b *workbench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &workbench{results: map[uint64]deploy.TaskResult{}, ended: make(chan struct{})}
		b.pool = newPool(&Program{funcs: funcs}, Context{Cores: cores}, 1000, false, func(list []deploy.TaskResult) {
			b.mu.Lock()
			defer b.mu.Unlock()
			for _, r := range list {
				if _, twice := b.results[r.ID]; twice {
					t.Errorf("task %d is reported twice", r.ID)
				}
				b.results[r.ID] = r
			}
		})
		go func() {
			defer close(b.ended)
			b.run(t.Context())
		}()
		use(b)
		b.close(true)
		<-b.ended
	})
}

func (b *workbench) give(fn string, ids ...uint64) {
	for _, id := range ids {
		b.add([]deploy.Task{{ID: id, Func: fn}})
	}
	synctest.Wait()
}

func (b *workbench) result(id uint64) (deploy.TaskResult, bool) {
	synctest.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	r, ok := b.results[id]
	return r, ok
}

// pass lets virtual time go by and everything that it wakes settle.
func (b *workbench) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func nap(ctx context.Context, _ []byte) ([]byte, error) {
	select {
	case <-time.After(time.Second):
		return []byte("slept"), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func TestPoolRunsAsManyAsCores(t *testing.T) {
	withPool(t, 2, map[string]call{"nap": nap}, func(b *workbench) {
		b.give("nap", 1, 2, 3)
		b.pass(time.Second)
		if _, ok := b.result(2); !ok {
			t.Error("the second did not run beside the first")
		}
		if _, ok := b.result(3); ok {
			t.Error("the third ran beside two others")
		}
		b.pass(time.Second)
		if r, ok := b.result(3); !ok || string(r.Output) != "slept" || r.Took != time.Second {
			t.Errorf("%+v", r)
		}
	})
}

func TestPoolCancels(t *testing.T) {
	withPool(t, 1, map[string]call{"nap": nap}, func(b *workbench) {
		b.give("nap", 1, 2, 3, 4)
		b.cancel(deploy.CancelTasks{IDs: []uint64{1, 3}, Unstarted: true})
		if r, ok := b.result(3); !ok || r.State != deploy.TaskKilled {
			t.Errorf("the one that waited: %+v", r)
		}
		if r, ok := b.result(1); ok {
			t.Errorf("the one that runs: %+v", r)
		}
		b.cancel(deploy.CancelTasks{IDs: []uint64{1, 2}})
		for id := range uint64(3) {
			if r, ok := b.result(id + 1); !ok || r.State != deploy.TaskKilled {
				t.Errorf("task %d: %+v", id+1, r)
			}
		}
		b.pass(time.Second)
		if r, ok := b.result(4); !ok || r.State != deploy.TaskFinished {
			t.Errorf("the last one: %+v", r)
		}
	})
}

func TestPoolBearsWhateverFunctionsDo(t *testing.T) {
	withPool(t, 1, map[string]call{
		"nap":    nap,
		"panic":  func(context.Context, []byte) ([]byte, error) { panic("no") },
		"exit":   func(context.Context, []byte) ([]byte, error) { runtime.Goexit(); return nil, nil },
		"fail":   func(context.Context, []byte) ([]byte, error) { return nil, errors.New("bad luck") },
		"babble": func(context.Context, []byte) ([]byte, error) { return nil, errors.New(strings.Repeat("x", 1<<20)) },
		"bloat":  func(context.Context, []byte) ([]byte, error) { return make([]byte, 1001), nil },
	}, func(b *workbench) {
		names := []string{"panic", "exit", "fail", "babble", "bloat", "absent", "nap"}
		for i, name := range names {
			b.give(name, uint64(i))
		}
		b.pass(time.Second)
		for i, says := range []string{"panic: no", "runtime.Goexit", "bad luck", "xxx", "one has at most 1000", `function "absent": not found`} {
			r, ok := b.result(uint64(i))
			if !ok || r.State != deploy.TaskFailed || !strings.Contains(r.Error, says) || len(r.Error) > maxErrorBytes {
				t.Errorf("%s: %d bytes of error, %+v", names[i], len(r.Error), r.State)
			}
		}
		if r, ok := b.result(6); !ok || r.State != deploy.TaskFinished {
			t.Errorf("what comes after all that: %+v", r)
		}
	})
}

// Closing lets what runs finish, and says of what waits that it was not run.
func TestPoolCloses(t *testing.T) {
	withPool(t, 1, map[string]call{"nap": nap}, func(b *workbench) {
		b.give("nap", 1, 2)
		b.close(false)
		b.give("nap", 3)
		<-b.ended
		var states []deploy.TaskState
		for id := range uint64(2) {
			r, _ := b.result(id + 1)
			states = append(states, r.State)
		}
		if !slices.Equal(states, []deploy.TaskState{deploy.TaskFinished, deploy.TaskKilled}) {
			t.Errorf("%v", states)
		}
	})
}
