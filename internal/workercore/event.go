package workercore

import (
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
	"github.com/musterproject/muster/pkg/rpc"
)

// Event is what can happen to a worker: a closed set.
type Event interface{ event() }

// Begun is the first event: what the launcher found when it was opened.
type Begun struct{ Handles []Held }

// Held is a process of an earlier incarnation and what was ordered for it.
type Held struct {
	Order  deploy.Launch
	Handle launcher.Handle
}

// Opened says that a session with a master has begun: dialled by us (Dialled is the address) or by it.
type Opened struct {
	Peer    deploy.PeerID
	Hello   deploy.Hello
	Dialled deploy.Address
}

// DialFailed says that a dial came to nothing.
type DialFailed struct {
	Address deploy.Address
	Reason  string
}

// Received carries the items of one frame.
type Received struct {
	Peer  deploy.PeerID
	At    time.Time
	Items []rpc.Item
}

// Closed says that a session has ended.
type Closed struct {
	Peer   deploy.PeerID
	Reason string
}

// Prepared answers a Start: the launcher took the process over, or Failure says in the operating system's words why not.
type Prepared struct {
	Launch  deploy.LaunchID
	Failure string
}

// Process passes on what the launcher has seen.
type Process struct{ Event launcher.Event }

// Leave asks the worker to end: its processes are stopped first unless Keep.
type Leave struct {
	Reason string
	Keep   bool
	Now    bool // do not wait for graces
}

// Tick says that the Deadline has come.
type Tick struct{}

func (Begun) event()      {}
func (Opened) event()     {}
func (DialFailed) event() {}
func (Received) event()   {}
func (Closed) event()     {}
func (Prepared) event()   {}
func (Process) event()    {}
func (Leave) event()      {}
func (Tick) event()       {}
