package workercore

import "time"

// lease bounds the life of supervised drivers on a worker that is cut off from every master: a leader starts no other attempt before it ends.
type lease struct {
	length time.Duration // 0: off
	from   time.Time     // sending of the last heartbeat or registration that a leader is known to have heard
}

// The stop begins at two thirds of the lease; the kill comes a sixth later and leaves a sixth for the tree to go.
func (l lease) stopAt() time.Time { return l.from.Add(l.length / 3 * 2) }
func (l lease) killAt() time.Time { return l.from.Add(l.length / 6 * 5) }

// over tells whether nothing leased may go on.
func (l lease) over(now time.Time) bool { return l.length > 0 && !now.Before(l.stopAt()) }

// leaseOver says why a leased process ends.
const leaseOver = "cut off from every master for its lease"

// endLeased stops the leased processes in time, and at once those whose time for a grace is over.
func (c *Core) endLeased() {
	if !c.lease.over(c.now) {
		return
	}
	grace := c.lease.length / 6
	if c.due(c.lease.killAt()) {
		grace = -1
	}
	for _, l := range c.launches {
		if l.leased && !l.life.Terminal() {
			c.stop(l, grace, leaseOver)
		}
	}
}

// leaseDeadline is when endLeased has something to do.
func (c *Core) leaseDeadline() time.Time {
	var d deadline
	if c.lease.length <= 0 {
		return d.at
	}
	for _, l := range c.launches {
		switch {
		case !l.leased || l.life.Terminal() || l.hurry:
		case !l.stopping:
			d.earlier(c.lease.stopAt())
		default:
			d.earlier(c.lease.killAt())
		}
	}
	return d.at
}
