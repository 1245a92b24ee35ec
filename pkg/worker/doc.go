// Package worker runs a worker: it registers with the leading master, starts and ends processes as ordered, and reports until it is heard.
//
//	sessions, launcher events, prepared launches --> loop: core.Step --> Persist, Dial, Send, Hangup, Start, Control, Clean
//
// One goroutine owns the core and carries out its effects in order; what may block (dialling, preparing a launch, asking the launcher) runs beside
// it and comes back as an event. The worker's id lives in its state directory and survives restarts; its incarnation counts its processes.
package worker
