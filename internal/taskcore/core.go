package taskcore

import (
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// Core decides for one driver. One caller at a time steps it.
type Core struct {
	cfg Config

	tasks []task // by slot
	spare int32  // first free slot, chained by next; -1: none

	jobs    map[JobID]*job
	waiting jobQueue // jobs with pending tasks
	pending int      // tasks of all jobs

	executors []*executor // present ones, in the order they came
	peers     map[deploy.PeerID]*executor
	ids       map[deploy.ExecutorID]*executor
	ended     []deploy.ExecutorID // the last ones, against sessions that come late
	free      int                 // executors with an idle core
	turn      int                 // whose turn it is to get the next task

	patrolAt time.Time

	now time.Time // of the present step, as is out
	out *Effects
}

// New makes the core of a driver from a valid configuration.
func New(cfg Config) *Core {
	return &Core{
		cfg: cfg, spare: none, jobs: map[JobID]*job{}, peers: map[deploy.PeerID]*executor{}, ids: map[deploy.ExecutorID]*executor{},
	}
}

// Step takes an event and the time, which never goes back, and appends what is to be done to out. It never fails.
func (c *Core) Step(now time.Time, ev Event, out *Effects) {
	c.now, c.out = now, out
	switch e := ev.(type) {
	case JobBegun:
		c.begin(e)
	case TasksAdded:
		c.add(e)
	case JobClosed:
		c.closeJob(e.Job)
	case JobCancelled:
		if j := c.jobs[e.Job]; j != nil {
			c.abandon(j)
		}
	case ExecutorReady:
		c.ready(e)
	case ExecutorClosed:
		c.away(e)
	case Heard:
		if x := c.peers[e.Peer]; x != nil {
			x.heardAt = now
		}
	case Results:
		c.results(e)
	case ExecutorChanged:
		c.changed(e)
	case Tick:
	}
	if c.due() {
		c.patrol()
	}
	c.out = nil
}

// Deadline tells when Tick is due next; false while there is nobody to look after.
func (c *Core) Deadline() (time.Time, bool) { return c.patrolAt, !c.patrolAt.IsZero() }

func (c *Core) due() bool { return !c.patrolAt.IsZero() && !c.now.Before(c.patrolAt) }

func (c *Core) tell(f Fact) { c.out.Facts = append(c.out.Facts, f) }

// Load is what a driver has before it, for those who feed it.
type Load struct {
	Executors int // that take tasks
	Cores     int // of them
	Pending   int // tasks that no executor has yet
}

// Load tells how much there is to do and who does it.
func (c *Core) Load() Load {
	l := Load{Pending: c.pending}
	for _, x := range c.executors {
		if x.open() {
			l.Executors++
			l.Cores += int(x.cores)
		}
	}
	return l
}
