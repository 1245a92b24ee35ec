package status

import (
	"context"
	"iter"
	"sync"

	"github.com/musterproject/muster/pkg/deploy"
)

// Change is one group of what a watcher sees: first the present rows, Whole with the last of them, then rows as they change.
type Change struct {
	Rows  []deploy.Row
	Whole bool
}

// Watch gives the rows that q selects now, page by page, and then changes until ctx ends. Changes wait for a slow reader as one newest row per key,
// so a reader that falls behind sees less history, never old news, and holds no more memory than the table it watches.
// A row that q does not select any more, such as one that has ended, arrives once as it is.
func (s *Store) Watch(ctx context.Context, q Query) iter.Seq[Change] {
	return func(yield func(Change) bool) {
		w := &watcher{query: q, ready: make(chan struct{}, 1), at: map[deploy.RowKey]int{}, held: map[deploy.RowKey]bool{}}
		s.mu.Lock()
		s.watchers[w] = struct{}{}
		s.mu.Unlock()
		defer func() {
			s.mu.Lock()
			delete(s.watchers, w)
			s.mu.Unlock()
		}()
		if !s.present(w, yield) {
			return
		}
		for {
			select {
			case <-ctx.Done():
				return
			case <-w.ready:
			}
			if rows := w.take(); len(rows) > 0 && !yield(Change{Rows: rows}) {
				return
			}
		}
	}
}

// present gives what is there. A change between two pages waits in the watcher and follows.
func (s *Store) present(w *watcher, yield func(Change) bool) bool {
	q := w.query
	for {
		page := s.List(q)
		for _, r := range page.Rows {
			w.hold(r.RowKey())
		}
		if !yield(Change{Rows: page.Rows, Whole: page.Next == ""}) {
			return false
		}
		if page.Next == "" {
			return true
		}
		q.After = page.Next
	}
}

// watcher collects the newest row of each key until its reader comes.
type watcher struct {
	query Query
	ready chan struct{}

	mu   sync.Mutex
	rows []deploy.Row
	at   map[deploy.RowKey]int  // place in rows
	held map[deploy.RowKey]bool // keys the reader knows of
}

func (w *watcher) hold(key deploy.RowKey) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held[key] = true
}

func (w *watcher) offer(key deploy.RowKey, r deploy.Row) {
	if key.Kind != w.query.Kind {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	_, gone := r.(deploy.GoneRow)
	wanted := w.query.matches(r) && !gone
	if !wanted && !w.held[key] {
		return
	}
	w.held[key] = wanted
	if !wanted {
		delete(w.held, key)
	}
	if i, ok := w.at[key]; ok {
		w.rows[i] = r
	} else {
		w.at[key] = len(w.rows)
		w.rows = append(w.rows, r)
	}
	select {
	case w.ready <- struct{}{}:
	default:
	}
}

func (w *watcher) take() []deploy.Row {
	w.mu.Lock()
	defer w.mu.Unlock()
	rows := w.rows
	w.rows = nil
	clear(w.at)
	return rows
}
