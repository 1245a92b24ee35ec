package app

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/musterproject/muster/pkg/backend"
	"github.com/musterproject/muster/pkg/deploy"
)

// core decides for one application. One caller at a time steps it; it does no IO and reads no clock.
type core struct {
	cfg   Config
	spec  deploy.AppSpec // Targets and Profiles follow what the master has accepted
	ships bool           // files must be with a master before it may launch executors
	ids   string         // beginning of all request ids of this run
	drawn uint64         // request ids made of it
	rand  uint64

	app      deploy.AppID
	token    deploy.Secret
	register deploy.RequestID
	seen     map[deploy.ClusterID]deploy.Epoch

	began, ended bool
	taken        bool // a master has taken the application in at least once
	leaving      *leave
	leaveBy      time.Time

	masters  []master
	sessions []session
	link     *link     // to the leader obeyed; nil: none
	since    time.Time // without a leader
	retryAt  time.Time // next round of dialling
	searched bool      // a round was dialled since
	backoff  time.Duration

	executors map[int32]deploy.ExecutorView // live ones, as last told
	reached   map[int32]bool                // executors of app that have reached the driver, until the leader says that they have ended
	asks      []ask

	now time.Time // of the present step, as is out
	out *effects
}

// newCore makes the core of one run. ids must be unique among all applications; seed spreads the back-off.
func newCore(cfg Config, spec deploy.AppSpec, ships bool, ids string, seed uint64) *core {
	c := &core{
		cfg: cfg, spec: spec, ships: ships, ids: ids, rand: seed, backoff: cfg.RetryMin,
		seen: map[deploy.ClusterID]deploy.Epoch{}, executors: map[int32]deploy.ExecutorView{},
		reached: map[int32]bool{},
	}
	c.spec.Profiles, c.spec.Targets = slices.Clone(spec.Profiles), slices.Clone(spec.Targets)
	c.register = c.request()
	for _, a := range cfg.Masters {
		c.addMaster(a, true)
	}
	return c
}

// request draws the next request id.
func (c *core) request() deploy.RequestID {
	c.drawn++
	return deploy.RequestID(c.ids + "-" + strconv.FormatUint(c.drawn, 10))
}

// step takes an event and the time and appends what is to be done to out. It never fails.
func (c *core) step(now time.Time, ev event, out *effects) {
	if c.ended {
		return
	}
	c.now, c.out = now, out
	c.handle(ev)
	if c.began && !c.ended {
		c.timers()
	}
	c.out = nil
}

func (c *core) handle(ev event) {
	switch e := ev.(type) {
	case begun:
		c.began, c.since = true, c.now
		c.dialRound()
	case opened:
		c.opened(e)
	case dialFailed:
		c.failed(e.at, e.reason, e.final)
	case shipped:
		c.shipped(e)
	case received:
		c.received(e)
	case closed:
		c.closed(e.peer, e.reason)
	case asked:
		c.ask(e)
	case dropped:
		c.asks = slices.DeleteFunc(c.asks, func(a ask) bool { return a.id == e.id })
	case joined:
		c.joined(e)
	case leave:
		c.leave(e)
	case tick:
	}
}

// timers does whatever is due, so that after every step the deadline lies ahead.
func (c *core) timers() {
	c.hangUpSilent()
	if c.link != nil {
		c.beat()
		c.askAgain()
	} else {
		c.searchOn()
	}
	if !c.ended && c.leaving != nil && c.due(c.leaveBy) {
		c.finish(fmt.Errorf("%w: %s had no answer within %s%s", backend.ErrLeftBehind, c.name(), c.cfg.UnregisterTimeout, c.reasons()))
	}
}

// deadline tells when tick is due next; false before the beginning and after the end.
func (c *core) deadline() (time.Time, bool) {
	if !c.began || c.ended {
		return time.Time{}, false
	}
	var at time.Time
	earlier := func(t time.Time) {
		if !t.IsZero() && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	for i := range c.sessions {
		earlier(c.silentAt(&c.sessions[i]))
	}
	if c.link != nil {
		earlier(c.link.beatAt)
		for i := range c.asks {
			earlier(c.asks[i].againAt)
		}
	} else {
		earlier(c.retryAt)
		if !c.taken && c.leaving == nil {
			earlier(c.since.Add(c.cfg.RegisterTimeout))
		}
	}
	earlier(c.leaveBy)
	return at, true
}

func (c *core) due(t time.Time) bool { return !t.IsZero() && !c.now.Before(t) }

// finish ends the run; whoever still waits for an answer hears that there is no application.
func (c *core) finish(err error) {
	c.ended = true
	c.out.done, c.out.err = true, err
	for _, a := range c.asks {
		if a.id != 0 {
			c.answer(a.id, deploy.Refused{Fault: deploy.Fault{Kind: deploy.ErrAlreadyFinished, Text: c.name() + " has ended"}})
		}
	}
	c.asks = nil
}

// leave gives the application up. Before any master can have heard of it there is nothing to give up.
func (c *core) leave(e leave) {
	if c.leaving != nil {
		return
	}
	c.leaving, c.leaveBy = &e, c.now.Add(c.cfg.UnregisterTimeout)
	switch {
	case c.link != nil:
		c.unregister()
	case c.app == "" && !slices.ContainsFunc(c.sessions, func(s session) bool { return s.asked }):
		c.finish(nil)
	}
}

func (c *core) unregister() {
	c.ask(asked{req: request{}})
}

func (c *core) name() string {
	if c.app != "" {
		return "application " + string(c.app)
	}
	return fmt.Sprintf("application %q", c.spec.Name)
}

// reasons says of every address tried what came of it.
func (c *core) reasons() string {
	var b strings.Builder
	for _, m := range c.masters {
		if m.reason != "" {
			fmt.Fprintf(&b, "; %s: %s", m.addr, m.reason)
		}
	}
	return b.String()
}

func (c *core) tell(e backend.Event) { c.out.tell = append(c.out.tell, e) }
func (c *core) fact(f fact)          { c.out.facts = append(c.out.facts, f) }

func (c *core) send(to deploy.PeerID, m deploy.Message) {
	c.out.send = append(c.out.send, envelope{to: to, msg: m})
}

func (c *core) answer(id uint64, m deploy.Message) {
	c.out.answer = append(c.out.answer, answer{id: id, msg: m})
}

// jitter draws from the upper half of d, by splitmix64.
func (c *core) jitter(d time.Duration) time.Duration {
	c.rand += 0x9e3779b97f4a7c15
	z := c.rand
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	z ^= z >> 31
	return d/2 + time.Duration(z%uint64(d/2+1))
}
