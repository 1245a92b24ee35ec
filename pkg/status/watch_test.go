package status_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/status"
)

// watched runs a watch whose pages the test takes one at a time; the reader waits in between, as a slow one does.
type watched struct {
	pages chan status.Page
	stop  func()
}

func watch(s *status.Store, q status.Query) *watched {
	ctx, cancel := context.WithCancel(context.Background())
	w := &watched{pages: make(chan status.Page)}
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(w.pages)
		for p := range s.Watch(ctx, q) {
			select {
			case w.pages <- p:
			case <-ctx.Done():
				return
			}
		}
	})
	w.stop = func() { cancel(); wg.Wait() }
	return w
}

// next takes a page, if one comes.
func (w *watched) next() (status.Page, bool) {
	synctest.Wait()
	select {
	case p := <-w.pages:
		return p, true
	default:
		return status.Page{}, false
	}
}

func (w *watched) want(t *testing.T, rows string, whole bool) {
	t.Helper()
	p, ok := w.next()
	if !ok || ids(p.Rows) != rows || p.Whole != whole {
		t.Fatalf("got %q (a page: %v), whole %v; want %q, %v", ids(p.Rows), ok, p.Whole, rows, whole)
	}
}

func (w *watched) quiet(t *testing.T) {
	t.Helper()
	if p, ok := w.next(); ok {
		t.Fatalf("got %q, want nothing", ids(p.Rows))
	}
}

func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := store(app("a", deploy.AppWaiting), app("b", deploy.AppRunning), app("c", deploy.AppFinished))
		w := watch(s, status.Query{Kind: deploy.RowApp})
		defer w.stop()
		w.want(t, "a b", true)
		w.quiet(t)
		s.Apply([]deploy.Row{app("d", deploy.AppWaiting), executor("a", 1, 0), app("b", deploy.AppRunning), app("d", deploy.AppWaiting)})
		w.want(t, "d b", false)                           // in the order in which they first changed
		s.Apply([]deploy.Row{app("b", deploy.AppFailed)}) // arrives once as it ends
		w.want(t, "b", false)
		s.Apply([]deploy.Row{app("b", deploy.AppFailed), gone(deploy.RowApp, "b"), app("e", deploy.AppKilled), gone(deploy.RowApp, "c")}) // not of interest any more, or never
		w.quiet(t)
		s.Apply([]deploy.Row{gone(deploy.RowApp, "a")})
		w.want(t, "a(gone)", false)
		s.Reset()
		w.want(t, "d(gone)", false)
		s.Apply([]deploy.Row{app("a", deploy.AppRunning)})
		w.want(t, "a", false)
	})
}

func TestWatchOfNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := status.NewStore()
		w := watch(s, status.Query{Kind: deploy.RowExecutor, App: "a"})
		defer w.stop()
		w.want(t, "", true)
		s.Apply([]deploy.Row{executor("ab", 1, 0), executor("a", 1, 0)})
		w.want(t, "a/1", false)
	})
}

func TestWatchCoalesces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := store(app("a", deploy.AppWaiting))
		w := watch(s, status.Query{Kind: deploy.RowApp})
		defer w.stop()
		w.want(t, "a", true)
		s.Apply([]deploy.Row{app("a", deploy.AppWaiting)})
		synctest.Wait() // the reader now holds this page and takes no other
		for range 100 {
			s.Apply([]deploy.Row{app("x", deploy.AppWaiting), app("a", deploy.AppWaiting), app("b", deploy.AppWaiting), gone(deploy.RowApp, "x"), app("a", deploy.AppRunning)})
		}
		w.want(t, "a", false)
		p, _ := w.next()
		if ids(p.Rows) != "a b" || p.Rows[0].(deploy.AppRow).State != deploy.AppRunning {
			t.Errorf("a slow reader sees %q", ids(p.Rows))
		}
		w.quiet(t)
	})
}

func TestWatchPagesAndChangesBetweenThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := store(app("a", 0), app("b", 0), app("c", 0), app("d", 0))
		w := watch(s, status.Query{Kind: deploy.RowApp, Limit: 2})
		defer w.stop()
		synctest.Wait() // the first page has been read
		s.Apply([]deploy.Row{gone(deploy.RowApp, "a"), app("c2", 0), app("e", 0), gone(deploy.RowApp, "e")})
		w.want(t, "a b", false)
		synctest.Wait() // and the second
		s.Apply([]deploy.Row{gone(deploy.RowApp, "c2"), app("a1", 0), gone(deploy.RowApp, "a1")})
		w.want(t, "c c2", false)
		w.want(t, "d", true)
		w.want(t, "a(gone) c2(gone)", false)
		w.quiet(t)
	})
}

// TestWatchConverges: whatever is missed in between, the reader ends with what the store holds.
func TestWatchConverges(t *testing.T) {
	for _, q := range []status.Query{{Kind: deploy.RowApp, Ended: true}, {Kind: deploy.RowApp, Ended: true, Limit: 3}} {
		s := status.NewStore()
		var wg sync.WaitGroup
		dice := rand.New(rand.NewPCG(3, 4))
		const last = "z-last"
		wg.Go(func() {
			for range 20_000 {
				id := string(rune('a' + dice.IntN(20)))
				if dice.IntN(3) == 0 {
					s.Apply([]deploy.Row{gone(deploy.RowApp, id)})
				} else {
					s.Apply([]deploy.Row{deploy.AppRow{ID: deploy.AppID(id), Cores: dice.Int32N(1000)}})
				}
			}
			s.Apply([]deploy.Row{app(last, 0)})
		})
		for range 3 {
			wg.Go(func() {
				r := reader{}
				for p := range s.Watch(t.Context(), q) {
					r.take(p)
					if _, done := r[deploy.RowKey{Kind: deploy.RowApp, ID: last}]; done && r.same(s.List(status.Query{Kind: deploy.RowApp, Ended: true})) {
						return
					}
				}
				t.Error("the watch ended by itself")
			})
		}
		wg.Go(func() {
			for range 200 {
				s.List(q)
				s.Counts()
			}
		})
		wg.Wait()
	}
}

func TestWatchEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for p := range store(app("a", 0)).Watch(ctx, status.Query{Kind: deploy.RowApp}) {
		t.Errorf("a watch whose context has ended gave %q", ids(p.Rows))
	}
}
