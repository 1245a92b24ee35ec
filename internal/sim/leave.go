package sim

import "github.com/musterproject/muster/internal/workercore"

// leave asks a worker to end its run: in peace, in a hurry, or keeping its processes if its launcher can.
func (w *World) leave() {
	k := w.workers[w.rng.IntN(len(w.workers))]
	if !k.up {
		return
	}
	keep, now := k.spec.Adopts && w.chance(.5), w.chance(.3)
	w.count("worker asked to leave")
	k.run(k.boot, func() { k.step(workercore.Leave{Reason: "terminated", Keep: keep, Now: now}) })
}
