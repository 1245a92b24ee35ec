// Package scheduler decides where waiting work should run.
//
//	core --Update--> State --View--> SchedulerPolicy --Plan--> core re-checks every grant
//
// The core describes its books in an Update: absolute rows of workers and demands, so that applying one twice is harmless. State is the
// replica beside a policy, in process or in a plug-in; it owns the index by free cores and memory and knows which waiting demands may now
// fit. A policy looks at a View of it, takes tentatively, and says why what it leaves waiting waits and what would wake it. The Plan is a
// proposal: the core checks every grant against the books of now.
package scheduler
