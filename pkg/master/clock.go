package master

import (
	"time"

	"github.com/musterproject/muster/pkg/scheduler"
)

// alarmPause bounds how often a policy that asks for times in the past is asked.
const alarmPause = 10 * time.Millisecond

// clock tells the replica that time passes where the core has nothing to say: a demand may have become overdue by the time alone.
type clock struct {
	last scheduler.Update // the newest one, without its rows
	at   time.Time        // when it was heard
	rest time.Time        // until the core has said what became of the last plan, or this has come, its grants stand
}

func (c *clock) heard(u *scheduler.Update) {
	c.last = scheduler.Update{Epoch: u.Epoch, From: u.To, To: u.To, Seed: u.Seed, DriverSlots: u.DriverSlots, Now: u.Now}
	c.at, c.rest = time.Now(), time.Time{}
}

// now is the time by the core's clock.
func (c *clock) now() time.Time { return c.last.Now.Add(time.Since(c.at)) }

// arm sets the timer to the replica's next alarm.
func (p *placer) arm(timer *time.Timer) {
	at, ok := p.state.NextAlarm()
	if !ok {
		timer.Stop()
		return
	}
	timer.Reset(max(at.Sub(p.clock.now()), time.Until(p.clock.rest), alarmPause))
}

// passTime applies an update in which only the time is new, and tells whether a plan is due for it.
func (p *placer) passTime() (bool, error) {
	at, ok := p.state.NextAlarm()
	now := p.clock.now()
	if !ok || now.Before(at) {
		return false, nil
	}
	u := p.clock.last
	u.Now = now
	return true, p.state.Apply(&u)
}
