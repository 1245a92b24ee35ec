package schedulertest

import (
	"fmt"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// Trace is a workload: a cluster, and what comes to it and when.
type Trace struct {
	Name     string
	Machines []Machine
	Queues   []deploy.Queue // those above one another need not be named
	Apps     []App
	Outages  []Outage
	Starve   time.Duration // who waits so long for its first executor counts as starved; 0: one hour
}

// Machine is Count workers that are alike.
type Machine struct {
	Count    int
	Capacity deploy.Resources
	Labels   []deploy.Label // sorted by key
}

// App is an application with one profile. It runs its executors for a time each (Run), or until they have done something together (Work).
type App struct {
	Name     string
	At       time.Duration // of arrival
	Place    deploy.Placement
	Need     scheduler.Need // of one executor
	Grow     bool           // executors take as many cores as there are, Need.Cores is 1
	Gang     bool
	Units    int32         // executors: in all if they Run, at a time if there is Work
	MaxCores int32         // at a time; 0: no limit
	Run      time.Duration // each executor ends after so long; one lost with its worker runs again from the start
	Work     time.Duration // core time: two cores do an hour's work in half an hour
}

// Outage takes a worker away, by its number from 0 in the order of Machines, and gives it back empty.
type Outage struct {
	Worker int
	At     time.Duration
	For    time.Duration // 0: for good
}

// Check reports the first fault of a trace.
func (t *Trace) Check() error {
	workers := 0
	for i, m := range t.Machines {
		if m.Count < 1 || m.Capacity.Cores < 1 || m.Capacity.MemoryMiB < 0 {
			return fmt.Errorf("trace %s: machine %d: %d of %s: want at least one, of at least one core", t.Name, i, m.Count, m.Capacity)
		}
		workers += m.Count
	}
	for i := range t.Queues {
		if err := t.Queues[i].Check(); err != nil {
			return fmt.Errorf("trace %s: %w", t.Name, err)
		}
	}
	for i := range t.Apps {
		if err := t.Apps[i].check(); err != nil {
			return fmt.Errorf("trace %s: app %d (%s): %w", t.Name, i, t.Apps[i].Name, err)
		}
	}
	for i, o := range t.Outages {
		if o.Worker < 0 || o.Worker >= workers || o.At < 0 || o.For < 0 {
			return fmt.Errorf("trace %s: outage %d (%+v): want a worker below %d and times from 0 on", t.Name, i, o, workers)
		}
	}
	return nil
}

func (a *App) check() error {
	switch {
	case a.At < 0:
		return fmt.Errorf("it arrives at %s: want 0 or later", a.At)
	case a.Need.Cores < 1 || a.Need.MemoryMiB < 0:
		return fmt.Errorf("an executor of %d cores and %d MiB: want at least one core", a.Need.Cores, a.Need.MemoryMiB)
	case a.Grow && (a.Need.Cores != 1 || a.Gang):
		return fmt.Errorf("it grows: want Need.Cores 1, which is its step, and no gang")
	case (a.Run > 0) == (a.Work > 0):
		return fmt.Errorf("run %s and work %s: want one of them, so that it ends", a.Run, a.Work)
	case a.Units < 1 || (a.Gang || a.Run > 0) && a.Units == deploy.NoLimit:
		return fmt.Errorf("%d units: want 1 or more, and without bound only for an elastic application with Work", a.Units)
	case a.MaxCores < 0:
		return fmt.Errorf("max cores %d: want 1 or more, or 0 for no limit", a.MaxCores)
	}
	return a.Place.Check("placement", false)
}

// size is what the application must get at once to begin: the cores of one executor, or of the whole gang.
func (a *App) size() int32 {
	if a.Gang {
		return a.Need.Cores * a.Units
	}
	return a.Need.Cores
}
