package recovery

import (
	"context"
	"iter"
	"sync"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/election"
)

// Blackhole is the engine of NONE: it keeps nothing. Its epochs come from the clock, so that they grow from one process to the next as long as
// the clock does; together with the new ClusterID of each start nothing takes an old master's orders for a new one's.
type Blackhole struct {
	now func() time.Time

	mu     sync.Mutex
	epoch  deploy.Epoch
	closed bool
}

var _ PersistenceEngine = (*Blackhole)(nil)

// NewBlackhole makes an engine whose epochs are nanoseconds of now.
func NewBlackhole(now func() time.Time) *Blackhole { return &Blackhole{now: now} }

// NewNone makes the mode NONE. An agent other than a Monarchy would let several masters lead with nothing to fence them.
func NewNone(now func() time.Time, agent election.LeaderElectionAgent) *Mode {
	return &Mode{Name: "NONE", Engine: NewBlackhole(now), Agent: agent}
}

// Begin takes the epoch from the clock, and always above the last one.
func (b *Blackhole) Begin(ctx context.Context, _ election.Claim) (deploy.Epoch, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.usable(ctx); err != nil {
		return 0, err
	}
	b.epoch = max(b.epoch+1, deploy.Epoch(max(b.now().UnixNano(), 0)))
	return b.epoch, nil
}

// Load gives nothing.
func (b *Blackhole) Load(ctx context.Context, epoch deploy.Epoch) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		if err := b.Apply(ctx, epoch, nil); err != nil {
			yield(Record{}, err)
		}
	}
}

// Apply forgets the batch and tells whether the epoch holds.
func (b *Blackhole) Apply(ctx context.Context, epoch deploy.Epoch, _ []Mutation) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.usable(ctx); err != nil {
		return err
	}
	return fence(b.epoch, epoch)
}

// Close ends the engine.
func (b *Blackhole) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	return nil
}

func (b *Blackhole) usable(ctx context.Context) error {
	if b.closed {
		return ErrClosed
	}
	return ctx.Err()
}
