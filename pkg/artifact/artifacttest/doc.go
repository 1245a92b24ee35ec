// Package artifacttest holds every artifact store to the contract of package artifact.
//
//	func TestStore(t *testing.T) {
//		artifacttest.Run(t, func(t *testing.T) artifacttest.Store { return artifacttest.Store{Store: open(t)} })
//	}
//
// Run it through the wire too: a store behind a transport is a store.
package artifacttest
