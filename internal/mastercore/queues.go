package mastercore

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// queue is a place in the tree of queues. It is there while it is configured or something is in it.
type queue struct {
	deploy.Queue // what is not configured has weight 1 and no limits
	parent       *queue
	configured   bool
	slot         slotRef
	members      int // applications and drivers that have not ended, launches, queues right below

	used    []deploy.Quantity // by its own launches
	total   []deploy.Quantity // with all queues below
	apps    int               // that have not ended, with all queues below
	drivers int
	dirty   bool // its row
}

// queues is the tree. A cluster that has nothing but a root without limits does not bother the placer with it, and readers once per refreshShares.
type queues struct {
	tree   []deploy.Queue // as configured, completed
	byPath map[string]*queue
	told   bool  // there is, or was, more than that
	rests  int64 // the only row is not written again before it
	timer  timer // until rows are written again: the shares, because the cluster has grown or shrunk, or the only row
}

const refreshShares = time.Second

// closing tells whether q takes nothing new: it is configured no more, and was not called into being by who is in it.
func (q *queue) closing() bool {
	return !q.configured && !(q.parent.configured && q.parent.Dynamic)
}

// configureQueues takes over a tree. What is in a queue stays there; a queue that is configured no more goes with the last thing in it.
func (c *Core) configureQueues(tree []deploy.Queue) {
	qs := &c.queues
	qs.tree = tree
	for _, q := range c.queuesInOrder() {
		q.configured, q.Queue = false, deploy.Queue{Name: q.Name, Weight: 1}
	}
	for i := range tree {
		q := c.queueAt(tree[i].Name)
		q.configured, q.Queue = true, tree[i]
	}
	all := c.queuesInOrder()
	for _, q := range all {
		c.touchQueue(q)
	}
	for _, q := range slices.Backward(all) {
		c.dropQueue(q)
	}
	c.noteQueues()
}

