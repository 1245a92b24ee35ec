package sim

import (
	"fmt"
	"strings"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

const (
	recovers = 18 * time.Second // after the faults: until a leader must be ALIVE
	settles  = 45 * time.Second // until books and reality must be the same
)

// Counts counts what happened, over one seed or many.
type Counts map[string]int

// Add sums up.
func (c Counts) Add(other Counts) {
	for what, n := range other {
		c[what] += n
	}
}

// Result is what one seed led to.
type Result struct {
	Seed    uint64
	Profile Profile
	Err     error  // the first broken promise
	Hash    uint64 // of everything that happened
	Steps   int
	Virtual time.Duration
	Counts  Counts
	last    []happening
}

// Story is what a failing seed tells: how it was drawn, and its last events.
func (r *Result) Story() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: %v\n%s\n%d steps, hash %016x; the last events:\n", r.Seed, r.Err, r.Profile, r.Steps, r.Hash)
	for _, h := range r.last {
		fmt.Fprintln(&b, h)
	}
	return b.String()
}

// Run lives through one seed: faults, then none. tell, if not nil, hears of everything that happens.
func Run(seed uint64, tell func(string)) *Result {
	w := newWorld(seed)
	if tell != nil {
		w.tracer.tell = func(h happening) { tell(h.String()) }
	}
	w.live()
	return &Result{Seed: seed, Profile: w.p, Err: w.err, Hash: w.tracer.hash, Steps: w.steps, Virtual: w.now, Counts: w.counts, last: w.tracer.last()}
}

func (w *World) live() {
	for _, m := range w.masters {
		m.begin()
	}
	for _, k := range w.workers {
		k.begin()
	}
	for _, a := range w.apps {
		a.begin()
	}
	for _, c := range w.clients {
		c.begin()
	}
	w.advance(8 * time.Second) // a cluster that works
	w.wreak()
	w.advance(w.p.Faults)
	w.heal()
	w.advance(w.healedAt + recovers)
	if w.err != nil {
		return
	}
	w.checkRecovered()
	w.submitProbe()
	w.advance(w.healedAt + settles)
	if w.err == nil {
		w.checkFinal()
	}
}

// submitProbe asks for one driver more, which the healed cluster must accept.
func (w *World) submitProbe() {
	spec := deploy.DriverSpec{Name: "probe", User: "sim", Command: deploy.Command{Program: "long"}, Need: deploy.Resources{Cores: 1, MemoryMiB: 64}}
	q := &question{c: w.clients[0], id: "probe", msg: deploy.SubmitDriver{Request: "probe", Spec: spec}}
	w.probe = q
	q.ask()
}
