package scheduler_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

func TestByText(t *testing.T) {
	for by := range scheduler.ByWorkerID + 1 {
		text, err := by.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var back scheduler.By
		if err := back.UnmarshalText(text); err != nil || back != by {
			t.Errorf("%s: got %s, %v", text, back, err)
		}
	}
	var by scheduler.By
	if err := by.UnmarshalText([]byte("memory_free_asc")); err != nil || by != scheduler.ByMemoryFreeAsc {
		t.Errorf("lower case: got %s, %v", by, err)
	}
	if err := by.UnmarshalText([]byte("FASTEST")); !errors.Is(err, deploy.ErrInvalid) {
		t.Errorf("an unknown order: got %v, want ErrInvalid", err)
	}
	if got := scheduler.By(99).String(); got != "By(99)" {
		t.Errorf("got %s", got)
	}
}

func TestCloneIsItsOwn(t *testing.T) {
	r := open(t, worker(0, 4, 512), demand(0, 2, 100), demand(1, 8, 100))
	plan, err := scheduler.NewPack(scheduler.DefaultOptions()).Place(t.Context(), r.View(0))
	if err != nil {
		t.Fatal(err)
	}
	kept := plan.Clone()
	plan.Grants[0].Cores, plan.Waiting[0].Reason.Causes[0].Workers = 77, 77
	if kept.Grants[0].Cores != 2 || kept.Waiting[0].Reason.Causes[0].Workers != 1 {
		t.Errorf("a clone changed with its original: %+v", kept)
	}
}

// TestAPlanOutlivesTheNext holds the promise that a plan may be read while the next one is made.
func TestAPlanOutlivesTheNext(t *testing.T) {
	r := open(t, worker(0, 4, 512), demand(0, 2, 100), demand(1, 8, 100))
	p := scheduler.NewSpread(scheduler.DefaultOptions())
	first, err := p.Place(t.Context(), r.View(0))
	if err != nil {
		t.Fatal(err)
	}
	kept := first.Clone()
	r.tell(worker(0, 2, 512), worker(1, 9, 512), demand(2, 9, 100))
	if _, err = p.Place(t.Context(), r.View(0)); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(first.Grants, kept.Grants) || len(first.Waiting) != 1 || first.Waiting[0].Demand != 1 ||
		!slices.Equal(first.Waiting[0].Reason.Causes, kept.Waiting[0].Reason.Causes) {
		t.Errorf("the next plan changed the one before: %+v, was %+v", first, kept)
	}
}
