package mastercore

import (
	"errors"
	"fmt"

	"github.com/musterproject/muster/pkg/deploy"
)

// Check verifies all invariants of the books, numbered as in the package's story. It is for tests and simulation: it looks at everything.
func (c *Core) Check() error {
	k := checker{c: c, ended: map[*app]bool{}}
	for _, a := range c.endedApps {
		k.ended[a] = true
	}
	for id, w := range c.workers {
		k.worker(id, w)
	}
	k.launches()
	for id, a := range c.apps {
		k.app(id, a)
	}
	k.drivers()
	k.sessions()
	k.slots()
	k.queues()
	k.held()
	k.reservations()
	k.scopes()
	k.timers()
	k.answers()
	return errors.Join(k.faults...)
}

type checker struct {
	c      *Core
	ended  map[*app]bool
	faults []error
}

func (k *checker) want(ok bool, rule, format string, args ...any) {
	if !ok {
		k.faults = append(k.faults, fmt.Errorf(rule+": "+format, args...))
	}
}

// worker checks M1, M2, M3, M8 and M14 for one worker.
func (k *checker) worker(id deploy.WorkerID, w *worker) {
	c, b := k.c, &w.books
	k.want(w.spec.ID == id, "M14", "worker %s is found as %s", w.spec.ID, id)
	k.want(c.addresses[w.spec.Address] == w, "M14", "worker %s is not found at %s", id, w.spec.Address)
	used := deploy.Resources{}
	held := map[*launch]int32{}
	for i, l := range b.launches {
		used.Cores += l.need.Cores
		used.MemoryMiB += l.need.MemoryMiB
		k.want(l.worker == w && l.index == i && c.launches[l.id] == l, "M3", "launch %s of worker %s is not in the books", l.id, id)
		k.want(l.wanted() || l.killing, "M3", "launch %s on worker %s is wanted by nobody and not being killed", l.id, id)
		k.want(l.id.Epoch != c.epoch || w.state() != deploy.WorkerUnknown, "M10", "launch %s on worker %s before it registered", l.id, id)
		for _, a := range l.need.Custom {
			held[l] += a.Count
		}
	}
	k.want(b.free.Cores == b.capacity.Cores-used.Cores && b.free.MemoryMiB == b.capacity.MemoryMiB-used.MemoryMiB, "M1",
		"worker %s has %s free of %s and %s used", id, b.free, b.capacity, used)
	k.want(b.free.Cores >= 0 && b.free.MemoryMiB >= 0, "M1", "worker %s has %s free", id, b.free)
	for i := range b.pools {
		k.pool(id, &b.pools[i], held)
	}
	for l, n := range held {
		k.want(n == 0, "M2", "launch %s on worker %s holds %d addresses fewer than it needs", l.id, id, n)
	}
	switch w.state() {
	case deploy.WorkerDead:
		k.want(len(b.launches) == 0, "M3", "dead worker %s has %d launches", id, len(b.launches))
		k.want(w.session == nil && !w.recorded, "M8", "dead worker %s has a session or a record", id)
	case deploy.WorkerUnknown:
		k.want(w.session == nil, "M8", "unknown worker %s has a session", id)
	case deploy.WorkerAlive:
		k.want(w.session != nil, "M8", "worker %s is alive without a session", id)
	default: // the others need nothing here
	}
	k.want(w.session == nil || w.session.worker == w && c.sessions[w.session.peer] == w.session, "M8", "worker %s has a session that is not its own", id)
}

func (k *checker) pool(id deploy.WorkerID, p *pool, held map[*launch]int32) {
	free := int32(0)
	for i, owner := range p.owner {
		if owner == nil {
			free++
			continue
		}
		held[owner]--
		listed := false
		for _, a := range owner.addresses {
			for _, unit := range a.Units {
				listed = listed || a.Name == p.name && unit == p.units[i]
			}
		}
		k.want(listed && k.c.launches[owner.id] == owner, "M2", "%s %s of worker %s is held by launch %s, which does not list it", p.name, p.units[i], id, owner.id)
	}
	k.want(free == p.free, "M1", "worker %s has %d %s free and counts %d", id, free, p.name, p.free)
}

