package status

import (
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/musterproject/muster/pkg/deploy"
)

// maxPage bounds one page of rows.
const maxPage = 1000

// decisionsKept is how many changed decisions of one subject are remembered.
const decisionsKept = 50

// Query selects rows. An empty ID is all of Kind.
type Query struct {
	Kind  deploy.RowKind
	ID    string
	App   deploy.AppID // executors and decisions of one application, or of one driver by its id
	State string       // exact name; empty is any
	Limit int          // rows of one page; 0 is the store's own
	After string       // continue behind this id
	Ended bool         // finished applications, drivers and executors too
}

// Page is one page, ordered by id. Next, unless empty, is where to continue.
type Page struct {
	Rows []deploy.Row
	Next string
}

// Store holds the newest row of everything. Writers and readers share one lock that is held for a page at most.
type Store struct {
	mu       sync.RWMutex
	tables   map[deploy.RowKind]*table
	history  map[string][]deploy.Decision // changed decisions by subject, oldest first
	watchers map[*watcher]struct{}
}

// NewStore makes an empty store.
func NewStore() *Store {
	return &Store{tables: map[deploy.RowKind]*table{}, history: map[string][]deploy.Decision{}, watchers: map[*watcher]struct{}{}}
}

// Apply takes rows in order: each replaces the row of its key, a GoneRow removes it.
func (s *Store) Apply(rows []deploy.Row) {
	if len(rows) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range rows {
		key := r.RowKey()
		t := s.table(key.Kind)
		if _, gone := r.(deploy.GoneRow); gone {
			t.remove(key.ID)
			if key.Kind == deploy.RowApp || key.Kind == deploy.RowDriver {
				delete(s.history, key.ID)
			}
		} else {
			t.put(key.ID, r)
		}
		if d, ok := r.(deploy.DecisionRow); ok {
			s.remember(d.Decision)
		}
		for w := range s.watchers {
			w.offer(key, r)
		}
	}
}

// Reset empties the store: a new term tells everything anew.
func (s *Store) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for kind, t := range s.tables {
		for _, id := range t.ids {
			gone := deploy.GoneRow{Gone: deploy.RowKey{Kind: kind, ID: id}}
			for w := range s.watchers {
				w.offer(gone.Gone, gone)
			}
		}
	}
	s.tables, s.history = map[deploy.RowKind]*table{}, map[string][]deploy.Decision{}
}

func (s *Store) table(kind deploy.RowKind) *table {
	t := s.tables[kind]
	if t == nil {
		t = &table{rows: map[string]deploy.Row{}}
		s.tables[kind] = t
	}
	return t
}

// remember keeps the last changed decisions of a subject; a repeat replaces the newest of its profile.
func (s *Store) remember(d deploy.Decision) {
	list := s.history[d.Subject]
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].Profile != d.Profile {
			continue
		}
		if list[i].Same(&d) {
			list[i] = d
			return
		}
		break
	}
	list = append(list, d)
	if len(list) > decisionsKept {
		list = slices.Delete(list, 0, len(list)-decisionsKept)
	}
	s.history[d.Subject] = list
}

// History gives the last changed decisions about an application or a driver, oldest first.
func (s *Store) History(subject string) []deploy.Decision {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clone(s.history[subject])
}

// Get gives the row of a key.
func (s *Store) Get(key deploy.RowKey) (deploy.Row, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	t := s.tables[key.Kind]
	if t == nil {
		return nil, false
	}
	r, ok := t.rows[key.ID]
	return r, ok
}

// Count gives the number of rows of a kind.
func (s *Store) Count(kind deploy.RowKind) int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if t := s.tables[kind]; t != nil {
		return len(t.ids)
	}
	return 0
}

// List gives one page.
func (s *Store) List(q Query) Page {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.list(q)
}

func (s *Store) list(q Query) Page {
	t := s.tables[q.Kind]
	if t == nil {
		return Page{}
	}
	if q.ID != "" {
		if r, ok := t.rows[q.ID]; ok && q.matches(r) {
			return Page{Rows: []deploy.Row{r}}
		}
		return Page{}
	}
	limit := q.Limit
	if limit <= 0 || limit > maxPage {
		limit = maxPage
	}
	var p Page
	for id := range t.from(q) {
		r := t.rows[id]
		if !q.matches(r) {
			continue
		}
		if len(p.Rows) == limit {
			p.Next = p.Rows[limit-1].RowKey().ID
			return p
		}
		p.Rows = append(p.Rows, r)
	}
	return p
}

// matches tells whether a row of the right kind is wanted.
func (q Query) matches(r deploy.Row) bool {
	key := r.RowKey()
	if key.Kind != q.Kind || (q.ID != "" && key.ID != q.ID) {
		return false
	}
	if q.App != "" && !strings.HasPrefix(key.ID, string(q.App)+"/") {
		return false
	}
	if _, gone := r.(deploy.GoneRow); gone {
		return true
	}
	state, ended := stateOf(r)
	return (q.State == "" || q.State == state) && (q.Ended || q.State != "" || !ended)
}

func stateOf(r deploy.Row) (name string, ended bool) {
	switch r := r.(type) {
	case deploy.MasterRow:
		return r.State.String(), false
	case deploy.WorkerRow:
		return r.State.String(), false
	case deploy.AppRow:
		return r.State.String(), r.State.Terminal()
	case deploy.DriverRow:
		return r.State.String(), r.State.Terminal()
	case deploy.ExecutorRow:
		return r.State.String(), r.State.Terminal()
	case deploy.DecisionRow:
		return r.Decision.Code.String(), false
	}
	return "", false
}

// table keeps the rows of one kind and their ids in order. New ids mostly come last, as ids carry their time; others are inserted.
type table struct {
	rows map[string]deploy.Row
	ids  []string // sorted by compareIDs
}

func (t *table) put(id string, r deploy.Row) {
	if _, ok := t.rows[id]; !ok {
		if n := len(t.ids); n == 0 || compareIDs(t.ids[n-1], id) < 0 {
			t.ids = append(t.ids, id)
		} else {
			at, _ := slices.BinarySearchFunc(t.ids, id, compareIDs)
			t.ids = slices.Insert(t.ids, at, id)
		}
	}
	t.rows[id] = r
}

func (t *table) remove(id string) {
	if _, ok := t.rows[id]; !ok {
		return
	}
	delete(t.rows, id)
	if at, ok := slices.BinarySearchFunc(t.ids, id, compareIDs); ok {
		t.ids = slices.Delete(t.ids, at, at+1)
	}
}

// from gives the ids a query may want, in order: behind After, and of one application only if it names one.
func (t *table) from(q Query) iter.Seq[string] {
	start := 0
	if q.App != "" {
		start, _ = slices.BinarySearchFunc(t.ids, string(q.App)+"/", compareIDs)
	}
	if q.After != "" {
		at, found := slices.BinarySearchFunc(t.ids, q.After, compareIDs)
		if found {
			at++
		}
		start = max(start, at)
	}
	return func(yield func(string) bool) {
		for _, id := range t.ids[start:] {
			if q.App != "" && !strings.HasPrefix(id, string(q.App)+"/") {
				return
			}
			if !yield(id) {
				return
			}
		}
	}
}

// compareIDs orders ids by text, and what follows a slash by number: app-1/9 before app-1/10.
func compareIDs(a, b string) int {
	ahead, atail, _ := strings.Cut(a, "/")
	bhead, btail, _ := strings.Cut(b, "/")
	if c := strings.Compare(ahead, bhead); c != 0 {
		return c
	}
	if c := len(atail) - len(btail); c != 0 {
		return c
	}
	return strings.Compare(atail, btail)
}
