package recovery_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/election"
	"github.com/musterproject/muster/pkg/recovery"
	"github.com/musterproject/muster/pkg/recovery/recoverytest"
)

func memory(limits recovery.Limits, decorate func(recovery.PersistenceEngine) recovery.PersistenceEngine) func(*testing.T) recoverytest.Store {
	return func(*testing.T) recoverytest.Store {
		store := recovery.NewMemoryStore(limits, nil)
		return recoverytest.Store{Open: func() (*recovery.Mode, error) {
			m := store.Mode(nil)
			m.Engine = decorate(m.Engine)
			return m, nil
		}}
	}
}

func plain(e recovery.PersistenceEngine) recovery.PersistenceEngine { return e }

func TestMemory(t *testing.T) { recoverytest.Run(t, memory(recovery.Limits{}, plain)) }

func TestMemoryWithLimits(t *testing.T) {
	recoverytest.Run(t, memory(recovery.Limits{BatchOps: 7, BatchBytes: 4 << 10, RecordBytes: 2 << 10}, plain))
}

func TestObserved(t *testing.T) {
	recoverytest.Run(t, memory(recovery.Limits{}, func(e recovery.PersistenceEngine) recovery.PersistenceEngine {
		return recovery.Observe(e, func(recovery.Called) {})
	}))
}

func TestFaultyWithoutFaults(t *testing.T) {
	recoverytest.Run(t, memory(recovery.Limits{}, func(e recovery.PersistenceEngine) recovery.PersistenceEngine {
		return recoverytest.Faulty(e)
	}))
}

func TestNone(t *testing.T) {
	recoverytest.Run(t, func(*testing.T) recoverytest.Store {
		return recoverytest.Store{Forgets: true, Open: func() (*recovery.Mode, error) { return recovery.NewNone(time.Now, nil), nil }}
	})
}

// TestMemoryWithBallot: the store asks the ballot whether a claim stands.
func TestMemoryWithBallot(t *testing.T) {
	recoverytest.Run(t, func(t *testing.T) recoverytest.Store {
		ballot := election.NewBallot()
		store := recovery.NewMemoryStore(recovery.Limits{}, ballot.Check)
		last := func() {} // ends the last leader
		t.Cleanup(func() { last() })
		return recoverytest.Store{
			Many: 100,
			Open: func() (*recovery.Mode, error) {
				return store.Mode(ballot.Candidate(deploy.Address{Host: "localhost", Port: 7077})), nil
			},
			Claim: func(t *testing.T, m *recovery.Mode) election.Claim {
				last()
				terms := make(chan election.Term, 1)
				ctx, cancel := context.WithCancel(context.Background())
				var wg sync.WaitGroup
				wg.Go(func() {
					err := m.Agent.Lead(ctx, func(ctx context.Context, term election.Term) error {
						terms <- term
						<-ctx.Done()
						return nil
					})
					if !errors.Is(err, context.Canceled) {
						t.Errorf("Lead returned %v", err)
					}
				})
				last = func() { cancel(); wg.Wait() }
				return (<-terms).Claim
			},
		}
	})
}

// TestExclusive: a store like a locked directory, which one process opens at a time.
func TestExclusive(t *testing.T) {
	recoverytest.Run(t, func(*testing.T) recoverytest.Store {
		store, lock := recovery.NewMemoryStore(recovery.Limits{}, nil), make(chan struct{}, 1)
		return recoverytest.Store{Many: 100, Exclusive: true, Open: func() (*recovery.Mode, error) {
			select {
			case lock <- struct{}{}:
			default:
				return nil, errors.New("locked by another process")
			}
			m := store.Mode(nil)
			m.Engine = &locked{PersistenceEngine: m.Engine, lock: lock}
			return m, nil
		}}
	})
}

type locked struct {
	recovery.PersistenceEngine
	lock chan struct{}
	once sync.Once
}

func (l *locked) Close() error {
	l.once.Do(func() { <-l.lock })
	return l.PersistenceEngine.Close()
}
