package mastercore

import "time"

// waker is a thing with a deadline. wake does what is due by now and arms the timer again if more is to come.
type waker interface{ wake(c *Core) }

// timer is the one deadline of one thing. What is put off again and again (silence) does not touch it: it goes off at the old time, and wake
// finds that nothing is due yet. So a heartbeat costs one store.
type timer struct {
	pos   int // in the heap, from 1; 0: off
	owner waker
}

// deadlines is the one timer structure: a heap by time, then by order of arming.
type deadlines struct {
	heap  []deadline
	armed uint64
}

type deadline struct {
	at    int64 // ns
	order uint64
	t     *timer
}

func (a *deadline) before(b *deadline) bool { return a.at < b.at || a.at == b.at && a.order < b.order }

// arm sets t to go off at at, whatever was set before.
func (d *deadlines) arm(t *timer, at int64) {
	d.armed++
	e := deadline{at: at, order: d.armed, t: t}
	if t.pos == 0 {
		d.heap = append(d.heap, e)
		t.pos = len(d.heap)
	} else {
		d.heap[t.pos-1] = e
	}
	d.fix(t.pos - 1)
}

// disarm turns t off.
func (d *deadlines) disarm(t *timer) {
	if t.pos == 0 {
		return
	}
	i, last := t.pos-1, len(d.heap)-1
	t.pos = 0
	if i != last {
		d.heap[i] = d.heap[last]
		d.heap[i].t.pos = i + 1
	}
	d.heap[last] = deadline{}
	d.heap = d.heap[:last]
	if i != last {
		d.fix(i)
	}
}

// pop takes out the first timer that is due by now, or nil.
func (d *deadlines) pop(now int64) *timer {
	if len(d.heap) == 0 || d.heap[0].at > now {
		return nil
	}
	t := d.heap[0].t
	d.disarm(t)
	return t
}

// next is when pop will give something.
func (d *deadlines) next() (int64, bool) {
	if len(d.heap) == 0 {
		return 0, false
	}
	return d.heap[0].at, true
}

// fix moves the entry at i to where it belongs.
func (d *deadlines) fix(i int) {
	h := d.heap
	for i > 0 && h[i].before(&h[(i-1)/2]) {
		d.swap(i, (i-1)/2)
		i = (i - 1) / 2
	}
	for {
		child := 2*i + 1
		if child >= len(h) {
			return
		}
		if child+1 < len(h) && h[child+1].before(&h[child]) {
			child++
		}
		if !h[child].before(&h[i]) {
			return
		}
		d.swap(i, child)
		i = child
	}
}

func (d *deadlines) swap(i, j int) {
	h := d.heap
	h[i], h[j] = h[j], h[i]
	h[i].t.pos, h[j].t.pos = i+1, j+1
}

// moment is when something was heard, and how late the loop had been in all until then.
type moment struct{ at, lateness int64 }

// heardAt is the moment of at.
func (c *Core) heardAt(at int64) moment { return moment{at: at, lateness: c.lateness} }

// dueAfter is m plus d, moved by what the loop was late since m: a stalled master blames nobody for its own silence.
func (c *Core) dueAfter(m moment, d time.Duration) int64 {
	return m.at + int64(d) + c.lateness - m.lateness
}

// arm sets t to go off at at, but not before the next step.
func (c *Core) arm(t *timer, at int64) { c.timers.arm(t, max(at, c.at+1)) }

// expire wakes whatever is due.
func (c *Core) expire() {
	for t := c.timers.pop(c.at); t != nil; t = c.timers.pop(c.at) {
		t.owner.wake(c)
	}
}

// Deadline tells when a Tick is due; false if nothing waits for time.
func (c *Core) Deadline() (time.Time, bool) {
	at, ok := c.timers.next()
	if !ok {
		return time.Time{}, false
	}
	return c.origin.Add(time.Duration(at - c.origin.UnixNano())), true
}
