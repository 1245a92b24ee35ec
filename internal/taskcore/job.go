package taskcore

import "time"

// job is calls of one function. Its tasks are pending, or held by executors.
type job struct {
	id       JobID
	fn       string
	attempts int32
	added    int  // tasks so far
	closed   bool // no more come
	pending  list
	held     int           // by executors
	average  time.Duration // of an attempt, lately; 0: not known
	next     *job          // in the queue of jobs with pending tasks
	queued   bool
}

// jobQueue is the order in which jobs are served: the order of their beginning.
type jobQueue struct{ head *job }

// put queues a job behind those that began before it.
func (q *jobQueue) put(j *job) {
	if j.queued {
		return
	}
	at := &q.head
	for *at != nil && (*at).id < j.id {
		at = &(*at).next
	}
	j.next, *at, j.queued = *at, j, true
}

func (q *jobQueue) drop(j *job) {
	if !j.queued {
		return
	}
	at := &q.head
	for *at != j {
		at = &(*at).next
	}
	*at, j.next, j.queued = j.next, nil, false
}

func (c *Core) begin(e JobBegun) {
	if c.jobs[e.Job] == nil {
		c.jobs[e.Job] = &job{id: e.Job, fn: e.Func, attempts: max(1, e.Attempts), pending: emptyList()}
	}
}

func (c *Core) add(e TasksAdded) {
	j := c.jobs[e.Job]
	if j == nil || j.closed {
		return
	}
	for _, in := range e.Inputs {
		slot := c.take()
		t := &c.tasks[slot]
		t.job, t.index, t.input, t.bytes = j, j.added, in, int64(len(in))
		j.added++
		c.pushBack(&j.pending, slot)
	}
	c.pending += len(e.Inputs)
	if j.pending.n > 0 {
		c.waiting.put(j)
	}
	c.dispatch()
}

func (c *Core) closeJob(id JobID) {
	if j := c.jobs[id]; j != nil {
		j.closed = true
		c.settle(j)
	}
}

// settle ends a job of which nothing is left.
func (c *Core) settle(j *job) {
	if j.closed && j.pending.n == 0 && j.held == 0 {
		delete(c.jobs, j.id)
		c.out.Over = append(c.out.Over, JobOver{Job: j.id})
		c.tell(JobEnded{Job: j.id, Func: j.fn, Tasks: j.added})
	}
}

// again makes a task pending for its next attempt, before all others of its job.
func (c *Core) again(slot int32) {
	t := &c.tasks[slot]
	j := t.job
	t.holder, t.recalled = nil, false
	t.attempt++
	j.held--
	c.pushFront(&j.pending, slot)
	c.pending++
	c.waiting.put(j)
}

// blame counts a failure of a task that is in no list, and makes it pending again or fails its job. It tells whether the job lives on.
func (c *Core) blame(slot int32, x *executor, why string) bool {
	t := &c.tasks[slot]
	j := t.job
	t.failures++
	c.tell(TaskFailed{Job: j.id, Index: t.index, Attempt: t.attempt, Failures: t.failures, Executor: x.id, Error: why})
	if t.failures < j.attempts {
		c.again(slot)
		return true
	}
	failure := &Failure{Index: t.index, Attempts: t.failures, Executor: x.id, Error: why}
	j.held--
	c.release(slot)
	c.abandon(j)
	c.out.Over = append(c.out.Over, JobOver{Job: j.id, Failure: failure})
	c.tell(JobEnded{Job: j.id, Func: j.fn, Tasks: j.added, Failed: true})
	return false
}

// abandon forgets a job: pending tasks at once, held ones when their executors say that they have ended.
func (c *Core) abandon(j *job) {
	c.waiting.drop(j)
	c.pending -= int(j.pending.n)
	for j.pending.n > 0 {
		slot := j.pending.head
		c.unlink(&j.pending, slot)
		c.release(slot)
	}
	for _, x := range c.executors {
		for slot := x.held.head; slot != none; slot = c.tasks[slot].next {
			if t := &c.tasks[slot]; t.job == j {
				t.job, t.input = nil, nil
				if x.open() {
					c.out.Cancel = append(c.out.Cancel, Withdrawal{Peer: x.peer, ID: c.id(slot)})
				}
			}
		}
	}
	j.held = 0
	delete(c.jobs, j.id)
}
