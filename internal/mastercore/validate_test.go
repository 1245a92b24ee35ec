package mastercore

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
)

func goodCommand() deploy.Command {
	return deploy.Command{Program: "run", Args: []string{"-x"}, Env: []deploy.EnvVar{{Name: "A", Value: "b"}},
		Artifacts: []deploy.Artifact{{Name: "run", Digest: deploy.Digest(strings.Repeat("0a", 32)), Size: 1}}}
}

func goodApp() deploy.AppSpec {
	return deploy.AppSpec{Name: "work", User: "ann", CoresMax: 4, Executor: goodCommand(), Driver: deploy.Address{Host: "h", Port: 1},
		Profiles: []deploy.Profile{{Cores: 1, MemoryMiB: 1}, {ID: 2, MemoryMiB: 1, Custom: []deploy.Amount{{Name: "fpga", Count: 1}, {Name: "gpu", Count: 2}}}},
		Targets:  []deploy.Target{{Profile: 2, Total: 3}}}
}

func goodDriver() deploy.DriverSpec {
	return deploy.DriverSpec{Name: "d", Command: goodCommand(), Need: deploy.Resources{Cores: 1, MemoryMiB: 1}}
}

func goodWorker() deploy.WorkerSpec {
	return deploy.WorkerSpec{ID: "w", Address: deploy.Address{Host: "h", Port: 1}, Cores: 1, MemoryMiB: 1,
		Custom: []deploy.Addresses{{Name: "fpga", Units: []string{"0"}}, {Name: "gpu", Units: []string{"0", "1"}}},
		Labels: []deploy.Label{{Key: "a", Value: ""}, {Key: "zone", Value: "x y"}}}
}

// refusal is one fault in an otherwise good input, and words of the sentence it gets.
type refusal[T any] struct {
	name  string
	spoil func(*T)
	says  string
	kind  error
}

func check[T any](t *testing.T, good func() T, judge func(*T) error, cases []refusal[T]) {
	t.Helper()
	fine := good()
	if err := judge(&fine); err != nil {
		t.Fatalf("a good one is refused: %v", err)
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			v := good()
			tc.spoil(&v)
			err := judge(&v)
			kind := tc.kind
			if kind == nil {
				kind = deploy.ErrInvalid
			}
			if err == nil || !strings.Contains(err.Error(), tc.says) || !errors.Is(err, kind) {
				t.Fatalf("got %v, want %q and %v", err, tc.says, kind)
			}
			if len(err.Error()) > 500 {
				t.Errorf("the refusal has %d bytes", len(err.Error()))
			}
		})
	}
}

func testCore() *Core {
	var out Effects
	return New(testConfig(), deploy.ClusterID{1}, 1, nil, startOfTests, &out)
}

