// Package membershiptest holds every membership to the contract of package membership.
//
//	func TestGossip(t *testing.T) {
//		membershiptest.Run(t, membershiptest.Detector{Open: func(t *testing.T) membership.Membership { ... }})
//	}
//
// What a detector detects, and how fast, is for the tests of the detector.
package membershiptest
