package taskcore

import "github.com/musterproject/muster/pkg/deploy"

// JobID numbers the jobs of a driver, as its caller chooses; never reused.
type JobID uint64

// Event is what can happen to a driver: a closed set.
type Event interface{ event() }

// JobBegun opens a job: calls of one function. Jobs are served in the order of their beginning.
type JobBegun struct {
	Job      JobID
	Func     string
	Attempts int32 // failures of one task that fail the job; at least 1
}

// TasksAdded brings the next tasks of a job; they are counted from 0 in the order they come.
type TasksAdded struct {
	Job    JobID
	Inputs [][]byte
}

// JobClosed says that no more tasks come.
type JobClosed struct{ Job JobID }

// JobCancelled says that nobody wants the rest of a job. It is not told as over.
type JobCancelled struct{ Job JobID }

// ExecutorReady says that an executor has opened a session. It holds nothing: what it held on an earlier session died with that.
type ExecutorReady struct {
	Peer  deploy.PeerID
	ID    deploy.ExecutorID
	Cores int32
}

// ExecutorClosed says that the session of an executor has ended.
type ExecutorClosed struct {
	Peer   deploy.PeerID
	Reason string
}

// Heard says that an executor lives.
type Heard struct{ Peer deploy.PeerID }

// Results brings what became of tasks.
type Results struct {
	Peer deploy.PeerID
	List []deploy.TaskResult
}

// ExecutorChanged is the cluster's word on an executor. Vanished says that nobody reported it: see backend.ExecutorChanged.
type ExecutorChanged struct {
	View     deploy.ExecutorView
	Vanished bool
}

// Tick says that the Deadline has come.
type Tick struct{}

func (JobBegun) event()        {}
func (TasksAdded) event()      {}
func (JobClosed) event()       {}
func (JobCancelled) event()    {}
func (ExecutorReady) event()   {}
func (ExecutorClosed) event()  {}
func (Heard) event()           {}
func (Results) event()         {}
func (ExecutorChanged) event() {}
func (Tick) event()            {}
