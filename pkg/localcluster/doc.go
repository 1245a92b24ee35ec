// Package localcluster is a whole cluster in one process: a master and workers over real connections of the loopback interface, executors as real
// processes. It is what local-cluster[N,C,M] means.
//
//	Run: master <-- workers (each with its keeper) --> processes
//	 '-- use(ctx, master's address); when it returns: workers stop their processes and leave, then the master ends
//
// A program that wants it passes task.WithBackend(localcluster.Backend()); one that does not, does not link a master. The program is its own keeper:
// task.Main sees to that, whoever calls Run without it calls Become first thing in main.
package localcluster