func TestCheckApp(t *testing.T) {
	c := testCore()
	check(t, goodApp, c.checkApp, []refusal[deploy.AppSpec]{
		{"no name", func(s *deploy.AppSpec) { s.Name = "" }, "application name", nil},
		{"name with a line break", func(s *deploy.AppSpec) { s.Name = "a\nb" }, "line break", nil},
		{"long name", func(s *deploy.AppSpec) { s.Name = strings.Repeat("a", 300) }, "too long", nil},
		{"user with a control character", func(s *deploy.AppSpec) { s.User = "a\x01" }, "control character", nil},
		{"negative maximum", func(s *deploy.AppSpec) { s.CoresMax = -1 }, "a maximum of -1 cores", nil},
		{"driver without port", func(s *deploy.AppSpec) { s.Driver.Port = 0 }, "it has no port", nil},
		{"reports without a driver", func(s *deploy.AppSpec) { s.Reports, s.Driver = true, deploy.Address{} }, "does not say where that is", nil},
		{"driver host", func(s *deploy.AppSpec) { s.Driver.Host = "a b" }, "driver address", nil},
		{"no profile", func(s *deploy.AppSpec) { s.Profiles = nil }, "no profile 0", nil},
		{"first profile not 0", func(s *deploy.AppSpec) { s.Profiles[0].ID = 1 }, "no profile 0", nil},
		{"profiles out of order", func(s *deploy.AppSpec) { s.Profiles[1].ID = 0 }, "ascending", nil},
		{"negative cores", func(s *deploy.AppSpec) { s.Profiles[0].Cores = -1 }, "-1 cores", nil},
		{"absurd cores", func(s *deploy.AppSpec) { s.Profiles[0].Cores = math.MaxInt32 }, "more than any machine has", nil},
		{"no memory", func(s *deploy.AppSpec) { s.Profiles[0].MemoryMiB = 0 }, "0 MiB of memory", nil},
		{"negative memory", func(s *deploy.AppSpec) { s.Profiles[0].MemoryMiB = -5 }, "-5 MiB of memory", nil},
		{"absurd memory", func(s *deploy.AppSpec) { s.Profiles[0].MemoryMiB = math.MaxInt64 }, "more than any machine has", nil},
		{"none of a resource", func(s *deploy.AppSpec) { s.Profiles[1].Custom[0].Count = 0 }, "0 of fpga", nil},
		{"resources unsorted", func(s *deploy.AppSpec) { s.Profiles[1].Custom[1].Name = "aaa" }, "sorted by name", nil},
		{"resource twice", func(s *deploy.AppSpec) { s.Profiles[1].Custom[1].Name = "fpga" }, "each custom resource once", nil},
		{"resource called cores", func(s *deploy.AppSpec) { s.Profiles[1].Custom[0].Name = "cores" }, "cannot be called cores", nil},
		{"resource with a slash", func(s *deploy.AppSpec) { s.Profiles[1].Custom[0].Name = "a/b" }, "custom resource", nil},
		{"negative target", func(s *deploy.AppSpec) { s.Targets[0].Total = -1 }, "a target of -1 executors", nil},
		{"target without profile", func(s *deploy.AppSpec) { s.Targets[0].Profile = 9 }, "for profile 9", deploy.ErrNotFound},
		{"two targets", func(s *deploy.AppSpec) { s.Targets = append(s.Targets, s.Targets[0]) }, "two targets", nil},
		{"no program", func(s *deploy.AppSpec) { s.Executor.Program = "" }, "program", nil},
	})
}

func TestCheckCommand(t *testing.T) {
	check(t, goodCommand, func(c *deploy.Command) error { return checkCommand("x", c) }, []refusal[deploy.Command]{
		{"blank program", func(c *deploy.Command) { c.Program = "  " }, "program", nil},
		{"zero byte in an argument", func(c *deploy.Command) { c.Args[0] = "a\x00b" }, "argument 1 has a zero byte", nil},
		{"too many arguments", func(c *deploy.Command) { c.Args = make([]string, mostArgs+1) }, "10001 arguments", deploy.ErrTooLarge},
		{"variable without name", func(c *deploy.Command) { c.Env[0].Name = "" }, "environment variable", nil},
		{"variable with =", func(c *deploy.Command) { c.Env[0].Name = "A=B" }, "environment variable", nil},
		{"zero byte in a value", func(c *deploy.Command) { c.Env[0].Value = "\x00" }, "the environment variable A has a zero byte", nil},
		{"too many variables", func(c *deploy.Command) { c.Env = make([]deploy.EnvVar, mostEnv+1) }, "environment variables", deploy.ErrTooLarge},
		{"file outside", func(c *deploy.Command) { c.Artifacts[0].Name = "../x" }, "path separator", nil},
		{"short digest", func(c *deploy.Command) { c.Artifacts[0].Digest = "ab" }, "64 digits", nil},
		{"digest in capitals", func(c *deploy.Command) { c.Artifacts[0].Digest = deploy.Digest(strings.Repeat("A", 64)) }, "64 digits", nil},
		{"negative size", func(c *deploy.Command) { c.Artifacts[0].Size = -1 }, "-1 bytes", nil},
		{"too many files", func(c *deploy.Command) { c.Artifacts = make([]deploy.Artifact, mostFiles+1) }, "files", deploy.ErrTooLarge},
	})
}

