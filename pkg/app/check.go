package app

import (
	"errors"
	"fmt"
)

// check holds the books to their invariants and reports every breach:
//
//	A1  obeys only a session that stands and was asked on
//	A2  obeys the highest epoch seen of its cluster
//	A3  the deadline lies ahead, and there is one until the end
//	A4  live executors only, by their own number
//	A5  every question has its own request id
//	A6  an application that leaves has a time by which it has left
func (c *core) check() error {
	var faults []error
	must := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf("application session: "+format, args...))
		}
	}
	if k := c.link; k != nil && !c.ended {
		s := c.session(k.peer)
		must(s != nil && s.asked, "A1: obeys peer %d, with which it has not registered", k.peer)
		must(k.order.Epoch == c.seen[k.order.Cluster], "A2: obeys epoch %d and has seen %d", k.order.Epoch, c.seen[k.order.Cluster])
		must(c.app != "", "A1: obeys a leader without being an application")
	}
	at, ok := c.deadline()
	must(ok != (c.ended || !c.began), "A3: nothing will wake it")
	must(!ok || at.After(c.now), "A3: the deadline %s does not lie ahead of %s", at, c.now)
	for num, v := range c.executors {
		must(num == v.Executor.Num && !v.State.Terminal(), "A4: executor %d stands as %s, %s", num, v.Executor, v.State)
	}
	for i, a := range c.asks {
		must(c.asked(a.request) == i, "A5: request %s stands twice", a.request)
	}
	must(c.leaving == nil || !c.leaveBy.IsZero(), "A6: leaves at no time")
	return errors.Join(faults...)
}
