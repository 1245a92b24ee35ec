// Package mastercore is the master's mind in one epoch of leadership: it takes an event and the time, changes its books, and says what must
// be persisted, sent, placed and told. It does no IO, reads no clock, draws nothing at random and starts no goroutine.
//
//	Event + now --> Step --> Effects{Persist, Send, Hangup, Place, Rows, Facts}
//
// A standby has no core: whoever is elected makes one with New from the records of the last epoch, and drops it when the term ends.
package mastercore
