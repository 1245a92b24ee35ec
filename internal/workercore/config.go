package workercore

import (
	"errors"
	"fmt"
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

// Validate reports all faults at once, each with the rule it breaks and a way out.
func (c *Config) Validate() error {
	var faults []error
	want := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf("worker configuration: %w: "+format, append([]any{deploy.ErrInvalid}, args...)...))
		}
	}
	want(c.Worker.ID != "", "the worker has no id; take the one kept in its state directory or make one")
	want(!c.Worker.Address.IsZero(), "the worker has no address; give the host and port it can be reached at")
	want(c.Worker.Cores > 0, "%d cores; a worker offers 1 or more", c.Worker.Cores)
	want(c.Worker.MemoryMiB > 0, "%d MiB of memory; a worker offers 1 or more", c.Worker.MemoryMiB)
	want(c.Incarnation > 0, "incarnation 0; incarnations count from 1, one per process")
	want(len(c.Masters) > 0, "no masters; name at least one, such as muster://host:7077")
	for _, m := range c.Masters {
		want(!m.IsZero() && m.Port > 0, "master %q cannot be dialled; write host:port", m)
	}
	want(c.RetryMin > 0, "retries begin after %s; take more than nothing, such as 200ms", c.RetryMin)
	want(c.RetryMax >= c.RetryMin, "retries grow to %s, which is under their beginning of %s; raise the first or lower the second", c.RetryMax, c.RetryMin)
	want(c.MasterTimeout > 0, "a master is given up after %s of silence; take more than a few heartbeats, such as 10s", c.MasterTimeout)
	want(c.ReportRetry > 0, "reports are repeated after %s; take more than nothing, such as 5s", c.ReportRetry)
	want(c.ExitWhenUnregistered >= 0, "exit after %s without a master; take 0 for never, or a time", c.ExitWhenUnregistered)
	return errors.Join(faults...)
}
