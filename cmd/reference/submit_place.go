package main

import (
	"errors"
	"fmt"

	"github.com/musterproject/muster/pkg/deploy"
)

// placement is what the settings say of the executors; faults of single keys are kept by the settings.
func (s *submission) placement() deploy.Placement {
	return deploy.Placement{
		Queue: s.set.Queue("queue"), Priority: s.priority("priority"), Require: s.set.Selector("placement.require"), Prefer: s.set.Preferences("placement.prefer"),
		Apart: s.set.Text("placement.apart"), MaxPerWorker: int32(s.set.Int("placement.maxPerWorker", 0, int64(deploy.NoLimit))),
	}
}

// driverPlacement is what they say of a driver on a worker: it stands in the queue of its application unless it has one of its own, and the
// labels asked for executors are not asked for it.
func (s *submission) driverPlacement() deploy.Placement {
	p := deploy.Placement{
		Queue: s.set.Queue("queue"), Priority: s.priority("priority"), Require: s.set.Selector("driver.require"), Prefer: s.set.Preferences("driver.prefer"),
	}
	if s.set.Text("driver.queue") != "" {
		p.Queue = s.set.Queue("driver.queue")
	}
	if s.set.Text("driver.priority") != "" {
		p.Priority = s.priority("driver.priority")
	}
	return p
}

func (s *submission) priority(key string) int32 { return int32(s.set.Int(key, -100, 100)) }

// checkPlacement finds the faults before anything is started or sent.
func (s *submission) checkPlacement() error {
	app, driver := s.placement(), s.driverPlacement()
	err := errors.Join(app.Check("placement", false), driver.Check("driver", true))
	if s.set.Bool("placement.gang") && (s.set.Text("executor.instances") == "" || s.set.Text("executor.cores") == "") {
		err = errors.Join(err, fmt.Errorf("placement.gang (%s): a gang needs a number of executors and a size of each: give --num-executors and --executor-cores: %w",
			s.set.Get("placement.gang").Origin, deploy.ErrInvalid))
	}
	return err
}
