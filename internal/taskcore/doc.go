// Package taskcore is the driver's mind: which executor gets which task, what becomes of it, when a job is over. The same shape as mastercore:
// an event and the time in, effects out, no IO, no clock, no goroutine.
//
//	pending (per job, first in first out) -> held by an executor (runs there, or waits behind what runs) -> done, told once
//	   ^                                        |
//	   '-- failed (counted), killed, executor gone (counted unless the cluster took it away) '
//
// An executor runs as many tasks at a time as it has cores and holds a few more, so that the way to the driver and back costs it no time: about
// Config.Ahead of work, judged by how long the tasks of the job have taken. What turns out to wait behind a long task is taken back as soon as
// a core elsewhere is idle.
//
// Invariants, held by Check:
//
//	K1  a task is in exactly one place: pending in its job, or held by one executor
//	K2  counts agree with lists
//	K3  no task is pending while a core is free
//	K4  nothing is held by an executor that is gone, and no more than its window
//	K5  a job ends once: when it has failed, or when no more tasks come and none is left
//	K6  a task that has failed as often as its job allows has ended it
//	K7  the deadline lies ahead
package taskcore
