package app

import (
	"time"

	"github.com/musterproject/muster/pkg/backend"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// event is what can happen to a session: a closed set.
type event interface{ event() }

// begun is the first event.
type begun struct{}

// opened says that a session with the master at an address has begun.
type opened struct {
	peer  deploy.PeerID
	at    deploy.Address
	hello deploy.Hello
}

// dialFailed says that a dial came to nothing; final means that another try will not help.
type dialFailed struct {
	at     deploy.Address
	reason string
	final  bool
}

// shipped answers a ship; an empty failure says that the master has all files.
type shipped struct {
	peer    deploy.PeerID
	failure string
}

// received carries the items of one frame.
type received struct {
	peer  deploy.PeerID
	items []rpc.Item
}

// closed says that a session has ended.
type closed struct {
	peer   deploy.PeerID
	reason string
}

// asked is a question of the user. Its id is answered once.
type asked struct {
	id  uint64
	req request
}

// dropped says that nobody waits for an answer any more; what was sent may take effect all the same.
type dropped struct{ id uint64 }

// joined says that executors have reached the driver.
type joined struct{ ids []deploy.ExecutorID }

// leave ends the application, as FAILED if failure is not empty.
type leave struct{ failure string }

// tick says that the deadline has come.
type tick struct{}

func (begun) event()      {}
func (opened) event()     {}
func (dialFailed) event() {}
func (shipped) event()    {}
func (received) event()   {}
func (closed) event()     {}
func (asked) event()      {}
func (dropped) event()    {}
func (joined) event()     {}
func (leave) event()      {}
func (tick) event()       {}

// request is what the user may ask for, as a message without its application: a SetTargets or a KillExecutors.
type request struct {
	targets *deploy.SetTargets
	kill    *deploy.KillExecutors
}

// effects is all that one step decides, in the order of doing. The caller reuses it.
type effects struct {
	dial   []deploy.Address
	ship   []deploy.PeerID // bring the files to the master of a session; answered by shipped
	send   []envelope
	hangup []hangup
	tell   []backend.Event
	answer []answer
	facts  []fact
	done   bool
	err    error // with done: why the run is over; nil if by its own wish
}

type envelope struct {
	to  deploy.PeerID
	msg deploy.Message
}

type hangup struct {
	peer   deploy.PeerID
	reason string
}

// answer is the master's word on a question: Accepted or Refused.
type answer struct {
	id  uint64
	msg deploy.Message
}

func (e *effects) reset() {
	clear(e.send)
	clear(e.tell)
	clear(e.answer)
	clear(e.facts)
	*e = effects{dial: e.dial[:0], ship: e.ship[:0], send: e.send[:0], hangup: e.hangup[:0], tell: e.tell[:0], answer: e.answer[:0], facts: e.facts[:0]}
}

// fact is something that has happened, told once: a closed set.
type fact interface{ fact() }

type registered struct {
	master  deploy.Address
	app     deploy.AppID
	epoch   deploy.Epoch
	session deploy.SessionID
	again   bool
}

type lost struct{ reason string }

type orderRefused struct {
	stamp  deploy.Stamp
	reason string
}

type retryAt struct{ after time.Duration }

// forgotten says that the cluster does not know the application any more, so that it registers as a new one.
type forgotten struct{ app deploy.AppID }

func (registered) fact()   {}
func (lost) fact()         {}
func (orderRefused) fact() {}
func (retryAt) fact()      {}
func (forgotten) fact()    {}
