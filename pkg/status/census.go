package status

import "github.com/musterproject/muster/pkg/deploy"

// Counts are the sums of all rows, for metrics and overviews.
type Counts struct {
	Workers   map[deploy.WorkerState]int
	Apps      map[deploy.AppState]int
	Drivers   map[deploy.DriverState]int
	Executors map[deploy.ExecutorState]int
	Waiting   map[deploy.ReasonCode]int // applications and drivers that have not ended, by main reason

	// Of workers that are ALIVE.
	Cores, CoresUsed         int64
	MemoryMiB, MemoryUsedMiB int64
}

// Counts gives the sums; it costs the same however many rows there are.
func (s *Store) Counts() Counts {
	s.mu.RLock()
	c := s.census
	s.mu.RUnlock()
	out := c.sums
	out.Workers = byState[deploy.WorkerState](&c.workers)
	out.Apps = byState[deploy.AppState](&c.apps)
	out.Drivers = byState[deploy.DriverState](&c.drivers)
	out.Executors = byState[deploy.ExecutorState](&c.executors)
	out.Waiting = byState[deploy.ReasonCode](&c.waiting)
	return out
}

// tally counts by a small number.
type tally [256]int

// census is kept up to date row by row.
type census struct {
	workers, apps, drivers, executors, waiting tally
	sums                                       Counts // without its maps
}

// add counts a row in, or out if n is -1.
func (c *census) add(row deploy.Row, n int) {
	switch r := row.(type) {
	case deploy.WorkerRow:
		c.workers[r.State] += n
		if r.State == deploy.WorkerAlive {
			c.sums.Cores += int64(n) * int64(r.Spec.Cores)
			c.sums.CoresUsed += int64(n) * int64(r.Used.Cores)
			c.sums.MemoryMiB += int64(n) * r.Spec.MemoryMiB
			c.sums.MemoryUsedMiB += int64(n) * r.Used.MemoryMiB
		}
	case deploy.AppRow:
		c.apps[r.State] += n
		c.wait(r.Waiting, r.State.Terminal(), n)
	case deploy.DriverRow:
		c.drivers[r.State] += n
		c.wait(r.Waiting, r.State.Terminal(), n)
	case deploy.ExecutorRow:
		c.executors[r.State] += n
	}
}

func (c *census) wait(code deploy.ReasonCode, ended bool, n int) {
	if code != deploy.ReasonNone && !ended {
		c.waiting[code] += n
	}
}

func byState[S ~uint8](t *tally) map[S]int {
	out := map[S]int{}
	for i, n := range t {
		if n != 0 {
			out[S(i)] = n
		}
	}
	return out
}
