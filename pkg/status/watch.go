package status

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"sync"

	"github.com/musterproject/muster/pkg/deploy"
)

// Watch gives the rows that q selects now, page by page, the last one Whole, and then what changes, until ctx ends. After is where it begins.
//
// A reader sees the newest row of each key that has changed since it looked, not every row in between, and rows that are gone as GoneRow. A row
// that q no longer selects, such as one that has ended, arrives once more as it is. What waits for a slow reader is bounded by the rows there
// are and those it knows of.
func (s *Store) Watch(ctx context.Context, q Query) iter.Seq[Page] {
	return func(yield func(Page) bool) {
		w := &watcher{query: q, wake: make(chan struct{}, 1), pending: map[deploy.RowKey]mark{}}
		s.enlist(w)
		defer s.dismiss(w)
		if !s.present(ctx, w, yield) {
			return
		}
		for {
			select {
			case <-ctx.Done():
				return
			case <-w.wake:
			}
			for keys := range slices.Chunk(s.changed(w), defaultPage) {
				if ctx.Err() != nil || !yield(Page{Rows: s.newest(w, keys)}) {
					return
				}
			}
		}
	}
}

func (s *Store) enlist(w *watcher) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.watchers[w.query.Kind] == nil {
		s.watchers[w.query.Kind] = map[*watcher]struct{}{}
	}
	s.watchers[w.query.Kind][w] = struct{}{}
}

func (s *Store) dismiss(w *watcher) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.watchers[w.query.Kind], w)
}

// present gives the rows that are there. What changes meanwhile waits, and follows.
func (s *Store) present(ctx context.Context, w *watcher, yield func(Page) bool) bool {
	q := w.query
	for ctx.Err() == nil {
		page := s.page(q, w.see)
		if !yield(page) {
			return false
		}
		if page.Whole {
			return true
		}
		q.After = page.Next
	}
	return false
}

// changed takes what waits, between two Applies: what one changes comes together.
func (s *Store) changed(w *watcher) []deploy.RowKey {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return w.take()
}

// newest gives the rows of keys as they are by now, which may be later than the change that was taken.
func (s *Store) newest(w *watcher, keys []deploy.RowKey) []deploy.Row {
	s.mu.RLock()
	defer s.mu.RUnlock()
	rows := make([]deploy.Row, len(keys))
	for i, key := range keys {
		if row := s.tables[key.Kind].get(key.ID); row != nil {
			rows[i] = row
			w.see(key)
		} else {
			rows[i] = deploy.GoneRow{Gone: key}
		}
	}
	return rows
}

// watcher is one reader that follows changes.
type watcher struct {
	query Query
	wake  chan struct{} // has room for one

	mu      sync.Mutex // taken after Store.mu, or alone
	pending map[deploy.RowKey]mark
	count   uint64
}

// mark is a key that changed and has not been told.
type mark struct {
	order uint64 // of the first change
	known bool   // the reader has been shown an earlier row of it
}

// offer notes a change if it concerns the reader; old and row are nil where there is none.
func (w *watcher) offer(key deploy.RowKey, old, row deploy.Row) {
	was := old != nil && w.query.matches(key.ID, old)
	is := row != nil && w.query.matches(key.ID, row)
	if !was && !is {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	m, waits := w.pending[key]
	if !waits {
		w.count++
		m = mark{order: w.count, known: was}
	}
	if !is && !m.known {
		delete(w.pending, key) // came and went unseen
		return
	}
	w.pending[key] = m
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// see notes that the reader is shown a row while its change waits.
func (w *watcher) see(key deploy.RowKey) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if m, waits := w.pending[key]; waits {
		m.known = true
		w.pending[key] = m
	}
}

// take empties what waits, in the order of first changes.
func (w *watcher) take() []deploy.RowKey {
	w.mu.Lock()
	pending := w.pending
	w.pending = map[deploy.RowKey]mark{}
	w.mu.Unlock()
	keys := make([]deploy.RowKey, 0, len(pending))
	for key := range pending {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b deploy.RowKey) int { return cmp.Compare(pending[a].order, pending[b].order) })
	return keys
}
