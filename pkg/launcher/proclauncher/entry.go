package proclauncher

import (
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
)

// kind tells which event an entry is.
type kind uint8

const (
	started kind = iota + 1
	startFailed
	usage
	oomKilled
	exited
)

// entry is one event as it is kept and sent: flat, so that it costs one allocation in a slice and no type registry on the wire.
type entry struct {
	Kind    kind
	Cursor  launcher.Cursor
	Launch  deploy.LaunchID
	At      time.Time
	PID     int           // started
	Message string        // startFailed, exited
	Exit    deploy.Exit   // exited
	Killed  bool          // exited
	Lived   time.Duration // exited
	CPU     time.Duration // usage
	RSS     int64         // usage, bytes
}

func (e *entry) event() launcher.Event {
	switch e.Kind {
	case started:
		return launcher.Started{Cursor: e.Cursor, Launch: e.Launch, PID: e.PID, At: e.At}
	case startFailed:
		return launcher.StartFailed{Cursor: e.Cursor, Launch: e.Launch, Message: e.Message, At: e.At}
	case usage:
		return launcher.Usage{Cursor: e.Cursor, Launch: e.Launch, CPU: e.CPU, RSSBytes: e.RSS, At: e.At}
	case oomKilled:
		return launcher.OOMKilled{Cursor: e.Cursor, Launch: e.Launch, At: e.At}
	case exited:
	}
	return launcher.Exited{Cursor: e.Cursor, Launch: e.Launch, Exit: e.Exit, Killed: e.Killed, Message: e.Message, Lived: e.Lived, At: e.At}
}

// apply brings a handle to where the entry says.
func (e *entry) apply(h *launcher.Handle) {
	h.Cursor = e.Cursor
	switch e.Kind {
	case started:
		h.State, h.PID, h.StartedAt = deploy.ExecutorRunning, e.PID, e.At
	case startFailed:
		h.State, h.Message, h.EndedAt = deploy.ExecutorFailed, e.Message, e.At
	case exited:
		h.State, h.Exit, h.Message, h.EndedAt = deploy.ExecutorExited, e.Exit, e.Message, e.At
		if e.Killed {
			h.State = deploy.ExecutorKilled
		}
	case usage, oomKilled:
	}
}
