package deploy

import "time"

// RegisterWorker carries the worker's full inventory: every launch it holds, ended ones not yet acknowledged too.
type RegisterWorker struct {
	Worker      WorkerSpec
	Incarnation Incarnation
	Launches    []LaunchReport
}

// WorkerRegistered answers with the session to obey and the complete verdict on the inventory: what is not in Kill is adopted.
type WorkerRegistered struct {
	Session   SessionID
	Heartbeat time.Duration
	Lease     time.Duration // driver lease; 0: off
	Kill      []LaunchID    // processes the master does not want
	Acked     []uint64      // report Seqs of the inventory that are durable
	Masters   []Address     // all masters known, the leader first
}

// WorkerRefused says why a worker may not register. A refusal is never fatal: the worker tries again with back-off.
type WorkerRefused struct{ Fault Fault }

// RegisterAgain tells a worker or an application that this leader does not know its session.
type RegisterAgain struct{ Reason string }

// LaunchOrder orders a process. The worker confirms it with a Report: LAUNCHING once taken over, RUNNING once the process runs.
type LaunchOrder struct{ Launch Launch }

// KillOrder ends the process of one launch, known or still to come. A launch the worker never saw is reported KILLED at once.
type KillOrder struct {
	Launch LaunchID
	Reason string
}

// Report tells that a launch has changed.
type Report struct {
	Worker      WorkerID
	Incarnation Incarnation
	Launch      LaunchReport
}

// ReportAck says that the reports with these Seqs are durable; the worker forgets ended ones.
type ReportAck struct{ Seqs []uint64 }

// AppEnded tells a worker that nothing of the application will be launched again.
type AppEnded struct{ App AppID }

// LeaveWorker is a worker's goodbye: what it ran has ended, or is kept for adoption. One that Stays comes before it.
type LeaveWorker struct {
	Worker      WorkerID
	Incarnation Incarnation
	Reason      string
	Keeps       bool // processes stay for the next incarnation to adopt
	Stays       bool // not yet: it ends what it runs and takes nothing new; the goodbye follows
}

func (RegisterWorker) message()   {}
func (WorkerRegistered) message() {}
func (WorkerRefused) message()    {}
func (RegisterAgain) message()    {}
func (LaunchOrder) message()      {}
func (KillOrder) message()        {}
func (Report) message()           {}
func (ReportAck) message()        {}
func (AppEnded) message()         {}
func (LeaveWorker) message()      {}
