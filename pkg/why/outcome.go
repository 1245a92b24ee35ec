package why

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
	"github.com/musterproject/muster/pkg/status"
)

// judge gives a part its verdict and says why.
func (d *dryRun) judge(p *part, ask *deploy.Plan) {
	code, text, never := d.never(p, ask)
	causes := d.causes(p, code == deploy.ReasonInfeasible)
	why := deploy.Decision{Profile: p.row.Profile, Policy: "", Since: d.now, Last: d.now, Times: 1, Code: code, Text: text, Missing: deploy.NoLimit}
	if p.out.Asked != deploy.NoLimit {
		why.Missing = p.out.Asked - p.out.Starts
	}
	switch {
	case never:
		p.out.Verdict, why.Causes = deploy.VerdictNever, causes.sorted()
	case p.satisfied(ask):
		why.Missing = 0
	default:
		p.out.Verdict, why.Causes = deploy.VerdictWaits, causes.sorted()
		d.whyWaits(p, &why, causes)
	}
	p.out.Decision = why
}

// satisfied tells whether all that was asked for starts. Who names no number of executors is content with the cores he names, or else with one.
func (p *part) satisfied(ask *deploy.Plan) bool {
	switch {
	case p.out.Asked != deploy.NoLimit && p.out.Starts >= p.out.Asked:
		return true
	case p.out.Starts == 0:
		return false
	case p.waits && p.reason.Code == deploy.ReasonAppCoresMax:
		return true
	}
	return p.out.Asked == deploy.NoLimit && ask.App.CoresMax == 0
}

// causes looks at every worker for one more, with what starts taken already.
func (d *dryRun) causes(p *part, whole bool) *tally {
	var t tally
	for i := range d.seats {
		s := &d.seats[i]
		has := &s.Free
		if whole {
			has = &s.Total
		}
		o := obstacle(&p.row, &s.WorkerRow, has, d.own)
		t.add(&o)
	}
	return &t
}

// whyWaits says what the policy says, unless the workers say it better.
func (d *dryRun) whyWaits(p *part, why *deploy.Decision, t *tally) {
	why.Code, why.Position = p.reason.Code, p.reason.Position
	switch matching := len(d.matching(&p.row)); {
	case t.total == 0:
		why.Code, why.Text = deploy.ReasonNoWorkers, "no worker is alive; start one"
		return
	case matching == 0:
		why.Code = deploy.ReasonFilteredLabel
	case !p.waits, why.Code == deploy.ReasonInfeasible, why.Code == deploy.ReasonNone:
		why.Code = deploy.ReasonQueueBehind
		if t.fits == 0 {
			why.Code = why.Causes[0].Code
		}
	}
	if p.waits && why.Position > 1 && int(p.reason.Ahead) < len(d.demands) {
		why.Ahead = d.demands[p.reason.Ahead].Subject
	}
	why.Text = why.Code.Advice(why.Position)
	if why.Code == deploy.ReasonQuota && int(p.reason.Queue) < len(d.queues) {
		why.Text = fmt.Sprintf("the quota of queue %s is used up; wait, or raise the quota", queueName(d.queues[p.reason.Queue].Name))
	}
	if p.row.Gang {
		need := resources(&p.row.Need)
		open := slices.DeleteFunc(d.matching(&p.row), func(s *seat) bool { return s.Blocked != deploy.ReasonNone })
		room := gangRoom(p, &need, open, func(s *seat) *deploy.Resources { return &s.Free })
		why.Text = fmt.Sprintf("all %s start together or none does, and there is room for %d; wait, ask for fewer, or add workers",
			deploy.Count(int64(p.row.Units), "executor"), room)
	}
	var said []string
	for i := range why.Causes {
		said = append(said, why.Causes[i].String())
	}
	if len(said) > 0 {
		why.Text += ": " + strings.Join(said, "; ")
	}
}

