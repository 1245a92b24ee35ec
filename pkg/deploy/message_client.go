package deploy

// SubmitDriver asks for a driver to be run on a worker.
type SubmitDriver struct {
	Request RequestID
	Spec    DriverSpec
}

// KillDriver ends a submission: queued, running or waiting for its next attempt.
type KillDriver struct {
	Request RequestID
	Driver  DriverID
}

// KillApp ends an application and its executors.
type KillApp struct {
	Request RequestID
	App     AppID
	Reason  string
}

// Hold stops new placements for an application or a queued driver; Release takes it back. ID is an app or driver id.
type Hold struct {
	Request RequestID
	ID      string
	By      string
	Off     bool // true releases
}

// Accepted answers a request that took effect and is durable. ID is the new submission's, or of what the request named.
type Accepted struct {
	Request RequestID
	ID      string
	Killed  []int32 // of KillExecutors: the executors that are now being ended
	Unknown []int32 // of KillExecutors: the numbers that name none
}

// Refused answers a request that changed nothing.
type Refused struct {
	Request RequestID
	Fault   Fault
}

func (SubmitDriver) message() {}
func (KillDriver) message()   {}
func (KillApp) message()      {}
func (Hold) message()         {}
func (Accepted) message()     {}
func (Refused) message()      {}
