package mastercore

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

func quantities(t *testing.T, text string) []deploy.Quantity {
	t.Helper()
	list, err := deploy.ParseQuantities(text)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// placedCore has queues and a default one.
func placedCore(t *testing.T) *Core {
	var out Effects
	cfg := testConfig()
	cfg.Queues = []deploy.Queue{{Name: "prod.etl", Weight: 2, Min: quantities(t, "cores=4")}, {Name: "users", Weight: 1, Dynamic: true}}
	cfg.DefaultQueue = "prod"
	return New(cfg, deploy.ClusterID{1}, 1, nil, startOfTests, &out)
}

func placedApp() deploy.AppSpec {
	s := goodApp()
	s.CoresMax = 0
	s.Place = deploy.Placement{Queue: "prod.etl", Priority: 100, Apart: "rack", MaxPerWorker: 1,
		Require: []deploy.Requirement{{Key: "zone", Values: []string{"eu"}}},
		Prefer:  []deploy.Preference{{Requirement: deploy.Requirement{Key: "disk", Operator: deploy.OpExists}, Weight: 1}}}
	s.Profiles[0].Gang = true
	s.Targets = append([]deploy.Target{{Profile: 0, Total: 4}}, s.Targets...)
	return s
}

func TestCheckPlace(t *testing.T) {
	c := placedCore(t)
	check(t, placedApp, c.checkApp, []refusal[deploy.AppSpec]{
		{"queue with a typing error", func(s *deploy.AppSpec) { s.Place.Queue = "prod.elt" }, "did you mean prod.etl?", deploy.ErrNotFound},
		{"unknown queue", func(s *deploy.AppSpec) { s.Place.Queue = "elsewhere.far" }, "there are prod, prod.etl, users", deploy.ErrNotFound},
		{"two levels below a dynamic one", func(s *deploy.AppSpec) { s.Place.Queue = "users.ann.night" }, "not found", deploy.ErrNotFound},
		{"queue that is no path", func(s *deploy.AppSpec) { s.Place.Queue = "a..b" }, "path of names", nil},
		{"priority", func(s *deploy.AppSpec) { s.Place.Priority = 101 }, "priority 101; use -100 to 100", nil},
		{"selector", func(s *deploy.AppSpec) { s.Place.Require[0].Values = nil }, "no value to compare zone with", nil},
		{"weight", func(s *deploy.AppSpec) { s.Place.Prefer[0].Weight = 0 }, "use 1 to 100", nil},
		{"fewer than none", func(s *deploy.AppSpec) { s.Place.MaxPerWorker = -1 }, "at most -1 executors", nil},
		{"gang that grows", func(s *deploy.AppSpec) { s.Profiles[0].Cores = 0 }, "say how many cores each of them takes", nil},
		{"gang without a target", func(s *deploy.AppSpec) { s.Targets = s.Targets[1:] }, "has no target", nil},
		{"gang without a limit", func(s *deploy.AppSpec) { s.Targets[0].Total = deploy.NoLimit }, "has no target", nil},
		{"gang beyond the maximum", func(s *deploy.AppSpec) { s.CoresMax = 3 }, "starts 4 executors of 1 core at once, and 3 is the maximum", nil},
		{"10 MB of selectors", func(s *deploy.AppSpec) { s.Place.Require[0].Values = []string{strings.Repeat("x", 10<<20)} }, "the limit is", deploy.ErrTooLarge},
	})
	check(t, goodDriver, c.checkDriver, []refusal[deploy.DriverSpec]{
		{"driver in an unknown queue", func(s *deploy.DriverSpec) { s.Place.Queue = "proof" }, "did you mean prod?", deploy.ErrNotFound},
		{"driver apart", func(s *deploy.DriverSpec) { s.Place.Apart = "host" }, "a driver is a single process", nil},
	})
}

// TestDefaultQueue: who names none is in the default one, and the record says so.
func TestDefaultQueue(t *testing.T) {
	c, app, driver := placedCore(t), placedApp(), goodDriver()
	app.Place.Queue = ""
	if err := c.checkApp(&app); err != nil || app.Place.Queue != "prod" {
		t.Errorf("the application is in %q: %v", app.Place.Queue, err)
	}
	if err := c.checkDriver(&driver); err != nil || driver.Place.Queue != "prod" {
		t.Errorf("the driver is in %q: %v", driver.Place.Queue, err)
	}
}

func TestConfigValidateQueues(t *testing.T) {
	good := func() Config {
		c := testConfig()
		c.Queues = []deploy.Queue{{Name: "a", Weight: 1, Quota: quantities(t, "cores=4,memory=1g")}, {Name: "a.b", Weight: 1, Min: quantities(t, "cores=2")},
			{Name: "a.c", Weight: 1, Min: quantities(t, "cores=2, gpu=7")}}
		c.DefaultQueue = "a.b"
		return c
	}
	check(t, good, func(c *Config) error { return c.Validate() }, []refusal[Config]{
		{"twice", func(c *Config) { c.Queues[2].Name = "a.b" }, `queue "a.b" is there twice`, nil},
		{"no weight", func(c *Config) { c.Queues[1].Weight = 0 }, `queue "a.b": weight 0`, nil},
		{"minimum above its quota", func(c *Config) { c.Queues[0].Min = quantities(t, "cores=5") }, "its minimum of cores is 5 and its quota 4", nil},
		{"minimums above the parent's quota", func(c *Config) { c.Queues[1].Min[0].Amount = 3 }, `the queues right below "a" have minimums of 5 cores in all, and its quota is 4`, nil},
		{"minimums that overflow", func(c *Config) { c.Queues[1].Min[0].Amount = math.MaxInt64 }, "in all, and its quota is 4", nil},
		{"default queue", func(c *Config) { c.DefaultQueue = "a.d" }, "did you mean a.b?", deploy.ErrNotFound},
		{"root by name", func(c *Config) { c.Queues[0].Name = "root" }, "root", nil},
		{"no time to reserve", func(c *Config) { c.ReserveFor = 0 }, "ReserveFor", nil},
		{"fewer reservations than none", func(c *Config) { c.ReserveMax = -1 }, "ReserveMax", nil},
	})
}

// TestReconfiguredUnchecked: scheduling that nobody has validated changes nothing.
func TestReconfiguredUnchecked(t *testing.T) {
	var out Effects
	c := placedCore(t)
	c.Step(startOfTests, Reconfigured{Policy: "x", Queues: []deploy.Queue{{Name: "a..b"}}}, &out)
	if len(out.Facts) != 1 || c.cfg.Policy == "x" || c.queues.byPath["prod.etl"] == nil {
		t.Errorf("it led to %+v, the policy is %s", out.Facts, c.cfg.Policy)
	}
	if odd, ok := out.Facts[0].(Oddity); !ok || !strings.Contains(odd.Reason, "was not validated") {
		t.Errorf("the fact is %+v", out.Facts[0])
	}
}

// TestSameProfile: a profile that starts at once is another one.
func TestSameProfile(t *testing.T) {
	spec := placedApp()
	again := spec.Profiles[0]
	again.Gang = false
	_, _, err := mergeTargets(&spec, deploy.NoLimit, &deploy.SetTargets{App: "a", Profiles: []deploy.Profile{again}})
	if !errors.Is(err, deploy.ErrConflict) {
		t.Errorf("%v", err)
	}
}

// TestReserveFor doubles with each try, up to a day.
func TestReserveFor(t *testing.T) {
	c := placedCore(t)
	for tries, want := range map[int32]time.Duration{0: 10 * time.Minute, 1: 20 * time.Minute, 3: 80 * time.Minute, 8: 24 * time.Hour, math.MaxInt32: 24 * time.Hour} {
		if got := c.reserveFor(tries); got != want {
			t.Errorf("after %d tries: %v, want %v", tries, got, want)
		}
	}
}

// TestSince: a demand waits since it wanted something, was granted something, or was let go on.
func TestSince(t *testing.T) {
	f := newFleet(2)
	app := peerOf(2)
	f.step(Opened{Peer: app, Hello: deploy.Hello{Role: deploy.RoleApp}})
	spec := goodApp()
	spec.Profiles = spec.Profiles[:1]
	spec.Targets = []deploy.Target{{Total: 3}}
	f.step(Received{Peer: app, Msgs: []deploy.Message{deploy.RegisterApp{Request: "r", Spec: spec}}})
	id := appOf(f)
	d := &f.c.apps[id].profiles[0].demand
	since := func(what string, want time.Time) {
		t.Helper()
		if err := f.c.Check(); err != nil {
			t.Fatal(err)
		}
		if !d.since.Equal(want) || d.slot.taken() && f.out.Place != nil && len(f.out.Place.Demands) > 0 && !f.out.Place.Demands[0].Since.Equal(want) {
			t.Errorf("%s: it waits since %v, want %v", what, d.since, want)
		}
	}
	began := f.now
	since("registered", began)
	f.now = began.Add(time.Minute)
	f.step(Tick{})
	since("a minute later", began)
	f.step(Planned{Plan: scheduler.Plan{Epoch: 1, Version: f.c.place.version, Grants: []scheduler.Grant{{Cores: 1}}}})
	since("granted", began.Add(time.Minute))
	f.now = began.Add(2 * time.Minute)
	f.step(Received{Call: 1, Msgs: []deploy.Message{deploy.Hold{Request: "h", ID: string(id), By: "x"}}})
	since("held", time.Time{})
	f.now = began.Add(3 * time.Minute)
	f.step(Received{Call: 1, Msgs: []deploy.Message{deploy.Hold{Request: "i", ID: string(id), Off: true}}})
	since("released", began.Add(3*time.Minute))
}
