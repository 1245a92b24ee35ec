package workercore

import (
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
)

// EpochSeen is the highest epoch a worker has obeyed in a cluster. It is durable before anything of that epoch is obeyed.
type EpochSeen struct {
	Cluster deploy.ClusterID
	Epoch   deploy.Epoch
}

// Envelope is one message to a master's session.
type Envelope struct {
	To  deploy.PeerID
	Msg deploy.Message
}

// Control is one order to the launcher.
type Control struct {
	Launch  deploy.LaunchID
	Control launcher.Control
}

// Hangup ends a session.
type Hangup struct {
	Peer   deploy.PeerID
	Reason string
}

// Effects is all that one step decides, in the order of doing. The caller reuses it.
type Effects struct {
	Persist []EpochSeen // durable before anything below is done
	Dial    []deploy.Address
	Send    []Envelope
	Hangup  []Hangup
	Start   []deploy.Launch   // prepare (fetch, directories, environment) and hand to the launcher; answered by Prepared
	Abandon []deploy.LaunchID // of those still being prepared: do not launch them any more; answered by Prepared all the same
	Control []Control
	Clean   []deploy.AppID // nothing of these applications runs here any more: their scratch space may go
	Done    string         // not empty: the worker's run is over, for this reason
	Facts   []Fact
}

// Reset empties e for the next step and keeps its memory.
func (e *Effects) Reset() {
	clear(e.Send)
	clear(e.Start)
	clear(e.Facts)
	*e = Effects{Persist: e.Persist[:0], Dial: e.Dial[:0], Send: e.Send[:0], Hangup: e.Hangup[:0], Start: e.Start[:0],
		Abandon: e.Abandon[:0], Control: e.Control[:0], Clean: e.Clean[:0], Facts: e.Facts[:0]}
}

// Fact is something that has happened, told once: a closed set.
type Fact interface{ fact() }

// Registered says that a leader has taken this worker in.
type Registered struct {
	Master  deploy.Address
	Epoch   deploy.Epoch
	Session deploy.SessionID
	Killed  int // launches the leader did not want
}

// Unregistered says that the worker has no leader any more.
type Unregistered struct{ Reason string }

// ProcessMoved says that a process has a new state.
type ProcessMoved struct {
	Launch   deploy.LaunchID
	Owner    string
	From, To deploy.ExecutorState
	Exit     deploy.Exit
	Reason   string
}

// OrderRefused says that an order was not obeyed: a lower epoch, an old session, a duplicate, a gap.
type OrderRefused struct {
	Stamp  deploy.Stamp
	Reason string
}

// RetryAt says that a whole round has found no leader and the next one begins.
type RetryAt struct {
	After  string // until the round behind it; duration, for people
	Reason string
}

func (Registered) fact()   {}
func (Unregistered) fact() {}
func (ProcessMoved) fact() {}
func (OrderRefused) fact() {}
func (RetryAt) fact()      {}
