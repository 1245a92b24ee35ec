package status

import (
	"sync"

	"github.com/musterproject/muster/pkg/deploy"
)

// Store holds the newest row of everything. It is safe for concurrent use; rows are shared, and nobody may change them.
type Store struct {
	mu       sync.RWMutex
	tables   map[deploy.RowKind]*table
	watchers map[deploy.RowKind]map[*watcher]struct{}
	census   census
	history  history
}

// NewStore makes an empty store.
func NewStore() *Store {
	return &Store{tables: map[deploy.RowKind]*table{}, watchers: map[deploy.RowKind]map[*watcher]struct{}{}, history: history{}}
}

// Apply takes rows in order: each replaces the row of its key, a GoneRow removes it. An application's or driver's own row comes before the
// decisions about it.
func (s *Store) Apply(rows []deploy.Row) {
	if len(rows) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, row := range rows {
		key := row.RowKey()
		if s.tables[key.Kind] == nil {
			s.tables[key.Kind] = newTable()
		}
		if _, gone := row.(deploy.GoneRow); gone {
			s.change(key, s.tables[key.Kind].remove(key.ID), nil)
			continue
		}
		s.change(key, s.tables[key.Kind].put(key.ID, row), row)
	}
}

// change tells all that is derived from the rows.
func (s *Store) change(key deploy.RowKey, old, row deploy.Row) {
	if old != nil {
		s.census.add(old, -1)
	}
	if row != nil {
		s.census.add(row, 1)
	}
	s.remember(key, row)
	for w := range s.watchers[key.Kind] {
		w.offer(key, old, row)
	}
}

// Reset removes everything: the next term tells all anew.
func (s *Store) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for kind, t := range s.tables {
		s.tables[kind] = newTable()
		for id, e := range t.byID {
			s.change(deploy.RowKey{Kind: kind, ID: id}, e.row, nil)
		}
	}
}

// Get gives the row of a key.
func (s *Store) Get(key deploy.RowKey) (deploy.Row, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	row := s.tables[key.Kind].get(key.ID)
	return row, row != nil
}

// Count gives the number of rows of a kind, ended ones too.
func (s *Store) Count(kind deploy.RowKind) int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if t := s.tables[kind]; t != nil {
		return len(t.byID)
	}
	return 0
}
