package sim

import (
	"slices"
	"time"

	"github.com/musterproject/muster/internal/workercore"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// resumeSlack is how long a process that was paused with its worker may live on although its lease has ended meanwhile: until the worker has
// noticed and killed it.
const resumeSlack = time.Second

// ordered hears that a worker's core wants a process started.
func (b *book) ordered(k *worker, l deploy.Launch) {
	w := b.w
	if at, known := b.orders[l.ID]; known {
		w.fail("S10", "launch %s is started by %s after it was started by %s", l.ID, k.name, at.name)
	}
	b.orders[l.ID] = k
	if l.ID.Epoch != b.epochs[k] {
		w.fail("S6", "%s starts launch %s after it has seen epoch %d", k.name, l.ID, b.epochs[k])
	}
	if l.Driver != "" {
		return
	}
	if other, known := b.launchOf[l.Executor]; known && other != l.ID {
		w.fail("S19", "executor %s is launch %s and launch %s", l.Executor, other, l.ID)
	}
	b.launchOf[l.Executor] = l.ID
}

// started hears that a process runs.
func (b *book) started(p *process) {
	w, k := b.w, p.worker
	b.alive = append(b.alive, p)
	used := b.used[k]
	used.Cores += p.order.Need.Cores
	used.MemoryMiB += p.order.Need.MemoryMiB
	b.used[k] = used
	if used.Cores > k.spec.Cores || used.MemoryMiB > k.spec.MemoryMiB {
		w.fail("S1", "%s has %d cores and %d MiB and runs %d cores and %d MiB since launch %s", k.name, k.spec.Cores, k.spec.MemoryMiB,
			used.Cores, used.MemoryMiB, p.order.ID)
	}
	b.takeUnits(p)
	if id := p.order.Driver; id != "" {
		b.driverStarted(id, p)
	}
}

func (b *book) takeUnits(p *process) {
	granted := 0
	for _, a := range p.order.Addresses {
		for _, u := range a.Units {
			granted++
			at := unit{p.worker, a.Name, u}
			if other := b.units[at]; other != nil {
				b.w.fail("S1", "%s %s of %s is used by launch %s and by launch %s", a.Name, u, p.worker.name, other.order.ID, p.order.ID)
			}
			b.units[at] = p
		}
	}
	wanted := 0
	for _, c := range p.order.Need.Custom {
		wanted += int(c.Count)
	}
	if granted != wanted {
		b.w.fail("S1", "launch %s needs %d units and was given %d", p.order.ID, wanted, granted)
	}
}

func (b *book) driverStarted(id deploy.DriverID, p *process) {
	w := b.w
	b.begun[id]++
	if !p.order.Leased && b.begun[id] > 1 {
		w.fail("S13", "the unsupervised driver %s is started for the %d. time, as launch %s", id, b.begun[id], p.order.ID)
	}
	if p.order.Attempt > 1 {
		w.count("driver relaunched")
	}
	b.drivers[id] = append(b.drivers[id], p)
	if len(b.drivers[id]) > 1 {
		w.count("driver lived twice, one of them paused")
		b.doubles = append(b.doubles, id)
	}
}

// ended hears that a process is gone.
func (b *book) ended(p *process) {
	k := p.worker
	b.alive = slices.DeleteFunc(b.alive, func(o *process) bool { return o == p })
	used := b.used[k]
	used.Cores -= p.order.Need.Cores
	used.MemoryMiB -= p.order.Need.MemoryMiB
	b.used[k] = used
	for _, a := range p.order.Addresses {
		for _, u := range a.Units {
			delete(b.units, unit{k, a.Name, u})
		}
	}
	if id := p.order.Driver; id != "" {
		b.drivers[id] = slices.DeleteFunc(b.drivers[id], func(o *process) bool { return o == p })
		if len(b.drivers[id]) < 2 {
			b.doubles = slices.DeleteFunc(b.doubles, func(d deploy.DriverID) bool { return d == id })
		}
	}
}

// checkDoubles: a supervised driver runs once at a time. A paused process does not run, and after its worker goes on it is ended at once.
func (b *book) checkDoubles() {
	for _, id := range b.doubles {
		running := 0
		for _, p := range b.drivers[id] {
			if !p.worker.paused && (p.worker.resumedAt == 0 || b.w.now > p.worker.resumedAt+resumeSlack) {
				running++
			}
		}
		if running > 1 {
			b.w.fail("S12", "%d processes of driver %s run: launch %s on %s and launch %s on %s", running, id,
				b.drivers[id][0].order.ID, b.drivers[id][0].worker.name, b.drivers[id][1].order.ID, b.drivers[id][1].worker.name)
		}
	}
}

// workerDid hears what a worker's core decided.
func (b *book) workerDid(k *worker, out *workercore.Effects) {
	w := b.w
	for _, f := range out.Facts {
		w.explain(k.node, "%T %+v", f, f)
		switch f := f.(type) {
		case workercore.Registered:
			b.registered(k, f, out)
		case workercore.OrderRefused:
			w.count("order refused: " + f.Reason)
		case workercore.Unregistered:
			w.count("worker unregistered")
		}
	}
	for _, app := range out.Clean {
		for _, p := range b.alive {
			if p.worker == k && p.order.Executor.App == app {
				w.fail("clean", "%s cleans up behind %s, of which launch %s still runs", k.name, app, p.order.ID)
			}
		}
	}
}

func (b *book) registered(k *worker, f workercore.Registered, out *workercore.Effects) {
	w := b.w
	w.count("worker registered")
	if f.Killed > 0 {
		w.count("processes on the kill list")
	}
	if leader, known := b.leaders[f.Epoch]; known && leader != f.Master {
		w.fail("S4", "%s obeys %s in epoch %d, in which %s was obeyed", k.name, f.Master, f.Epoch, leader)
	}
	b.leaders[f.Epoch] = f.Master
	if f.Epoch < b.epochs[k] {
		w.fail("S5", "%s obeys epoch %d after epoch %d", k.name, f.Epoch, b.epochs[k])
	}
	if f.Epoch > b.epochs[k] && len(out.Persist) == 0 {
		w.fail("S5", "%s obeys epoch %d before it is durable", k.name, f.Epoch)
	}
	b.epochs[k] = max(b.epochs[k], f.Epoch)
}

// told hears what reaches a worker, before it decides.
func (b *book) told(k *worker, _ *end, items []rpc.Item) {
	for i := range items {
		if _, launch := items[i].Msg.(deploy.LaunchOrder); launch {
			b.w.count("launch order arrived")
		}
	}
}
