package deploy

import "time"

// Change is one mutation of one durable key: a closed set. Every prefix of a sequence of changes is a legal state.
type Change interface {
	// Key names the record: kind/id. A later change of a key replaces the earlier one.
	Key() string
	change()
}

// WorkerRecord is what survives of a worker.
type WorkerRecord struct {
	Spec           WorkerSpec
	Incarnation    Incarnation
	Decommissioned bool
}

// AppRecord is what survives of an application. Executors are learned again from workers.
type AppRecord struct {
	ID          AppID
	Spec        AppSpec // with the present profiles and targets
	Request     RequestID
	Owner       string
	Order       uint64 // place in the queue, ascending
	SubmittedAt time.Time
	Held        string // by whom; empty: not held
	Executors   int32  // numbers below it are burnt: the end of the reserved block
	Token       string
}

// DriverRecord is what survives of a submission.
type DriverRecord struct {
	ID          DriverID
	Spec        DriverSpec
	Request     RequestID
	Owner       string
	Order       uint64
	SubmittedAt time.Time
	Held        string
	State       DriverState // SUBMITTED RUNNING or RELAUNCHING; ended ones are kept as Ended for status after a failover
	Attempt     Attempt
	Restarts    int32 // counted against MaxRestarts
	Launch      LaunchID
	Worker      WorkerID
	LeaseUntil  time.Time // no new attempt before it: the last one may still live on a lost worker
	Exit        Exit
	Message     string
}

// Answer keeps what a request was told. At orders the answers for trimming.
type Answer struct {
	Request RequestID
	At      time.Time
	ID      string
	Killed  []int32
	Unknown []int32
	Code    uint32 // of the Fault, 0 for Accepted
	Text    string
}

// PutWorker keeps a worker.
type PutWorker struct{ Record WorkerRecord }

// DropWorker forgets one.
type DropWorker struct{ ID WorkerID }

// PutApp keeps an application.
type PutApp struct{ Record AppRecord }

// DropApp forgets one.
type DropApp struct{ ID AppID }

// PutDriver keeps a submission.
type PutDriver struct{ Record DriverRecord }

// DropDriver forgets one.
type DropDriver struct{ ID DriverID }

// PutBlock reserves numbers: all below Next are burnt for whoever leads later. Name is apps, drivers or order.
type PutBlock struct {
	Name string
	Next uint64
}

// PutAnswer keeps an answer.
type PutAnswer struct{ Answer Answer }

// DropAnswer forgets one.
type DropAnswer struct{ Request RequestID }

// Key names the record.
func (c PutWorker) Key() string { return "worker/" + string(c.Record.Spec.ID) }

// Key names the record.
func (c DropWorker) Key() string { return "worker/" + string(c.ID) }

// Key names the record.
func (c PutApp) Key() string { return "app/" + string(c.Record.ID) }

// Key names the record.
func (c DropApp) Key() string { return "app/" + string(c.ID) }

// Key names the record.
func (c PutDriver) Key() string { return "driver/" + string(c.Record.ID) }

// Key names the record.
func (c DropDriver) Key() string { return "driver/" + string(c.ID) }

// Key names the record.
func (c PutBlock) Key() string { return "block/" + c.Name }

// Key names the record.
func (c PutAnswer) Key() string { return "answer/" + string(c.Answer.Request) }

// Key names the record.
func (c DropAnswer) Key() string { return "answer/" + string(c.Request) }

func (PutWorker) change()  {}
func (DropWorker) change() {}
func (PutApp) change()     {}
func (DropApp) change()    {}
func (PutDriver) change()  {}
func (DropDriver) change() {}
func (PutBlock) change()   {}
func (PutAnswer) change()  {}
func (DropAnswer) change() {}
