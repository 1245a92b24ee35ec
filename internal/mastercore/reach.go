package mastercore

import (
	"cmp"
	"fmt"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// reach is what is known of an executor's way to its driver. Only one of an application that reports can be late, or give up.
type reach struct {
	reached bool
	late    bool   // it has run for ReachAfter without; counted in its profile
	since   moment // it runs
	timer   timer
}

// lateSteps gathers those that are late into few decisions.
const lateSteps = time.Second

// awaitReach begins to wait until e, which runs, has reached its driver.
func (c *Core) awaitReach(e *executor) {
	if e.app.rec.Spec.Reports && !e.killing && !e.way.reached {
		e.way.since, e.way.timer.owner = c.heardAt(c.at), e
		c.armReach(e)
	}
}

// lateAt is when e is late. An application that is away, or has just come back, has its time to say who has reached it.
func (c *Core) lateAt(e *executor) int64 {
	at, s := c.dueAfter(e.way.since, c.cfg.ReachAfter), e.app.session
	if s == nil || s.held {
		return max(at, c.at+int64(c.cfg.ReachAfter))
	}
	return max(at, c.dueAfter(s.welcomed, c.cfg.ReachAfter))
}

func (c *Core) armReach(e *executor) {
	at := c.lateAt(e) + int64(lateSteps) - 1
	c.arm(&e.way.timer, at-at%int64(lateSteps))
}

// wake finds e late, unless its application was away.
func (e *executor) wake(c *Core) {
	if c.lateAt(e) > c.at {
		c.armReach(e)
		return
	}
	e.way.late = true
	e.profile.late++
	c.redecide(&e.profile.demand)
}

// notLate ends the waiting.
func (c *Core) notLate(e *executor) {
	c.timers.disarm(&e.way.timer)
	if e.way.late {
		e.way.late = false
		e.profile.late--
		c.redecide(&e.profile.demand)
	}
}

// endReach forgets about e, which ends.
func (c *Core) endReach(e *executor) {
	c.notLate(e)
	if e.way.reached {
		e.way.reached = false
		e.profile.reached--
	}
}

// executorsReached hears an application. Numbers that name none, or one that ends, are of the past.
func (c *Core) executorsReached(s *session, m *deploy.ExecutorsReached) {
	switch {
	case s.app == nil || s.held:
		c.odd(s, *m, "no application has registered on this session")
		return
	case len(m.Nums) > deploy.MostReached:
		c.odd(s, *m, fmt.Sprintf("it names %d executors; send at most %d at a time", len(m.Nums), deploy.MostReached))
		return
	}
	for _, num := range m.Nums {
		if e := s.app.executor(num); e != nil && !e.killing && !e.way.reached {
			c.notLate(e)
			e.way.reached = true
			if e.profile.reached++; e.profile.strays() {
				c.redecide(&e.profile.demand)
			}
			e.profile.gaveUp = 0
		}
	}
}

// gaveUp tells whether e has ended by itself because it could not reach its driver, says so in end, and counts it.
func (e *executor) gaveUp(end *ending) {
	spec := &e.app.rec.Spec
	if spec.Reports && !e.way.reached && !end.asked && end.state == deploy.ExecutorExited && end.exit.Code == deploy.ExitDriverLost {
		e.profile.gaveUp++
		end.stray = true
		end.message = cmp.Or(end.message, "it could not reach the driver at "+spec.Driver.String())
	}
}

// strays tells whether some executors cannot reach the driver.
func (p *profile) strays() bool { return p.late > 0 || p.gaveUp > 0 }

// strayed fills in why: those that run come before those that have ended.
func (p *profile) strayed(key reasonKey) reasonKey {
	key.code, key.a, key.b = deploy.ReasonNotRegistered, int64(p.late), int64(min(p.reached, 1))
	if p.late == 0 {
		key.a, key.s = int64(p.gaveUp), "ended"
	}
	return key
}

func strayedText(d *demand, key reasonKey) string {
	who := "executors run but have"
	switch {
	case key.s != "" && key.a == 1:
		who = "executor has ended because it had"
	case key.s != "":
		who = "executors in a row have ended because they had"
	case key.a == 1:
		who = "executor runs but has"
	}
	advice := "open driver.port in firewalls, and set driver.host to an address of the driver's machine that workers can dial, and driver.bindAddress to what it listens on"
	if key.b > 0 {
		advice = "others have: look at the stderr of those that have not, and at firewalls between their workers and the driver"
	}
	return fmt.Sprintf("%d %s not reached the driver at %s; %s", key.a, who, d.app.rec.Spec.Driver, advice)
}
