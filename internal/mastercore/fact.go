package mastercore

import (
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// Fact is something that has happened, told once: a closed set. Facts become logs, metrics, traces and transcripts outside.
type Fact interface{ fact() }

// StateChanged says that the master itself has a new state.
type StateChanged struct {
	From, To deploy.MasterState
	Reason   string
}

// WorkerChanged says that a worker has a new state.
type WorkerChanged struct {
	Worker   deploy.WorkerID
	Address  deploy.Address
	From, To deploy.WorkerState
	Reason   string
}

// WorkerPutAside says that a worker gets no new work for a while, because launches of several subjects failed on it.
type WorkerPutAside struct {
	Worker   deploy.WorkerID
	Failures int
	Until    time.Time
}

// AppChanged says that an application has a new state.
type AppChanged struct {
	App      deploy.AppID
	Name     string
	From, To deploy.AppState
	Reason   string
}

// DriverChanged says that a submission has a new state.
type DriverChanged struct {
	Driver   deploy.DriverID
	Attempt  deploy.Attempt
	Worker   deploy.WorkerID
	From, To deploy.DriverState
	Exit     deploy.Exit
	Reason   string
}

// ExecutorMoved says that an executor has a new state.
type ExecutorMoved struct {
	Executor deploy.ExecutorID
	Launch   deploy.LaunchID
	Worker   deploy.WorkerID
	From, To deploy.ExecutorState
	Exit     deploy.Exit
	Reason   string
}

// Placed sums up what a plan led to. Rejected counts grants and reservations that the books of now did not bear, by cause.
type Placed struct {
	Version  uint64
	Granted  int
	Reserved int // workers
	Rejected map[string]int
	Policy   string
	Fallback deploy.ReasonCode // why the configured policy did not make the plan, NONE if it did
	Took     time.Duration
}

// SchedulingChanged says that policy and queues are others from now on.
type SchedulingChanged struct {
	Policy       string
	Queues       int // configured
	DefaultQueue string
}

// Reserved says that workers are kept for who has waited long.
type Reserved struct {
	Subject string // app or driver id
	Profile int32
	Workers []deploy.WorkerID
	Until   time.Time
	Tries   int32 // how often that was not enough before
}

// ReservationEnded says that they are not any more.
type ReservationEnded struct {
	Subject string
	Profile int32
	Workers []deploy.WorkerID
	Reason  string
	Took    time.Duration
}

// RequestRefused says that a client's request was turned down.
type RequestRefused struct {
	From    string
	Message string // kind of the request
	Reason  string
}

// Oddity says that a peer did what it should not: a report of an unknown launch, a message out of place. Nothing was changed by it.
type Oddity struct {
	Peer   deploy.PeerID
	What   string
	Reason string
}

func (StateChanged) fact()      {}
func (WorkerChanged) fact()     {}
func (WorkerPutAside) fact()    {}
func (AppChanged) fact()        {}
func (DriverChanged) fact()     {}
func (ExecutorMoved) fact()     {}
func (Placed) fact()            {}
func (SchedulingChanged) fact() {}
func (Reserved) fact()          {}
func (ReservationEnded) fact()  {}
func (RequestRefused) fact()    {}
func (Oddity) fact()            {}
