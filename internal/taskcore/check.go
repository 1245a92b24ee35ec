package taskcore

import (
	"errors"
	"fmt"
)

// Check holds the books to their invariants, which doc.go numbers, and reports every breach.
func (c *Core) Check() error {
	k := checker{c: c, seen: make([]string, len(c.tasks))}
	k.jobs()
	k.executors()
	k.tasks()
	at, ok := c.Deadline()
	k.must(ok == (len(c.executors) > 0), "K7: a deadline %t for %d executors", ok, len(c.executors))
	k.must(!ok || at.After(c.now), "K7: the deadline %s does not lie ahead of %s", at, c.now)
	return errors.Join(k.faults...)
}

type checker struct {
	c      *Core
	seen   []string // where each task was found
	faults []error
}

func (k *checker) must(ok bool, format string, args ...any) {
	if !ok {
		k.faults = append(k.faults, fmt.Errorf("driver: "+format, args...))
	}
}

// walk follows a list both ways and notes where its tasks are.
func (k *checker) walk(l *list, where string, each func(slot int32, t *task)) {
	n, before := int32(0), none
	for slot := l.head; slot != none && n <= l.n; slot = k.c.tasks[slot].next {
		t := &k.c.tasks[slot]
		k.must(k.seen[slot] == "", "K1: task %d is %s and %s", slot, k.seen[slot], where)
		k.must(t.prev == before, "K1: task %d is chained wrongly", slot)
		k.must(t.live, "K1: task %d is %s but free", slot, where)
		k.seen[slot] = where
		each(slot, t)
		before = slot
		n++
	}
	k.must(n == l.n && l.tail == before, "K2: %d tasks are %s, counted %d", n, where, l.n)
}

func (k *checker) jobs() {
	pending := 0
	for id, j := range k.c.jobs {
		k.must(j.id == id, "K5: job %d stands as %d", j.id, id)
		k.must(!j.closed || j.pending.n > 0 || j.held > 0, "K5: job %d has nothing left and is not over", id)
		k.must(j.queued == (j.pending.n > 0), "K2: job %d has %d pending tasks, queued %t", id, j.pending.n, j.queued)
		pending += int(j.pending.n)
		k.walk(&j.pending, fmt.Sprintf("pending in job %d", id), func(slot int32, t *task) {
			k.must(t.job == j && t.holder == nil, "K1: task %d is pending in another job", slot)
			k.must(t.failures < j.attempts, "K6: task %d has failed %d times of %d", slot, t.failures, j.attempts)
		})
	}
	k.must(pending == k.c.pending, "K2: %d tasks are pending, counted %d", pending, k.c.pending)
	for j := k.c.waiting.head; j != nil; j = j.next {
		k.must(k.c.jobs[j.id] == j, "K5: job %d is over and waits", j.id)
		k.must(j.next == nil || j.id < j.next.id, "K2: job %d waits behind a later one", j.id)
	}
}

func (k *checker) executors() {
	free, held := 0, map[*job]int{}
	for _, x := range k.c.executors {
		k.must(k.c.ids[x.id] == x, "K4: executor %s is not in the books", x.id)
		k.must(!x.open() || k.c.peers[x.peer] == x, "K4: executor %s has no session %d", x.id, x.peer)
		k.must(x.idle == k.c.idles(x), "K2: executor %s idle %t, holds %d", x.id, x.idle, x.held.n)
		k.must(int64(x.held.n) <= int64(x.cores)*(1+int64(k.c.cfg.MaxAhead)), "K4: executor %s holds %d tasks", x.id, x.held.n)
		if x.idle {
			free++
		}
		bytes := int64(0)
		k.walk(&x.held, "held by "+x.id.String(), func(slot int32, t *task) {
			bytes += t.bytes
			k.must(t.holder == x, "K1: task %d is held by another executor", slot)
			if t.job != nil {
				held[t.job]++
			}
		})
		k.must(bytes == x.bytes, "K2: executor %s holds %d bytes, counted %d", x.id, bytes, x.bytes)
	}
	k.must(free == k.c.free, "K2: %d executors have an idle core, counted %d", free, k.c.free)
	k.must(k.c.pending == 0 || free == 0, "K3: %d tasks are pending and %d executors have an idle core", k.c.pending, free)
	k.must(len(k.c.ids) == len(k.c.executors), "K4: %d executors, %d in the books", len(k.c.executors), len(k.c.ids))
	for _, j := range k.c.jobs {
		k.must(held[j] == j.held, "K2: %d tasks of job %d are held, counted %d", held[j], j.id, j.held)
		delete(held, j)
	}
	k.must(len(held) == 0, "K5: tasks of %d ended jobs are held", len(held))
}

func (k *checker) tasks() {
	for slot := k.c.spare; slot != none; slot = k.c.tasks[slot].next {
		k.must(k.seen[slot] == "" && !k.c.tasks[slot].live, "K1: task %d is free and %s", slot, k.seen[slot])
		k.seen[slot] = "free"
	}
	for slot, where := range k.seen {
		k.must(where != "", "K1: task %d is nowhere", slot)
	}
}
