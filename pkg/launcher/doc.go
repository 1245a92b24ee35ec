// Package launcher starts and watches the processes of executors and drivers.
//
// Calls are flat and addressed by deploy.LaunchID, so that an implementation may live in another process and outlive the worker:
//
//	Launch(spec) -> Started -> [Usage ...] -> Exited     or  -> StartFailed
//	Control(Stop) -> TERM, grace, KILL of the whole tree -> Exited
//	Control(Forget) -> the handle leaves List
package launcher
