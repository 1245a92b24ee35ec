package taskcore

// window is how many tasks of a job an executor may hold: what it runs, and what it would run within Ahead.
func (c *Core) window(x *executor, j *job) int32 {
	if j.average == 0 {
		return x.cores // nothing is known of its tasks: they may be long
	}
	return x.cores * (1 + int32(min(int64(c.cfg.MaxAhead), int64(c.cfg.Ahead/j.average))))
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
		if x.takes() && x.held.n < c.window(x, c.waiting.head) {
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
	for c.pending > 0 && x.takes() && x.held.n < c.window(x, c.waiting.head) {
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
	j.held++
	c.count(x)
	c.order(x, slot)
}
