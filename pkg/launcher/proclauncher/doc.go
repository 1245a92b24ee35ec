// Package proclauncher starts the processes of executors and drivers on Linux, through a keeper.
//
// The keeper is one process beside each worker, the same program started again. The children are its children, not the
// worker's, so that nobody is left over whoever dies:
//
//	worker --unix socket in StateDir--> keeper --> child, its tree
//	(Launcher: Launch List              (KeeperMain: forks, reaps,      own session, process group
//	 Watch Control)                      rolls output, kills trees)     and, where writable, cgroup
//
//	the worker dies    the keeper reads the end of the socket and kills the children at once, or, where a spec has an
//	                   OrphanGrace, keeps them that long for the next worker, which finds it through the socket
//	the keeper dies    the worker kills what is left, by cgroup and by nonce, and reports it ended
//	both die           the next Open on the same StateDir kills what is left
//
// What it promises:
//   - An end is reported when the whole tree is gone: by cgroup.events, or without a cgroup when no process of the
//     session, of the nonce or below them is alive. What the first process leaves behind is killed at once.
//   - A signal never reaches a wrong process: pids are signalled through pidfds whose membership was checked after opening.
//   - A child has its Env and launcher.NonceEnv, three descriptors, umask 022 and default signal handlers.
//   - With OrphanGrace the take-over is durable (a synced record in StateDir) before Launch returns; without it there is
//     nothing that the next worker could adopt, and nothing is synced.
//   - Output without rolling goes straight from the process to its file; with rolling the keeper copies it, and a
//     process that writes faster than the disk waits. OpenLog reads by offsets that rolling does not change.
//
// What it does not: bound cores, memory or processes (Limits are for launchers that own a controller), hide anything
// of the machine from a child, or find, without a cgroup, a process that has left both its session and its
// environment behind; such a one is killed when no launch is alive any more.
package proclauncher
