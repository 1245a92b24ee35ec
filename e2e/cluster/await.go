//go:build linux

package cluster

import (
	"testing"
	"time"
)

const lookEvery = 40 * time.Millisecond

// Await looks again and again until look says true, and gives what it saw then. After d the test fails and says what was seen last.
func Await[T any](t testing.TB, d time.Duration, what string, look func() (T, bool)) T {
	t.Helper()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for until := time.Now().Add(d); ; {
		seen, ok := look()
		if ok {
			return seen
		}
		if time.Now().After(until) {
			t.Fatalf("waited %s for %s; seen last: %+v", d, what, seen)
		}
		<-tick.C
	}
}

// Until is Await for a yes or no.
func Until(t testing.TB, d time.Duration, what string, look func() bool) {
	t.Helper()
	Await(t, d, what, func() (bool, bool) {
		ok := look()
		return ok, ok
	})
}
