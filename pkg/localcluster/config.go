package localcluster

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// Config is the plain data of a cluster in this process.
type Config struct {
	Workers            int
	CoresPerWorker     int
	MemoryPerWorkerMiB int64
	Cluster            string          // the cluster's name
	Version            string          // of the program
	Dir                string          // of all files, kept at the end; empty: a temporary one, removed at the end
	Env                []deploy.EnvVar // what every process gets besides what was asked for
	Grace              time.Duration   // between TERM and KILL of a process
	StartTimeout       time.Duration   // until all workers must have registered
	Log                *slog.Logger    // nil discards
}

// DefaultConfig gives one worker of one core and 1 GiB. Its processes get PATH, HOME, LANG and TZ of this one.
func DefaultConfig() Config {
	c := Config{Workers: 1, CoresPerWorker: 1, MemoryPerWorkerMiB: 1024, Grace: 5 * time.Second, StartTimeout: 30 * time.Second}
	for _, name := range []string{"PATH", "HOME", "LANG", "TZ"} {
		if v, ok := os.LookupEnv(name); ok {
			c.Env = append(c.Env, deploy.EnvVar{Name: name, Value: v})
		}
	}
	return c
}

// mostWorkers keeps a slip of the finger from filling the machine.
const mostWorkers = 256

// Validate reports all faults at once.
func (c Config) Validate() error {
	var faults []error
	want := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf("local cluster: %w: "+format, append([]any{deploy.ErrInvalid}, args...)...))
		}
	}
	want(c.Workers > 0 && c.Workers <= mostWorkers, "%d workers; take from 1 to %d", c.Workers, mostWorkers)
	want(c.CoresPerWorker > 0, "%d cores per worker; take 1 or more", c.CoresPerWorker)
	want(c.MemoryPerWorkerMiB > 0, "%d MiB per worker; take 1 or more", c.MemoryPerWorkerMiB)
	want(c.Grace > 0 && c.StartTimeout > 0, "Grace %s and StartTimeout %s must be more than nothing", c.Grace, c.StartTimeout)
	return errors.Join(faults...)
}
