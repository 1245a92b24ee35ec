package app

import "testing"

// TestSaysThatARoundFailedOnceOneHas: the first round says nothing about itself, the second what came of the first.
func TestSaysThatARoundFailedOnceOneHas(t *testing.T) {
	p := newPlay(t, false)
	failed := func() (n int) {
		for _, f := range p.out.facts {
			if _, ok := f.(retryAt); ok {
				n++
			}
		}
		return n
	}
	if failed() > 0 {
		t.Error("a round that has just begun is said to have failed")
	}
	p.do(dialFailed{at: address("m1"), reason: "connection refused"})
	p.tick()
	if failed() > 0 {
		t.Error("the dial of m2 is not over, yet its round is said to have failed")
	}
	p.do(dialFailed{at: address("m1"), reason: "connection refused"})
	p.do(dialFailed{at: address("m2"), reason: "connection refused"})
	p.tick()
	if failed() != 1 {
		t.Errorf("a round has failed, and %d facts say so", failed())
	}
	p.join()
	p.do(closed{peer: 1, reason: "broken"})
	p.do(dialFailed{at: address("m2"), reason: "connection refused"})
	p.tick()
	if failed() > 0 {
		t.Error("the first round after a leader is said to have failed at its beginning")
	}
}
