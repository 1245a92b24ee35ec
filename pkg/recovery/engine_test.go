package recovery_test

import (
	"testing"
	"time"

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
