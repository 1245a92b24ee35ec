package schedulertest

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// Draw gives books with so many workers and about so many demands, drawn by seed and skewed: few kinds of machines, most of them partly
// taken, some with custom resources, some that take no work; needs from tiny to hopeless.
func Draw(seed uint64, workers, demands int) *Books {
	r := rand.New(rand.NewPCG(seed, 0x6d757374))
	b := NewBooks()
	if r.IntN(3) == 0 {
		b.DriverSlots = r.Int32N(4)
	}
	for range workers {
		b.AddWorker(b.drawWorker(r))
	}
	for len(b.Demands) < demands {
		b.drawSubject(r)
	}
	return b
}

var codesOfWorkers = []deploy.ReasonCode{
	deploy.ReasonWorkerDraining, deploy.ReasonWorkerUnhealthy, deploy.ReasonBlacklisted, deploy.ReasonMasterRecovering,
}

func (b *Books) drawWorker(r *rand.Rand) scheduler.WorkerRow {
	cores := []int32{1, 2, 4, 8, 8, 16, 16, 32, 64}[r.IntN(9)]
	total := deploy.Resources{Cores: cores, MemoryMiB: int64(cores) * []int64{256, 1024, 1024, 2048, 4096}[r.IntN(5)]}
	custom := map[string]int32{}
	if r.IntN(4) == 0 {
		custom["gpu"] = 1 + r.Int32N(8)
	}
	if r.IntN(10) == 0 {
		custom["fpga"] = 1 + r.Int32N(2)
	}
	total.Custom = amounts(custom)
	free := total
	if r.IntN(3) > 0 { // taken as executors take: some cores, memory that does not match
		free.Cores = r.Int32N(total.Cores + 1)
		free.MemoryMiB = r.Int64N(total.MemoryMiB/64+1) * 64
		for name, n := range custom {
			custom[name] = r.Int32N(n + 1)
		}
		free.Custom = amounts(custom)
	}
	b.names++
	row := scheduler.WorkerRow{ID: deploy.WorkerID(fmt.Sprintf("worker-%s-%d", drawWord(r), b.names)), Host: fmt.Sprintf("host-%d", b.names), Free: free, Total: total}
	if r.IntN(8) == 0 {
		row.Blocked = codesOfWorkers[r.IntN(len(codesOfWorkers))]
	}
	if b.rules {
		b.drawLabels(r, &row)
	}
	return row
}

// drawWord gives three letters, so that ids do not come in order.
func drawWord(r *rand.Rand) string {
	w := make([]byte, 3)
	for i := range w {
		w[i] = byte('a' + r.IntN(26))
	}
	return string(w)
}

// drawSubject adds a driver, or an application with one to three profiles.
func (b *Books) drawSubject(r *rand.Rand) {
	b.names++
	row := scheduler.DemandRow{Order: uint64(b.names), Need: drawNeed(r)}
	if r.IntN(5) == 0 { // before some that are there
		row.Order = r.Uint64N(uint64(b.names))<<8 | 1<<60
	}
	if r.IntN(6) == 0 {
		row.Driver, row.Subject, row.Units = true, fmt.Sprintf("driver-%d", b.names), 1
		row.Avoid = b.drawAvoid(r)
		if b.rules {
			b.drawPlacement(r, &row)
		}
		b.AddDemand(row)
		return
	}
	row.Subject, row.Cores = fmt.Sprintf("app-%d", b.names), deploy.NoLimit
	if r.IntN(2) == 0 {
		row.Cores = r.Int32N(40)
	}
	if b.rules {
		b.drawPlacement(r, &row)
	}
	if profiles := 1 + r.Int32N(3); profiles > 1 {
		row.Share = uint32(b.names)
		for row.Profile = range profiles {
			row.Need = drawNeed(r)
			b.drawDemand(r, row)
		}
		return
	}
	b.drawDemand(r, row)
}

func (b *Books) drawDemand(r *rand.Rand, row scheduler.DemandRow) {
	if row.Grow = r.IntN(3) == 0; row.Grow {
		row.Need.Cores = 1
	}
	row.Units = deploy.NoLimit
	if r.IntN(2) == 0 {
		row.Units = r.Int32N(12)
	}
	row.Avoid = b.drawAvoid(r)
	if b.rules {
		drawGang(r, &row)
	}
	if r.IntN(12) == 0 {
		row.Blocked = []deploy.ReasonCode{deploy.ReasonHeld, deploy.ReasonBackoff}[r.IntN(2)]
	}
	b.AddDemand(row)
}

func (b *Books) drawAvoid(r *rand.Rand) []scheduler.WorkerRef {
	var list []scheduler.WorkerRef
	for r.IntN(3) == 0 && len(b.Workers) > 0 {
		if w := scheduler.WorkerRef(r.IntN(len(b.Workers))); !slices.Contains(list, w) {
			list = append(list, w)
		}
	}
	return list
}

func drawNeed(r *rand.Rand) scheduler.Need {
	n := scheduler.Need{Cores: 1 + r.Int32N(4), MemoryMiB: []int64{0, 128, 512, 512, 1024, 2048, 8192, 1 << 20}[r.IntN(8)]}
	if r.IntN(20) == 0 {
		n.Cores = 200
	}
	custom := map[string]int32{}
	if r.IntN(5) == 0 {
		custom["gpu"] = 1 + r.Int32N(3)
	}
	if r.IntN(20) == 0 {
		custom["fpga"] = 1
	}
	n.Custom = amounts(custom)
	return n
}

// Stir changes the books a little, as a day in a cluster does: executors end, workers come, go and are put aside, applications too. On books
// of DrawRules time passes, and labels and queues change as well.
func (b *Books) Stir(r *rand.Rand) {
	if b.rules {
		b.stirRules(r)
	}
	for range r.IntN(6) {
		switch what := r.IntN(10); {
		case what < 4 && len(b.Running) > 0:
			b.Finish(r.IntN(len(b.Running)))
		case what < 6:
			b.drawSubject(r)
		case what == 6:
			b.AddWorker(b.drawWorker(r))
		case what == 7:
			b.LoseWorker(scheduler.WorkerRef(r.IntN(len(b.Workers))))
		case what == 8:
			b.toggle(r)
		default:
			b.change(r)
		}
	}
}

// toggle puts a worker aside or takes it back.
func (b *Books) toggle(r *rand.Rand) {
	w := b.Workers[r.IntN(len(b.Workers))]
	switch {
	case w.Gone:
		return
	case w.Blocked == deploy.ReasonNone:
		w.Blocked = deploy.ReasonWorkerUnhealthy
	default:
		w.Blocked, w.For = deploy.ReasonNone, 0
	}
	b.SetWorker(w)
}

// change ends a demand, holds it, releases it, or gives it another target.
func (b *Books) change(r *rand.Rand) {
	if len(b.Demands) == 0 {
		return
	}
	d := b.Demands[r.IntN(len(b.Demands))]
	switch {
	case d.Gone:
		return
	case d.Blocked != deploy.ReasonNone:
		d.Blocked = deploy.ReasonNone
	case r.IntN(3) == 0:
		d.Blocked = deploy.ReasonHeld
	case d.Driver || r.IntN(2) == 0:
		d = scheduler.DemandRow{Ref: d.Ref, Gone: true}
	default:
		d.Units = r.Int32N(8)
	}
	b.SetDemand(d)
}
