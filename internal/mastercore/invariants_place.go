package mastercore

import (
	"maps"
	"slices"

	"github.com/musterproject/muster/pkg/deploy"
)

// census is what a queue should count.
type census struct {
	used, total            []deploy.Quantity
	members, apps, drivers int
}

// queues checks M15.
func (k *checker) queues() {
	c, found := k.c, map[string]*census{}
	at := func(q *queue) *census {
		if found[q.Name] == nil {
			found[q.Name] = &census{}
		}
		return found[q.Name]
	}
	upwards := func(q *queue, do func(*census)) {
		for ; q != nil; q = q.parent {
			do(at(q))
		}
	}
	for _, q := range c.queues.byPath {
		if q.parent != nil {
			at(q.parent).members++
		}
	}
	for _, a := range c.apps {
		if !a.ended() {
			at(a.queue).members++
			upwards(a.queue, func(n *census) { n.apps++ })
		}
	}
	for _, d := range c.drivers {
		if !d.done() {
			at(d.queue).members++
			upwards(d.queue, func(n *census) { n.drivers++ })
		}
	}
	for id, l := range c.launches {
		k.want((l.queue != nil) == (l.exec != nil || l.driver != nil), "M15", "launch %s is in no queue", id)
		if l.queue == nil {
			continue
		}
		at(l.queue).members++
		at(l.queue).used = addAmounts(at(l.queue).used, &l.need, 1)
		upwards(l.queue, func(n *census) { n.total = addAmounts(n.total, &l.need, 1) })
	}
	for path, q := range c.queues.byPath {
		k.queue(path, q, at(q))
		delete(found, path)
	}
	for path := range found {
		k.want(false, "M15", "something is in queue %q, which is not there", path)
	}
}

func (k *checker) queue(path string, q *queue, n *census) {
	k.want(slices.Equal(q.used, n.used) && slices.Equal(q.total, n.total), "M15", "queue %q counts %v and %v with all below, has %v and %v", path, q.used, q.total, n.used, n.total)
	k.want(q.members == n.members && q.apps == n.apps && q.drivers == n.drivers, "M15", "queue %q counts %d members, %d applications, %d drivers; has %d, %d, %d",
		path, q.members, q.apps, q.drivers, n.members, n.apps, n.drivers)
	k.want(q.Name == path && k.c.place.q.list[q.slot.ref()].is == q && (path != "" || q.slot.ref() == 0), "M15", "queue %q has the slot of another", path)
	k.want(q.configured || q.members > 0, "M15", "queue %q is empty and not configured", path)
	k.want(path == "" || k.c.queues.byPath[q.Parent()] == q.parent, "M15", "queue %q is not below its parent", path)
}

// held checks M16.
func (k *checker) held() {
	found := map[*app]map[*worker]int32{}
	for _, l := range k.c.launches {
		if l.exec == nil || !l.exec.app.ruled() {
			continue
		}
		if found[l.exec.app] == nil {
			found[l.exec.app] = map[*worker]int32{}
		}
		found[l.exec.app][l.worker]++
	}
	for id, a := range k.c.apps {
		k.want(maps.Equal(a.held, found[a]), "M16", "application %s counts its executors on %d workers, and has some on %d", id, len(a.held), len(found[a]))
	}
}

// reservations checks M17.
func (k *checker) reservations() {
	kept := map[*reservation]int{}
	for id, w := range k.c.workers {
		if w.kept != nil {
			kept[w.kept]++
			k.want(w.unusable() == deploy.ReasonNone && slices.Contains(w.kept.workers, w), "M17", "worker %s is kept for somebody and is %s", id, w.unusable())
		}
	}
	for r, n := range kept {
		name := r.d.subject()
		k.want(n == len(r.workers) && r.d.kept == r && r.timer.pos > 0, "M17", "%d workers are kept for %s, which knows of %d", n, name, len(r.workers))
		k.want(k.c.wants(r.d) && k.c.blocked(r.d) == deploy.ReasonNone, "M17", "workers are kept for %s, which wants nothing or may not have it", name)
	}
	for i := range k.c.place.d.list {
		d := k.c.place.d.list[i].is
		k.want(d == nil || d.kept == nil || kept[d.kept] > 0, "M17", "a reservation of demand %d keeps no worker", i)
	}
	k.want(len(kept) == k.c.reserved && len(kept) <= k.c.cfg.ReserveMax, "M17", "workers are kept for %d demands, counted %d", len(kept), k.c.reserved)
}

// scopes checks M18.
func (k *checker) scopes() {
	users := map[*scope]int{}
	for _, a := range k.c.apps {
		if !a.ended() {
			users[a.scope]++
		}
	}
	for _, d := range k.c.drivers {
		if !d.done() {
			users[d.scope]++
		}
	}
	delete(users, nil)
	k.want(len(users) == len(k.c.scopes), "M18", "selectors have %d scopes, and %d are used", len(k.c.scopes), len(users))
	for _, sc := range k.c.scopes {
		workers, cores := 0, int64(0)
		for _, w := range k.c.workers {
			if w.member() && sc.allows(&w.spec) {
				workers++
				cores = max(cores, int64(w.spec.Cores))
			}
		}
		k.want(users[sc] == sc.users && workers == sc.workers && sc.sizes.dim(sizeCores).max == cores, "M18", "%q counts %d users, %d workers of up to %d cores; has %d, %d, %d",
			sc.text, sc.users, sc.workers, sc.sizes.dim(sizeCores).max, users[sc], workers, cores)
	}
}

// way checks M19 for one executor and counts it.
func (k *checker) way(a *app, e *executor, reached, late map[*profile]int32) {
	y := &e.way
	if y.reached {
		reached[e.profile]++
	}
	if y.late {
		late[e.profile]++
	}
	waits := a.rec.Spec.Reports && e.life.State() == deploy.ExecutorRunning && !e.killing && !y.reached && !y.late
	k.want(waits == (y.timer.pos > 0), "M19", "executor %s can be late to its driver: %v, has a timer: %v", e.id(), waits, y.timer.pos > 0)
	k.want(!y.late || !y.reached && !e.killing && e.life.State() == deploy.ExecutorRunning, "M19", "executor %s is late and has reached the driver, or does not run", e.id())
}
