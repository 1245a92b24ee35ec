package recovery

import (
	"context"
	"iter"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/election"
)

// Call names a call of an engine.
type Call string

// The calls.
const (
	CallBegin Call = "begin"
	CallLoad  Call = "load"
	CallApply Call = "apply"
	CallClose Call = "close"
)

// Called is the fact that a call of an engine has returned; of Load, that its records have been read.
type Called struct {
	Call    Call
	Epoch   deploy.Epoch
	Records int // mutations applied, records loaded
	Bytes   int // of their keys and values
	Took    time.Duration
	Err     error
}

// Observe decorates an engine: it behaves the same, and tell hears of each call as it returns, on the caller's goroutine.
func Observe(engine PersistenceEngine, tell func(Called)) PersistenceEngine {
	return &observed{engine, tell}
}

type observed struct {
	engine PersistenceEngine
	tell   func(Called)
}

func (o *observed) Begin(ctx context.Context, claim election.Claim) (deploy.Epoch, error) {
	start := time.Now()
	epoch, err := o.engine.Begin(ctx, claim)
	o.tell(Called{Call: CallBegin, Epoch: epoch, Took: time.Since(start), Err: err})
	return epoch, err
}

func (o *observed) Load(ctx context.Context, epoch deploy.Epoch) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		c := Called{Call: CallLoad, Epoch: epoch}
		start := time.Now()
		defer func() {
			c.Took = time.Since(start)
			o.tell(c)
		}()
		for r, err := range o.engine.Load(ctx, epoch) {
			if err != nil {
				c.Err = err
			} else {
				c.Records++
				c.Bytes += len(r.Key) + len(r.Value)
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

func (o *observed) Apply(ctx context.Context, epoch deploy.Epoch, batch []Mutation) error {
	start := time.Now()
	err := o.engine.Apply(ctx, epoch, batch)
	c := Called{Call: CallApply, Epoch: epoch, Records: len(batch), Took: time.Since(start), Err: err}
	for i := range batch {
		c.Bytes += len(batch[i].Key) + len(batch[i].Value)
	}
	o.tell(c)
	return err
}

func (o *observed) Close() error {
	start := time.Now()
	err := o.engine.Close()
	o.tell(Called{Call: CallClose, Took: time.Since(start), Err: err})
	return err
}
