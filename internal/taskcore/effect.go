package taskcore

import (
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// Effects is all that one step decides, in the order of doing. The caller reuses it.
type Effects struct {
	Run    []Order // in this order for each executor
	Cancel []Withdrawal
	Hangup []Hangup
	Kill   []deploy.ExecutorID // the cluster is to end them: they are out of reach
	Done   []Outcome
	Over   []JobOver
	Facts  []Fact
}

// Reset empties e for the next step and keeps its memory.
func (e *Effects) Reset() {
	clear(e.Run)
	clear(e.Done)
	clear(e.Over)
	clear(e.Facts)
	*e = Effects{Cancel: e.Cancel[:0], Run: e.Run[:0], Hangup: e.Hangup[:0], Kill: e.Kill[:0], Done: e.Done[:0], Over: e.Over[:0], Facts: e.Facts[:0]}
}

// Order gives an executor a task.
type Order struct {
	Peer deploy.PeerID
	Task deploy.Task
}

// Withdrawal takes a task back from an executor; with Unstarted only if it does not run yet.
type Withdrawal struct {
	Peer      deploy.PeerID
	ID        uint64
	Unstarted bool
}

// Hangup ends a session.
type Hangup struct {
	Peer   deploy.PeerID
	Reason string
}

// Outcome is the one result of a task.
type Outcome struct {
	Job      JobID
	Index    int // of the task in its job
	Output   []byte
	Executor deploy.ExecutorID
	Attempt  uint32 // from 0
	Took     time.Duration
	Bytes    int64 // of its input, which is free now
}

// JobOver says that a job has ended; a nil Failure means that all its outcomes have been told.
type JobOver struct {
	Job     JobID
	Failure *Failure
}

// Failure is the last failure of the task that failed its job.
type Failure struct {
	Index    int
	Attempts int32 // failures counted
	Executor deploy.ExecutorID
	Error    string
}

// Fact is something that has happened, told once: a closed set.
type Fact interface{ fact() }

// ExecutorJoined says that an executor takes tasks; Again after its session broke.
type ExecutorJoined struct {
	Executor deploy.ExecutorID
	Cores    int32
	Again    bool
}

// ExecutorAway says that the session of an executor broke.
type ExecutorAway struct {
	Executor deploy.ExecutorID
	Reason   string
}

// ExecutorGone says that an executor is given up. Rerun counts the tasks that go elsewhere; Blamed says that those it ran count a failure.
type ExecutorGone struct {
	Executor deploy.ExecutorID
	Reason   string
	Rerun    int
	Blamed   bool
}

// TaskFailed says that an attempt has failed.
type TaskFailed struct {
	Job      JobID
	Index    int
	Attempt  uint32
	Failures int32 // counted so far
	Executor deploy.ExecutorID
	Error    string
}

// JobEnded says that a job is over.
type JobEnded struct {
	Job    JobID
	Func   string
	Tasks  int
	Failed bool
}

func (ExecutorJoined) fact() {}
func (ExecutorAway) fact()   {}
func (ExecutorGone) fact()   {}
func (TaskFailed) fact()     {}
func (JobEnded) fact()       {}
