package mastercore

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// quote turns the policy's reason for d into words.
func (c *Core) quote(out *deploy.Decision, d *demand) {
	word := &d.policy
	out.Policy, out.Cycle, out.Position = word.name, word.cycle, word.reason.Position
	if word.ahead != nil && word.ahead != d && word.reason.Position > 0 {
		out.Ahead = word.ahead.subject()
	}
	out.Causes = nil
	var said []string
	for i := range word.reason.Causes {
		cause := c.cause(&word.reason.Causes[i])
		out.Causes = append(out.Causes, cause)
		said = append(said, cause.String())
	}
	if word.failed != deploy.ReasonNone {
		cause := deploy.Cause{Code: word.failed, Resource: c.cfg.Policy}
		out.Causes = append(out.Causes, cause)
		said = append(said, cause.String())
	}
	if out.Text == "" {
		out.Text = mainText(d)
	}
	if d.gang() && d.units() > 1 {
		out.Text = gangText(d.units(), word.reason.Code, out.Causes) + out.Text
	}
	if len(said) > 0 {
		out.Text += ": " + strings.Join(said, "; ")
	}
}

func (c *Core) cause(in *scheduler.Cause) deploy.Cause {
	out := deploy.Cause{Code: in.Code, Resource: in.Resource, Workers: in.Workers, Have: in.Have, Want: in.Want}
	if in.Nearest != scheduler.NoWorker {
		if w := c.place.w.at(uint32(in.Nearest), c.place.version); w != nil {
			out.Nearest = w.spec.ID
			if in.Code == deploy.ReasonReserved && w.kept != nil {
				out.Resource = w.kept.d.subject()
			}
		}
	}
	return out
}

// mainText says a policy's main reason, with a way out, where the core knows more than the reason's name.
func mainText(d *demand) string {
	r, sc := &d.policy.reason, d.scope()
	switch {
	case r.Code == deploy.ReasonQueueBehind:
		return behindText(d)
	case r.Code == deploy.ReasonQuota:
		return quotaText(d)
	case r.Code == deploy.ReasonFilteredLabel && sc != nil:
		return "no worker with room has the labels it wants, " + sc.text + "; wait, or change the selector"
	case r.Code == deploy.ReasonFilteredRule && d.app != nil && d.app.ruled():
		return ruleText(d.place())
	}
	return r.Code.Advice(r.Position)
}

// behindText says who is first in the queue and what he still wants.
func behindText(d *demand) string {
	r, first := &d.policy.reason, d.policy.ahead
	switch {
	case r.Position <= 0 || first == nil || first == d || first.over():
		return r.Code.Advice(r.Position)
	case first.units() == deploy.NoLimit:
		return fmt.Sprintf("position %d in the queue; %s is first and takes what it can get: wait, or add workers", r.Position, first.subject())
	}
	cores := int64(first.units()) * int64(first.step())
	if first.app != nil {
		cores = min(cores, int64(first.app.coresLeft()))
	}
	return fmt.Sprintf("position %d in the queue; %s is first and needs %s: wait, or add workers", r.Position, first.subject(), deploy.Count(cores, "more core"))
}

// over tells whether d wants nothing ever again.
func (d *demand) over() bool {
	if d.driver != nil {
		return d.driver.done()
	}
	return d.app.ended()
}

// quotaText says which quota is used up, and how far.
func quotaText(d *demand) string {
	need := d.need(d.step())
	if d.gang() {
		need = manifold(need, d.units())
	}
	q, most := d.queue().overQuota(&need)
	if q == nil {
		if q = d.policy.queue; q == nil {
			return deploy.ReasonQuota.Advice(0)
		}
		return fmt.Sprintf("the quota of queue %s was used up; wait, or raise the quota", q.title())
	}
	return fmt.Sprintf("queue %s has %s of its quota of %s, and %s more are wanted; wait, or raise the quota",
		q.title(), deploy.FormatAmount(most.Resource, amountOf(q.total, most.Resource)), deploy.FormatAmount(most.Resource, most.Amount),
		deploy.FormatAmount(most.Resource, wantOf(&need, most.Resource)))
}

// title is the path of q, or what people call the root.
func (q *queue) title() string { return cmp.Or(q.Name, deploy.RootQueue) }

// manifold is what n units take together.
func manifold(need deploy.Resources, n int32) deploy.Resources {
	all := deploy.Resources{Cores: int32(min(int64(need.Cores)*int64(n), int64(deploy.NoLimit))), MemoryMiB: need.MemoryMiB * int64(n)}
	for _, a := range need.Custom {
		all.Custom = append(all.Custom, deploy.Amount{Name: a.Name, Count: int32(min(int64(a.Count)*int64(n), int64(deploy.NoLimit)))})
	}
	return all
}

func ruleText(p *deploy.Placement) string {
	var rules []string
	if p.Apart == deploy.ApartHost {
		rules = append(rules, "its executors are kept on different hosts")
	} else if p.Apart != "" {
		rules = append(rules, "its executors are kept on workers with different "+p.Apart)
	}
	if p.MaxPerWorker > 0 {
		rules = append(rules, fmt.Sprintf("at most %s may be on one worker", deploy.Count(int64(p.MaxPerWorker), "executor")))
	}
	return strings.Join(rules, ", and ") + "; add workers, or loosen the rule"
}

// gangText says how much of a gang would fit, as far as the policy has tried.
func gangText(units int32, code deploy.ReasonCode, causes []deploy.Cause) string {
	whole := fmt.Sprintf("needs %s at once", deploy.Count(int64(units), "executor"))
	for i := range causes {
		c := &causes[i]
		switch {
		case c.Resource != deploy.ResourceGang || c.Want == 0:
		case code == deploy.ReasonInfeasible:
			return fmt.Sprintf("%s, and %d would fit if nothing else ran; ", whole, c.Have)
		default:
			return fmt.Sprintf("%s, and %d would fit now; ", whole, c.Have)
		}
	}
	return whole + "; "
}
