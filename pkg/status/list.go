package status

import (
	"strings"

	"github.com/musterproject/muster/pkg/deploy"
)

// Rows of one page: as many as asked for, within the limit.
const (
	defaultPage = 1000
	maxPage     = 10_000
)

const lookAtOnce = 1024 // rows passed under one hold of the lock

// Query selects rows, with the fields of the RPC of the same name. An empty ID is all of Kind.
type Query struct {
	Kind  deploy.RowKind
	ID    string       // this one, whatever its state
	App   deploy.AppID // executors of one application; decisions about one, or about a driver by its id
	State string       // exact name of a state, ended ones too; empty is any
	Limit int          // rows of one page; 0 is 1000, and 10 000 the most
	After string       // continue behind this id, which need not be there any more
	Ended bool         // applications, drivers and executors that have ended too
}

// Page is one page in the order of ids, or one group of changes. Next, unless empty, is where to continue; Whole marks the end of the rows
// present.
type Page struct {
	Rows  []deploy.Row
	Next  string
	Whole bool
}

// matches tells whether a row of the query's kind is wanted.
func (q *Query) matches(id string, row deploy.Row) bool {
	if q.ID != "" {
		return id == q.ID
	}
	if q.App != "" && !within(id, q.App) {
		return false
	}
	name, ended := stateOf(row)
	return q.State == "" && (q.Ended || !ended) || q.State != "" && name == q.State
}

// within tells whether a row belongs to an application: app, app/3.
func within(id string, app deploy.AppID) bool {
	rest, ok := strings.CutPrefix(id, string(app))
	return ok && (rest == "" || rest[0] == '/')
}

func stateOf(row deploy.Row) (name string, ended bool) {
	switch r := row.(type) {
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

// List gives one page. A page of a large table of which little is wanted is not one moment: each row is as it was when it was passed.
func (s *Store) List(q Query) Page { return s.page(q, nil) }

// page is List; seen hears of each row of the page while nothing can change.
func (s *Store) page(q Query, seen func(key deploy.RowKey)) Page {
	if q.ID != "" {
		return s.single(q, seen)
	}
	limit := q.Limit
	if limit <= 0 {
		limit = defaultPage
	}
	c := cursor{query: &q, after: q.After, limit: min(limit, maxPage), seen: seen}
	if q.App != "" && compareIDs(string(q.App), q.After) > 0 {
		c.after, c.from = string(q.App), true
	}
	for !c.done {
		s.look(&c)
	}
	page := Page{Rows: c.rows, Whole: !c.more}
	if c.more {
		page.Next = c.rows[len(c.rows)-1].RowKey().ID
	}
	return page
}

func (s *Store) single(q Query, seen func(key deploy.RowKey)) Page {
	key := deploy.RowKey{Kind: q.Kind, ID: q.ID}
	s.mu.RLock()
	defer s.mu.RUnlock()
	row := s.tables[q.Kind].get(q.ID)
	if row == nil || compareIDs(q.ID, q.After) <= 0 {
		return Page{Whole: true}
	}
	if seen != nil {
		seen(key)
	}
	return Page{Rows: []deploy.Row{row}, Whole: true}
}

// cursor is a page being gathered.
type cursor struct {
	query *Query
	after string // passed so far
	from  bool   // after itself is wanted too
	limit int
	seen  func(key deploy.RowKey)

	rows []deploy.Row
	more bool // there is a row for another page
	done bool
}

// look passes a bounded number of rows.
func (s *Store) look(c *cursor) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	passed := 0
	c.done = true
	s.tables[c.query.Kind].walk(c.after, c.from, func(e *entry) bool {
		if passed++; passed > lookAtOnce {
			c.done = false
			return false
		}
		c.after, c.from = e.id, false
		if c.query.App != "" && !within(e.id, c.query.App) {
			return false
		}
		if !c.query.matches(e.id, e.row) {
			return true
		}
		if len(c.rows) == c.limit {
			c.more = true
			return false
		}
		c.rows = append(c.rows, e.row)
		if c.seen != nil {
			c.seen(deploy.RowKey{Kind: c.query.Kind, ID: e.id})
		}
		return true
	})
}