func TestCheckDriver(t *testing.T) {
	c := testCore()
	check(t, goodDriver, c.checkDriver, []refusal[deploy.DriverSpec]{
		{"no name", func(s *deploy.DriverSpec) { s.Name = "" }, "driver name", nil},
		{"zero cores", func(s *deploy.DriverSpec) { s.Need.Cores = 0 }, "0 cores; give it at least 1", nil},
		{"zero memory", func(s *deploy.DriverSpec) { s.Need.MemoryMiB = 0 }, "0 MiB of memory", nil},
		{"user", func(s *deploy.DriverSpec) { s.User = "\n" }, "user", nil},
		{"resources", func(s *deploy.DriverSpec) { s.Need.Custom = []deploy.Amount{{Name: "gpu", Count: -1}} }, "-1 of gpu", nil},
		{"10 MB of arguments", func(s *deploy.DriverSpec) { s.Command.Args = []string{strings.Repeat("x", 10<<20)} }, "the limit is 524288", deploy.ErrTooLarge},
		{"program", func(s *deploy.DriverSpec) { s.Command.Program = "a\x00" }, "control character", nil},
	})
}

func TestCheckWorker(t *testing.T) {
	c := testCore()
	judge := func(w *deploy.WorkerSpec) error { return c.checkWorker(w, 0) }
	check(t, goodWorker, judge, []refusal[deploy.WorkerSpec]{
		{"no id", func(w *deploy.WorkerSpec) { w.ID = "" }, "worker id", nil},
		{"id with a slash", func(w *deploy.WorkerSpec) { w.ID = "a/b" }, "worker id", nil},
		{"no address", func(w *deploy.WorkerSpec) { w.Address = deploy.Address{} }, "it has no port", nil},
		{"no host", func(w *deploy.WorkerSpec) { w.Address.Host = "" }, "address", nil},
		{"zero cores", func(w *deploy.WorkerSpec) { w.Cores = 0 }, "0 cores; give it at least 1", nil},
		{"negative cores", func(w *deploy.WorkerSpec) { w.Cores = -3 }, "-3 cores", nil},
		{"no memory", func(w *deploy.WorkerSpec) { w.MemoryMiB = 0 }, "0 MiB", nil},
		{"absurd memory", func(w *deploy.WorkerSpec) { w.MemoryMiB = math.MaxInt64 }, "more than any machine has", nil},
		{"unit twice", func(w *deploy.WorkerSpec) { w.Custom[1].Units[1] = "0" }, "stands there twice", nil},
		{"empty unit", func(w *deploy.WorkerSpec) { w.Custom[1].Units[1] = "" }, "address of gpu", nil},
		{"resource twice", func(w *deploy.WorkerSpec) { w.Custom[1].Name = "fpga" }, "each custom resource once", nil},
		{"too many kinds", func(w *deploy.WorkerSpec) { w.Custom = make([]deploy.Addresses, mostKinds+1) }, "65 kinds", nil},
		{"label key", func(w *deploy.WorkerSpec) { w.Labels[0].Key = "" }, "label", nil},
		{"label value", func(w *deploy.WorkerSpec) { w.Labels[0].Value = "\n" }, "label a", nil},
		{"label twice", func(w *deploy.WorkerSpec) { w.Labels[1].Key = "a" }, "each key once", nil},
		{"too many labels", func(w *deploy.WorkerSpec) { w.Labels = make([]deploy.Label, mostLabels+1) }, "257 labels", nil},
		{"large", func(w *deploy.WorkerSpec) { w.WebUI = strings.Repeat("x", 1<<20) }, "the limit is 524288", deploy.ErrTooLarge},
	})
	w := goodWorker()
	if err := c.checkWorker(&w, mostLaunches+1); !errors.Is(err, deploy.ErrTooLarge) {
		t.Errorf("a huge inventory: %v", err)
	}
}

