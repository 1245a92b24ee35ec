package deploy

import (
	"encoding"
	"errors"
	"testing"
)

// walk checks that every illegal step is refused and changes nothing, that legal ones are taken, and that names round-trip.
func walk[S State, P interface {
	*S
	encoding.TextUnmarshaler
}](t *testing.T, names []string) {
	t.Helper()
	for i := range names {
		s := S(i)
		var back S
		if err := P(&back).UnmarshalText([]byte(s.String())); err != nil || back.String() != s.String() {
			t.Errorf("%s does not round-trip: %v, %v", s, back, err)
		}
		for j := range names {
			next, life := S(j), NewLife(s)
			err := life.To(next)
			legal := s.nexts()&(1<<j) != 0
			switch {
			case legal && (err != nil || life.State() != next):
				t.Errorf("%s to %s: %v, now %s", s, next, err, life.State())
			case !legal && (!errors.Is(err, ErrIllegalTransition) || life.State() != s):
				t.Errorf("illegal %s to %s: %v, now %s", s, next, err, life.State())
			}
		}
	}
	if beyond := NewLife(S(len(names))); beyond.Can(0) || !beyond.Terminal() {
		t.Error("a number beyond the set must lead nowhere")
	}
	var none S
	if err := P(&none).UnmarshalText([]byte("NO_SUCH")); !errors.Is(err, ErrInvalid) {
		t.Errorf("an unknown name gave %v", err)
	}
}

func TestLives(t *testing.T) {
	walk[MasterState](t, masterNames)
	walk[WorkerState](t, workerNames)
	walk[AppState](t, appNames)
	walk[DriverState](t, driverNames)
	walk[ExecutorState](t, executorNames)
}

func TestTerminalStatesOfThePeer(t *testing.T) {
	for _, s := range []ExecutorState{ExecutorKilled, ExecutorFailed, ExecutorLost, ExecutorExited} {
		if !s.Terminal() {
			t.Errorf("%s must be terminal", s)
		}
	}
	for _, s := range []ExecutorState{ExecutorLaunching, ExecutorRunning, ExecutorDecommissioned} {
		if s.Terminal() {
			t.Errorf("%s must not be terminal", s)
		}
	}
}

func TestFaultKeepsItsIdentity(t *testing.T) {
	for _, kind := range faultKinds {
		f := NewFault(errors.Join(kind))
		back := FaultFromCode(f.Code(), f.Text)
		if !errors.Is(back, kind) || back.Error() != f.Error() {
			t.Errorf("%v came back as %v", kind, back)
		}
	}
	if NewFault(nil).Err() != nil || FaultFromCode(0, "").Err() != nil {
		t.Error("no fault must be no error")
	}
	if f := FaultFromCode(999, "from the future"); !errors.Is(f, ErrInvalid) || f.Error() != "from the future" {
		t.Errorf("an unknown code gave %v", f)
	}
}

func TestIDsRoundTrip(t *testing.T) {
	e := ExecutorID{App: "app-20261120223045-0007", Num: 3}
	if got, err := ParseExecutorID(e.String()); err != nil || got != e {
		t.Errorf("%v, %v", got, err)
	}
	l := LaunchID{Epoch: 4, Seq: 99}
	if got, err := ParseLaunchID(l.String()); err != nil || got != l {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"", "x", "a/", "a/-1", "../x/3", "a b/3", "a/99999999999"} {
		if _, err := ParseExecutorID(bad); !errors.Is(err, ErrInvalid) {
			t.Errorf("executor id %q: %v", bad, err)
		}
	}
	if l.Compare(LaunchID{Epoch: 4, Seq: 100}) != -1 || l.Compare(l) != 0 || l.Compare(LaunchID{Epoch: 3, Seq: 100}) != 1 {
		t.Error("launches must be ordered by epoch, then number")
	}
}
