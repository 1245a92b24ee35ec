package mastercore

import (
	"fmt"
	"slices"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// decision is the newest word about one demand. Those before it are kept by readers: each change is a row, and so are repeats now and then.
type decision struct {
	deploy.Decision
	key  reasonKey
	told time.Time // its last row
}

// retellAfter is how old the count of repeats may be that readers see when a decision is repeated.
const retellAfter = 10 * time.Second

// repeat counts a repeat. No timer is behind it: a decision that nothing repeats stays as it was told.
func (c *Core) repeat(k *decision, missing int32, cycle uint64) {
	k.Last, k.Missing, k.Cycle = c.now, missing, max(k.Cycle, cycle)
	k.Times++
	if c.now.Sub(k.told) >= retellAfter {
		k.told = c.now
		c.dirty.decisions = append(c.dirty.decisions, k.Decision)
	}
}

// reasonKey tells one reason from another without writing its sentence.
type reasonKey struct {
	code   deploy.ReasonCode
	a, b   int64
	s      string
	policy uint64 // which word of the policy's
}

// policyWord is what the policy last said of a demand.
type policyWord struct {
	reason scheduler.Reason
	name   string
	failed deploy.ReasonCode // why the configured policy did not say it, NONE if it did
	ahead  *demand           // the first in its queue, if it is another
	queue  *queue            // of QUOTA
	cycle  uint64
	count  uint64 // changes of it
	stands bool   // not yet overtaken
}

// hearWaiting takes the policy's reasons; a repeat is only counted.
func (c *Core) hearWaiting(ev *Planned) {
	for i := range ev.Plan.Waiting {
		w := &ev.Plan.Waiting[i]
		d := c.place.d.at(uint32(w.Demand), ev.Plan.Version)
		if d == nil {
			continue
		}
		word := &d.policy
		if !word.stands || word.name != ev.Policy || word.failed != ev.Fallback || !sameReason(&word.reason, &w.Reason) {
			word.reason, word.name, word.failed = w.Reason, ev.Policy, ev.Fallback
			word.ahead = c.place.d.at(uint32(w.Reason.Ahead), ev.Plan.Version)
			word.queue = c.place.q.at(w.Reason.Queue, ev.Plan.Version)
			word.reason.Causes = slices.Clone(w.Reason.Causes) // a plan's memory is used again
			word.count++
			word.stands = true
		}
		word.cycle = ev.Plan.Version
		c.redecide(d)
	}
}

func sameReason(a, b *scheduler.Reason) bool {
	if a.Code != b.Code || a.Position != b.Position || a.Ahead != b.Ahead || a.Queue != b.Queue || len(a.Causes) != len(b.Causes) {
		return false
	}
	for i := range a.Causes {
		if a.Causes[i] != b.Causes[i] {
			return false
		}
	}
	return true
}

// decide finds out why d waits and tells it if that is news.
func (c *Core) decide(d *demand) {
	if d.app != nil && d.app.ended() || d.driver != nil && d.driver.done() {
		if d.decision != nil {
			d.decision = nil
			c.dirty.gone(decisionKey(d))
		}
		return
	}
	key, known := c.reasonKey(d), d.decision
	if known == nil && key.code == deploy.ReasonNone {
		return
	}
	if known != nil && known.key == key {
		c.repeat(known, d.missing(), d.policy.cycle)
		return
	}
	next := c.explain(d, key)
	if known != nil && known.Same(&next) {
		known.key = key
		c.repeat(known, next.Missing, next.Cycle)
		return
	}
	d.decision = &decision{key: key, Decision: next, told: c.now}
	c.dirty.decisions = append(c.dirty.decisions, next)
	if d.app != nil {
		c.touchApp(d.app)
		if d.app.session != nil && waits(next.Code) {
			c.order(d.app.session, deploy.Waiting{Decision: next})
		}
	} else {
		c.touchDriver(d.driver)
	}
}

// waits tells whether a reason means that something is missing.
func waits(code deploy.ReasonCode) bool {
	return code != deploy.ReasonNone && code != deploy.ReasonExecutorLimit && code != deploy.ReasonLaunching
}

// code is why d waits now, NONE if nothing is missing.
func (d *demand) code() deploy.ReasonCode {
	if d.decision == nil || !waits(d.decision.key.code) {
		return deploy.ReasonNone
	}
	return d.decision.key.code
}

// missing is how much of what d asks for it does not have; NoLimit if without bound.
func (d *demand) missing() int32 {
	if d.driver != nil && d.driver.launch != nil {
		return 0
	}
	return d.units()
}

func decisionKey(d *demand) deploy.RowKey {
	return deploy.DecisionRow{Decision: deploy.Decision{Subject: d.subject(), Profile: d.profileID()}}.RowKey()
}

// reasonKey weighs the reasons: what the core knows by itself comes before the word of the policy.
func (c *Core) reasonKey(d *demand) reasonKey {
	var key reasonKey
	if d.driver != nil {
		return c.driverReason(d, key)
	}
	a, p := d.app, d.profile
	switch {
	case a.session == nil && a.state() != deploy.AppUnknown: // nothing is placed until it is back
	case p.strays() && p.live > 0 && (d.units() == 0 || int64(a.coresLeft()) < d.least()): // it has all that it may have
		return p.strayed(key)
	case d.units() == 0 && p.begins > 0:
		key.code = deploy.ReasonLaunching
	case d.units() == 0:
		key.code, key.a = deploy.ReasonExecutorLimit, int64(p.target)
	case int64(a.coresLeft()) < d.least():
		key.code, key.a, key.b = deploy.ReasonAppCoresMax, int64(a.coresMax), d.least()
	case a.rec.Held != "":
		key.code, key.s = deploy.ReasonHeld, a.rec.Held
	case p.gaveUp > 0 && a.nextTry > c.at: // that is why
		return p.strayed(key)
	case a.nextTry > c.at:
		key.code, key.a, key.s = deploy.ReasonBackoff, a.nextTry, a.lastFailure
	case p.strays() && c.alive() && (p.target == deploy.NoLimit || !d.policy.stands): // whatever more it would take
		return p.strayed(key)
	default:
		return c.clusterReason(d, key)
	}
	return key
}

func (c *Core) driverReason(d *demand, key reasonKey) reasonKey {
	dr := d.driver
	switch {
	case dr.launch != nil && !dr.launch.confirmed && !dr.launch.expected:
		key.code, key.s = deploy.ReasonLaunching, string(dr.rec.Worker)
	case dr.launch != nil:
		key.code = deploy.ReasonNone
	case dr.rec.Held != "":
		key.code, key.s = deploy.ReasonHeld, dr.rec.Held
	case dr.olds > 0:
		key.code, key.b, key.s = deploy.ReasonBackoff, 1, dr.lastFail
	case dr.lease > c.at:
		key.code, key.a, key.b, key.s = deploy.ReasonBackoff, dr.notBefore(), 2, dr.lastFail
	case dr.nextTry > c.at:
		key.code, key.a, key.s = deploy.ReasonBackoff, dr.nextTry, dr.lastFail
	default:
		return c.clusterReason(d, key)
	}
	return key
}

// clusterReason is why something that may be placed is not.
func (c *Core) clusterReason(d *demand, key reasonKey) reasonKey {
	need, sc := d.need(d.step()), d.scope()
	size := c.sizesOf(sc).exceeded(&need)
	switch {
	case !c.alive():
		key.code = deploy.ReasonMasterRecovering
	case c.usable == 0:
		key.code = deploy.ReasonNoWorkers
	case sc != nil && sc.workers == 0:
		key.code, key.a = deploy.ReasonFilteredLabel, int64(c.usable)
	case size != nil:
		key.code, key.s, key.a, key.b = deploy.ReasonInfeasible, size.name, size.max, wantOf(&need, size.name)
	case d.policy.stands:
		key.code, key.policy = d.policy.reason.Code, d.policy.count
	case d.driver != nil && c.driverSlots() == 0:
		key.code, key.a = deploy.ReasonMaxDrivers, int64(c.cfg.MaxDrivers)
	}
	return key
}

// explain writes a decision in whole sentences.
func (c *Core) explain(d *demand, key reasonKey) deploy.Decision {
	out := deploy.Decision{
		Subject: d.subject(), Profile: d.profileID(), Code: key.code, Missing: d.missing(),
		Policy: c.cfg.Policy, Cycle: c.place.version, Since: c.now, Last: c.now, Times: 1,
	}
	switch key.code {
	case deploy.ReasonNone:
	case deploy.ReasonLaunching:
		out.Text = "granted; waits for the worker to confirm that it runs"
	case deploy.ReasonExecutorLimit:
		out.Text = fmt.Sprintf("has all %s it asked for; raise the target for more", deploy.Count(key.a, "executor"))
	case deploy.ReasonAppCoresMax:
		out.Text = appMaxText(d, key)
	case deploy.ReasonNotRegistered:
		out.Text = strayedText(d, key)
	case deploy.ReasonHeld:
		out.Text = "held by " + key.s + "; release it to go on"
	case deploy.ReasonBackoff:
		out.Text = c.backoffText(key)
	case deploy.ReasonMasterRecovering:
		out.Text = fmt.Sprintf("the master has just taken over and waits for %s to register again, until %s at the latest; nothing to do but wait",
			deploy.Count(int64(c.recovery.of), "worker"), c.clock(c.recovery.until))
	case deploy.ReasonNoWorkers:
		out.Text = "no worker is alive; start one"
	case deploy.ReasonInfeasible:
		if key.policy == 0 {
			out.Text = c.infeasibleText(d, key)
		}
	case deploy.ReasonFilteredLabel:
		if key.policy == 0 {
			out.Text = fmt.Sprintf("no worker has the labels it wants: %s; change the selector, or start a worker that has them", d.scope().text)
			out.Causes = []deploy.Cause{{Code: key.code, Resource: d.scope().text, Workers: int(key.a)}}
		}
	case deploy.ReasonMaxDrivers:
		out.Text = fmt.Sprintf("%s at a time is the cluster's limit; wait for one to end, or raise the limit", deploy.Count(key.a, "driver"))
	default: // the others need nothing here
	}
	if key.policy != 0 {
		c.quote(&out, d)
	}
	return out
}

func appMaxText(d *demand, key reasonKey) string {
	if d.gang() {
		return fmt.Sprintf("may have %s at most, and what is missing takes %d at once; wait for executors to end, or raise its maximum of cores",
			deploy.Count(key.a, "core"), key.b)
	}
	return fmt.Sprintf("has all the cores it may have: %d at most, and an executor takes %s; raise its maximum of cores for more", key.a, deploy.Count(key.b, "core"))
}

func (c *Core) clock(t time.Time) string { return t.In(c.zone()).Format("15:04:05") }

func (c *Core) backoffText(key reasonKey) string {
	last := ""
	if key.s != "" {
		last = "; the last one: " + key.s
	}
	switch key.b {
	case 1:
		return "waits for its earlier attempt to end on the worker that came back" + last
	case 2:
		return "waits until " + c.clock(c.wall(key.a)) + ", when the attempt on its lost worker has surely ended" + last
	}
	return "waits before the next try at " + c.clock(c.wall(key.a)) + last + "; look at its stderr"
}

func (c *Core) infeasibleText(d *demand, key reasonKey) string {
	what := "an executor"
	if d.driver != nil {
		what = "the driver"
	}
	with := ""
	if sc := d.scope(); sc != nil {
		with = sc.text
	}
	var largest deploy.WorkerID
	if w := c.largest(d.scope(), key.s); w != nil {
		largest = w.spec.ID
	}
	return deploy.Infeasible(what, with, key.s, key.b, largest, key.a)
}
