package recoverytest

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/election"
	"github.com/musterproject/muster/pkg/recovery"
)

// When says what a Fault does to a call.
type When uint8

// The ways to fail.
const (
	Before When = iota // fails, nothing has happened
	After              // takes effect, then fails: the caller cannot know
	Torn               // Apply puts the first half of the batch and fails; Load gives half of the records and ends as if these were all
	Slow               // waits For, or until the context ends, then does its work
)

// Fault is what happens to one call.
type Fault struct {
	Call recovery.Call
	Nth  int // of the calls of its kind, from 1; 0 is every one
	When When
	For  time.Duration // of Slow
	Err  error         // nil is a plain error that names the call
}

// Faulty decorates an engine with faults. The first one that fits a call happens to it.
func Faulty(engine recovery.PersistenceEngine, faults ...Fault) recovery.PersistenceEngine {
	return &faulty{engine: engine, faults: faults, calls: map[recovery.Call]int{}}
}

type faulty struct {
	engine recovery.PersistenceEngine
	faults []Fault

	mu    sync.Mutex
	calls map[recovery.Call]int
}

// next counts a call and gives what happens to it; nil is nothing.
func (f *faulty) next(call recovery.Call) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls[call]++
	for _, fault := range f.faults {
		if fault.Call == call && (fault.Nth == 0 || fault.Nth == f.calls[call]) {
			if fault.Err == nil {
				fault.Err = fmt.Errorf("recoverytest: fault in %s %d", call, f.calls[call])
			}
			return &fault
		}
	}
	return nil
}

// ahead does what comes before the call. An error ends it.
func (f *Fault) ahead(ctx context.Context) error {
	switch {
	case f == nil:
		return nil
	case f.When == Before:
		return f.Err
	case f.When == Slow:
		timer := time.NewTimer(f.For)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// behind gives the error of a call that has taken effect.
func (f *Fault) behind(err error) error {
	if err == nil && f != nil && f.When == After {
		return f.Err
	}
	return err
}

func (f *faulty) Begin(ctx context.Context, claim election.Claim) (deploy.Epoch, error) {
	fault := f.next(recovery.CallBegin)
	if err := fault.ahead(ctx); err != nil {
		return 0, err
	}
	epoch, err := f.engine.Begin(ctx, claim)
	return epoch, fault.behind(err)
}

func (f *faulty) Apply(ctx context.Context, epoch deploy.Epoch, batch []recovery.Mutation) error {
	fault := f.next(recovery.CallApply)
	if err := fault.ahead(ctx); err != nil {
		return err
	}
	if fault != nil && fault.When == Torn {
		if err := f.engine.Apply(ctx, epoch, batch[:len(batch)/2]); err != nil {
			return err
		}
		return fault.Err
	}
	return fault.behind(f.engine.Apply(ctx, epoch, batch))
}

func (f *faulty) Load(ctx context.Context, epoch deploy.Epoch) iter.Seq2[recovery.Record, error] {
	return func(yield func(recovery.Record, error) bool) {
		fault := f.next(recovery.CallLoad)
		if err := fault.ahead(ctx); err != nil {
			yield(recovery.Record{}, err)
			return
		}
		var all []recovery.Record
		for r, err := range f.engine.Load(ctx, epoch) {
			if err != nil {
				yield(recovery.Record{}, err)
				return
			}
			all = append(all, r)
		}
		if fault != nil && fault.When == Torn {
			all = all[:len(all)/2]
		}
		for _, r := range all {
			if !yield(r, nil) {
				return
			}
		}
		if err := fault.behind(nil); err != nil {
			yield(recovery.Record{}, err)
		}
	}
}

func (f *faulty) Close() error {
	fault := f.next(recovery.CallClose)
	if err := fault.ahead(context.Background()); err != nil {
		return err
	}
	return fault.behind(f.engine.Close())
}
