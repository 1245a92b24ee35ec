package scheduler

import (
	"context"
	"errors"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// Errors of State.Apply.
var (
	// ErrGap says that an update does not continue the replica's version; answer it with a full one.
	ErrGap = errors.New("scheduler: update does not continue the replica")
	// ErrBadUpdate says that an update contradicts itself.
	ErrBadUpdate = errors.New("scheduler: malformed update")
)

// SchedulerPolicy decides where waiting work should run. Place depends on what the view has told it, never places more than fits, and gives
// a Reason and a Wake for each asked demand that it leaves waiting; both stand until it is asked again. It may keep what it derives from
// View.Changes, never a View. Warm, fresh and over-the-wire instances give byte-equal plans.
type SchedulerPolicy interface {
	Place(ctx context.Context, view View) (Plan, error)
}

// WorkerRef is a worker's dense slot, given by the core: no strings or maps on the hot path. Slots are used again after Gone.
type WorkerRef uint32

// DemandRef is a demand's slot.
type DemandRef uint32

// NoDemand is no demand.
const NoDemand = ^DemandRef(0)

// NoWorker is no worker: where Next starts, and what a Reason without a nearest miss names.
const NoWorker = ^WorkerRef(0)

// WorkerRow is the absolute state of one worker slot.
type WorkerRow struct {
	Ref     WorkerRef
	Gone    bool // the slot is empty
	ID      deploy.WorkerID
	Host    string
	Blocked deploy.ReasonCode // NONE: takes work; else why not: WORKER_DRAINING, WORKER_UNHEALTHY, BLACKLISTED, MASTER_RECOVERING, RESERVED
	For     DemandRef         // if RESERVED: who may be placed there all the same, and nobody else
	Free    deploy.Resources  // never negative
	Total   deploy.Resources
	Labels  []deploy.Label // sorted by key
}

// Need is what one unit of a demand takes from its worker. In a growing demand Cores is the step (1) and the rest is needed once per executor.
type Need struct {
	Cores     int32
	MemoryMiB int64
	Custom    []deploy.Amount
}

// DemandRow is the absolute state of one demand: a waiting driver, or one profile of an application that wants executors.
type DemandRow struct {
	Ref     DemandRef
	Gone    bool
	Driver  bool   // a driver comes before every executor
	Subject string // app or driver id
	Profile int32
	Order   uint64 // ascending; ties by Profile. It holds the priority already: within a queue the first in order comes first
	Need    Need
	Grow    bool              // cores per executor unset: one executor per worker and plan, growing core by core
	Units   int32             // executors (or 1 driver) still wanted
	Cores   int32             // cores that may still be granted to the whole application; deploy.NoLimit if without bound; not looked at for a driver
	Share   uint32            // demands of one application share Cores: they carry the same number, 0 shares with nobody
	Avoid   []WorkerRef       // not there while another worker fits
	Blocked deploy.ReasonCode // NONE: wants to be placed; else HELD, BACKOFF, ... and it is never asked
	Queue   uint32            // QueueRow.Ref; 0 is the root

	Require      []deploy.Requirement // labels its workers must have
	Prefer       []deploy.Preference  // labels they had better have: the greatest sum of weights first
	Apart        string               // no two executors of its Share on one worker, or on workers of one host ("host") or one value of this label
	MaxPerWorker int32                // executors of its Share on one worker; 0: no limit
	Gang         bool                 // all Units in one group of grants or none; neither Grow nor without bound
	Since        time.Time            // it has got nothing since then although it wants something
	Tries        int32                // reservations made for it that ended before it was served
}

// HeldRow says how many executors the applications with a Share have on a worker: absolute, 0 is none. It is told of applications that are Apart
// or have MaxPerWorker only. What is held on a worker is gone with the worker.
type HeldRow struct {
	Share     uint32
	Worker    WorkerRef
	Executors int32
}

// QueueRow is the absolute state of one queue. The root is 0 and needs no row unless it has limits. A queue's own demands stand beside its
// children, as a child without a name and with weight 1.
type QueueRow struct {
	Ref    uint32
	Gone   bool   // no demand and no queue names it any more
	Name   string // path from the root; decides between equals
	Parent uint32
	Weight float64           // above 0
	Min    []deploy.Quantity // sorted; below it a queue comes before siblings that are not
	Quota  []deploy.Quantity // sorted; it and all below it never get more. A resource not named has no quota
	Used   []deploy.Quantity // sorted; by its own demands, without the queues below it
}

// Update brings a replica from version From to version To.
type Update struct {
	Epoch, From, To uint64
	Full            bool   // the whole books: From is ignored and everything not named is gone
	Seed            uint64 // from (Epoch, To): the only randomness a policy may use
	DriverSlots     int32  // how many more drivers may run; deploy.NoLimit if without bound
	Now             time.Time
	Workers         []WorkerRow
	Demands         []DemandRow
	Queues          []QueueRow
	Held            []HeldRow
}

// Grant gives Cores on a worker to one executor or driver of a demand. Grants of one Group other than 0 hold all together or not at all.
type Grant struct {
	Demand DemandRef
	Worker WorkerRef
	Cores  int32
	Group  uint32
}

// Cause counts the workers that do not serve for one reason.
type Cause struct {
	Code     deploy.ReasonCode
	Resource string
	Workers  int
	Nearest  WorkerRef // the one that misses least, NoWorker if none
	Have     int64
	Want     int64
}

// Reason says why a demand waits: the main code and the counts per cause.
type Reason struct {
	Code     deploy.ReasonCode
	Position int       // in its queue, from 1; 0 unknown
	Ahead    DemandRef // the first in its queue, NoDemand if it is that itself or unknown
	Queue    uint32    // of QUOTA: the queue whose quota is used up
	Causes   []Cause
}

// WakeKind says what may end a wait.
type WakeKind uint8

// The wakes.
const (
	WakeNeedFits   WakeKind = iota // a worker or a quota changed so that one unit may now fit; from At on, if set, it is overdue
	WakeChanged                    // the demand's own row changes: nothing else helps
	WakeAt                         // the time comes
	WakeAnyChange                  // ask at every update
	WakeDriverSlot                 // one more driver may run
)

// Wake tells State when to ask again.
type Wake struct {
	Kind WakeKind
	At   time.Time
}

// Waiting is one demand left waiting, wholly or in part.
type Waiting struct {
	Demand DemandRef
	Reason Reason
	Until  Wake
}

// Reservation keeps a worker for a demand until it is served: nobody else is placed there meanwhile, and what runs there runs on.
type Reservation struct {
	Demand DemandRef
	Worker WorkerRef
}

// Plan is what a policy proposes for one version of the books. Grants are in the order of decision.
type Plan struct {
	Epoch, Version uint64
	Grants         []Grant
	Waiting        []Waiting
	Reserve        []Reservation // those of one demand hold all together or not at all
}
