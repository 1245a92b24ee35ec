package deploy

import "time"

// RegisterApp registers an application, or takes it up again after a broken connection: App is then set.
// The same Request is the same application, whoever leads.
type RegisterApp struct {
	Request RequestID
	App     AppID
	Spec    AppSpec
	Token   Secret // of a known App
}

// AppRegistered answers with the whole truth about the application's executors; what it does not list is gone.
type AppRegistered struct {
	App       AppID
	Session   SessionID
	Heartbeat time.Duration
	Token     Secret
	Executors []ExecutorView
	Targets   []Target
	Masters   []Address
}

// AppRefused says why an application cannot register. Fault tells whether another try makes sense.
type AppRefused struct{ Fault Fault }

// ExecutorView is an executor as its application sees it.
type ExecutorView struct {
	Executor   ExecutorID
	Profile    int32
	Worker     WorkerID
	Host       string
	Need       Resources
	Addresses  []Addresses
	State      ExecutorState
	Exit       Exit
	Message    string
	WorkerLost bool // it ended because its worker did: not the application's fault
}

// ExecutorChanged tells an application of a new executor or a new state of one.
type ExecutorChanged struct{ Executor ExecutorView }

// SetTargets asks for total executor counts per profile; profiles not named keep theirs. New profiles come in Profiles.
type SetTargets struct {
	Request  RequestID
	App      AppID
	Profiles []Profile
	Targets  []Target
}

// KillExecutors ends executors by number; the targets stay, so lower them first.
type KillExecutors struct {
	Request RequestID
	App     AppID
	Nums    []int32
}

// MostReached is how many executors one ExecutorsReached names at most.
const MostReached = 10_000

// ExecutorsReached tells the master which executors have opened a session with their driver. What has been said stays said, so that a repeat is
// harmless; after a registration all of them are named again. Only applications whose AppSpec Reports send it.
type ExecutorsReached struct{ Nums []int32 }

// UnregisterApp ends an application by its own word. An empty Failure is FINISHED, else FAILED with it.
type UnregisterApp struct {
	Request RequestID
	App     AppID
	Failure string
}

// AppRemoved tells an application that it has ended.
type AppRemoved struct {
	App    AppID
	State  AppState
	Reason string
}

// Waiting tells an application why it has fewer executors than it wants; sent when the reason changes.
type Waiting struct{ Decision Decision }

func (RegisterApp) message()      {}
func (AppRegistered) message()    {}
func (AppRefused) message()       {}
func (ExecutorChanged) message()  {}
func (SetTargets) message()       {}
func (KillExecutors) message()    {}
func (UnregisterApp) message()    {}
func (ExecutorsReached) message() {}
func (AppRemoved) message()       {}
func (Waiting) message()          {}
