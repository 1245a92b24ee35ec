package scheduler

import (
	"math"
	"math/bits"
)

// times gives units of a need, which stays at the greatest number once it is beyond.
func times(need, units int64) int64 {
	hi, lo := bits.Mul64(uint64(need), uint64(units))
	if hi > 0 || lo > math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(lo)
}

// want gives how much so many units of a need want of the i-th resource they name: cores, memory, then the custom ones.
func (s *State) want(n *Need, units int64, i int) (number int, amount int64) {
	switch i {
	case coresNumber:
		return i, times(int64(n.Cores), units)
	case memoryNumber:
		return i, times(n.MemoryMiB, units)
	}
	a := &n.Custom[i-firstCustom]
	return s.custom(a.Name), times(int64(a.Count), units)
}

// beyond gives the first queue from ref up, and the resource, of which the quota does not leave room for so many units; -1 if all do. At the
// peak it counts as taken what was taken for a while in this view.
func (s *State) beyond(ref uint32, n *Need, units int64, peak bool) (at uint32, number int) {
	if s.limited == 0 {
		return 0, -1
	}
	for ; ; ref = s.queues[ref].row.Parent {
		q := &s.queues[ref]
		for i := 0; q.limited && i < firstCustom+len(n.Custom); i++ {
			number, want := s.want(n, units, i)
			if number < 0 || q.quota[number] < 0 || want == 0 {
				continue
			}
			taken := q.all[number]
			if peak {
				taken = max(taken, q.peak[number])
			}
			if want > q.quota[number]-taken {
				return ref, number
			}
		}
		if ref == 0 {
			return 0, -1
		}
	}
}

// within bounds the units a demand may get and its cores by the quotas above it.
func (s *State) within(d *demand, units, cores int32) (int32, int32) {
	if s.limited == 0 {
		return units, cores
	}
	n := &d.row.Need
	for ref := d.row.Queue; ; ref = s.queues[ref].row.Parent {
		q := &s.queues[ref]
		for i := 0; q.limited && i < firstCustom+len(n.Custom); i++ {
			number, one := s.want(n, 1, i)
			if number < 0 || q.quota[number] < 0 || one == 0 {
				continue
			}
			room := max(0, q.quota[number]-q.all[number])
			units = int32(min(int64(units), room/one))
			if number == coresNumber {
				cores = int32(min(int64(cores), room))
			}
		}
		if ref == 0 {
			return units, cores
		}
	}
}

// atOnce gives how many units of a demand one decision is about: all of a gang, else one.
func (d *demand) atOnce() int64 {
	if d.row.Gang {
		return int64(d.row.Units)
	}
	return 1
}

// barred gives the queue whose quota leaves no room for what a demand wants at once, and the resource; -1 if there is room. A gang that has
// takes wants the rest.
func (s *State) barred(d *demand) (at uint32, number int) {
	units := int64(1)
	if d.row.Gang {
		units = int64(d.left)
	}
	return s.beyond(d.row.Queue, &d.row.Need, units, false)
}

// charge books a grant on the queue of its demand and those above, or with sign -1 takes it back.
func (s *State) charge(queue uint32, n *Need, cores, sign int32) {
	s.addTo(s.queues[queue].own, n, cores, sign)
	for ref := queue; ; ref = s.queues[ref].row.Parent {
		q := &s.queues[ref]
		if !q.touched {
			q.touched = true
			s.charged = append(s.charged, ref)
		}
		if sign < 0 {
			for i := range q.peak {
				q.peak[i] = max(q.peak[i], q.all[i])
			}
		}
		s.addTo(q.all, n, cores, sign)
		if ref == 0 || mutant == parentQuota {
			return
		}
	}
}

func (s *State) addTo(v []int64, n *Need, cores, sign int32) {
	v[coresNumber] += int64(sign * cores)
	v[memoryNumber] += int64(sign) * n.MemoryMiB
	for i := range n.Custom {
		v[s.custom(n.Custom[i].Name)] += int64(sign * n.Custom[i].Count)
	}
}

// uncharge takes all takes of the view back. Who was judged by them is looked at again.
func (s *State) uncharge() {
	for _, ref := range s.charged {
		q := &s.queues[ref]
		q.touched = false
		copy(q.own, q.used)
		copy(q.all, q.sum)
		clear(q.peak)
		s.ease(ref)
	}
	s.charged = s.charged[:0]
}

// ease says that a quota may leave more room than those who watch it were judged by.
func (s *State) ease(ref uint32) {
	if q := &s.queues[ref]; !q.eased && mutant != quotaWakeMissed {
		q.eased = true
		s.eased = append(s.eased, ref)
	}
}

// wakeWithin wakes the groups for which quotas have room now. Who is barred by another quota watches that.
func (s *State) wakeWithin() {
	for _, ref := range s.eased {
		q := &s.queues[ref]
		q.eased = false
		for number := range q.watches {
			room := int64(math.MaxInt64)
			if q.limited && q.quota[number] >= 0 {
				room = q.quota[number] - q.all[number]
			}
			for {
				k, ok := q.watches[number].next(key{}, 0)
				if !ok || int64(k.hi) > room {
					break
				}
				g := &s.waits.groups[k.ref()]
				s.unwatch(int32(k.ref()), g)
				s.release(int32(k.ref()), g)
			}
		}
	}
	s.eased = s.eased[:0]
}

// need gives what each member of a group needs.
func (s *State) need(g *group) Need {
	return Need{Cores: g.cores, MemoryMiB: g.memory, Custom: s.shapes.list[g.shape].custom}
}

// watch lets a group wait for the quota that bars it, if one does.
func (s *State) watch(i int32, g *group) bool {
	if s.limited == 0 {
		return false
	}
	n := s.need(g)
	at, number := s.beyond(g.queue, &n, g.units, true)
	if number < 0 {
		return false
	}
	g.watches, g.at, g.lacks = true, at, number
	s.queues[at].watches[number].insert(s.watchKey(i, g), 0)
	return true
}

func (s *State) unwatch(i int32, g *group) {
	s.queues[g.at].watches[g.lacks].remove(s.watchKey(i, g))
	g.watches = false
}

func (s *State) watchKey(i int32, g *group) key {
	n := s.need(g)
	for j := 0; ; j++ {
		if number, want := s.want(&n, g.units, j); number == g.lacks {
			return key{uint64(want), uint64(i)}
		}
	}
}

// release wakes a group, which stands in no tree, unless a quota bars it: then it watches that.
func (s *State) release(i int32, g *group) {
	if !s.watch(i, g) {
		s.rouse(i, g)
	}
}

// rouse says that a group, which stands in no tree, is to be asked.
func (s *State) rouse(i int32, g *group) {
	g.woken, g.done, g.start = true, false, key{}
	s.waits.woken = append(s.waits.woken, i)
}

// rest lets a group sleep until a quota or a worker has room.
func (s *State) rest(i int32, g *group) {
	if !s.watch(i, g) {
		s.shapes.list[g.shape].groups.insert(g.key(i), ^uint64(g.memory))
	}
}
