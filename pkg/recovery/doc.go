// Package recovery keeps what a master must remember when it dies.
//
//	core --Change--> Journal (typed, ordered, checksummed, dense) --Mutation--> PersistenceEngine (moves bytes)
//
// Journal gives the bytes meaning: it encodes changes, numbers them without gaps, cuts batches to the engine's limits, and on opening
// refuses a gap or a missing suffix and sets damaged records aside. An engine has four methods and knows nothing of the content.
// A Mode is the pair that a recovery mode opens: an engine and the election agent that goes with it.
package recovery
