package scheduler

import (
	"cmp"
	"slices"

	"github.com/musterproject/muster/pkg/deploy"
)

// queue is one slot: a place in the tree of queues, what it has, and who of it is to be asked. Vectors hold one amount per resource.
type queue struct {
	live    bool
	limited bool   // has a quota
	eased   bool   // in State.eased
	touched bool   // in State.charged
	named   uint64 // the update that named the slot last, and which of its rows
	nth     int32
	members int32   // demands that name it
	depth   int32   // 0 is the root
	used    []int64 // by its own demands, by the books
	sum     []int64 // by them and all below
	own     []int64 // used with the takes of this view
	all     []int64 // sum with them
	peak    []int64 // the most that all was before something was given back in this view
	quota   []int64 // -1: none
	watches []tree  // by resource: groups that want more of it than the quota leaves, by what they want
	lines   [2]line // drivers, executors
	version uint64  // of the last change
	row     QueueRow
}

// The numbers of the resources that every worker has. Custom ones follow, by name.
const (
	coresNumber  = 0
	memoryNumber = 1
	firstCustom  = 2
)

// custom gives the number of a custom resource, -1 if neither a worker nor a queue has ever named it.
func (s *State) custom(name string) int {
	if i, ok := slices.BinarySearch(s.customs, name); ok {
		return firstCustom + i
	}
	return -1
}

// numberOf gives the number of a resource as quantities name it.
func (s *State) numberOf(name string) int {
	switch name {
	case deploy.ResourceCores:
		return coresNumber
	case deploy.ResourceMemory:
		return memoryNumber
	}
	return s.custom(name)
}

// learn gives a custom resource its number. Those behind it move up, which is rare.
func (s *State) learn(name string) {
	i, known := slices.BinarySearch(s.customs, name)
	if known {
		return
	}
	s.customs = slices.Insert(s.customs, i, name)
	i += firstCustom
	s.capacity = slices.Insert(s.capacity, i, 0)
	s.none = append(s.none, 0)
	for ref := range s.queues {
		q := &s.queues[ref]
		if len(q.all) == 0 {
			continue
		}
		for _, v := range []*[]int64{&q.used, &q.sum, &q.own, &q.all, &q.peak} {
			*v = slices.Insert(*v, i, 0)
		}
		q.quota = slices.Insert(q.quota, i, -1)
		q.watches = slices.Insert(q.watches, i, newTree(&s.trees, false))
	}
	for j := range s.waits.groups {
		if g := &s.waits.groups[j]; g.watches && g.lacks >= i {
			g.lacks++
		}
	}
}

// countCapacity adds what a worker has to what the cluster has, or takes it out.
func (s *State) countCapacity(total *deploy.Resources, in bool) {
	sign := int64(-1)
	if in {
		sign = 1
	}
	for i := range total.Custom {
		s.learn(total.Custom[i].Name)
	}
	s.capacity[coresNumber] += sign * int64(total.Cores)
	s.capacity[memoryNumber] += sign * min(total.MemoryMiB, mostMemory)
	for i := range total.Custom {
		s.capacity[s.custom(total.Custom[i].Name)] += sign * int64(total.Custom[i].Count)
	}
}

// resetQueues leaves the root.
func (s *State) resetQueues() {
	clear(s.queues)
	s.queues = s.queues[:0]
	s.customs, s.capacity, s.none = s.customs[:0], append(s.capacity[:0], 0, 0), append(s.none[:0], 0, 0)
	s.eased, s.charged, s.ranked, s.limited = s.eased[:0], s.charged[:0], s.ranked[:0], 0
	s.queueSlot(0)
	s.queues[0].row = QueueRow{Weight: 1}
	s.enter(&s.queues[0])
	s.ranked = append(s.ranked, 0)
}

func (s *State) queueSlot(ref uint32) *queue {
	for int(ref) >= len(s.queues) {
		s.queues = append(s.queues, queue{})
	}
	return &s.queues[ref]
}

// enter makes a slot a queue that has nothing.
func (s *State) enter(q *queue) {
	q.live = true
	for _, v := range []*[]int64{&q.used, &q.sum, &q.own, &q.all, &q.peak, &q.quota} {
		*v = append((*v)[:0], s.none...)
	}
	if len(q.watches) > 0 {
		return // as it was left
	}
	q.watches = make([]tree, len(s.none))
	for i := range q.watches {
		q.watches[i] = newTree(&s.trees, false)
	}
	for i := range q.lines {
		q.lines[i].pending, q.lines[i].waiting = newTree(&s.trees, false), newTree(&s.trees, false)
	}
}

