package sim

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// beginning is the wall-clock time at which every seed begins.
func beginning() time.Time { return time.Date(2026, 11, 20, 22, 30, 45, 0, time.UTC) }

// World is one cluster in virtual time, with all its faults. One goroutine runs it, and everything in it follows from the seed.
type World struct {
	seed   uint64
	p      Profile
	rng    *rand.Rand
	now    time.Duration // since the beginning
	queue  queue
	healed bool // second phase: nothing goes wrong any more

	healedAt time.Duration

	nodes     []*node
	masters   []*master
	workers   []*worker
	apps      []*app
	clients   []*client
	store     *store
	ballot    *ballot
	cut       map[[2]int]bool // from, to: no packet passes
	offBallot map[int]bool    // master nodes that do not reach the ballot
	offStore  map[int]bool    // nor the store

	sched  scheduling // what is configured now
	probe  *question  // asked after the faults
	book   *book      // what really happened, seen from outside
	tracer tracer
	counts Counts
	err    error
	steps  int
}

func newWorld(seed uint64) *World {
	w := &World{seed: seed, rng: rand.New(rand.NewPCG(seed, 0x6d7573746572)), cut: map[[2]int]bool{}, offBallot: map[int]bool{}, offStore: map[int]bool{}, counts: Counts{}}
	w.p = drawProfile(w.rng)
	w.sched = w.drawScheduling()
	w.store, w.ballot = newStore(w), &ballot{w: w}
	w.book = newBook(w)
	for i := range 3 {
		w.masters = append(w.masters, newMaster(w, i))
	}
	for i := range 10 {
		w.workers = append(w.workers, newWorker(w, i))
	}
	for i := range 5 {
		w.apps = append(w.apps, newApp(w, i))
	}
	for i := range 2 {
		w.clients = append(w.clients, newClient(w, i))
	}
	return w
}

func (w *World) at(at time.Duration, do func()) { w.queue.push(max(at, w.now), do) }

func (w *World) after(d time.Duration, do func()) { w.at(w.now+d, do) }

// advance runs everything that happens until then.
func (w *World) advance(until time.Duration) {
	for w.err == nil && len(w.queue.heap) > 0 && w.queue.heap[0].at <= until {
		ev := w.queue.pop()
		w.now = ev.at
		w.steps++
		ev.do()
		w.book.check()
	}
	if w.err == nil {
		w.now = until
	}
}

// fail ends the seed: a promise was broken.
func (w *World) fail(promise, format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf("%s after %s: %s", promise, w.now, fmt.Sprintf(format, args...))
	}
}

func (w *World) chance(p float64) bool { return p > 0 && w.rng.Float64() < p }

func (w *World) between(least, most time.Duration) time.Duration {
	if most <= least {
		return least
	}
	return least + time.Duration(w.rng.Int64N(int64(most-least)+1))
}

func (w *World) count(what string) { w.counts[what]++ }

func (w *World) masterAddresses() (list []deploy.Address) {
	for _, m := range w.masters {
		list = append(list, m.addr)
	}
	return list
}
