// Package sim lives through whole clusters in virtual time: three masters around the real master core, ten workers around the real worker
// core, five applications, clients with drivers, and between them everything that can go wrong.
//
//	seed --> profile (which faults, how often) --> world
//	         queue of (time, seq, event) --> master, worker, application, client --> network, store, ballot, processes --> queue ...
//	         after each event: the cores' Check, and the book's promises S1, S2, S4-S6, S10-S19, L7
//	         faults for a minute or more, then none: L1, L2; at last books and reality are the same: S3, S8, L3, L4, L5, L6, L7
//
// One goroutine runs a seed; nothing in it reads a clock or depends on the order of a map, so a seed is one story, told again as often as
// wanted:
//
//	go test ./internal/sim -run TestSeeds -sim.seeds=1000 -sim.first=1     many seeds
//	go test ./internal/sim -run TestSeeds -sim.seed=142 -v                 one, with everything that happens
//	go test ./internal/sim -run TestMutants -sim.mutants -timeout 15m      mistakes built in on purpose, each of which must be found
//
// What is modelled and what is real: the cores and the placement policies are real; the loop of pkg/master (batches, group commit, effects that
// leave only when durable) is term.go; network.go is sessions whose two sides learn of each other's end late or never; store.go is the records
// with their fence; ballot.go elects by lease; processes.go is a worker's launcher. A crash leaves only what was durable.
//
// The book (book.go, promises_*.go, final.go) is the judge. It sees process tables, messages and acknowledgements, and is never asked by
// a core. Sometimes lists what must have happened in a run of many seeds, so that a fault which no longer fires is a failure. A seed that once
// found a mistake is kept in testdata/seeds.txt. docs/design/simulator.md says why.
package sim
