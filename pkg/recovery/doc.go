// Package recovery keeps what a master must remember when it dies.
//
//	core --Change--> Journal (typed, numbered, checksummed) --Mutation--> PersistenceEngine (moves bytes)
//
// Journal gives the bytes meaning: it encodes changes, numbers them without gaps, cuts batches to the engine's limits, and on opening
// refuses missing, stale and foreign records by name and sets damaged ones aside. What it promises and how stands in
// docs/design/recovery.md. An engine has four methods and knows nothing of the content. A Mode is the pair that a recovery mode opens:
// an engine and the election agent that goes with it.
//
//	engine.go      the contract: PersistenceEngine, Mode
//	journal.go     Journal: Append, Verify, Close
//	batch.go       cutting to the engine's limits, the head in every batch
//	open.go        OpenJournal: what was saved
//	judge.go       whose it is, what stays, what is set aside
//	audit.go       does what is stored add up to the head?
//	damage.go      Damage: what is wrong with a record
//	ledger.go      what the head keeps of the live records
//	envelope.go    the bytes around each record
//	change.go      a Change and its bytes
//	mode.go        Open: a mode by its name
//	memory.go blackhole.go   engines of this process: one that forgets at its end, one that keeps nothing
//	observe.go     an engine that tells how long its calls take
package recovery