func TestConfigValidate(t *testing.T) {
	check(t, testConfig, func(c *Config) error { return c.Validate() }, []refusal[Config]{
		{"no name", func(c *Config) { c.Name = "" }, "Name", nil},
		{"no heartbeat", func(c *Config) { c.Heartbeat = 0 }, "Heartbeat is 0s: it must be longer than 0", nil},
		{"late at once", func(c *Config) { c.ReachAfter = 0 }, "ReachAfter is 0s: it must be longer than 0", nil},
		{"suspect too soon", func(c *Config) { c.SuspectAfter = c.Heartbeat }, "SuspectAfter", nil},
		{"lost before suspect", func(c *Config) { c.WorkerTimeout = c.SuspectAfter - 1 }, "WorkerTimeout", nil},
		{"negative grace", func(c *Config) { c.ReconnectGrace = -1 }, "ReconnectGrace", nil},
		{"negative lease", func(c *Config) { c.DriverLease = -1 }, "DriverLease", nil},
		{"back-off shrinks", func(c *Config) { c.BackoffMax = 1 }, "BackoffMax", nil},
		{"no default cores", func(c *Config) { c.DefaultCores = 0 }, "DefaultCores", nil},
		{"negative drivers", func(c *Config) { c.MaxDrivers = -1 }, "MaxDrivers", nil},
		{"negative retention", func(c *Config) { c.RetainedApps = -1 }, "RetainedApps", nil},
		{"no answers", func(c *Config) { c.RetainedAnswers = 0 }, "RetainedAnswers", nil},
		{"no block", func(c *Config) { c.IDBlock = 0 }, "IDBlock", nil},
		{"no executor block", func(c *Config) { c.ExecutorBlock = 0 }, "ExecutorBlock", nil},
		{"no seed", func(c *Config) { c.TokenSeed = nil }, "TokenSeed is 0 bytes long", nil},
		{"white space in a pattern", func(c *Config) { c.AppIDPattern = "my app-%04d" }, "white space", nil},
		{"pattern without counter", func(c *Config) { c.DriverIDPattern = "driver-%s" }, "counter", nil},
		{"small modulo", func(c *Config) { c.AppNumberModulo = 999 }, "at least 1000", nil},
		{"modulo without time", func(c *Config) { c.AppNumberModulo, c.AppIDPattern = 1000, "app-%2$04d" }, "no timestamp", nil},
	})
	err := Config{}.Validate()
	for _, key := range []string{"Name", "Heartbeat", "BackoffMin", "RetainedAnswers", "AppIDPattern", "DriverIDPattern", "TokenSeed"} {
		if err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("an empty configuration does not name %s: %v", key, err)
		}
	}
}

// TestRequestIDs: a request without an id of sane length is refused and nothing is remembered.
func TestRequestIDs(t *testing.T) {
	for _, id := range []string{"", " ", "a\nb", strings.Repeat("x", 201), "\xff"} {
		if err := checkRequest(deploy.RequestID(id)); !errors.Is(err, deploy.ErrInvalid) {
			t.Errorf("%q: %v", id, err)
		}
	}
	if err := checkRequest("7f/a:1"); err != nil {
		t.Error(err)
	}
}

// TestSizeWalk: the estimate grows with everything that is unbounded.
func TestSizeWalk(t *testing.T) {
	long := strings.Repeat("x", 1000)
	app, driver, worker := goodApp(), goodDriver(), goodWorker()
	a, d, w := appBytes(&app), driverBytes(&driver), workerBytes(&worker)
	app.Executor.Env = append(app.Executor.Env, deploy.EnvVar{Name: "B", Value: long})
	driver.Command.Args = append(driver.Command.Args, long)
	worker.Labels = append(worker.Labels, deploy.Label{Key: "zz", Value: long})
	for _, grew := range []int{appBytes(&app) - a, driverBytes(&driver) - d, workerBytes(&worker) - w} {
		if grew < 1000 || grew > 1100 {
			t.Errorf("1000 bytes more are %d", grew)
		}
	}
}

func ExampleConfig_Validate() {
	c := DefaultConfig()
	c.MaxDrivers = -1
	c.TokenSeed = make([]byte, 32)
	fmt.Println(c.Validate())
	// Output: master configuration: MaxDrivers is -1: it cannot be negative; deploy.NoLimit is no limit: invalid
}
