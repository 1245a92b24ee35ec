// Package scheduler decides where waiting work should run.
//
//	core --Update--> State --View--> SchedulerPolicy --Plan--> core re-checks every grant
//
// The core describes its books in an Update: absolute rows of workers and demands, so that applying one twice is harmless. State is the
// replica beside a policy, in process or in a plug-in; it owns the index by free cores and memory and knows which waiting demands may now
// fit. A policy looks at a View of it, takes tentatively, and says why what it leaves waiting waits and what would wake it. The Plan is a
// proposal: the core checks every grant against the books of now.
//
// One round, on one goroutine:
//
//	state.Apply(update)       ends the view before: its takes are taken back, what its plan left waiting waits
//	v := state.View(max)      wakes what may fit now
//	policy.Place(ctx, v)      for d := range v.Asked() { v.Next ... v.Take ... v.Wait(v.Explain(d)) }; v.Plan()
//	                          the core books what it bears of the plan; the next update says what became of it
//
// Spread, Pack and Fair are the built-in policies: drivers first, then executors, first in first out, or in Fair for the queue that has least
// of its share; and who does not fit does not hold up the next. What they cost does not depend on the size of the cluster: they look only at
// the workers they take.
//
// Inside: worker.go and demand.go are the slots; tree.go, shelf.go, index.go, shape.go, match.go and next.go find workers, rule.go and kept.go
// keep some of them off; wake.go, asked.go, line.go, queue.go, quota.go and overdue.go find demands; take.go and reserve.go hold what a view
// takes; explain.go, before.go, kind.go and judge.go say why not. The why is in docs/design/scheduler.md.
package scheduler
