package workercore

import (
	"errors"
	"fmt"
	"slices"
)

// Check holds the books to their invariants, which doc.go numbers, and reports every breach.
func (c *Core) Check() error {
	var faults []error
	must := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf("worker %s: "+format, append([]any{c.cfg.Worker.ID}, args...)...))
		}
	}
	c.checkLink(must)
	c.checkBooks(must)
	if at, ok := c.Deadline(); ok {
		must(at.After(c.now), "W7: the deadline %s does not lie ahead of %s", at, c.now)
	} else {
		must(!c.began || c.done || c.leaving != nil, "W7: nothing will wake it")
	}
	return errors.Join(faults...)
}

type assertion func(ok bool, format string, args ...any)

func (c *Core) checkLink(must assertion) {
	for i := range c.sessions {
		s := &c.sessions[i]
		must(c.sessionsOf(s) == 1, "W2: the session of peer %d stands twice", s.peer)
	}
	if c.link == nil {
		return
	}
	s := c.session(c.link.peer)
	must(s != nil && s.asked, "W2: obeys peer %d, with which it has not registered", c.link.peer)
	seen := c.seenEpoch(c.link.order.Cluster)
	must(c.link.order.Epoch == seen, "W1: obeys epoch %d and has seen %d", c.link.order.Epoch, seen)
}

func (c *Core) sessionsOf(s *session) (n int) {
	for i := range c.sessions {
		if c.sessions[i].peer == s.peer {
			n++
		}
	}
	return n
}

func (c *Core) checkBooks(must assertion) {
	for i, l := range c.launches {
		id := l.report.Launch
		must(i == 0 || c.launches[i-1].report.Launch.Compare(id) < 0, "W3: launch %s is out of place", id)
		must(l.report.State == l.life.State(), "W4: launch %s is %s and reported as %s", id, l.life.State(), l.report.State)
		must(l.report.Seq > 0 && l.report.Seq <= c.seq, "W4: launch %s has report %d of %d", id, l.report.Seq, c.seq)
		must(!l.life.Terminal() || !l.saidAll(), "W5: launch %s has ended and is acknowledged, but kept", id)
		must(c.link == nil || l.saidAll() || !l.resayAt.IsZero(), "W5: report %d of launch %s will not be repeated", l.report.Seq, id)
		must(l.life.Terminal() || !slices.Contains(c.tombs, id), "W6: launch %s lives though it was killed before", id)
	}
}
