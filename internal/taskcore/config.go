package taskcore

import (
	"errors"
	"fmt"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// ExitDriverLost is the exit code of an executor that ended because it could not reach its driver: no task is to blame.
const ExitDriverLost = deploy.ExitDriverLost

// Config is the plain data the core decides by.
type Config struct {
	Ahead           time.Duration // of work that an executor holds per core beyond what it runs
	MaxAhead        int32         // the same in tasks
	MaxHeldBytes    int64         // of inputs that an executor holds; a single larger one is given all the same
	LostGrace       time.Duration // for an executor whose session broke to come back, or for the cluster to report its end
	ExecutorTimeout time.Duration // silence until an executor is given up
	Patrol          time.Duration // between looks at silence and at tasks that wait behind a long one
}

// DefaultConfig gives the defaults. Ahead and MaxAhead are measured: see docs/design/tasks.md.
func DefaultConfig() Config {
	return Config{
		Ahead: 50 * time.Millisecond, MaxAhead: 1024, MaxHeldBytes: 256 << 20, LostGrace: 5 * time.Second, ExecutorTimeout: 10 * time.Second, Patrol: 100 * time.Millisecond,
	}
}

// Validate reports all faults at once.
func (c Config) Validate() error {
	var faults []error
	want := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf("task rules: %w: "+format, append([]any{deploy.ErrInvalid}, args...)...))
		}
	}
	want(c.Ahead >= 0, "Ahead is %s; take 0 for nothing held ahead, or a time", c.Ahead)
	want(c.MaxAhead >= 0, "MaxAhead is %d; take 0 for nothing held ahead, or a number of tasks", c.MaxAhead)
	want(c.MaxHeldBytes > 0, "MaxHeldBytes is %d; it must be more than nothing", c.MaxHeldBytes)
	want(c.LostGrace > 0, "LostGrace is %s; it must be more than nothing, such as 5s", c.LostGrace)
	want(c.ExecutorTimeout > 0, "ExecutorTimeout is %s; it must be more than a few heartbeats, such as 10s", c.ExecutorTimeout)
	want(c.Patrol > 0, "Patrol is %s; it must be more than nothing, such as 100ms", c.Patrol)
	return errors.Join(faults...)
}
