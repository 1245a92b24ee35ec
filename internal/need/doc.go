// Package need says what a test asks of the machine it runs on.
//
// A test that needs root, a writable cgroup, java or anything else that not every machine has says so in one line:
//
//	need.Or(t, "root", os.Geteuid() == 0, "changes the owner of files")
//
// On a poorer machine the test is skipped and `make test` lists it at the end. In CI a skip is a failure, because a
// test that never runs proves nothing:
//
//	MUSTER_REQUIRE   what happens when the need is not met
//	(empty)          skipped
//	root,java        fails for root and java, skips for the rest
//	all              fails
//	all,-java        fails, but for java
//
// The few needs that CI may leave unmet stand in the skip ledger (.ci/skips.txt), one per line with the reason.
// ParseLedger reads it; Ledger.Require gives the MUSTER_REQUIRE that goes with it.
package need
