package launcher

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// Errors of launchers.
var (
	// ErrUnknownLaunch says that no handle has this id.
	ErrUnknownLaunch = errors.New("launcher: unknown launch")
	// ErrConflict says that a launch id is already taken by another spec.
	ErrConflict = errors.New("launcher: launch id taken by another spec")
	// ErrBadSpec says that a spec can never be started.
	ErrBadSpec = errors.New("launcher: malformed spec")
	// ErrCursor says that what followed a cursor is not kept any more, or was another stream: call List and watch from the newest Cursor it gives.
	ErrCursor = errors.New("launcher: cursor too old")
	// ErrClosed says that the launcher has been closed.
	ErrClosed = errors.New("launcher: closed")
)

// NonceEnv is the one variable that a launcher adds to a process's environment: a value that no other launch has, by which a process is known as
// belonging to its launch.
const NonceEnv = "MUSTER_LAUNCH_NONCE"

// ExecutorLauncher starts and watches processes.
type ExecutorLauncher interface {
	// Launch takes the spec over durably and returns; the process starts soon after. It is idempotent by LaunchID: a repeat with an equal spec
	// returns the same handle. What the operating system says against it arrives as StartFailed.
	Launch(ctx context.Context, spec Spec) (Handle, error)
	// List re-attaches to all of this worker's launches, ended ones too until they are forgotten, ordered by LaunchID.
	List(ctx context.Context) ([]Handle, error)
	// Watch gives events after the cursor in order, first those that happened already, then live ones. One resumable stream: it ends without an
	// error when ctx ends, else with one error as its last pair.
	Watch(ctx context.Context, after Cursor) iter.Seq2[Event, error]
	// Control stops, signals or forgets one launch. Stop of an ended launch is no error; Signal of one is deploy.ErrAlreadyFinished. Signal before
	// the start and Forget before the end are deploy.ErrIllegalTransition. It does not wait for the end.
	Control(ctx context.Context, id deploy.LaunchID, c Control) error
}

// Cursor is a place in the stream of events; 0 is before the oldest event that is kept.
type Cursor uint64

// Spec is everything needed to start one process; the launcher adds nothing but NonceEnv and inherits nothing.
type Spec struct {
	Launch      deploy.LaunchID
	Owner       string // app-…/3 or driver-…: shown by List
	Dir         string // absolute working directory; created by the launcher, 0700
	Program     string // a name in Files, a path, or a word looked up in PATH of Env
	Args        []string
	Env         []deploy.EnvVar // complete: nothing is inherited
	Files       []File          // placed into Dir before the start
	Outputs     Outputs
	Secrets     []Secret // written 0400 into Dir
	User        string   // empty: the worker's own
	Limits      Limits
	Addresses   []deploy.Addresses
	Grace       time.Duration // between TERM and KILL; 0 is the launcher's default
	OrphanGrace time.Duration // how long the process may outlive its worker; 0 ends it at once
	Isolation   Isolation
}

// File is a file to be placed into the working directory, by hard link where possible.
type File struct {
	Source     string // absolute path
	Name       string // base name in Dir
	Executable bool
}

// Secret is content to be placed into the working directory for the process alone.
type Secret struct {
	Name  string
	Value deploy.Secret
}

// Outputs says where the standard streams go.
type Outputs struct {
	Stdout, Stderr string // file names in Dir; equal ones share a file, an empty one throws the stream away
	Rolling        Rolling
}

// RollBy says when an output file is closed and the next begun.
type RollBy uint8

// The strategies.
const (
	RollNever RollBy = iota
	RollBySize
	RollByTime
)

// Rolling keeps output files bounded. Retain counts rolled files kept beside the live one; negative keeps all.
type Rolling struct {
	By       RollBy
	MaxBytes int64
	Every    time.Duration
	Retain   int
}

// Limits bounds a process tree where the launcher can; 0 is no bound.
type Limits struct {
	Cores     int32
	MemoryMiB int64
	PIDs      int64
}

// Isolation names how the process is to be kept apart. A launcher that cannot give what is Required refuses with ErrBadSpec.
type Isolation struct {
	Want     string
	Required string
}

// Handle is one launch as the launcher knows it.
type Handle struct {
	Launch    deploy.LaunchID
	Owner     string
	PID       int                  // 0 before the start
	State     deploy.ExecutorState // LAUNCHING RUNNING EXITED KILLED FAILED
	Exit      deploy.Exit
	Message   string
	StartedAt time.Time
	EndedAt   time.Time
	Cursor    Cursor // of the newest event of this launch
}

// Event is what happened to one launch: a closed set.
type Event interface{ event() }

// Started says that the process runs.
type Started struct {
	Cursor Cursor
	Launch deploy.LaunchID
	PID    int
	At     time.Time
}

// StartFailed says that there will be no process, in the operating system's words.
type StartFailed struct {
	Cursor  Cursor
	Launch  deploy.LaunchID
	Message string
	At      time.Time
}

// Usage is what a process tree takes.
type Usage struct {
	Cursor   Cursor
	Launch   deploy.LaunchID
	CPU      time.Duration // since its start
	RSSBytes int64
	At       time.Time
}

// OOMKilled says that the kernel ended a process of the tree for want of memory; Exited follows if it was the first one.
type OOMKilled struct {
	Cursor Cursor
	Launch deploy.LaunchID
	At     time.Time
}

// Exited says that the whole tree is gone. Killed tells that Stop was asked for, or that the launcher ended it for the reason in Message.
// A signal that ended the first process stands in Exit.Signal, with Exit.Code 0.
type Exited struct {
	Cursor  Cursor
	Launch  deploy.LaunchID
	Exit    deploy.Exit
	Killed  bool
	Message string // what is known beyond Exit, such as that the worker was gone for too long
	Lived   time.Duration
	At      time.Time
}

func (Started) event()     {}
func (StartFailed) event() {}
func (Usage) event()       {}
func (OOMKilled) event()   {}
func (Exited) event()      {}

// Control is an order to one launch: a closed set.
type Control interface{ control() }

// Stop ends the process tree: TERM, Grace, KILL. Negative Grace is KILL at once; 0 is the spec's.
type Stop struct{ Grace time.Duration }

// Signal sends one signal to the first process.
type Signal struct{ Number int }

// Forget drops an ended launch from List.
type Forget struct{}

func (Stop) control()   {}
func (Signal) control() {}
func (Forget) control() {}
