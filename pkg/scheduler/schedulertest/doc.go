// Package schedulertest holds what every scheduling policy must pass, and the slow, obvious model of the peer's algorithm that the fast ones
// are compared with.
//
//	Run        the conformance suite: never over-commits, deterministic, warm equals fresh, explains, wakes, honours its context
//	Books      the books of a cluster as a core would keep them: drawn by seed, changed at random, told as updates
//	Check      replays a plan on the books by rules written a second time
//	Peer       filters and sorts all workers for each demand, as the peer does
package schedulertest
