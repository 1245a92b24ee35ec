package status

import (
	"cmp"
	"slices"

	"github.com/musterproject/muster/pkg/deploy"
)

const decisionsKept = 50 // changed ones, per profile of an application and per driver

// history keeps the last decisions by subject and profile, oldest first. It lives as long as the application or driver is listed: what is no
// longer missing can still be explained.
type history map[string]map[int32][]deploy.Decision

// remember follows a change of any row.
func (s *Store) remember(key deploy.RowKey, row deploy.Row) {
	if row == nil && (key.Kind == deploy.RowApp || key.Kind == deploy.RowDriver) {
		delete(s.history, key.ID)
	}
	if r, ok := row.(deploy.DecisionRow); ok && s.listed(r.Decision.Subject) {
		s.history.add(r.Decision)
	}
}

func (s *Store) listed(subject string) bool {
	return s.tables[deploy.RowApp].get(subject) != nil || s.tables[deploy.RowDriver].get(subject) != nil
}

// add appends a decision; one that says the same as the last, only later, replaces it.
func (h history) add(d deploy.Decision) {
	profiles := h[d.Subject]
	if profiles == nil {
		profiles = map[int32][]deploy.Decision{}
		h[d.Subject] = profiles
	}
	list := profiles[d.Profile]
	switch last := len(list) - 1; {
	case last >= 0 && list[last].Same(&d):
		list[last] = d
		return
	case len(list) == decisionsKept:
		list = slices.Delete(list, 0, 1)
	}
	profiles[d.Profile] = append(list, d)
}

// History gives the last changed decisions about an application, of all its profiles, or about a driver, oldest first. Each says how often it
// was taken.
func (s *Store) History(subject string) []deploy.Decision {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []deploy.Decision
	for _, list := range s.history[subject] {
		out = append(out, list...)
	}
	slices.SortStableFunc(out, func(a, b deploy.Decision) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Profile, b.Profile), cmp.Compare(a.Cycle, b.Cycle))
	})
	return out
}
