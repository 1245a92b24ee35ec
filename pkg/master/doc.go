// Package master runs a master: it stands by, leads while elected, and stands by again.
//
//	sessions, questions --> inbox --> loop: core.Step --> batch --> committer: Journal.Append --> Send, Hangup, Rows, Facts
//	                          ^            \--> placer: policy.Place --\
//	                          +------------------- Planned <-----------+
//
// Who places, and the tree of queues, may change at any time (Reconfigure): the loop lets the core tell its whole books anew and the placer hears
// of the policy before it hears of them, so each plan is made by the policy that was told of its version. When only time has passed the placer
// tells the replica so itself.
//
// Everything of one leadership lives in one function (term.go) under one context: the journal, the core, the loop, the committer, the placer
// and the sessions. The loop never waits for the disk: while one batch is being made durable the next one grows. Nothing that a batch says
// leaves before it is durable; if that fails, the term is over and every session of it hangs up.
package master
