package mastercore

import (
	"fmt"
	"strings"

	"github.com/musterproject/muster/pkg/deploy"
)

// scope is the part of the cluster that required selectors allow: what is larger than the largest worker there can never run, whatever is elsewhere.
type scope struct {
	key     string
	text    string // the selectors, as people write them
	require []deploy.Requirement
	sizes   sizes
	workers int
	users   int // applications and drivers that have not ended
}

// enterScope counts one more user of selectors; nil if there are none.
func (c *Core) enterScope(require []deploy.Requirement) *scope {
	if len(require) == 0 {
		return nil
	}
	key := fmt.Sprintf("%q", require)
	sc := c.scopes[key]
	if sc == nil {
		sc = &scope{key: key, text: selectorText(require), require: require}
		c.scopes[key] = sc
		for i := range c.place.w.list {
			if w := c.place.w.list[i].is; w != nil {
				sc.enters(w)
			}
		}
		sc.sizes.changed = false // nobody has been told anything else
	}
	sc.users++
	return sc
}

// scope is where d may run, nil for everywhere.
func (d *demand) scope() *scope {
	if d.driver != nil {
		return d.driver.scope
	}
	return d.app.scope
}

func (c *Core) leaveScope(sc *scope) {
	if sc == nil {
		return
	}
	if sc.users--; sc.users == 0 {
		delete(c.scopes, sc.key)
	}
}

func selectorText(require []deploy.Requirement) string {
	texts := make([]string, len(require))
	for i := range require {
		texts[i] = require[i].String()
	}
	return brief(strings.Join(texts, ", "))
}

// allows tells whether a worker meets all selectors; nil allows every worker.
func (sc *scope) allows(spec *deploy.WorkerSpec) bool {
	if sc != nil {
		for i := range sc.require {
			if !sc.require[i].Holds(spec.Labels) {
				return false
			}
		}
	}
	return true
}

func (sc *scope) enters(w *worker) {
	if sc.allows(&w.spec) {
		sc.sizes.add(&w.spec, w)
		sc.workers++
	}
}

// sizesOf gives the largest sizes in a scope, nil for the whole cluster.
func (c *Core) sizesOf(sc *scope) *sizes {
	if sc != nil {
		return &sc.sizes
	}
	return &c.sizes
}

// sizeEnters counts a worker that has become a member.
func (c *Core) sizeEnters(w *worker) {
	c.sizes.add(&w.spec, w)
	c.capacityChanged(&w.spec, 1)
	for _, sc := range c.scopes {
		sc.enters(w)
	}
}

// sizeLeaves counts it out, as the worker that it was.
func (c *Core) sizeLeaves(w *worker) {
	c.sizes.remove(&w.spec)
	c.capacityChanged(&w.spec, -1)
	for _, sc := range c.scopes {
		if sc.allows(&w.spec) {
			sc.sizes.remove(&w.spec)
			sc.workers--
		}
	}
}
