package task

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/musterproject/muster/internal/taskcore"
	"github.com/musterproject/muster/pkg/deploy"
)

// ErrSessionOver says that the session has ended: no more tasks run.
var ErrSessionOver = errors.New("task: the session is over")

// Result is what a function made of one input.
type Result[Out any] struct {
	Index    int // of the input, from 0
	Value    Out
	Executor deploy.ExecutorID
	Attempt  int // the one that succeeded, from 0
	Took     time.Duration
}

// Map calls f for each of inputs on the executors of s and gives the results in the order they are done; Index says which is which. It ends with one
// error if a task has failed for good (a *Failure), an input cannot be encoded, the session or ctx ends; results that were done before come first.
// Whoever stops taking results ends the job.
//
// Inputs are pulled by a goroutine of their own, only a bounded part before their results are taken, and until their next element if the job ends
// early. A []byte must not be changed after it has been given.
func Map[In, Out any](ctx context.Context, s *Session, f Func[In, Out], inputs iter.Seq[In]) iter.Seq2[Result[Out], error] {
	return func(yield func(Result[Out], error) bool) {
		j, err := s.d.begin(f.name, s.attempts)
		if err != nil {
			yield(Result[Out]{}, err)
			return
		}
		defer s.d.forget(j)
		ctx, cancel := context.WithCancel(ctx)
		var feeder sync.WaitGroup
		feeder.Go(func() { feed(ctx, j, f, inputs) })
		defer feeder.Wait()
		defer j.drop()
		defer cancel()
		collect(ctx, j, f, yield)
	}
}

// Call calls f for one input and waits for its result.
func Call[In, Out any](ctx context.Context, s *Session, f Func[In, Out], input In) (out Out, err error) {
	b, err := f.encode(0, input)
	if err != nil {
		return out, err
	}
	j, err := s.d.begin(f.name, s.attempts)
	if err != nil {
		return out, err
	}
	defer s.d.forget(j)
	defer j.drop()
	j.only(b)
	collect(ctx, j, f, func(r Result[Out], oneErr error) bool {
		out, err = r.Value, oneErr
		return true
	})
	return out, err
}

// encode makes bytes of the input that has an index.
func (f Func[In, Out]) encode(index int, in In) ([]byte, error) {
	b, err := f.input.encode(in)
	if err == nil && len(b) > maxTaskBytes {
		err = fmt.Errorf("it has %d bytes: %w: one input has at most %d; cut it up, or say where the function can read it", len(b), deploy.ErrTooLarge, maxTaskBytes)
	}
	if err != nil {
		return nil, fmt.Errorf("input %d of function %q: %w", index, f.name, err)
	}
	return b, nil
}

// feed encodes inputs and hands them over.
func feed[In, Out any](ctx context.Context, j *job, f Func[In, Out], inputs iter.Seq[In]) {
	n := 0
	for in := range inputs {
		b, err := f.encode(n, in)
		if err != nil {
			j.fail(err)
			return
		}
		if !j.put(ctx, b) {
			return
		}
		n++
	}
	j.end()
}

// collect gives results to the user until the job or the user has done.
func collect[In, Out any](ctx context.Context, j *job, f Func[In, Out], yield func(Result[Out], error) bool) {
	var list, spare []taskcore.Outcome
	for over := false; !over; {
		var err error
		list, over, err = j.next(ctx, spare)
		bytes := int64(0)
		for i := range list {
			o := &list[i]
			value, err := f.output.decode(o.Output)
			if err != nil {
				yield(Result[Out]{}, fmt.Errorf("output %d of function %q: %w", o.Index, f.name, err))
				return
			}
			bytes += int64(len(o.Output))
			if !yield(Result[Out]{Index: o.Index, Value: value, Executor: o.Executor, Attempt: int(o.Attempt), Took: o.Took}, nil) {
				return
			}
		}
		j.taken(len(list), bytes)
		clear(list)
		spare = list
		if err != nil {
			yield(Result[Out]{}, err)
			return
		}
	}
}
