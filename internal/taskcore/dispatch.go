package taskcore

// room tells whether x may hold one more task of a job: it runs as many as it has cores, and holds what it would run within Ahead.
func (c *Core) room(x *executor, j *job) bool {
	ahead := int64(0)
	if j.average > 0 { // else nothing is known of its tasks: they may be long
		ahead = min(int64(c.cfg.MaxAhead), int64(c.cfg.Ahead/j.average))
	}
	return x.takes() && !c.full(x) && int64(x.held.n) < int64(x.cores)*(1+ahead)
}

// dispatch gives pending tasks to whoever may take them, in turns: idle cores first, then ahead.
func (c *Core) dispatch() {
	for c.pending > 0 && c.free > 0 {
		if x := c.executors[c.turns()]; x.idle {
			c.give(x)
		}
	}
	for refused := 0; c.pending > 0 && refused < len(c.executors); {
		x := c.executors[c.turns()]
		if c.room(x, c.waiting.head) {
			c.give(x)
			refused = 0
		} else {
			refused++
		}
	}
}

func (c *Core) turns() int {
	if c.turn++; c.turn >= len(c.executors) {
		c.turn = 0
	}
	return c.turn
}

// refill gives pending tasks to the one executor that has room again. All others have none: K3.
func (c *Core) refill(x *executor) {
	for c.pending > 0 && c.room(x, c.waiting.head) {
		c.give(x)
	}
}

// give hands the first pending task over.
func (c *Core) give(x *executor) {
	j := c.waiting.head
	slot := j.pending.head
	c.unlink(&j.pending, slot)
	c.pending--
	if j.pending.n == 0 {
		c.waiting.drop(j)
	}
	c.tasks[slot].holder = x
	c.pushBack(&x.held, slot)
	x.bytes += c.tasks[slot].bytes
	j.held++
	c.count(x)
	c.order(x, slot)
}
