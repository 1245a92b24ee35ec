package backend

import (
	"context"
	"errors"
	"log/slog"

	"github.com/musterproject/muster/pkg/deploy"
)

// Errors of backends.
var (
	// ErrEnded says that the cluster has ended the application, or will never take it in; the text says why.
	ErrEnded = errors.New("backend: the application has ended")
	// ErrNotRunning says that SetTargets or Kill was called before or after Run.
	ErrNotRunning = errors.New("backend: no application runs")
	// ErrRunTwice says that Run was called a second time.
	ErrRunTwice = errors.New("backend: it runs one application, once")
	// ErrLeftBehind says that the application could not be given up in time; the cluster will end it when it misses the driver.
	ErrLeftBehind = errors.New("backend: the application could not be unregistered")
)

// Backend provides the executors of one application.
type Backend interface {
	// Run holds the application from its registration to its end and tells what happens in order, one call of tell after the other; it must not block. When ctx ends it gives
	// the application up, waits for what it started itself, and returns nil, or ErrLeftBehind. A cause of ctx other than context.Canceled is
	// recorded as the application's failure. It returns ErrEnded when the cluster ends the application. Run is called once.
	Run(ctx context.Context, a Application, tell func(Event)) error
	// SetTargets asks for total executor counts per profile; profiles not named keep theirs, new ones come along. Lowering kills nothing.
	SetTargets(ctx context.Context, profiles []deploy.Profile, targets []deploy.Target) error
	// Kill ends executors and returns the numbers of those that are being ended now. Targets stay, so they are replaced.
	Kill(ctx context.Context, nums []int32) (killed []int32, err error)
	// Reached passes on that executors have opened a session with their driver; what has been said stays said. It never blocks, may be called at any
	// time, and changes nothing but what the cluster can explain.
	Reached(ids []deploy.ExecutorID)
}

// Application is what executors are wanted for.
type Application struct {
	Spec  deploy.AppSpec
	Files []File // brought to where executors run, besides Spec.Executor.Artifacts
}

// File is a file of this machine that every executor finds in its working directory. Spec.Executor.Program may be its Name.
type File struct {
	Path       string
	Name       string // base name in the working directory
	Executable bool
}

// Event is what happens to an application's executors: a closed set.
type Event interface{ event() }

// Registered says that the application is known to a leader, at first or again. Executors is the whole truth as that leader knows it.
type Registered struct {
	App       deploy.AppID
	Token     deploy.Secret // what executors prove themselves with
	Master    deploy.Address
	Executors []deploy.ExecutorView
}

// ExecutorChanged tells of a new executor or a new state of one.
type ExecutorChanged struct {
	Executor deploy.ExecutorView
	// Vanished says that nobody reported this end: a leader's list has the executor no more. One that still talks to its driver may be listed again.
	Vanished bool
}

// Waiting tells why there are fewer executors than wanted.
type Waiting struct{ Decision deploy.Decision }

// Disconnected says that no leader is in touch; executors live on meanwhile.
type Disconnected struct{ Reason string }

func (Registered) event()      {}
func (ExecutorChanged) event() {}
func (Waiting) event()         {}
func (Disconnected) event()    {}

// Opener makes the backend for one kind of master URL.
type Opener struct {
	Kind deploy.MasterKind
	Open func(Options) (Backend, error)
	// Become, if not nil, is asked first in every process of the program: a backend that starts the program again in a role of its own takes over
	// there, and says that it did.
	Become func(ctx context.Context) (bool, error)
}

// Options is what an opener is told.
type Options struct {
	URL     deploy.MasterURL
	Cluster string       // the cluster's configured name; empty matches any
	Version string       // of the program, told to masters
	Log     *slog.Logger // never nil
}
