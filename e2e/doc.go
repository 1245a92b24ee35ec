// Package e2e runs Muster as people do: real processes, sockets and disks, started from the built program.
//
//	drivers_test.go      programs as drivers: scripts, Go, Python, Java; what commands print; exit codes
//	apps_test.go         applications: their life, every mode, kill -9 of executors, workers, drivers, masters under them
//	words_test.go        word count and the demo beside the count of one process
//	crash_test.go        kill -9 of workers, drivers, masters under drivers
//	pause_test.go        SIGSTOP of workers and masters, kill -9 of a keeper
//	leave_test.go        SIGTERM once and twice
//	explain_test.go      why something waits and on which workers; whether a request would fit, and that it then does
//	reach_test.go        a driver that advertises an address where nobody listens
//	search_test.go       masters that are dead, unresolvable or gone
//	input_test.go        bad input: a clear sentence, the right exit code, a daemon that goes on serving
//	wire_test.go         garbage, malformed and oversized messages on the RPC port
//	discovery_test.go    custom resources and the scripts that find them
//	disk_test.go         disks that are full or not writable, artifacts that are not what they claim
//	hygiene_test.go      environment and descriptors of what workers start; rolling output
//	scheduling_test.go  placement rules, gangs, queues, priorities, SIGHUP, reservations
//	repeat_test.go       the same submission many times at once is one driver
//
// Each scenario has a cluster of its own and ends by asking that nothing is left over and all resources are back.
// The package takes about a minute on two cores; scenarios run beside each other.
package e2e