// launches checks the other half of M3.
func (k *checker) launches() {
	n := 0
	for _, w := range k.c.workers {
		n += len(w.books.launches)
	}
	k.want(n == len(k.c.launches), "M3", "workers have %d launches, the books %d", n, len(k.c.launches))
}

// app checks M4, M5, M8 and M13 for one application.
func (k *checker) app(id deploy.AppID, a *app) {
	cores, launching, running := int64(0), 0, 0
	live, begins := map[*profile]int32{}, map[*profile]int32{}
	reached, late := map[*profile]int32{}, map[*profile]int32{}
	for i, e := range a.executors {
		cores += int64(e.need.Cores)
		if e.life.State() == deploy.ExecutorLaunching {
			launching++
			begins[e.profile]++
		} else {
			running++
		}
		if !e.killing {
			live[e.profile]++
		}
		k.way(a, e, reached, late)
		k.want(e.launch != nil && e.launch.exec == e && k.c.launches[e.launchID] == e.launch, "M4", "live executor %s has no launch of its own", e.id())
		k.want(e.app == a && e.num < a.nextNum && (a.nextNum <= a.rec.Executors || mutantExecutorNumbersReused), "M4", "executor %s is beyond the numbers given", e.id())
		k.want(i == 0 || a.executors[i-1].num < e.num, "M4", "executor %s is not in order", e.id())
		k.want(!e.life.Terminal(), "M4", "live executor %s is %s", e.id(), e.life.State())
		k.want(e.launch == nil || e.killing == e.launch.killing, "M4", "executor %s and its launch do not agree on being killed", e.id())
	}
	k.want(cores == a.cores && launching == a.launching && running == a.running, "M5", "application %s counts %d cores, %d launching, %d running; has %d, %d, %d",
		id, a.cores, a.launching, a.running, cores, launching, running)
	k.want(a.cores <= int64(a.coresMax) || a.restored(), "M5", "application %s has %d cores of at most %d", id, a.cores, a.coresMax)
	for _, p := range a.profiles {
		k.want(live[p] == p.live && begins[p] == p.begins, "M5", "application %s profile %d counts %d live and %d launching, has %d and %d",
			id, p.ID, p.live, p.begins, live[p], begins[p])
		k.want(reached[p] == p.reached && late[p] == p.late, "M19", "application %s profile %d counts %d that have reached the driver and %d late, has %d and %d",
			id, p.ID, p.reached, p.late, reached[p], late[p])
		k.demand(&p.demand, k.c.wants(&p.demand))
	}
	k.want(a.rec.ID == id && k.ended[a] == a.ended(), "M13", "application %s is %s", id, a.state())
	k.want(!a.ended() || a.session == nil, "M13", "application %s has ended and has a session", id)
	k.want(a.session == nil || a.session.app == a && k.c.sessions[a.session.peer] == a.session, "M8", "application %s has a session that is not its own", id)
	k.want(a.ended() || a.state() == deploy.AppUnknown || !k.c.alive() || a.session != nil || a.timer.pos > 0, "M11", "application %s waits for nobody", id)
}

// drivers checks M6, M7 and M13.
func (k *checker) drivers() {
	c := k.c
	running, olds := int32(0), map[*driver]int{}
	for _, l := range c.launches {
		if d := l.driver; d != nil && !l.wanted() {
			olds[d]++
		}
	}
	ended := map[*driver]bool{}
	for _, d := range c.ended {
		ended[d] = true
	}
	for id, d := range c.drivers {
		k.want(d.rec.ID == id && ended[d] == d.done(), "M13", "driver %s is %s", id, d.state())
		if l := d.launch; l != nil {
			running++
			k.want(l.driver == d && c.launches[l.id] == l && d.rec.Launch == l.id, "M6", "driver %s has a launch that is not its own", id)
			k.want(!d.done(), "M6", "driver %s is %s and has a launch", id, d.state())
		}
		k.want(olds[d] == d.olds, "M6", "driver %s counts %d earlier attempts, has %d", id, d.olds, olds[d])
		k.want(d.launch == nil || d.lease == 0, "M6", "driver %s has started within the lease of its last attempt", id)
		waits := d.queued() && d.notBefore() > c.at
		k.want(!waits || d.timer.pos > 0, "M11", "driver %s waits for a time that nobody watches", id)
		k.demand(&d.demand, c.wants(&d.demand))
	}
	k.want(running == c.running, "M7", "%d drivers run, counted %d", running, c.running)
}

