package schedulertest_test

import (
	"testing"

	"github.com/musterproject/muster/pkg/scheduler"
	"github.com/musterproject/muster/pkg/scheduler/schedulertest"
)

func TestSpread(t *testing.T) {
	for by := range scheduler.ByWorkerID + 1 {
		t.Run(by.String(), func(t *testing.T) {
			schedulertest.Run(t, func() scheduler.SchedulerPolicy {
				return scheduler.NewSpread(scheduler.Options{Order: by, SpreadDrivers: true})
			})
		})
	}
}

func TestPack(t *testing.T) {
	for by := range scheduler.ByWorkerID + 1 {
		t.Run(by.String(), func(t *testing.T) {
			schedulertest.Run(t, func() scheduler.SchedulerPolicy { return scheduler.NewPack(scheduler.Options{Order: by}) })
		})
	}
}

func TestFair(t *testing.T) {
	for by := range scheduler.ByWorkerID + 1 {
		t.Run(by.String(), func(t *testing.T) {
			o := scheduler.FairOptions()
			o.Order = by
			schedulertest.Run(t, func() scheduler.SchedulerPolicy { return scheduler.NewFair(o) })
		})
	}
}

// TestReserving lets spread and pack keep workers for who has waited a minute.
func TestReserving(t *testing.T) {
	schedulertest.Run(t, func() scheduler.SchedulerPolicy { return scheduler.NewSpread(scheduler.FairOptions()) })
	schedulertest.Run(t, func() scheduler.SchedulerPolicy { return scheduler.NewPack(scheduler.FairOptions()) })
}
