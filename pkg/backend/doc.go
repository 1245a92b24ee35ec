// Package backend says where an application's executors come from.
//
//	driver --Run(Application)--> Backend: Registered, ExecutorChanged ..., Waiting, Disconnected --> driver
//	       --SetTargets, Kill-->
//
// One backend serves one application. Which one is chosen by the master URL: goroutines of the driver's own process (local), a whole cluster
// inside it (local-cluster), or the masters of a cluster (muster). The driver cannot tell them apart: its executors dial it, wherever they run.
// An Opener goes with a program by value; a program that names none of a kind does not link it.
package backend
