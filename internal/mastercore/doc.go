// Package mastercore is the master's mind in one epoch of leadership: it takes an event and the time, changes its books, and says what must
// be persisted, sent, placed and told. It does no IO, reads no clock, draws nothing at random and starts no goroutine.
//
//	Event + now --> Step --> Effects{Persist, Send, Acks, Hangup, Place, Rows, Facts}
//
// A standby has no core: whoever is elected makes one with New from the records of the last epoch, and drops it when the term ends.
// docs/design/protocol.md says what the peers have agreed on. Each file is one life cycle:
//
//	core.go                          New, Step, and what every step begins and ends with
//	sessions.go                      connections; orders and what is no order
//	workers.go registration.go       silence and loss; inventory against books
//	bad_workers.go                   who is put aside, and who avoids whom
//	launches.go settling.go          allocations: the one place that takes and frees cores, memory, addresses; reports about them
//	apps.go app_end.go executors.go  applications and their executors
//	drivers.go                       submissions, attempts, leases
//	requests.go answers.go           what clients ask for, once per RequestID
//	demands.go placement.go plan.go  what the placer is told, and the re-check of what it proposes
//	queues.go rules.go reservations.go  whose turn it is, where, and what is kept for whom
//	decisions.go quotes.go sizes.go scopes.go  why something waits
//	recovery.go numbers.go deadlines.go rows.go validate.go sizewalk.go
//
// What a reader may wonder about:
//
//   - A driver's record says RUNNING from the moment an attempt is ordered, and KILLED from the moment a kill is acknowledged: both before a peer
//     hears of it, so the next leader starts nothing twice and nothing that was killed.
//   - A DEAD worker has no record. So a later leader adopts nothing from it that an earlier one has written off.
//   - A restored application that registers while RECOVERING is answered at the end of the recovery, when its executors are known. Its heartbeats
//     are acknowledged at once.
//   - The answers to KillExecutors tell a new leader which executors it must not adopt.
//   - A live launch in a report that the books do not have is killed and holds resources until it is gone; so is one in an inventory.
//   - An executor that exits with 0 before it is proven counts as no failure, but starts the back-off: nothing is repeated at full speed.
//   - A registration repeated on the same or an earlier connection is refused: its inventory may be older than the orders since.
//   - Silence is counted without the time that the loop itself was late; leases and back-offs are not: they are promises about time.
//   - Who names no queue is in the default one for good: its record says so. A queue that is configured no more keeps who is in it, without limits of
//     its own, takes nobody new, and goes with the last.
//   - A quota counts everything that holds resources, also what is still being ended. It is looked at when something is granted: lowering it ends nothing.
//   - A reservation is not durable: a new leader's policy makes it anew where it is still needed.
//   - Slots are used again only after an update that says they are empty, and a plan may only name what its version showed there.
//
// Check holds after every step:
//
//	M1  a worker's free cores, memory and addresses are its capacity less what its launches hold, and never negative
//	M2  every address belongs to at most one launch, and that launch lists it
//	M3  the launches of all workers are the launches of the master; a DEAD worker has none; an unwanted one is being killed
//	M4  a live executor has exactly one launch, which is its own; its number is below the reserved block and used once
//	M5  an application's cores, live, launching and running counts are those of its live executors; no more cores than its maximum
//	M6  a driver has at most one wanted launch; one that has ended has none; none of its earlier attempts lives on beside it where a lease protects it
//	M7  the drivers that run are counted
//	M8  worker and session, application and session point at each other; UNKNOWN and DEAD workers have no session, ALIVE ones have
//	M9  a slot of the placer belongs to who holds it, and is held exactly by who wants something, while ALIVE
//	M10 nothing is launched before ALIVE: every launch of this epoch is on a worker that registered in it
//	M11 the timers form a heap, and whoever waits for time is in it
//	M12 answers are indexed by their request, and no more are kept than configured
//	M13 an application has ended exactly if it is among the ended ones; likewise drivers; ended ones have no session and no demand
//	M14 a worker is found by its id and its address
//	M15 a queue counts what its launches hold, by itself and with all below, and who has not ended; it is configured or something is in it
//	M16 an application whose executors must keep apart knows how many it has on which worker
//	M17 workers are kept for demands that want something and may have it, not more of these than configured, and each reservation has its end
//	M18 the workers that selectors allow are counted, for as long as somebody asks for them
//	M19 executors that have reached the driver, or are late to, are counted; one that runs and may still be late has a timer
package mastercore
