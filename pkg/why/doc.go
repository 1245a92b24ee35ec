// Package why answers two questions of users from the rows that readers have: why does it wait, and on which workers; and would it fit?
//
//	status.Store --rows--> Explain: the decision that stands, and the one thing that keeps one more off each worker
//	             `-rows--> Plan: a replica of the books of now, and a plan of the policy's that nobody carries out
//
// It never asks the deciding core: what it costs, and that grows with the number of workers, is no matter of the master's loop. What it says is as
// old as the rows: a few milliseconds. Whoever serves it bounds how many questions are answered at a time.
//
//	judge.go    what keeps one demand off one worker; counts of it
//	books.go    rows as the placer is told of them
//	explain.go  Explain
//	replica.go  the books of a dry run
//	plan.go     Plan
//	never.go    what can never run: too large for every worker, or for its queue's quota
//	outcome.go  verdicts and sentences
package why
