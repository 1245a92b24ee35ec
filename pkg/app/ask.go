package app

import (
	"errors"
	"slices"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// ask is a question that waits for its answer, at whichever leader. Its request id makes a repeat harmless.
type ask struct {
	id      uint64 // 0: of the session itself, the unregistration
	request deploy.RequestID
	req     request
	againAt time.Time // when a leader that could not answer yet is asked again
}

// ends tells whether it is the unregistration.
func (a ask) ends() bool { return a.id == 0 }

// ask takes a question; while no leader is in touch it waits.
func (c *core) ask(e asked) {
	a := ask{id: e.id, request: c.request(), req: e.req}
	c.asks = append(c.asks, a)
	if c.link != nil {
		c.say(&a)
	}
}

// askAll repeats everything unanswered to a new leader, in order.
func (c *core) askAll() {
	for i := range c.asks {
		c.say(&c.asks[i])
	}
}

func (c *core) askAgain() {
	for i := range c.asks {
		if c.due(c.asks[i].againAt) {
			c.asks[i].againAt = time.Time{}
			c.say(&c.asks[i])
		}
	}
}

func (c *core) say(a *ask) {
	switch {
	case a.req.targets != nil:
		m := *a.req.targets
		m.Request, m.App = a.request, c.app
		c.send(c.link.peer, m)
	case a.req.kill != nil:
		m := *a.req.kill
		m.Request, m.App = a.request, c.app
		c.send(c.link.peer, m)
	default:
		c.send(c.link.peer, deploy.UnregisterApp{Request: a.request, App: c.app, Failure: c.leaving.failure})
	}
}

func (c *core) asked(r deploy.RequestID) int {
	return slices.IndexFunc(c.asks, func(a ask) bool { return a.request == r })
}

// accepted passes an answer on. Accepted targets become part of what a new cluster would be asked for.
func (c *core) accepted(m deploy.Accepted) {
	i := c.asked(m.Request)
	if i < 0 {
		return
	}
	a := c.asks[i]
	c.asks = slices.Delete(c.asks, i, i+1)
	if a.ends() {
		c.finish(nil)
		return
	}
	if t := a.req.targets; t != nil {
		c.keep(t)
	}
	c.answer(a.id, m)
}

func (c *core) keep(m *deploy.SetTargets) {
	for _, p := range m.Profiles {
		if !slices.ContainsFunc(c.spec.Profiles, func(q deploy.Profile) bool { return q.ID == p.ID }) {
			c.spec.Profiles = append(c.spec.Profiles, p)
		}
	}
	for _, t := range m.Targets {
		i := slices.IndexFunc(c.spec.Targets, func(u deploy.Target) bool { return u.Profile == t.Profile })
		if i < 0 {
			c.spec.Targets = append(c.spec.Targets, t)
		} else {
			c.spec.Targets[i] = t
		}
	}
}

// refused passes a refusal on, unless it is only too early.
func (c *core) refused(m deploy.Refused) {
	i := c.asked(m.Request)
	if i < 0 {
		return
	}
	a := &c.asks[i]
	if errors.Is(m.Fault, deploy.ErrRecovering) || errors.Is(m.Fault, deploy.ErrUnavailable) {
		a.againAt = c.now.Add(c.cfg.RetryMin)
		return
	}
	id, ends := a.id, a.ends()
	c.asks = slices.Delete(c.asks, i, i+1)
	if ends {
		c.finish(nil) // the cluster has no such application any more
		return
	}
	c.answer(id, m)
}
