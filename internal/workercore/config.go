package workercore

import (
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// Config is the plain data a worker's core decides by.
type Config struct {
	Worker               deploy.WorkerSpec
	Incarnation          deploy.Incarnation
	Masters              []deploy.Address
	Seen                 []EpochSeen   // as persisted
	Seed                 uint64        // spreads back-off over a fleet of workers; the only randomness
	RetryMin, RetryMax   time.Duration // between rounds of dialling, doubling, jittered by half
	MasterTimeout        time.Duration // silence of the leader until its session is given up
	ReportRetry          time.Duration // until an unacknowledged report is said again
	ExitWhenUnregistered time.Duration // 0: never give up
}

// DefaultConfig gives the timings of a reference worker.
func DefaultConfig() Config {
	return Config{RetryMin: 200 * time.Millisecond, RetryMax: 15 * time.Second, MasterTimeout: 10 * time.Second, ReportRetry: 5 * time.Second}
}
