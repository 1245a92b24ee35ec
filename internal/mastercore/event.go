package mastercore

import (
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// Event is what can happen to a leading master: a closed set.
type Event interface{ event() }

// Opened says that a session has begun.
type Opened struct {
	Peer   deploy.PeerID
	Hello  deploy.Hello
	From   deploy.Principal
	Remote string
}

// Received carries the messages of one frame of a session, or the one message of a client's question (then Peer is 0 and Call is not).
type Received struct {
	Peer deploy.PeerID
	Call deploy.CallID
	From deploy.Principal
	At   time.Time // when the frame arrived; not after now
	Msgs []deploy.Message
}

// Closed says that a session has ended.
type Closed struct {
	Peer   deploy.PeerID
	Reason string
}

// Planned is the placer's answer to an update. Fallback names why the configured policy did not make it, NONE if it did.
type Planned struct {
	Plan     scheduler.Plan
	Policy   string
	Fallback deploy.ReasonCode
	Took     time.Duration
}

// Resync says that the placer has lost track of the books: the step answers with a full update.
type Resync struct{}

// Reconfigured says that the scheduling has changed: a full update follows, so that the policy of that name asks everybody. What it holds must
// have passed Config.Validate.
type Reconfigured struct {
	Policy       string
	Queues       []deploy.Queue
	DefaultQueue string
	ReserveFor   time.Duration
}

// Tick says that the Deadline has come.
type Tick struct{}

func (Opened) event()       {}
func (Received) event()     {}
func (Closed) event()       {}
func (Planned) event()      {}
func (Resync) event()       {}
func (Reconfigured) event() {}
func (Tick) event()         {}
