package mastercore

import (
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// Envelope is one message to send: to a session, or as the answer Re of a client's question (then To is 0).
type Envelope struct {
	To    deploy.PeerID
	Re    deploy.CallID
	Stamp deploy.Stamp // zero where the message is no order
	Msg   deploy.Message
}

// Effects is all that one step decides, in the order of doing. The caller reuses it: Reset keeps the capacity.
type Effects struct {
	Persist []deploy.Change   // durable before Send, Hangup, Rows and Facts of this and later steps leave
	Send    []Envelope        // in this order for each peer
	Acks    []Ack             // answers to heartbeats, after what Send gives that peer and gated by Persist like it
	Hangup  []Hangup          // after what Send and Acks give that peer
	Place   *scheduler.Update // to the placer at once, not gated by the disk; nil if the books as placed are unchanged
	Rows    []deploy.Row      // absolute rows that changed
	Facts   []Fact            // what happened, for logs, metrics, traces and transcripts
}

// Ack is one HeartbeatAck to send. It is no order. It stands beside Send, unboxed, so that a heartbeat costs the core no allocation.
type Ack struct {
	To    deploy.PeerID
	Stamp deploy.Stamp // cluster, epoch and session; Seq is 0
	Msg   deploy.HeartbeatAck
}

// Hangup ends a session.
type Hangup struct {
	Peer   deploy.PeerID
	Reason string
}

// Reset empties e for the next step and keeps its memory.
func (e *Effects) Reset() {
	clear(e.Persist)
	clear(e.Send)
	clear(e.Rows)
	clear(e.Facts)
	*e = Effects{Persist: e.Persist[:0], Send: e.Send[:0], Acks: e.Acks[:0], Hangup: e.Hangup[:0], Rows: e.Rows[:0], Facts: e.Facts[:0]}
}
