package sim

import "time"

const (
	ballotLease = 5 * time.Second // how long a master that is not heard stays elected
	ballotLook  = time.Second     // how often a master looks
	deafFor     = 25 * time.Second
)

// ballot is the election service: at most one holder at a time, by lease. What a master believes about it may be out of date; only the
// store's fence makes that harmless.
type ballot struct {
	w      *World
	holder *master
	until  time.Duration
}

// look is one visit of a master: it renews what it holds, takes what is free, and learns who leads. The visit itself can fail.
func (b *ballot) look(m *master) {
	w := b.w
	if w.offBallot[m.index] || !w.healed && w.chance(w.p.Loss) {
		m.noBallot()
		return
	}
	if b.holder != nil && w.now >= b.until {
		b.holder = nil
	}
	if b.holder == nil && m.wants() {
		b.holder = m
		w.trace(m.node, "elected", 0, 0)
		w.count("elected")
	}
	if b.holder == m {
		b.until = w.now + ballotLease
	}
	boot, holder, faulty, asked := m.boot, b.holder, !w.healed, w.now
	w.after(w.travel(), func() {
		if !faulty || !w.healed {
			m.run(boot, func() { m.learned(holder, asked) })
		}
	})
}

// resign gives the ballot back.
func (b *ballot) resign(m *master) {
	if b.holder == m && !b.w.offBallot[m.index] {
		b.holder = nil
	}
}
