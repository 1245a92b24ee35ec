package recovery_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/election"
	"github.com/musterproject/muster/pkg/recovery"
	"github.com/musterproject/muster/pkg/recovery/recoverytest"
)

var tight = recovery.Limits{BatchOps: 5, BatchBytes: 3000, RecordBytes: 1500}

// folds gives the state after each prefix of changes, as text.
func folds(t *testing.T, changes []deploy.Change) []string {
	t.Helper()
	model := map[string]deploy.Change{}
	out := []string{text(t, model)}
	for i := range changes {
		recoverytest.Fold(model, changes[i:i+1])
		out = append(out, text(t, model))
	}
	return out
}

func text(t *testing.T, model map[string]deploy.Change) string {
	t.Helper()
	b, err := json.Marshal(model)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func (d *disk) state(saved recovery.Saved) string {
	d.Helper()
	model := map[string]deploy.Change{}
	recoverytest.Fold(model, saved.Changes)
	return text(d.T, model)
}

// TestCrashAtEveryApply: wherever an Append breaks off, with or without effect, what is recovered is a prefix of the changes, and never shorter
// than what was acknowledged.
func TestCrashAtEveryApply(t *testing.T) {
	changes := recoverytest.Changes(7, 60)
	states := folds(t, changes)
	for _, when := range []recoverytest.When{recoverytest.Before, recoverytest.After} {
		broke := true
		for nth := 2; broke; nth++ { // the first Apply is the opening's
			d := newDisk(t, tight)
			sound := d.mode.Engine
			d.mode.Engine = recoverytest.Faulty(sound, recoverytest.Fault{Call: recovery.CallApply, Nth: nth, When: when})
			j, _ := d.must(recovery.Options{})
			acknowledged := 0
			for i := 0; i < len(changes); i += 12 {
				if err := j.Append(t.Context(), changes[i:i+12]); err != nil {
					break
				}
				acknowledged = i + 12
			}
			broke = acknowledged < len(changes)
			d.mode.Engine = sound
			_, saved := d.must(recovery.Options{})
			if got := d.state(saved); !oneOf(got, states[acknowledged:min(acknowledged+13, len(states))]) {
				t.Fatalf("fault %d at apply %d, %d changes acknowledged: recovered %d records that are no prefix after them", when, nth, acknowledged, len(saved.Changes))
			}
		}
	}
}

func oneOf(got string, states []string) bool {
	for _, s := range states {
		if s == got {
			return true
		}
	}
	return false
}

// TestTornApplyIsNoticed: an engine that is not all or nothing is found out, whatever the half.
func TestTornApplyIsNoticed(t *testing.T) {
	for seed := range uint64(20) {
		d := newDisk(t, recovery.Limits{})
		sound := d.mode.Engine
		d.mode.Engine = recoverytest.Faulty(sound, recoverytest.Fault{Call: recovery.CallApply, Nth: 3, When: recoverytest.Torn})
		j, _ := d.must(recovery.Options{})
		d.append(j, recoverytest.Changes(seed, 30)...)
		if err := j.Append(t.Context(), recoverytest.Changes(seed+100, 30)); err == nil {
			t.Fatal("a torn apply reported success")
		}
		d.mode.Engine = sound
		if _, _, err := d.open(recovery.Options{}); !errors.Is(err, recovery.ErrDamaged) {
			t.Fatalf("seed %d: half a batch is there, and opening says %v", seed, err)
		}
		d.must(recovery.Options{AcceptLoss: true})
		d.must(recovery.Options{})
	}
}

func TestLoadThatLosesHalfIsNoticed(t *testing.T) {
	d := filled(t)
	d.mode.Engine = recoverytest.Faulty(d.mode.Engine, recoverytest.Fault{Call: recovery.CallLoad, Nth: 1, When: recoverytest.Torn})
	if _, _, err := d.open(recovery.Options{}); !errors.Is(err, recovery.ErrDamaged) {
		t.Fatalf("half of the records are there, and opening says %v", err)
	}
	if _, saved := d.must(recovery.Options{}); ids(saved.Changes) != "a c d x b" {
		t.Fatalf("recovered %q", ids(saved.Changes))
	}
}

func TestErrorsAreFinal(t *testing.T) {
	disk := errors.New("disk on fire")
	for _, call := range []func(*recovery.Journal) error{
		func(j *recovery.Journal) error { return j.Append(context.Background(), []deploy.Change{app("y")}) },
		func(j *recovery.Journal) error { return j.Verify(context.Background()) },
	} {
		d := newDisk(t, recovery.Limits{})
		d.mode.Engine = recoverytest.Faulty(d.mode.Engine, recoverytest.Fault{Call: recovery.CallApply, Nth: 3, Err: disk})
		j, _ := d.must(recovery.Options{})
		d.append(j, app("x"))
		for range 2 {
			if err := call(j); !errors.Is(err, disk) {
				t.Fatalf("got %v", err)
			}
		}
		if err := j.Append(t.Context(), []deploy.Change{app("z")}); !errors.Is(err, disk) {
			t.Fatalf("append after an error: %v", err)
		}
	}
}

func TestOpeningFails(t *testing.T) {
	broken := errors.New("broken")
	for _, fault := range []recoverytest.Fault{
		{Call: recovery.CallBegin, Err: broken},
		{Call: recovery.CallLoad, Err: broken},
		{Call: recovery.CallLoad, Err: broken, When: recoverytest.After},
		{Call: recovery.CallApply, Err: broken},
		{Call: recovery.CallApply, Err: broken, When: recoverytest.After},
	} {
		d := filled(t)
		sound := d.mode.Engine
		d.mode.Engine = recoverytest.Faulty(sound, fault)
		if _, _, err := d.open(recovery.Options{AcceptLoss: true}); !errors.Is(err, broken) || !strings.Contains(err.Error(), "MEMORY") {
			t.Errorf("%+v: %v", fault, err)
		}
		d.mode.Engine = sound
		if _, saved := d.must(recovery.Options{}); ids(saved.Changes) != "a c d x b" {
			t.Errorf("%+v: recovered %q", fault, ids(saved.Changes))
		}
	}
}

func TestSlowEngineHonoursTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(t, recovery.Limits{})
		d.mode.Engine = recoverytest.Faulty(d.mode.Engine, recoverytest.Fault{Call: recovery.CallApply, Nth: 2, When: recoverytest.Slow, For: time.Hour})
		j, _ := d.must(recovery.Options{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if err := j.Append(ctx, []deploy.Change{app("x")}); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Fatalf("after %s: %v", time.Since(start), err)
		}
	})
}

