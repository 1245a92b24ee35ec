// Package backendtest is what every backend.Backend is held to.
//
//	for _, c := range backendtest.Checks() {
//		t.Run(c.Name, func(t *testing.T) { c.Run(t, newFixture) })
//	}
//
// A check waits for facts only, so that it may run under testing/synctest too.
package backendtest
