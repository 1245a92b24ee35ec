// Package master runs a master: it stands by, leads while elected, and stands by again.
//
//	sessions, questions --> inbox --> loop: core.Step --> batch --> committer: Journal.Append --> Send, Hangup, Rows, Facts
//	                          ^            \--> placer: policy.Place --\
//	                          +------------------- Planned <-----------+
//
// Everything of one leadership lives in one function (term.go) under one context: the journal, the core, the loop, the committer, the placer
// and the sessions. The loop never waits for the disk: while one batch is being made durable the next one grows. Nothing that a batch says
// leaves before it is durable; if that fails, the term is over and every session of it hangs up.
package master
