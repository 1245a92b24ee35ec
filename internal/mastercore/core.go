package mastercore

import (
	"cmp"
	"fmt"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// Core is the master's books for one epoch and the rules that change them. It belongs to one goroutine.
type Core struct {
	cfg     Config
	cluster deploy.ClusterID
	epoch   deploy.Epoch
	life    deploy.Life[deploy.MasterState]
	started time.Time // of the epoch
	stateAt time.Time // of the present state

	origin   time.Time // when New was called, with its monotonic reading if it has one
	now      time.Time // wall clock of then plus what has passed since: setting the clock moves nothing
	at       int64     // now in ns
	lateness int64     // ns: how late the loop has been, in all
	out      *Effects  // of the running step

	timers   deadlines
	recovery recovery

	sessions    map[deploy.PeerID]*session
	lastSession deploy.SessionID
	workers     map[deploy.WorkerID]*worker
	addresses   map[deploy.Address]*worker
	sizes       sizes
	scopes      map[string]*scope // by selectors
	usable      int               // workers that are neither UNKNOWN nor DEAD

	apps      map[deploy.AppID]*app
	endedApps []*app // oldest first
	lastShare uint32
	drivers   map[deploy.DriverID]*driver
	ended     []*driver // oldest first
	running   int32     // drivers that hold a launch

	leases map[deploy.WorkerID][]*driver // who waits for the lease of an attempt lost with a worker

	queues   queues
	capacity []deploy.Quantity // of all members
	reserved int               // demands that workers are kept for

	launches   map[deploy.LaunchID]*launch
	lastLaunch uint64
	numbers    numbers
	answers    answers
	place      placement
	dirty      dirty
}

// New takes over the leadership: saved are the records of the last epoch (Put changes, in any order), out gets the first rows and facts.
// cfg must have passed Validate.
func New(cfg Config, cluster deploy.ClusterID, epoch deploy.Epoch, saved []deploy.Change, now time.Time, out *Effects) *Core {
	n, err := newNumbers(&cfg)
	tree, treeErr := cfg.queueTree()
	if err = cmp.Or(err, treeErr); err != nil {
		panic(fmt.Sprintf("mastercore: Config was not validated: %v", err))
	}
	c := &Core{
		cfg: cfg, cluster: cluster, epoch: epoch, numbers: n,
		sessions: map[deploy.PeerID]*session{}, workers: map[deploy.WorkerID]*worker{}, addresses: map[deploy.Address]*worker{},
		apps: map[deploy.AppID]*app{}, drivers: map[deploy.DriverID]*driver{}, launches: map[deploy.LaunchID]*launch{}, scopes: map[string]*scope{},
		leases: map[deploy.WorkerID][]*driver{},
	}
	c.answers.byID = map[deploy.RequestID]*answer{}
	c.queues.byPath, c.queues.timer.owner = map[string]*queue{}, &c.queues
	c.origin = now
	c.begin(now, out)
	c.started, c.stateAt = c.now, c.now
	if len(saved) == 0 {
		c.numbers.begin(epoch)
	}
	c.configureQueues(tree)
	c.restore(saved)
	c.finish()
	return c
}

// Step tells the core what has happened and appends to out what follows from it. It never fails and never blocks; a bad request is answered by
// a message. A now before the last one counts as the last one.
func (c *Core) Step(now time.Time, ev Event, out *Effects) {
	c.begin(now, out)
	switch ev := ev.(type) {
	case Received:
		c.received(&ev)
	case Planned:
		c.planned(&ev)
	case Opened:
		c.opened(&ev)
	case Closed:
		c.closed(ev.Peer, ev.Reason)
	case Resync:
		c.place.full = true
	case Reconfigured:
		c.reconfigured(&ev)
	case Tick:
	}
	c.expire()
	c.finish()
}

// begin sets the clock. A loop that wakes long after its deadline has been asleep, and so has heard nobody: silence is counted without that time.
func (c *Core) begin(now time.Time, out *Effects) {
	c.out = out
	if at := c.nanos(now); at > c.at {
		c.at = at
		c.now = c.wall(at)
	}
	if due, ok := c.timers.next(); ok && c.at-due > int64(c.cfg.Heartbeat) {
		c.lateness += c.at - due
	}
}

// finish draws the consequences of the whole step once.
func (c *Core) finish() {
	c.recoverIfAllAnswered()
	c.settleReservations()
	c.settleDemands()
	c.publish()
	c.writeRows()
	c.out = nil
}

// nanos is t in ns, counted from the origin.
func (c *Core) nanos(t time.Time) int64 { return c.origin.UnixNano() + int64(t.Sub(c.origin)) }

// wall turns ns into a time in the clock's zone; 0 is no time.
func (c *Core) wall(at int64) time.Time {
	if at == 0 {
		return time.Time{}
	}
	return time.Unix(0, at).In(c.origin.Location())
}

func (c *Core) alive() bool { return c.life.State() == deploy.MasterAlive }

func (c *Core) persist(ch deploy.Change) { c.out.Persist = append(c.out.Persist, ch) }
func (c *Core) fact(f Fact)              { c.out.Facts = append(c.out.Facts, f) }

// become steps the master's own life.
func (c *Core) become(next deploy.MasterState, reason string) {
	from := c.life.State()
	if c.life.To(next) != nil {
		return
	}
	c.stateAt = c.now
	c.dirty.master = true
	c.fact(StateChanged{From: from, To: next, Reason: reason})
}
