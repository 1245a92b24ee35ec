// Package cluster starts real masters and workers from the built program, for tests that want processes, sockets and disks.
//
//	c := cluster.Start(t, cluster.Options{Program: muster, Workers: 3})
//	id := c.Submit(t, "--supervise", script)            // the command line, as people use it
//	c.Driver(t, id, deploy.DriverRunning)               // waits for the fact, asks the master over RPC
//	c.Workers[0].Kill(t)                                // kill -9
//	c.Quiet(t)                                          // nothing orphaned, all resources back
//
// Every daemon has directories of its own and takes free ports; its addresses are read from what it prints. Whatever a cluster starts carries a
// nonce in its environment, worker by worker, so that what is left over is found wherever it hides. When a test fails, the daemons' logs are
// shown. At the end of a test only processes whose ids were recorded are signalled; an orphan is a failure of the test, and is ended too.
package cluster
