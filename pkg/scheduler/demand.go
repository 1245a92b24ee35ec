package scheduler

import "time"

// demand is one slot.
type demand struct {
	live    bool
	parked  bool // waits for its wake; else it is pending, or blocked
	pending bool // is to be asked
	left    int32
	granted int32 // cores of this view
	shape   int32
	share   int32 // slot of the share, -1 if it shares with nobody
	rule    int32
	wake    Wake
	group   int32  // while parked with WakeNeedFits
	overdue bool   // and its time has passed
	done    bool   // wanted nothing more when this view asked the next of its line
	ganged  uint32 // the group of its takes, if it is a gang
	waited  int32  // place in the plan's Waiting, -1 if none
	named   uint64 // the update that named the slot last
	version uint64 // of the last change
	row     DemandRow
}

// turn is the order of asking within drivers or executors.
func (d *demand) turn() key {
	return key{d.row.Order, (uint64(d.row.Profile)+1)<<32 | uint64(d.row.Ref)} // never key{}, after which walks begin
}

func (d *demand) kind() int {
	if d.row.Driver {
		return 0
	}
	return 1
}

// share is the cores that the demands of one application have taken in this view.
type share struct {
	number  uint32
	demands int32
	granted int32
	rule    int32 // the first of its rules, 0 if none
}

// groupKey is what makes waiting demands alike: a worker and the quotas have room for all of them or none.
type groupKey struct {
	memory int64
	units  int64 // at once: of a gang all, else 1
	cores  int32
	shape  int32
	queue  uint32
	rule   int32
	owner  uint32 // 1 + the demand, if workers are kept for it: nobody is like it
	driver bool
}

// group holds demands with equal needs that wait for a worker that fits, or for a quota to leave room. Asleep it stands either in its
// shape's tree or among those that watch one quota that bars it.
type group struct {
	groupKey
	members tree // by turn
	woken   bool // in waits.woken and in no tree
	done    bool // this view has nothing more to ask of it
	start   key  // where this view began to ask, so that it can begin again
	cursor  key  // the last member asked
	watches bool
	at      uint32 // the queue whose quota it watches
	lacks   int    // and the resource
}

func (g *group) kind() int {
	if g.driver {
		return 0
	}
	return 1
}

func (g *group) key(ref int32) key { return key{uint64(g.cores) << 32, uint64(ref)} }

// waits keeps track of who is to be asked and who waits for what, besides the lines of the queues.
type waits struct {
	pending int         // to be asked
	busy    [2][]uint32 // queues with somebody to be asked, drivers and executors
	slots   tree        // drivers that wait for a driver slot, by turn
	alarms  tree        // to be asked again, by time
	dues    tree        // to be overdue, by time
	overdue [2]tree     // drivers and executors, by turn
	always  tree        // asked at every update, by ref
	groups  []group
	byNeed  map[groupKey]int32
	unused  []int32 // groups
	woken   []int32 // groups that a worker may fit now
}

func newWaits(f *forest) waits {
	q := waits{byNeed: map[groupKey]int32{}}
	for _, t := range []*tree{&q.slots, &q.alarms, &q.dues, &q.overdue[0], &q.overdue[1], &q.always} {
		*t = newTree(f, false)
	}
	return q
}

func alarmKey(at time.Time, ref DemandRef) key {
	return key{uint64(at.Unix()) ^ 1<<63, uint64(at.Nanosecond())<<32 | uint64(ref)}
}

func alwaysKey(d *demand) key { return key{1, uint64(d.row.Ref)} }

// queues tells whether a wait has a position: it ends when others give something back.
func (w *Wake) queues() bool { return w.Kind == WakeNeedFits || w.Kind == WakeDriverSlot }

// pend says that a demand is to be asked.
func (s *State) pend(d *demand) {
	if d.pending || !d.live || d.row.Blocked != 0 {
		return
	}
	s.unpark(d)
	d.pending = true
	s.waits.pending++
	s.attend(d.row.Queue, d.kind()).pending.insert(d.turn(), 0)
}

// forget takes a demand out of all queues.
func (s *State) forget(d *demand) {
	s.unpark(d)
	if d.pending {
		d.pending = false
		s.waits.pending--
		s.line(d).pending.remove(d.turn())
	}
}

// park lets a demand wait for its wake.
func (s *State) park(d *demand, wake Wake) {
	s.forget(d)
	q := &s.waits
	d.parked, d.wake = true, wake
	switch wake.Kind {
	case WakeNeedFits:
		s.join(d)
		s.await(d)
	case WakeDriverSlot:
		q.slots.insert(d.turn(), 0)
	case WakeAt:
		q.alarms.insert(alarmKey(wake.At, d.row.Ref), 0)
	case WakeChanged:
	default:
		q.always.insert(alwaysKey(d), 0)
	}
	if wake.queues() {
		s.line(d).waiting.insert(d.turn(), 0)
	}
}

func (s *State) unpark(d *demand) {
	if !d.parked {
		return
	}
	q := &s.waits
	d.parked = false
	switch d.wake.Kind {
	case WakeNeedFits:
		s.leave(d)
		s.unawait(d)
	case WakeDriverSlot:
		q.slots.remove(d.turn())
	case WakeAt:
		q.alarms.remove(alarmKey(d.wake.At, d.row.Ref))
	case WakeChanged:
	default:
		q.always.remove(alwaysKey(d))
	}
	if d.wake.queues() {
		s.line(d).waiting.remove(d.turn())
	}
}

// join puts a demand among those with the same need.
func (s *State) join(d *demand) {
	q := &s.waits
	n := &d.row.Need
	k := groupKey{memory: n.MemoryMiB, cores: n.Cores, units: d.atOnce(), shape: d.shape, queue: d.row.Queue, rule: d.rule, driver: d.row.Driver}
	if s.holds(d.row.Ref) {
		k.owner = 1 + uint32(d.row.Ref)
	}
	i, ok := q.byNeed[k]
	if !ok {
		i = int32(len(q.groups))
		if n := len(q.unused); n > 0 {
			i, q.unused = q.unused[n-1], q.unused[:n-1]
		} else {
			q.groups = append(q.groups, group{})
		}
		q.groups[i] = group{groupKey: k, members: newTree(&s.trees, false)}
		q.byNeed[k] = i
		if k.rule != 0 {
			s.rules.groups.insert(pairKey(uint32(k.rule), uint32(i)), 0)
		}
		s.rest(i, &q.groups[i])
	}
	d.group = i
	q.groups[i].members.insert(d.turn(), 0)
}

// leave takes a demand out of its group; an empty group goes, unless a view is still to look at it.
func (s *State) leave(d *demand) {
	g := &s.waits.groups[d.group]
	g.members.remove(d.turn())
	if g.members.n > 0 || g.woken {
		return
	}
	if g.watches {
		s.unwatch(d.group, g)
	} else {
		s.shapes.list[g.shape].groups.remove(g.key(d.group))
	}
	s.dissolve(d.group)
}

func (s *State) dissolve(i int32) {
	g := &s.waits.groups[i]
	g.members.drop()
	if g.rule != 0 {
		s.rules.groups.remove(pairKey(uint32(g.rule), uint32(i)))
	}
	delete(s.waits.byNeed, g.groupKey)
	*g = group{}
	s.waits.unused = append(s.waits.unused, i)
}