// applyQueues takes over rows, which check has found sound.
func (s *State) applyQueues(rows []QueueRow) {
	reshaped := false
	for i := range rows {
		r, q := &rows[i], &s.queues[rows[i].Ref]
		reshaped = reshaped || !r.Gone && (!q.live || q.row.Parent != r.Parent || q.row.Name != r.Name) || r.Gone && q.live
	}
	for i := range rows {
		s.applyQueue(&rows[i], !reshaped)
	}
	if reshaped {
		s.reshape()
	}
}

// applyQueue takes over one row; its place in the tree has not changed if settled.
func (s *State) applyQueue(row *QueueRow, settled bool) {
	q := &s.queues[row.Ref]
	if row.Ref == 0 && row.Gone {
		row = &QueueRow{Weight: 1} // the root stays, without limits
	}
	if row.Gone && !q.live || q.live && sameQueue(&q.row, row) {
		return
	}
	s.log(&q.version, row.Ref, ofQueue)
	if row.Gone {
		q.live = false
		return
	}
	for _, list := range [][]deploy.Quantity{row.Min, row.Quota, row.Used} {
		for i := range list {
			if name := list[i].Resource; s.numberOf(name) < 0 {
				s.learn(name)
			}
		}
	}
	if !q.live {
		s.enter(q)
	}
	low, quota, used := q.row.Min[:0], q.row.Quota[:0], q.row.Used[:0]
	q.row = *row
	q.row.Min, q.row.Quota, q.row.Used = append(low, row.Min...), append(quota, row.Quota...), append(used, row.Used...)
	s.setQuota(q)
	s.ease(row.Ref)
	s.setUsed(q, settled)
}

func (s *State) setQuota(q *queue) {
	if q.limited {
		s.limited--
	}
	if q.limited = len(q.row.Quota) > 0; q.limited {
		s.limited++
	}
	s.fill(q.quota, q.row.Quota, -1)
}

// fill writes a list as a vector.
func (s *State) fill(v []int64, list []deploy.Quantity, rest int64) {
	for i := range v {
		v[i] = rest
	}
	for i := range list {
		if n := s.numberOf(list[i].Resource); n >= 0 {
			v[n] = list[i].Amount
		}
	}
}

// setUsed takes over what the demands of a queue have and, if the tree stands, tells those above.
func (s *State) setUsed(q *queue, settled bool) {
	was := append(s.scratch[:0], q.used...)
	s.scratch = was
	s.fill(q.used, q.row.Used, 0)
	copy(q.own, q.used)
	if !settled {
		return
	}
	for i := range was {
		delta := q.used[i] - was[i]
		if delta == 0 {
			continue
		}
		for ref := q.row.Ref; ; ref = s.queues[ref].row.Parent {
			p := &s.queues[ref]
			p.sum[i] += delta
			p.all[i] += delta
			if delta < 0 {
				s.ease(ref)
			}
			if ref == 0 {
				break
			}
		}
	}
}

// reshape sums the tree up anew after queues have come, gone or moved, and looks again at all who wait for a quota.
func (s *State) reshape() {
	s.ranked, s.limited = s.ranked[:0], 0
	for ref := range s.queues {
		q := &s.queues[ref]
		if !q.live {
			q.limited = false
			continue
		}
		s.ranked = append(s.ranked, uint32(ref))
		if q.limited {
			s.limited++
		}
		q.depth = 0
		for at := q; at.row.Ref != 0; at = &s.queues[at.row.Parent] {
			q.depth++
		}
		copy(q.sum, q.used)
		s.ease(uint32(ref))
	}
	slices.SortFunc(s.ranked, func(a, b uint32) int {
		x, y := &s.queues[a], &s.queues[b]
		return cmp.Or(cmp.Compare(x.depth, y.depth), cmp.Compare(x.row.Name, y.row.Name), cmp.Compare(a, b))
	})
	for _, ref := range slices.Backward(s.ranked) {
		q := &s.queues[ref]
		copy(q.all, q.sum)
		if ref == 0 {
			continue
		}
		above := &s.queues[q.row.Parent]
		for i := range q.sum {
			above.sum[i] += q.sum[i]
		}
	}
	for i := range s.waits.groups {
		if g := &s.waits.groups[i]; g.watches {
			s.unwatch(int32(i), g)
			s.release(int32(i), g)
		}
	}
}

func sameQueue(a, b *QueueRow) bool {
	return !b.Gone && a.Name == b.Name && a.Parent == b.Parent && a.Weight == b.Weight && slices.Equal(a.Min, b.Min) &&
		slices.Equal(a.Quota, b.Quota) && slices.Equal(a.Used, b.Used)
}