// queuesInOrder gives all queues by path: the root first, parents before children.
func (c *Core) queuesInOrder() []*queue {
	all := make([]*queue, 0, len(c.queues.byPath))
	for _, q := range c.queues.byPath {
		all = append(all, q)
	}
	slices.SortFunc(all, func(a, b *queue) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// noteQueues begins to tell of the queues once there is something to tell.
func (c *Core) noteQueues() {
	root := c.queues.byPath[""]
	if !c.queues.told && (len(c.queues.byPath) > 1 || len(root.Min) > 0 || len(root.Quota) > 0) {
		c.queues.told = true
		c.touchQueue(root)
	}
}

// queueAt gives the queue of a path; it comes into being if it is not there.
func (c *Core) queueAt(path string) *queue {
	if q := c.queues.byPath[path]; q != nil {
		return q
	}
	q := &queue{Queue: deploy.Queue{Name: path, Weight: 1}}
	if path != "" {
		q.parent = c.queueAt(q.Parent())
		q.parent.members++
	}
	c.queues.byPath[path] = q
	c.place.q.add(&q.slot, q, c.place.version+1)
	c.touchQueue(q)
	c.noteQueues()
	return q
}

// dropQueue takes q, and what is above it, out of the tree as far as nothing is in it.
func (c *Core) dropQueue(q *queue) {
	for q.members == 0 && !q.configured && c.queues.byPath[q.Name] == q {
		c.touchQueue(q)
		delete(c.queues.byPath, q.Name)
		c.place.q.remove(&q.slot)
		q = q.parent
		q.members--
	}
}

// enterQueue counts one more application, driver or launch in the queue of a path.
func (c *Core) enterQueue(path string, apps, drivers int) *queue {
	q := c.queueAt(path)
	q.members++
	c.countInQueue(q, apps, drivers)
	return q
}

// leaveQueue counts it out again.
func (c *Core) leaveQueue(q *queue, apps, drivers int) {
	q.members--
	c.countInQueue(q, -apps, -drivers)
	c.dropQueue(q)
}

func (c *Core) countInQueue(q *queue, apps, drivers int) {
	if apps == 0 && drivers == 0 {
		return
	}
	for ; q != nil; q = q.parent {
		q.apps += apps
		q.drivers += drivers
		c.touchQueueRow(q)
	}
}

// charge adds to the usage of a queue, or with a sign of -1 takes from it.
func (c *Core) charge(q *queue, need *deploy.Resources, sign int64) {
	if q == nil || need.Cores == 0 && need.MemoryMiB == 0 && len(need.Custom) == 0 {
		return
	}
	c.place.q.touch(q.slot)
	q.used = addAmounts(q.used, need, sign)
	for ; q != nil; q = q.parent {
		q.total = addAmounts(q.total, need, sign)
		c.touchQueueRow(q)
	}
}

// addAmounts gives the list with need added or taken: sorted, without zeros.
func addAmounts(list []deploy.Quantity, need *deploy.Resources, sign int64) []deploy.Quantity {
	list = addAmount(list, deploy.ResourceCores, sign*int64(need.Cores))
	list = addAmount(list, deploy.ResourceMemory, sign*need.MemoryMiB)
	for i := range need.Custom {
		list = addAmount(list, need.Custom[i].Name, sign*int64(need.Custom[i].Count))
	}
	return list
}

func addAmount(list []deploy.Quantity, name string, n int64) []deploy.Quantity {
	i, there := findAmount(list, name)
	switch {
	case n == 0:
	case !there:
		list = slices.Insert(list, i, deploy.Quantity{Resource: name, Amount: n})
	case list[i].Amount+n == 0:
		list = slices.Delete(list, i, i+1)
	default:
		list[i].Amount += n
	}
	return list
}

func findAmount(list []deploy.Quantity, name string) (int, bool) {
	return slices.BinarySearchFunc(list, name, func(a deploy.Quantity, name string) int { return cmp.Compare(a.Resource, name) })
}

// amountOf gives how much of a resource a list has.
func amountOf(list []deploy.Quantity, name string) int64 {
	if i, there := findAmount(list, name); there {
		return list[i].Amount
	}
	return 0
}

// overQuota gives the first queue from q upwards that has no room for need, and the resource; nil if all have.
func (q *queue) overQuota(need *deploy.Resources) (*queue, *deploy.Quantity) {
	for ; q != nil; q = q.parent {
		for i := range q.Quota {
			most := &q.Quota[i]
			if n := wantOf(need, most.Resource); n > 0 && amountOf(q.total, most.Resource)+n > most.Amount {
				return q, most
			}
		}
	}
	return nil, nil
}

// touchQueue says that readers and placer are to hear of q.
func (c *Core) touchQueue(q *queue) {
	c.place.q.touch(q.slot)
	c.touchQueueRow(q)
}

func (c *Core) touchQueueRow(q *queue) {
	if !q.dirty {
		q.dirty = true
		c.dirty.queues = append(c.dirty.queues, q)
	}
}

// capacityChanged lets the shares be written again soon: one row per queue and second, however many workers come and go.
func (c *Core) capacityChanged(spec *deploy.WorkerSpec, sign int64) {
	whole := spec.Capacity()
	c.capacity = addAmounts(c.capacity, &whole, sign)
	if len(c.queues.byPath[""].total) > 0 {
		c.writeQueuesAt(c.at + int64(refreshShares))
	}
}

func (c *Core) writeQueuesAt(at int64) {
	if t := &c.queues.timer; t.pos == 0 {
		c.arm(t, at)
	}
}

// onlyRow tells whether the row of the only queue may be written now. If not, it will be.
func (c *Core) onlyRow() bool {
	if c.at < c.queues.rests {
		c.writeQueuesAt(c.queues.rests)
		return false
	}
	c.queues.rests = c.at + int64(refreshShares)
	return true
}

// wake writes the rows of the root and of all queues that have something.
func (qs *queues) wake(c *Core) {
	for i := range c.place.q.list {
		if q := c.place.q.list[i].is; q != nil && (len(q.total) > 0 || q.parent == nil) {
			c.touchQueueRow(q)
		}
	}
}

// queueRow is what readers see.
func (c *Core) queueRow(q *queue) deploy.QueueRow {
	row := deploy.QueueRow{Queue: q.Queue, Used: slices.Clone(q.total), Apps: q.apps, Drivers: q.drivers, Closing: q.closing()}
	for _, a := range q.total {
		if whole := amountOf(c.capacity, a.Resource); whole > 0 {
			row.Share = max(row.Share, min(1, float64(a.Amount)/float64(whole)))
		}
	}
	return row
}

// queueSlotRow is what the placer is told.
func (c *Core) queueSlotRow(ref uint32) scheduler.QueueRow {
	q := c.place.q.list[ref].is
	if q == nil {
		return scheduler.QueueRow{Ref: ref, Gone: true}
	}
	row := scheduler.QueueRow{Ref: ref, Name: q.Name, Weight: q.Weight, Min: q.Min, Quota: q.Quota, Used: slices.Clone(q.used)}
	if q.parent != nil {
		row.Parent = q.parent.slot.ref()
	}
	return row
}

// queueFor gives the path of the queue that a new application or driver is to be in. One that has been told to go away takes nothing new.
func (c *Core) queueFor(what, path string) (string, error) {
	if path == "" {
		path = c.cfg.DefaultQueue
	}
	if err := deploy.CheckQueueKnown(what, c.queues.tree, path); err != nil {
		return "", err
	}
	return path, nil
}

// reconfigured takes new scheduling over. The books stay as they are, and so does everybody's queue.
func (c *Core) reconfigured(ev *Reconfigured) {
	next := c.cfg
	next.Policy, next.Queues, next.DefaultQueue, next.ReserveFor = ev.Policy, ev.Queues, ev.DefaultQueue, ev.ReserveFor
	tree, err := next.queueTree()
	if err != nil {
		c.fact(Oddity{What: "new scheduling", Reason: fmt.Sprintf("it was not validated: %v", err)})
		return
	}
	c.cfg = next
	c.configureQueues(tree)
	c.fact(SchedulingChanged{Policy: ev.Policy, Queues: len(ev.Queues), DefaultQueue: ev.DefaultQueue})
	c.place.full, c.dirty.master = true, true
}