func TestBatchesKeepTheLimits(t *testing.T) {
	d := newDisk(t, tight)
	var batches, most int
	d.mode.Engine = recovery.Observe(d.mode.Engine, func(c recovery.Called) {
		if c.Call == recovery.CallApply {
			batches, most = batches+1, max(most, c.Records)
		}
	})
	j, _ := d.must(recovery.Options{})
	changes := recoverytest.Changes(3, 200)
	d.append(j, changes...) // the engine refuses what is over its limits
	if most != tight.BatchOps || batches < 20 {
		t.Errorf("%d batches, the largest of %d mutations", batches, most)
	}
	if _, saved := d.must(recovery.Options{}); d.state(saved) != folds(t, changes)[len(changes)] {
		t.Error("what is recovered is not the fold of what was appended")
	}
}

func TestOneMutationPerKeyAndBatch(t *testing.T) {
	d := newDisk(t, recovery.Limits{})
	engine := &recording{PersistenceEngine: d.mode.Engine}
	d.mode.Engine = engine
	j, _ := d.must(recovery.Options{})
	d.append(j, app("x"), worker("a", 1), app("x"), worker("a", 2), deploy.DropWorker{ID: "a"}, worker("b", 1), deploy.DropWorker{ID: "never"})
	if got := fmt.Sprint(engine.keys); got != "[app/x worker/a worker/b head]" {
		t.Errorf("keys of the batch: %s", got)
	}
	engine.keys = nil
	d.append(j)
	d.append(j, deploy.DropApp{ID: "never"})
	if engine.keys != nil {
		t.Errorf("nothing changed, and %s was written", engine.keys)
	}
	if _, saved := d.must(recovery.Options{}); ids(saved.Changes) != "x b" {
		t.Errorf("recovered %q", ids(saved.Changes))
	}
}

