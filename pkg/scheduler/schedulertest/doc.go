// Package schedulertest is the kit for authors of scheduling policies.
//
//	Run        the conformance suite: never over-commits, keeps the rules, deterministic, warm equals fresh equals over the wire, explains, wakes, honours its context
//	Simulate   replays a Trace in virtual time and reports utilisation, waits, fairness and fragmentation; Compare and Picture set reports
//	           beside each other; ManySmall, FewLarge and MixedGangs are traces to begin with
//	Books      the books of a cluster as a core would keep them: drawn by seed (Draw, DrawRules), changed at random (Stir), told as updates
//	Check      replays a plan on the books by rules written a second time
//	Peer       the slow, obvious model of the peer's algorithm, which filters and sorts all workers for each demand
//	Filling    the slow, obvious model of the fair policy
//
// A policy of your own is held to the contract and compared in a few lines:
//
//	schedulertest.Run(t, func() scheduler.SchedulerPolicy { return NewMine() })
//	mine, err := schedulertest.Simulate(ctx, NewMine(), schedulertest.ManySmall(1))
//	pack, err := schedulertest.Simulate(ctx, scheduler.NewPack(scheduler.DefaultOptions()), schedulertest.ManySmall(1))
//	fmt.Println(mine, schedulertest.Compare(mine, pack))
//	os.WriteFile("mine.svg", schedulertest.Picture(mine, pack), 0o644)
package schedulertest
