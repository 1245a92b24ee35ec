// Package workercore is the worker's mind: whom to register with, which orders to obey, which processes to start and end, what to report
// until it is durable. The same shape as mastercore: Event and time in, Effects out, no IO, no clock, no goroutine.
//
//	no leader --dial all--> asked --WorkerRegistered--> linked --heartbeats, orders, reports--> linked
//	    ^                     |                            |
//	    +---- hung up <-------+--- silent, refused,  ------+--- gap, later session, later leader
//	          back-off             Standby: go there
//
//	LaunchOrder -> Start -> Prepared -> Started -> Exited -> Report until ReportAck -> Forget
//	KillOrder   -> Stop, or Abandon while it is prepared, and Stop if that came too late; unknown: reported KILLED, and a late order starts nothing
//
// search.go finds a leader, link.go follows it, orders.go admits and obeys, launches.go keeps the books of processes, reports.go tells
// them, lease.go ends supervised drivers in time, leave.go says goodbye.
//
// Every session has one registration. Whatever is in doubt (a lost order, a later session, a registration heard twice) is settled by
// hanging up and registering anew with the whole inventory. A refusal is never the end. Step appends to the Effects it is given.
//
// What Check holds:
//
//	W1  the epoch obeyed is the highest seen of its cluster, made durable before obeying
//	W2  at most one registration is obeyed, and its session is open
//	W3  a launch id stands once in the books
//	W4  what is reported is what is; reports are numbered without reuse
//	W5  an end stays in the books until it is acknowledged, and is repeated while a leader is there
//	W6  what was killed before it was launched does not live
//	W7  something will wake the worker: it never gives up by itself
//
// The mutants (mutants.go) are mistakes that internal/sim must find; a build tag each.
package workercore