// demand checks M9 for one demand.
func (k *checker) demand(d *demand, wants bool) {
	k.want(d.slot.taken() == wants, "M9", "%s profile %d wants to be placed: %v, has a slot: %v", d.subject(), d.profileID(), wants, d.slot.taken())
	if d.slot.taken() {
		k.want(k.c.place.d.list[d.slot.ref()].is == d, "M9", "%s profile %d has the slot of another", d.subject(), d.profileID())
	}
}

// sessions checks M8 from the other side.
func (k *checker) sessions() {
	for peer, s := range k.c.sessions {
		k.want(s.peer == peer, "M8", "session %d is found as %d", s.peer, peer)
		k.want(s.worker == nil || s.worker.session == s && k.c.workers[s.worker.spec.ID] == s.worker, "M8", "session %d is not its worker's", peer)
		k.want(s.app == nil || s.app.session == s, "M8", "session %d is not its application's", peer)
		k.want(!s.held || !k.c.alive(), "M8", "session %d is held although the master is alive", peer)
	}
}

// slots checks M9 for workers and the free lists.
func (k *checker) slots() {
	p := &k.c.place
	members, held := 0, 0
	for _, w := range k.c.workers {
		if w.member() {
			members++
		}
		k.want(w.slot.taken() == w.member(), "M9", "worker %s is %s, has a slot: %v", w.spec.ID, w.state(), w.slot.taken())
		k.want(!w.slot.taken() || p.w.list[w.slot.ref()].is == w, "M9", "worker %s has the slot of another", w.spec.ID)
	}
	for i := range p.w.list {
		if p.w.list[i].is != nil {
			held++
		}
	}
	k.want(members == k.c.usable && members == held, "M9", "%d workers are members, counted %d, %d hold slots", members, k.c.usable, held)
	k.want(len(p.demands) == 0, "M9", "%d demands were not settled", len(p.demands))
	k.want(!k.c.alive() || len(p.w.dirty) == 0 && len(p.d.dirty) == 0 && len(p.held) == 0 && !k.c.queuesChanged(), "M9",
		"the placer was not told of %d workers, %d demands, %d places and %d queues", len(p.w.dirty), len(p.d.dirty), len(p.held), len(p.q.dirty))
}

// timers checks M11.
func (k *checker) timers() {
	h := k.c.timers.heap
	for i := range h {
		k.want(h[i].t.pos == i+1, "M11", "the timer at %d says it is at %d", i+1, h[i].t.pos)
		k.want(i == 0 || !h[i].before(&h[(i-1)/2]), "M11", "the timer at %d comes before its parent", i+1)
	}
	for id, w := range k.c.workers {
		k.want(w.timer.pos > 0 || w.state() == deploy.WorkerUnknown, "M11", "worker %s is %s and not watched", id, w.state())
	}
	recovering := k.c.life.State() == deploy.MasterRecovering
	k.want(recovering == (k.c.recovery.timer.pos > 0), "M11", "recovery is watched although the master is %s, or the reverse", k.c.life.State())
	for id, l := range k.c.launches {
		waits := l.id.Epoch == k.c.epoch && !l.confirmed && !l.killing && l.worker.session != nil
		k.want(!waits || l.timer.pos > 0, "M11", "launch %s is not confirmed and not watched", id)
	}
}

// answers checks M12.
func (k *checker) answers() {
	as := &k.c.answers
	for id, a := range as.byID {
		k.want(a.Request == id, "M12", "the answer to %s is found as %s", a.Request, id)
	}
	kept := len(as.queue) - as.head
	k.want(kept <= max(k.c.cfg.RetainedAnswers, 1, as.restored), "M12", "%d answers are kept", kept)
}
