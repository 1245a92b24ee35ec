package scheduler

import "time"

// Config bounds a State.
type Config struct {
	MaxWorkers int // slots; 0: 1 Mi
	MaxDemands int // slots; 0: 4 Mi
	MaxQueues  int // slots; 0: 64 Ki
	History    int // changes of rows remembered for Changes; 0: 16 Ki
}

func (c Config) orDefaults() Config {
	if c.MaxWorkers <= 0 {
		c.MaxWorkers = 1 << 20
	}
	if c.MaxDemands <= 0 {
		c.MaxDemands = 1 << 22
	}
	if c.MaxQueues <= 0 {
		c.MaxQueues = 1 << 16
	}
	if c.History <= 0 {
		c.History = 1 << 14
	}
	return c
}

// State is the replica of the books beside a policy. It belongs to one goroutine: Apply, View, Place, and again.
//
// A plan stands from Plan to the next Apply. Apply takes back the takes of the view and, if its plan was made, lets the demands wait that
// it left waiting; so the update that follows a plan holds what became of it. A demand with takes is asked again unless its row changes.
// View without Apply in between begins again from the same books, as if the view before had not been.
type State struct {
	cfg     Config
	loaded  bool // has seen a full update
	epoch   uint64
	version uint64
	seed    uint64
	now     time.Time
	slots   int32 // more drivers that may run, less the takes of this view
	allowed int32 // the same by the books

	trees   forest
	shapes  shapes
	kinds   []kind
	names   tree // all workers by label
	newest  uint32
	workers []worker
	blocked [256]int32 // live workers by why they take no work
	moved   []WorkerRef
	stirred []uint32
	changed []WorkerRef

	demands []demand
	shares  []share
	byShare map[uint32]int32
	unused  []int32 // shares
	rules   rules
	kept    tree // workers that are RESERVED, by (demand, worker)
	keepers int  // demands of kept
	waits   waits
	history history

	queues   []queue
	ranked   []uint32 // live queues, those above first, then by name
	limited  int      // queues with a quota
	customs  []string // custom resources by name: their numbers begin with firstCustom
	capacity []int64  // of all live workers, by resource
	none     []int64  // nothing of each resource
	eased    []uint32 // queues whose quota may leave more room than a policy last saw
	charged  []uint32 // queues with takes of this view
	scratch  []int64
	lists    []int64 // what Quantities gives

	update uint64 // counts updates, for duplicates within one

	view    uint64 // counts views; the open one if open
	open    bool
	planned bool
	walk    walk
	takes   uint64 // counts takes, also those taken back
	search  search
	trial   trial
	few     []WorkerRef // scratch
	touched []WorkerRef
	gained  []DemandRef // demands with takes
	back    []int32     // of each grant the one before it on its worker, -1 if none
	failed  []uint32    // groups of which a take did not fit
	groups  uint32      // the greatest of takes
	late    []DemandRef // those that this view lets wait and that are overdue already
	bufs    [2]buffers  // plans are read while the next is made
	buf     *buffers
	before  before
}

// buffers hold one plan.
type buffers struct {
	grants  []Grant
	waiting []Waiting
	causes  []Cause
	reserve []Reservation
}

// NewState gives an empty replica. It wants a full update first.
func NewState(cfg Config) *State {
	s := &State{cfg: cfg.orDefaults()}
	s.reset()
	return s
}

// reset empties the replica and keeps its memory where that is simple.
func (s *State) reset() {
	s.trees.nodes, s.trees.free = s.trees.nodes[:0], s.trees.free[:0]
	s.shapes = shapes{byHash: map[uint64][]int32{}, list: []shape{{groups: newTree(&s.trees, false)}}}
	s.names, s.kept = newTree(&s.trees, false), newTree(&s.trees, false)
	s.rules, s.search, s.keepers = newRules(&s.trees), search{}, 0
	s.kinds = s.kinds[:0]
	clear(s.workers)
	clear(s.demands)
	clear(s.shares)
	s.workers, s.demands, s.shares, s.unused = s.workers[:0], s.demands[:0], s.shares[:0], s.unused[:0]
	s.byShare = map[uint32]int32{}
	s.blocked = [256]int32{}
	s.moved, s.changed, s.stirred = s.moved[:0], s.changed[:0], s.stirred[:0]
	s.waits = newWaits(&s.trees)
	s.resetQueues()
	s.before = newBefore(&s.trees)
	s.history.reset(s.cfg.History)
	s.buf = &s.bufs[0]
	s.build(0)
}

// Version tells which books the replica has.
func (s *State) Version() (epoch, version uint64) { return s.epoch, s.version }

// Waiting tells whether a view would ask something now, as after one that was bounded.
func (s *State) Waiting() bool {
	s.wakeTimed()
	s.wakeFitting()
	return s.waits.pending > 0 || len(s.waits.woken) > 0 || s.slots > 0 && s.waits.slots.n > 0
}
