package status

import (
	"slices"

	"github.com/musterproject/muster/pkg/deploy"
)

const decisionsKept = 50 // changed ones, per application of all its profiles, and per driver

// history keeps the last decisions by subject, oldest first. It lives as long as the application or driver is listed: what is no longer missing
// can still be explained.
type history map[string][]deploy.Decision

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

// add appends a decision; one that says the same as the last of its profile, only later, replaces it.
func (h history) add(d deploy.Decision) {
	list := h[d.Subject]
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
	if len(list) == decisionsKept {
		list = slices.Delete(list, 0, 1)
	}
	h[d.Subject] = append(list, d)
}

// History gives the last changed decisions about an application, of all its profiles, or about a driver, oldest first. Each says how often it
// was taken.
func (s *Store) History(subject string) []deploy.Decision {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clone(s.history[subject])
}
