package taskcore

import "github.com/musterproject/muster/pkg/deploy"

const none = int32(-1)

// task is one call in the books. Its slot is used again after its end, with the next generation, so that its id never names another.
type task struct {
	job        *job      // nil: nobody wants it any more, but an executor holds it
	holder     *executor // nil: pending, or free
	next, prev int32     // in the pending list of the job, in the held list of the executor, or (next) in the chain of free slots
	gen        uint32    // from 1
	attempt    uint32
	failures   int32
	index      int
	input      []byte
	bytes      int64 // of the input, which an executor holds longer than this core
	recalled   bool  // taken back unless it has started
	live       bool
}

func (c *Core) id(slot int32) uint64 { return uint64(c.tasks[slot].gen)<<32 | uint64(uint32(slot)) }

// find gives the slot of an attempt that x holds, or none: it is a duplicate, or late.
func (c *Core) find(x *executor, id uint64, attempt uint32) int32 {
	slot := int32(uint32(id))
	if slot < 0 || int(slot) >= len(c.tasks) {
		return none
	}
	t := &c.tasks[slot]
	if !t.live || t.gen != uint32(id>>32) || t.attempt != attempt || t.holder != x {
		return none
	}
	return slot
}

func (c *Core) take() int32 {
	if c.spare == none {
		c.tasks = append(c.tasks, task{gen: 1, live: true})
		return int32(len(c.tasks) - 1)
	}
	slot := c.spare
	c.spare = c.tasks[slot].next
	c.tasks[slot].live = true
	return slot
}

func (c *Core) release(slot int32) {
	t := &c.tasks[slot]
	*t = task{gen: t.gen + 1, next: c.spare}
	c.spare = slot
}

// list is a chain of tasks by slot.
type list struct {
	head, tail int32
	n          int32
}

func emptyList() list { return list{head: none, tail: none} }

func (c *Core) pushBack(l *list, slot int32) {
	t := &c.tasks[slot]
	t.prev, t.next = l.tail, none
	if l.tail == none {
		l.head = slot
	} else {
		c.tasks[l.tail].next = slot
	}
	l.tail = slot
	l.n++
}

func (c *Core) pushFront(l *list, slot int32) {
	t := &c.tasks[slot]
	t.prev, t.next = none, l.head
	if l.head == none {
		l.tail = slot
	} else {
		c.tasks[l.head].prev = slot
	}
	l.head = slot
	l.n++
}

func (c *Core) unlink(l *list, slot int32) {
	t := &c.tasks[slot]
	if t.prev == none {
		l.head = t.next
	} else {
		c.tasks[t.prev].next = t.next
	}
	if t.next == none {
		l.tail = t.prev
	} else {
		c.tasks[t.next].prev = t.prev
	}
	l.n--
}

// order makes the next attempt of a task known to its executor.
func (c *Core) order(x *executor, slot int32) {
	t := &c.tasks[slot]
	c.out.Run = append(c.out.Run, Order{Peer: x.peer, Task: deploy.Task{ID: c.id(slot), Attempt: t.attempt, Func: t.job.fn, Input: t.input}})
}
