package deploy

import "time"

// Message is what peers say to each other: a closed set, one small struct each.
//
//	message_worker.go  worker <-> master
//	message_app.go     application <-> master
//	message_client.go  client -> master and the answers
//	message_ask.go     questions of clients that change nothing, and the answers
//	message_task.go    driver <-> executor
type Message interface{ message() }

// Heartbeat is said by a worker or an application once per interval. N is echoed, so that the sender knows which one was heard.
type Heartbeat struct{ N uint64 }

// HeartbeatAck echoes N. Orders is the Seq of the last order sent in this session: a receiver that has seen fewer lost one.
type HeartbeatAck struct {
	N      uint64
	Orders uint64
}

// Standby answers any request to a master that does not lead.
type Standby struct {
	State  MasterState
	Leader Address // zero if unknown
	Retry  time.Duration
}

func (Heartbeat) message()    {}
func (HeartbeatAck) message() {}
func (Standby) message()      {}
