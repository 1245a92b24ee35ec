package workercore

import (
	"slices"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// Core decides for one incarnation of a worker. One caller at a time steps it.
type Core struct {
	cfg  Config
	seen []EpochSeen
	rand uint64

	began, done bool
	leaving     *Leave
	leaveBy     time.Time // acknowledgements of the last ends are waited for until then

	masters  []master
	sessions []session
	link     *link         // to the leader obeyed; nil: unregistered
	since    time.Time     // unregistered since
	retryAt  time.Time     // next round of dialling
	searched bool          // a round was dialled since
	backoff  time.Duration // between the rounds
	lease    lease

	launches []*launch         // ascending by id
	tombs    []deploy.LaunchID // of this session: a late order for them starts nothing
	ended    []deploy.AppID    // ended applications of which something still runs
	seq      uint64            // of the last report

	now time.Time // of the present step, as is out
	out *Effects
}

// New makes the core of a worker process from a valid configuration. Its first event is Begun.
func New(cfg Config) *Core {
	c := &Core{cfg: cfg, seen: slices.Clone(cfg.Seen), rand: cfg.Seed, backoff: cfg.RetryMin}
	for _, a := range cfg.Masters {
		c.addMaster(a, true)
	}
	return c
}

// Step takes an event and the time, which never goes back, and appends what is to be done to out. It never fails.
func (c *Core) Step(now time.Time, ev Event, out *Effects) {
	if c.done {
		return
	}
	c.now, c.out = now, out
	if c.begun(ev) {
		c.handle(ev)
		c.timers()
	}
	c.out = nil
}

// begun tells whether ev may be handled: nothing comes before Begun but a wish to leave, and Begun comes once.
func (c *Core) begun(ev Event) bool {
	switch e := ev.(type) {
	case Begun:
		return !c.began
	case Leave:
		if !c.began {
			c.finish(e.Reason)
			return false
		}
	}
	return c.began
}

func (c *Core) handle(ev Event) {
	switch e := ev.(type) {
	case Begun:
		c.begin(e)
	case Opened:
		c.opened(e)
	case DialFailed:
		c.masterIdle(e.Address, e.Reason)
	case Received:
		c.received(e)
	case Closed:
		c.closed(e.Peer, e.Reason)
	case Prepared:
		c.prepared(e)
	case Process:
		c.process(e.Event)
	case Leave:
		c.leave(e)
	case Tick:
	}
}

// begin takes over what an earlier incarnation left and looks for a leader.
func (c *Core) begin(e Begun) {
	c.began = true
	for _, h := range e.Handles {
		c.adopt(h)
	}
	c.since = c.now
	c.dialRound()
}

// timers does whatever is due, so that after every step the Deadline lies ahead.
func (c *Core) timers() {
	c.hangUpSilent()
	if c.link != nil {
		c.beat()
	} else if c.leaving == nil {
		c.searchOn()
	}
	c.resay()
	c.endLeased()
	c.leaveOn()
}

// Deadline tells when Tick is due next; false once the run is over or before it has begun.
func (c *Core) Deadline() (time.Time, bool) {
	if !c.began || c.done {
		return time.Time{}, false
	}
	var d deadline
	for i := range c.sessions {
		d.earlier(c.silentAt(&c.sessions[i]))
	}
	switch {
	case c.link != nil:
		d.earlier(c.link.beatAt)
		for _, l := range c.launches {
			d.earlier(l.resayAt)
		}
	case c.leaving == nil:
		d.earlier(c.retryAt)
		if c.cfg.ExitWhenUnregistered > 0 {
			d.earlier(c.since.Add(c.cfg.ExitWhenUnregistered))
		}
	}
	d.earlier(c.leaseDeadline())
	d.earlier(c.leaveBy)
	return d.at, !d.at.IsZero()
}

// deadline is the earliest of several times; the zero time is none.
type deadline struct{ at time.Time }

func (d *deadline) earlier(t time.Time) {
	if !t.IsZero() && (d.at.IsZero() || t.Before(d.at)) {
		d.at = t
	}
}

// due tells whether a timer that is set has come.
func (c *Core) due(t time.Time) bool { return !t.IsZero() && !c.now.Before(t) }

func (c *Core) finish(reason string) {
	c.done = true
	c.out.Done = reason
}

func (c *Core) tell(f Fact) { c.out.Facts = append(c.out.Facts, f) }

// jitter draws from the upper half of d, by splitmix64.
func (c *Core) jitter(d time.Duration) time.Duration {
	c.rand += 0x9e3779b97f4a7c15
	z := c.rand
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	z ^= z >> 31
	return d/2 + time.Duration(z%uint64(d/2+1))
}
