package status

import (
	"fmt"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
)

// TestBacklogIsBounded: things come and go while a reader is stuck, in its first pages or later; what waits for it does not grow with them.
func TestBacklogIsBounded(t *testing.T) {
	const live, churn = 10, 10_000
	row := func(i int) deploy.Row { return deploy.AppRow{ID: deploy.AppID(fmt.Sprint("app-", i))} }
	left := func(i int) deploy.Row { return deploy.GoneRow{Gone: row(i).RowKey()} }
	s := NewStore()
	w := &watcher{query: Query{Kind: deploy.RowApp}, wake: make(chan struct{}, 1), pending: map[deploy.RowKey]mark{}}
	s.enlist(w)
	for i := range live {
		s.Apply([]deploy.Row{row(i)})
	}
	if got := len(w.take()); got != live {
		t.Fatalf("%d keys wait, want %d", got, live)
	}
	for i := live; i < churn; i++ {
		s.Apply([]deploy.Row{row(i), left(i - live), row(i)})
	}
	if got := len(w.pending); got != 2*live { // those there now, and those gone that it knows of
		t.Errorf("%d keys wait after %d rows have come and gone, want %d", got, churn, 2*live)
	}
	s.dismiss(w)
	s.Apply([]deploy.Row{row(0)})
	if len(w.pending) != 2*live || len(s.watchers[deploy.RowApp]) != 0 {
		t.Error("a watcher that has left is still told")
	}
}

// TestShownWhileItsChangeWaits: a row that goes, is taken, comes back and is shown, and goes again, must go for the reader too.
func TestShownWhileItsChangeWaits(t *testing.T) {
	row := deploy.AppRow{ID: "a"}
	gone := deploy.GoneRow{Gone: row.RowKey()}
	s := NewStore()
	w := &watcher{query: Query{Kind: deploy.RowApp}, wake: make(chan struct{}, 1), pending: map[deploy.RowKey]mark{}}
	s.Apply([]deploy.Row{row})
	s.enlist(w)
	s.Apply([]deploy.Row{gone})
	taken := w.take()
	s.Apply([]deploy.Row{row})
	if shown := s.newest(w, taken); len(shown) != 1 || shown[0].RowKey() != row.RowKey() || shown[0] == deploy.Row(gone) {
		t.Fatalf("shown %v", shown)
	}
	s.Apply([]deploy.Row{gone})
	if left := s.newest(w, w.take()); len(left) != 1 || left[0] != deploy.Row(gone) {
		t.Errorf("the reader is told %v, want that it is gone", left)
	}
}
