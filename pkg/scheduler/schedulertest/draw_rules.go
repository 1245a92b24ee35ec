package schedulertest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// DrawRules is Draw with all words of the contract: labels, selectors, rules, gangs, queues with minimums and quotas, tries. Stir then changes
// these too, and lets time pass. The books of a seed are others than Draw gives.
func DrawRules(seed uint64, workers, demands int) *Books {
	r := rand.New(rand.NewPCG(seed, 0x72756c65))
	b := NewBooks()
	b.rules, b.ReserveFor = true, 2*time.Minute
	if r.IntN(3) == 0 {
		b.DriverSlots = r.Int32N(4)
	}
	for range r.IntN(7) {
		b.drawQueue(r)
	}
	for range workers {
		b.AddWorker(b.drawWorker(r))
	}
	for len(b.Demands) < demands {
		b.drawSubject(r)
	}
	return b
}

// skewed draws an index below n; each is half as likely as the one before.
func skewed(r *rand.Rand, n int) int {
	for i := range n - 1 {
		if r.IntN(2) == 0 {
			return i
		}
	}
	return n - 1
}

// drawLabels gives few keys with skewed values. Some hosts have several workers.
func (b *Books) drawLabels(r *rand.Rand, row *scheduler.WorkerRow) {
	row.Labels = nil
	if r.IntN(4) > 0 {
		row.Labels = append(row.Labels, deploy.Label{Key: "disk", Value: []string{"ssd", "hdd"}[skewed(r, 2)]})
	}
	if r.IntN(3) == 0 {
		row.Labels = append(row.Labels, deploy.Label{Key: "rack", Value: fmt.Sprintf("r%d", skewed(r, 5))})
	}
	row.Labels = append(row.Labels, deploy.Label{Key: "zone", Value: fmt.Sprintf("z%d", skewed(r, 3))})
	if r.IntN(3) == 0 {
		row.Host = fmt.Sprintf("host-%d", 1+r.IntN(b.names))
	}
}

// drawPlacement gives all profiles of an application the same rules.
func (b *Books) drawPlacement(r *rand.Rand, row *scheduler.DemandRow) {
	if live := b.liveQueues(); len(live) > 0 {
		row.Queue = live[skewed(r, len(live))]
	}
	for r.IntN(4) == 0 {
		row.Require = append(row.Require, drawRequirement(r))
	}
	for len(row.Prefer) < 3 && r.IntN(4) == 0 {
		row.Prefer = append(row.Prefer, deploy.Preference{Requirement: drawRequirement(r), Weight: 1 + r.Int32N(3)})
	}
	if r.IntN(10) == 0 {
		row.Tries = r.Int32N(3)
	}
	if row.Driver {
		return
	}
	if r.IntN(6) == 0 {
		row.Apart = []string{deploy.ApartHost, "rack", "zone"}[skewed(r, 3)]
	}
	if r.IntN(6) == 0 {
		row.MaxPerWorker = 1 + r.Int32N(3)
	}
	if row.Apart != "" || row.MaxPerWorker > 0 {
		row.Share = uint32(b.names)
	}
}

// drawRequirement gives selectors from harmless to hopeless.
func drawRequirement(r *rand.Rand) deploy.Requirement {
	list := []deploy.Requirement{
		{Key: "zone", Values: []string{"z0"}},
		{Key: "disk", Operator: deploy.OpNotIn, Values: []string{"hdd"}},
		{Key: "zone", Values: []string{"z0", "z1"}},
		{Key: "rack", Operator: deploy.OpExists},
		{Key: "disk", Values: []string{"ssd"}},
		{Key: "rack", Operator: deploy.OpNotIn, Values: []string{"r0", "r1"}},
		{Key: "arch", Values: []string{"vax"}},
	}
	return list[skewed(r, len(list))]
}

func drawGang(r *rand.Rand, row *scheduler.DemandRow) {
	if !row.Grow && r.IntN(5) == 0 {
		row.Gang, row.Units = true, 1+r.Int32N(6)
	}
}

func (b *Books) liveQueues() []uint32 {
	var live []uint32
	for _, q := range b.Queues {
		if !q.Gone {
			live = append(live, q.Ref)
		}
	}
	return live
}

// drawQueue adds a queue at most three levels deep.
func (b *Books) drawQueue(r *rand.Rand) {
	row := scheduler.QueueRow{Weight: []float64{1, 1, 2, 0.5, 4}[r.IntN(5)]}
	b.names++
	row.Name = fmt.Sprintf("q%s-%d", drawWord(r), b.names)
	if live := b.liveQueues(); len(live) > 0 {
		if up := b.Queues[live[r.IntN(len(live))]]; strings.Count(up.Name, ".") < 2 && up.Name != "" {
			row.Parent, row.Name = up.Ref, up.Name+"."+row.Name
		}
	}
	drawBounds(r, &row)
	b.AddQueue(row)
}

func drawBounds(r *rand.Rand, row *scheduler.QueueRow) {
	row.Min, row.Quota = nil, nil
	if r.IntN(3) == 0 {
		row.Min = []deploy.Quantity{{Resource: deploy.ResourceCores, Amount: r.Int64N(16)}}
	}
	if r.IntN(3) == 0 {
		row.Quota = append(row.Quota, deploy.Quantity{Resource: deploy.ResourceCores, Amount: r.Int64N(60)})
	}
	if r.IntN(6) == 0 {
		row.Quota = append(row.Quota, deploy.Quantity{Resource: "gpu", Amount: r.Int64N(6)})
	}
	if r.IntN(4) == 0 {
		row.Quota = append(row.Quota, deploy.Quantity{Resource: deploy.ResourceMemory, Amount: r.Int64N(1 << 15)})
	}
}

// stirRules changes labels and queues, and lets time pass.
func (b *Books) stirRules(r *rand.Rand) {
	b.Advance(time.Duration(r.IntN(120)) * time.Second)
	switch r.IntN(8) {
	case 0:
		if w := b.Workers[r.IntN(len(b.Workers))]; !w.Gone {
			b.drawLabels(r, &w)
			b.SetWorker(w)
		}
	case 1:
		b.drawQueue(r)
	case 2:
		b.dropQueue(r)
	case 3, 4:
		if live := b.liveQueues(); len(live) > 0 {
			row := b.Queues[live[r.IntN(len(live))]]
			row.Weight = []float64{1, 2, 3}[r.IntN(3)]
			drawBounds(r, &row)
			b.SetQueue(row)
		}
	}
}

// dropQueue takes a queue away that nobody is in, runs in or stands below.
func (b *Books) dropQueue(r *rand.Rand) {
	live := b.liveQueues()
	if len(live) < 2 {
		return
	}
	ref := live[1+r.IntN(len(live)-1)]
	named := len(b.Queues[ref].Used) > 0
	for _, q := range b.Queues {
		named = named || !q.Gone && q.Ref != ref && q.Parent == ref
	}
	for _, d := range b.Demands {
		named = named || !d.Gone && d.Queue == ref
	}
	if !named {
		b.SetQueue(scheduler.QueueRow{Ref: ref, Gone: true})
	}
}