// recording keeps the keys of the last batch.
type recording struct {
	recovery.PersistenceEngine
	keys []string
}

func (r *recording) Apply(ctx context.Context, epoch deploy.Epoch, batch []recovery.Mutation) error {
	r.keys = nil
	for _, m := range batch {
		r.keys = append(r.keys, m.Key)
	}
	return r.PersistenceEngine.Apply(ctx, epoch, batch)
}

func TestTooLargeForTheEngine(t *testing.T) {
	long := deploy.PutBlock{Name: strings.Repeat("n", 4000)}
	for _, limits := range []recovery.Limits{{RecordBytes: 3000}, {BatchBytes: 3000}} {
		d := newDisk(t, limits)
		j, _ := d.must(recovery.Options{})
		err := j.Append(t.Context(), []deploy.Change{app("x"), long, app("y")})
		if !errors.Is(err, recovery.ErrLimit) || !strings.Contains(err.Error(), "3000") || !strings.Contains(err.Error(), "block/nnn") {
			t.Errorf("%+v: %v", limits, err)
		}
		d.must(recovery.Options{})
	}
	for _, limits := range []recovery.Limits{{BatchOps: 1}, {RecordBytes: 100}, {BatchBytes: 100}} {
		if _, _, err := newDisk(t, limits).open(recovery.Options{}); !errors.Is(err, recovery.ErrLimit) {
			t.Errorf("%+v: %v", limits, err)
		}
	}
}

func TestClosedJournal(t *testing.T) {
	d := newDisk(t, recovery.Limits{})
	j, _ := d.must(recovery.Options{})
	if err := errors.Join(j.Close(), j.Close()); err != nil {
		t.Fatal(err)
	}
	if err := j.Append(t.Context(), []deploy.Change{app("x")}); !errors.Is(err, recovery.ErrClosed) {
		t.Errorf("append: %v", err)
	}
	if err := j.Verify(t.Context()); !errors.Is(err, recovery.ErrClosed) {
		t.Errorf("verify: %v", err)
	}
	if _, saved := d.must(recovery.Options{}); len(saved.Changes) > 0 {
		t.Errorf("recovered %q", ids(saved.Changes))
	}
}

func TestClaimOfABallot(t *testing.T) {
	store := recovery.NewMemoryStore(recovery.Limits{}, func(c election.Claim) error {
		if c.Agent != "known" {
			return errors.New("nobody knows this agent")
		}
		return nil
	})
	if _, _, err := recovery.OpenJournal(t.Context(), store.Mode(nil), election.Claim{Agent: "other"}, recovery.Options{}); !errors.Is(err, recovery.ErrClaim) {
		t.Errorf("a claim of an unknown agent: %v", err)
	}
	if _, _, err := recovery.OpenJournal(t.Context(), store.Mode(nil), election.Claim{Agent: "known"}, recovery.Options{}); err != nil {
		t.Error(err)
	}
}

// doubled gives every record twice.
type doubled struct{ recovery.PersistenceEngine }

func (d doubled) Load(ctx context.Context, epoch deploy.Epoch) iter.Seq2[recovery.Record, error] {
	return func(yield func(recovery.Record, error) bool) {
		for r, err := range d.PersistenceEngine.Load(ctx, epoch) {
			for range 2 {
				if !yield(r, err) {
					return
				}
			}
		}
	}
}

func TestRecordsGivenTwiceAreRefused(t *testing.T) {
	d := filled(t)
	d.mode.Engine = doubled{d.mode.Engine}
	if _, _, err := d.open(recovery.Options{AcceptLoss: true}); !errors.Is(err, recovery.ErrDamaged) || !strings.Contains(err.Error(), "twice") {
		t.Fatalf("opening: %v", err)
	}
}
