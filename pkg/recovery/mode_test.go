package recovery_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/election"
	"github.com/musterproject/muster/pkg/recovery"
	"github.com/musterproject/muster/pkg/recovery/recoverytest"
)

func TestOpenByName(t *testing.T) {
	broken := errors.New("no such host")
	known := recovery.Factories{
		"NONE":       func(context.Context) (*recovery.Mode, error) { return recovery.NewNone(time.Now, nil), nil },
		"FILESYSTEM": func(context.Context) (*recovery.Mode, error) { return nil, broken },
	}
	if m, err := recovery.Open(t.Context(), "NONE", known); err != nil || m.Name != "NONE" {
		t.Errorf("NONE: %v, %v", m, err)
	}
	if _, err := recovery.Open(t.Context(), "FILESYSTEM", known); !errors.Is(err, broken) || !strings.Contains(err.Error(), "FILESYSTEM") {
		t.Errorf("a factory that fails: %v", err)
	}
	for name, hint := range map[string]string{"filesystem": "did you mean FILESYSTEM?", "NON": "did you mean NONE?", "": `""`, "ZOOKEEPER": `"ZOOKEEPER"`} {
		_, err := recovery.Open(t.Context(), name, known)
		if !errors.Is(err, recovery.ErrUnknownMode) || !strings.Contains(err.Error(), hint) || !strings.Contains(err.Error(), "FILESYSTEM, NONE") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestObserve(t *testing.T) {
	var told []recovery.Called
	broken := errors.New("broken")
	mode := recovery.NewMemoryStore(recovery.Limits{}, nil).Mode(nil)
	faulty := recoverytest.Faulty(mode.Engine, recoverytest.Fault{Call: recovery.CallApply, Nth: 2, Err: broken})
	engine := recovery.Observe(faulty, func(c recovery.Called) {
		if c.Took < 0 {
			t.Errorf("%s took %s", c.Call, c.Took)
		}
		c.Took = 0
		told = append(told, c)
	})
	epoch, err := engine.Begin(t.Context(), election.Claim{})
	if err != nil {
		t.Fatal(err)
	}
	batch := []recovery.Mutation{{Key: "ab", Value: []byte("cde")}, {Key: "x"}}
	if err := engine.Apply(t.Context(), epoch, batch); err != nil {
		t.Fatal(err)
	}
	if err := engine.Apply(t.Context(), epoch, batch); !errors.Is(err, broken) {
		t.Fatal(err)
	}
	for _, err := range engine.Load(t.Context(), epoch) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := engine.Close(); err != nil {
		t.Fatal(err)
	}
	want := []recovery.Called{
		{Call: recovery.CallBegin, Epoch: 1},
		{Call: recovery.CallApply, Epoch: 1, Records: 2, Bytes: 6},
		{Call: recovery.CallApply, Epoch: 1, Records: 2, Bytes: 6, Err: broken},
		{Call: recovery.CallLoad, Epoch: 1, Records: 1, Bytes: 5},
		{Call: recovery.CallClose},
	}
	for i := range want {
		if i >= len(told) || told[i] != want[i] {
			t.Fatalf("told %+v, want %+v", told, want)
		}
	}
}

func TestNoneEpochsGrowWithRestarts(t *testing.T) {
	clock := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	begin := func(e *recovery.Blackhole) uint64 {
		epoch, err := e.Begin(t.Context(), election.Claim{})
		if err != nil {
			t.Fatal(err)
		}
		return uint64(epoch)
	}
	now := func() time.Time { return clock }
	first := recovery.NewBlackhole(now)
	a := begin(first)
	clock = clock.Add(-time.Hour) // the clock is set back while it runs
	b := begin(first)
	clock = clock.Add(2 * time.Hour)
	if c := begin(recovery.NewBlackhole(now)); a >= b || b >= c {
		t.Errorf("epochs %d, %d, then of the next process %d", a, b, c)
	}
}