// holders finds the worker that could hold one more and misses least, and whose end would make the room: the largest holders first, no more of
// them than are needed.
func (d *dryRun) holders(ctx context.Context, rows *status.Store, p *part) error {
	need := resources(&p.row.Need)
	at := d.nearest(p, &need)
	if at == nil || missing(&need, &at.Free) == 0 {
		return nil
	}
	has := map[string]deploy.Resources{}
	for r, err := range each[deploy.ExecutorRow](ctx, rows, status.Query{Kind: deploy.RowExecutor}) {
		if err != nil {
			return err
		}
		if r.Worker == at.ID {
			has[string(r.ID.App)] = plus(has[string(r.ID.App)], &r.Need)
		}
	}
	for r, err := range each[deploy.DriverRow](ctx, rows, status.Query{Kind: deploy.RowDriver}) {
		if err != nil {
			return err
		}
		if r.Worker == at.ID {
			has[string(r.ID)] = plus(has[string(r.ID)], &r.Need)
		}
	}
	list := make([]deploy.Holder, 0, len(has))
	for id, r := range has {
		list = append(list, deploy.Holder{Worker: at.ID, Subject: id, Has: r})
	}
	slices.SortFunc(list, func(a, b deploy.Holder) int {
		return cmp.Or(cmp.Compare(missing(&need, &a.Has), missing(&need, &b.Has)), cmp.Compare(a.Subject, b.Subject))
	})
	free := plus(at.Free, &deploy.Resources{})
	for i := 0; i < len(list) && missing(&need, &free) > 0; i++ {
		free = plus(free, &list[i].Has)
		p.out.Frees = append(p.out.Frees, list[i])
	}
	return nil
}

// nearest gives the worker that nothing but use keeps from serving and that misses least. What would start there itself does not end.
func (d *dryRun) nearest(p *part, need *deploy.Resources) *seat {
	var best *seat
	for i := range d.seats {
		s := &d.seats[i]
		if o := obstacle(&p.row, &s.WorkerRow, &s.Total, d.own); o.Code != deploy.ReasonNone || d.own.on[s.ID] > 0 {
			continue
		}
		if best == nil || missing(need, &s.Free) < missing(need, &best.Free) {
			best = s
		}
	}
	return best
}

// plus adds; the list is its own.
func plus(a deploy.Resources, b *deploy.Resources) deploy.Resources {
	out := deploy.Resources{Cores: a.Cores + b.Cores, MemoryMiB: a.MemoryMiB + b.MemoryMiB, Custom: slices.Clone(a.Custom)}
	for _, x := range b.Custom {
		if i := slices.IndexFunc(out.Custom, func(y deploy.Amount) bool { return y.Name == x.Name }); i >= 0 {
			out.Custom[i].Count += x.Count
		} else {
			out.Custom = append(out.Custom, x)
		}
	}
	return out
}

// sentence sums an outlook up.
func (d *dryRun) sentence(out *deploy.Outlook) string {
	worst := &out.Parts[0]
	executors, cores, on := int32(0), int64(0), map[scheduler.WorkerRef]bool{}
	for i := range out.Parts {
		if out.Parts[i].Verdict > worst.Verdict {
			worst = &out.Parts[i]
		}
		executors += out.Parts[i].Starts
		cores += out.Parts[i].Cores
		for ref := range d.parts[i].on {
			on[ref] = true
		}
	}
	starts := fmt.Sprintf("%s with %s on %s", deploy.Count(int64(executors), "executor"), deploy.Count(cores, "core"), deploy.Count(int64(len(on)), "worker"))
	if d.parts[0].row.Driver && executors > 0 {
		starts = "the driver on " + string(worst.Places[0].Worker)
	}
	switch out.Verdict {
	case deploy.VerdictNever:
		return "never fits: " + worst.Decision.Text
	case deploy.VerdictWaits:
		if executors > 0 {
			return "must wait: now start " + starts + "; the rest waits, " + worst.Decision.Text
		}
		return "must wait: " + worst.Decision.Text
	case deploy.VerdictFits:
	}
	return "fits now: " + starts
}
