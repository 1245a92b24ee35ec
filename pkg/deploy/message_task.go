package deploy

import "time"

// ExecutorReady is an executor's first word to its driver.
type ExecutorReady struct {
	Executor ExecutorID
	Launch   LaunchID
	Host     string
	PID      int32
	Cores    int32 // tasks it runs at a time
	Profile  int32
}

// Task is one call of a function that the program registered by name.
type Task struct {
	ID      uint64 // counted per driver
	Attempt uint32 // from 0
	Func    string
	Input   []byte
}

// RunTasks gives an executor work; it may hold more than its cores, and starts them in order.
type RunTasks struct{ Tasks []Task }

// CancelTasks takes tasks back: those not started are dropped and reported as killed, running ones see their context end.
type CancelTasks struct {
	IDs       []uint64
	Unstarted bool // only those not started; running ones go on
}

// TaskState is how an attempt ended.
type TaskState uint8

// The states. An attempt that is LOST died with its executor.
const (
	TaskFinished TaskState = iota
	TaskFailed
	TaskKilled
	TaskLost
)

// TaskResult is the end of one attempt.
type TaskResult struct {
	ID      uint64
	Attempt uint32
	State   TaskState
	Output  []byte
	Error   string
	Took    time.Duration
}

// TaskResults reports ended attempts, many at a time.
type TaskResults struct{ Results []TaskResult }

// StopExecutor ends an executor after the tasks that run.
type StopExecutor struct{ Reason string }

func (ExecutorReady) message() {}
func (RunTasks) message()      {}
func (CancelTasks) message()   {}
func (TaskResults) message()   {}
func (StopExecutor) message()  {}
