// Package launchertest holds every launcher.ExecutorLauncher to its contract, and has what tests of launchers need.
//
//	Run           the whole suite, with real processes: the test binary started again as a child
//	RunContract   the part that needs no process; the Fake passes it too
//	ChildMain     what the test binary does as a child: call it first in TestMain
//	Alive         who is alive of those with a nonce in their environment: the hunt for orphans
//	Fake          a launcher without processes whose starts and ends the test decides
//
// A launcher's own test is
//
//	func TestMain(m *testing.M) {
//		if code, child := launchertest.ChildMain(); child {
//			syscall.Exit(code) // os.Exit waits a second under the race detector
//		}
//		os.Exit(m.Run())
//	}
//
//	func TestLauncher(t *testing.T) {
//		launchertest.Run(t, func(t *testing.T) launchertest.Store { ... })
//	}
package launchertest
