package why

import (
	"fmt"
	"slices"
	"strings"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// never says why a part can never run here, whatever ends: it wants more than any worker whose labels match has, or than its queues or the
// application itself may have. Labels themselves are no such reason: workers get them from people, so what no worker has is waited for.
func (d *dryRun) never(p *part, ask *deploy.Plan) (deploy.ReasonCode, string, bool) {
	if p.out.Asked == 0 {
		return deploy.ReasonNone, "", false
	}
	need := resources(&p.row.Need)
	if ask.App != nil && ask.App.CoresMax > 0 && ask.App.CoresMax < need.Cores {
		return deploy.ReasonAppCoresMax, fmt.Sprintf("an executor takes %s and the application may have %d in all: raise its maximum, or ask for less per executor",
			deploy.Count(int64(need.Cores), "core"), ask.App.CoresMax), true
	}
	if text := d.tooLarge(p, &need); text != "" {
		return deploy.ReasonInfeasible, text, true
	}
	units := int64(1)
	if p.row.Gang {
		units = int64(p.row.Units)
	}
	if text := d.overQuota(p, &need, units); text != "" {
		return deploy.ReasonQuota, text, true
	}
	if p.row.Gang {
		if text := d.gangTooLarge(p, &need); text != "" {
			return deploy.ReasonInfeasible, text, true
		}
	}
	return deploy.ReasonNone, "", false
}

// matching gives the workers whose labels serve a demand.
func (d *dryRun) matching(row *scheduler.DemandRow) []*seat {
	var list []*seat
	for i := range d.seats {
		s := &d.seats[i]
		if !slices.ContainsFunc(row.Require, func(q deploy.Requirement) bool { return !q.Holds(s.Labels) }) {
			list = append(list, s)
		}
	}
	return list
}

// tooLarge names the largest worker if none could hold one unit even if it were empty.
func (d *dryRun) tooLarge(p *part, need *deploy.Resources) string {
	list := d.matching(&p.row)
	if len(list) == 0 {
		return ""
	}
	var nearest *seat
	for _, s := range list {
		if missing(need, &s.Total) == 0 {
			return ""
		}
		if nearest == nil || missing(need, &s.Total) < missing(need, &nearest.Total) {
			nearest = s
		}
	}
	for _, want := range amounts(need) {
		largest := slices.MaxFunc(list, func(a, b *seat) int {
			return int(min(1, max(-1, amountOf(&a.Total, want.Resource)-amountOf(&b.Total, want.Resource))))
		})
		if has := amountOf(&largest.Total, want.Resource); has < want.Amount {
			return deploy.Infeasible(p.what(), p.selectors(), want.Resource, want.Amount, largest.ID, has)
		}
	}
	lacks := ""
	for _, want := range amounts(need) {
		if has := amountOf(&nearest.Total, want.Resource); lacks == "" && has < want.Amount {
			lacks = deploy.FormatAmount(want.Resource, has) + " of " + deploy.FormatAmount(want.Resource, want.Amount)
		}
	}
	return fmt.Sprintf("%s wants %s, and no worker has all of it together; the nearest, %s, has %s, so this can never run here: ask for less or add a larger worker",
		p.what(), need, nearest.ID, lacks)
}

// missing is how much of a need is not there, as the sum of the missing parts of each resource.
func missing(need, has *deploy.Resources) (sum float64) {
	for _, want := range amounts(need) {
		if want.Amount > 0 {
			sum += max(0, float64(want.Amount-amountOf(has, want.Resource))/float64(want.Amount))
		}
	}
	return sum
}

// amounts gives a need resource by resource.
func amounts(need *deploy.Resources) []deploy.Quantity {
	list := []deploy.Quantity{{Resource: deploy.ResourceCores, Amount: int64(need.Cores)}, {Resource: deploy.ResourceMemory, Amount: need.MemoryMiB}}
	for _, a := range need.Custom {
		list = append(list, deploy.Quantity{Resource: a.Name, Amount: int64(a.Count)})
	}
	return list
}

func amountOf(r *deploy.Resources, resource string) int64 {
	switch resource {
	case deploy.ResourceCores:
		return int64(r.Cores)
	case deploy.ResourceMemory:
		return r.MemoryMiB
	}
	return int64(r.Of(resource))
}

// overQuota names the first queue on the way to the root whose quota so many units exceed, were the queue empty.
func (d *dryRun) overQuota(p *part, need *deploy.Resources, units int64) string {
	for ref := p.row.Queue; ; ref = d.queues[ref].Parent {
		q := &d.queues[ref]
		for _, limit := range q.Quota {
			if want := units * amountOf(need, limit.Resource); want > limit.Amount {
				return fmt.Sprintf("%s; the quota of queue %s is %s, so this can never run there: ask for less, take another queue, or raise the quota",
					p.wants(want, limit.Resource), queueName(q.Name), deploy.FormatAmount(limit.Resource, limit.Amount))
			}
		}
		if ref == 0 {
			return ""
		}
	}
}

func queueName(path string) string {
	if path == "" {
		return deploy.RootQueue
	}
	return path
}

// gangTooLarge says that all workers together, were they empty, have no room for all of a gang.
func (d *dryRun) gangTooLarge(p *part, need *deploy.Resources) string {
	room := gangRoom(p, need, d.matching(&p.row), func(s *seat) *deploy.Resources { return &s.Total })
	if room == 0 || room >= int64(p.row.Units) {
		return "" // none at all is a matter of labels
	}
	return fmt.Sprintf("all %s start together or none does, and the whole cluster has room for %d, so this can never run here: ask for fewer or add workers",
		deploy.Count(int64(p.row.Units), "executor"), room)
}

// gangRoom is how many executors of a gang there is room for in what workers have, by the rules of the application itself.
func gangRoom(p *part, need *deploy.Resources, list []*seat, has func(*seat) *deploy.Resources) (room int64) {
	taken := map[string]bool{}
	for _, s := range list {
		units := fitting(need, has(s))
		if p.row.MaxPerWorker > 0 {
			units = min(units, int64(p.row.MaxPerWorker))
		}
		if p.row.Apart != "" && units > 0 {
			place, ok := scheduler.Domain(&s.WorkerRow, p.row.Apart)
			if ok && taken[place] {
				continue
			}
			taken[place], units = ok, 1
		}
		room += units
	}
	return room
}

// fitting is how many units a worker could hold.
func fitting(need, has *deploy.Resources) int64 {
	units := int64(deploy.NoLimit)
	for _, want := range amounts(need) {
		if want.Amount > 0 {
			units = min(units, amountOf(has, want.Resource)/want.Amount)
		}
	}
	return units
}

func (p *part) what() string {
	if p.row.Driver {
		return "the driver"
	}
	return "an executor"
}

// selectors gives the labels that are wanted, as people write them.
func (p *part) selectors() string {
	words := make([]string, len(p.row.Require))
	for i := range p.row.Require {
		words[i] = p.row.Require[i].String()
	}
	return strings.Join(words, ", ")
}

func (p *part) wants(n int64, resource string) string {
	if p.row.Gang {
		return fmt.Sprintf("all %s together want %s", deploy.Count(int64(p.row.Units), "executor"), deploy.FormatAmount(resource, n))
	}
	return fmt.Sprintf("%s wants %s", p.what(), deploy.FormatAmount(resource, n))
}
