// Package workercore is the worker's mind: whom to register with, which orders to obey, which processes to start and end, what to report
// until it is durable. The same shape as mastercore: Event and time in, Effects out, no IO, no clock, no goroutine.
//
//	no master -> dial all -> registered with the leader -> heartbeats -> connection lost -> dial again with jittered back-off, for ever
package workercore
