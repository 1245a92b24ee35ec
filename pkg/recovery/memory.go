package recovery

import (
	"context"
	"fmt"
	"iter"
	"sync"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/election"
)

// MemoryStore keeps records for as long as the process lives. Several engines may be open on it, as several masters on one service: it fences
// them as a durable one would. The zero value is not usable.
type MemoryStore struct {
	check  func(election.Claim) error
	limits Limits

	mu      sync.Mutex
	epoch   deploy.Epoch
	records map[string][]byte // values are never changed in place
}

// NewMemoryStore makes an empty store. Its engines take what limits allows and accept the claims for which check, such as Ballot.Check of
// package election, returns nil; a nil check accepts all.
func NewMemoryStore(limits Limits, check func(election.Claim) error) *MemoryStore {
	if check == nil {
		check = func(election.Claim) error { return nil }
	}
	return &MemoryStore{check: check, limits: limits, records: map[string][]byte{}}
}

// Mode opens an engine on s, to go with agent.
func (s *MemoryStore) Mode(agent election.LeaderElectionAgent) *Mode {
	return &Mode{Name: "MEMORY", Engine: s.Open(), Agent: agent, Limits: s.limits}
}

// Open opens one more engine on s.
func (s *MemoryStore) Open() *MemoryEngine { return &MemoryEngine{store: s} }

// MemoryEngine is one opening of a MemoryStore.
type MemoryEngine struct {
	store  *MemoryStore
	closed bool // guarded by store.mu
}

var _ PersistenceEngine = (*MemoryEngine)(nil)

// Begin raises the epoch of the store by one.
func (e *MemoryEngine) Begin(ctx context.Context, claim election.Claim) (deploy.Epoch, error) {
	s := e.store
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := e.usable(ctx); err != nil {
		return 0, err
	}
	if err := s.check(claim); err != nil {
		return 0, fmt.Errorf("%w: %w", ErrClaim, err)
	}
	s.epoch++
	return s.epoch, nil
}

// Load gives the records as they are when it begins.
func (e *MemoryEngine) Load(ctx context.Context, epoch deploy.Epoch) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		records, err := e.snapshot(ctx, epoch)
		if err != nil {
			yield(Record{}, err)
			return
		}
		for _, r := range records {
			if err := ctx.Err(); err != nil {
				yield(Record{}, err)
				return
			}
			r.Value = append([]byte{}, r.Value...) // the receiver may keep and change it
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (e *MemoryEngine) snapshot(ctx context.Context, epoch deploy.Epoch) ([]Record, error) {
	s := e.store
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := e.holds(ctx, epoch); err != nil {
		return nil, err
	}
	out := make([]Record, 0, len(s.records))
	for key, value := range s.records {
		out = append(out, Record{Key: key, Value: value})
	}
	return out, nil
}

// Apply takes the whole batch or nothing of it.
func (e *MemoryEngine) Apply(ctx context.Context, epoch deploy.Epoch, batch []Mutation) error {
	if err := e.store.limits.check(batch); err != nil {
		return err
	}
	s := e.store
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := e.holds(ctx, epoch); err != nil {
		return err
	}
	for _, m := range batch {
		if m.Value == nil {
			delete(s.records, m.Key)
			continue
		}
		s.records[m.Key] = append(make([]byte, 0, len(m.Value)), m.Value...)
	}
	return nil
}

// Close ends this engine; the store and its other engines live on.
func (e *MemoryEngine) Close() error {
	e.store.mu.Lock()
	defer e.store.mu.Unlock()
	e.closed = true
	return nil
}

func (e *MemoryEngine) usable(ctx context.Context) error {
	if e.closed {
		return ErrClosed
	}
	return ctx.Err()
}

func (e *MemoryEngine) holds(ctx context.Context, epoch deploy.Epoch) error {
	if err := e.usable(ctx); err != nil {
		return err
	}
	return fence(e.store.epoch, epoch)
}

// fence refuses every epoch but the present one; 0 is none.
func fence(present, asked deploy.Epoch) error {
	if asked == 0 || asked != present {
		return fmt.Errorf("epoch %d: %w: the present one is %d", asked, ErrFenced, present)
	}
	return nil
}

// check refuses a batch that is over the limits.
func (l Limits) check(batch []Mutation) error {
	bytes := 0
	for _, m := range batch {
		if l.RecordBytes > 0 && len(m.Value) > l.RecordBytes {
			return fmt.Errorf("record %q of %d bytes: %w of %d", m.Key, len(m.Value), ErrLimit, l.RecordBytes)
		}
		bytes += len(m.Key) + len(m.Value)
	}
	switch {
	case l.BatchOps > 0 && len(batch) > l.BatchOps:
		return fmt.Errorf("batch of %d mutations: %w of %d", len(batch), ErrLimit, l.BatchOps)
	case l.BatchBytes > 0 && bytes > l.BatchBytes:
		return fmt.Errorf("batch of %d bytes: %w of %d", bytes, ErrLimit, l.BatchBytes)
	}
	return nil
}
