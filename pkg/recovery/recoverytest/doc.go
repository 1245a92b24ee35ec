// Package recoverytest holds every persistence engine to the contract of package recovery.
//
//	func TestEngine(t *testing.T) {
//		recoverytest.Run(t, func(t *testing.T) recoverytest.Store {
//			dir := t.TempDir()
//			return recoverytest.Store{Open: func() (*recovery.Mode, error) { return myengine.Open(t.Context(), dir) }}
//		})
//	}
//
// The constructor gives a new, empty store to each case, and the store is opened as often as a case likes, so that closing and opening again
// is part of what is tested. Run it on every decorator and through the wire of a plug-in too.
//
//	suite.go      Store, Run
//	epochs.go     Begin, fencing, several openers
//	records.go    what Apply puts, Load gives
//	limits.go     large records, many records
//	journal.go    the Journal over the engine, against a model
//	faulty.go     Faulty: an engine that fails where a test wants it to
//	samples.go    Changes to write
package recoverytest
