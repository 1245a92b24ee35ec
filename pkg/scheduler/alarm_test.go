package scheduler_test

import (
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// TestNextAlarm: whom the plan of now leaves waiting counts at once, the time alone ends it, and who is overdue asks for no other time.
func TestNextAlarm(t *testing.T) {
	began := time.Unix(1_800_000_000, 0)
	for name, c := range map[string]struct {
		wake  scheduler.Wake
		asked bool // again, when the time has come
	}{
		"at":    {scheduler.Wake{Kind: scheduler.WakeAt, At: began.Add(time.Minute)}, true},
		"needs": {scheduler.Wake{Kind: scheduler.WakeNeedFits, At: began.Add(time.Minute)}, false},
	} {
		s := scheduler.NewState(scheduler.Config{})
		if _, ok := s.NextAlarm(); ok {
			t.Fatal("an empty replica has an alarm")
		}
		books := scheduler.Update{Epoch: 1, To: 1, Full: true, DriverSlots: deploy.NoLimit, Now: began, Demands: []scheduler.DemandRow{
			{Subject: "driver-1", Driver: true, Units: 1, Need: scheduler.Need{Cores: 1, MemoryMiB: 1}}}}
		if err := s.Apply(&books); err != nil {
			t.Fatal(err)
		}
		v := s.View(0)
		for d := range v.Asked() {
			v.Wait(d, scheduler.Reason{Code: deploy.ReasonNoWorkers, Ahead: scheduler.NoDemand}, c.wake)
		}
		v.Plan()
		check := func(when string, want bool) {
			t.Helper()
			if at, ok := s.NextAlarm(); ok != want || ok && !at.Equal(c.wake.At) {
				t.Errorf("%s, %s: alarm %v, %v", name, when, at, ok)
			}
		}
		check("planned", true)
		pass := func(now time.Time) {
			if err := s.Apply(&scheduler.Update{Epoch: 1, From: 1, To: 1, DriverSlots: deploy.NoLimit, Now: now}); err != nil {
				t.Fatal(err)
			}
		}
		pass(began.Add(time.Second))
		check("settled", true)
		pass(c.wake.At)
		v = s.View(0)
		asked, late := false, false
		for range v.Asked() {
			asked = true
		}
		for range v.Overdue() {
			late = true
		}
		if asked != c.asked || late == c.asked {
			t.Errorf("%s: when the time has come, asked %v and overdue %v", name, asked, late)
		}
		v.Plan()
		check("after its time", false)
	}
}
