package rpctest

import (
	"testing"

	"go.uber.org/goleak"
)

// Run holds a transport to the contract. Each test gets a pair of its own and leaves no goroutine behind.
func Run(t *testing.T, make Make) {
	RunIn(t, func(t *testing.T, test func(*testing.T)) {
		before := goleak.IgnoreCurrent()
		t.Cleanup(func() { goleak.VerifyNone(t, before) })
		test(t)
	}, make)
}

// RunIn is Run with surroundings of the caller, such as synctest.Test: a bubble that waits for its goroutines.
func RunIn(t *testing.T, around func(*testing.T, func(*testing.T)), make Make) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			around(t, func(t *testing.T) { c.test(t, make(t, c.limits)) })
		})
	}
}

var (
	narrow = Limits{QueueItems: 1000, QueueBytes: 512 << 10, MaxMessage: 128 << 10}
	cases  = []struct {
		name   string
		limits Limits
		test   func(*testing.T, Pair)
	}{
		{"Hello", Limits{}, testHello},
		{"Mismatch", Limits{}, testMismatch},
		{"Nobody", Limits{}, testNobody},
		{"Order", Limits{}, testOrder},
		{"Items", Limits{}, testItems},
		{"CloseHere", Limits{}, testCloseHere},
		{"CloseThere", Limits{}, testCloseThere},
		{"SlowServer", narrow, testSlowServer},
		{"SlowClient", narrow, testSlowClient},
		{"RecvContext", Limits{}, testRecvContext},
		{"DialContext", Limits{}, testDialContext},
		{"ManySessions", Limits{}, testManySessions},
		{"ManySenders", Limits{}, testManySenders},
		{"TooLarge", Limits{MaxMessage: 128 << 10}, testTooLarge},
		{"ServeEnds", Limits{}, testServeEnds},
		{"TransportCloses", Limits{}, testTransportCloses},

		{"Calls", Limits{}, testCalls},
		{"Questions", Limits{}, testQuestions},
		{"Errors", Limits{}, testErrors},
		{"Unanswered", Limits{}, testUnanswered},
		{"CallContext", Limits{}, testCallContext},
		{"Watch", Limits{}, testWatch},
		{"WatchIsLeft", Limits{}, testWatchIsLeft},
		{"ServeEndsStreams", Limits{}, testServeEndsStreams},
		{"Logs", Limits{}, testLogs},

		{"Blobs", Limits{}, testBlobs},
		{"BlobFaults", Limits{}, testBlobFaults},
		{"BlobBreaksOff", Limits{}, testBlobBreaksOff},
	}
)
