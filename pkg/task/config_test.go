package task_test

import (
	"context"
	"errors"
	"net"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/task"
)

func lookup(env map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		v, ok := env[name]
		return v, ok
	}
}

func TestConfigFromEnv(t *testing.T) {
	c, err := task.DefaultConfig().FromEnv(lookup(map[string]string{
		"MUSTER_MASTER": "muster://m:7077", "MUSTER_APP_NAME": "x", "MUSTER_CORES_MAX": "8", "MUSTER_EXECUTOR_CORES": "2", "MUSTER_EXECUTOR_MEMORY": "2g",
		"MUSTER_EXECUTOR_INSTANCES": "3", "MUSTER_DRIVER_HOST": "h", "MUSTER_DRIVER_BINDADDRESS": "0.0.0.0", "MUSTER_DRIVER_PORT": "7001",
		"MUSTER_TASK_MAXFAILURES": "6", "MUSTER_CLUSTER_NAME": "",
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := task.DefaultConfig()
	want.Master, want.Name, want.CoresMax, want.ExecutorCores, want.ExecutorMemoryMiB, want.Executors = "muster://m:7077", "x", 8, 2, 2048, 3
	want.DriverHost, want.BindAddress, want.DriverPort, want.Attempts = "h", "0.0.0.0", 7001, 6
	if !equal(c, want) {
		t.Errorf("%+v", c)
	}
	_, err = task.DefaultConfig().FromEnv(lookup(map[string]string{
		"MUSTER_CORES_MAX": "-1", "MUSTER_EXECUTOR_MEMORY": "lots", "MUSTER_DRIVER_PORT": "65536", "MUSTER_EXECUTOR_CORES": "0", "MUSTER_TASK_MAXFAILURES": "x",
	}))
	for _, name := range []string{"MUSTER_CORES_MAX", "MUSTER_EXECUTOR_MEMORY", "MUSTER_DRIVER_PORT", "MUSTER_EXECUTOR_CORES", "MUSTER_TASK_MAXFAILURES"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named: %v", name, err)
		}
	}
}

func equal(a, b task.Config) bool {
	return a.Rules == b.Rules && a.Master == b.Master && a.Name == b.Name && a.CoresMax == b.CoresMax && a.ExecutorCores == b.ExecutorCores &&
		a.ExecutorMemoryMiB == b.ExecutorMemoryMiB && a.Executors == b.Executors && a.DriverHost == b.DriverHost && a.BindAddress == b.BindAddress &&
		a.DriverPort == b.DriverPort && a.Attempts == b.Attempts && a.Cluster == b.Cluster
}

func TestBadConfig(t *testing.T) {
	for says, change := range map[string]func(*task.Config){
		"master URL":                     func(c *task.Config) { c.Master = "yarn" },
		"at most -1 cores":               func(c *task.Config) { c.CoresMax = -1 },
		"none would fit":                 func(c *task.Config) { c.CoresMax, c.ExecutorCores = 2, 4 },
		"priority 101":                   func(c *task.Config) { c.Place.Priority = 101 },
		"label to be apart by":           func(c *task.Config) { c.Place.Apart = "a b" },
		"a gang of 0 executors":          func(c *task.Config) { c.Gang, c.ExecutorCores = true, 1 },
		"executors of 0 MiB":             func(c *task.Config) { c.ExecutorMemoryMiB = 0 },
		"-3 executors":                   func(c *task.Config) { c.Executors = -3 },
		"-2 attempts":                    func(c *task.Config) { c.Attempts = -2 },
		"Heartbeat 5s must be":           func(c *task.Config) { c.Heartbeat = c.DriverTimeout },
		"MaxInFlight 0":                  func(c *task.Config) { c.MaxInFlight = 0 },
		"application name":               func(c *task.Config) { c.Name = "a\nb" },
		"LostGrace":                      func(c *task.Config) { c.LostGrace = 0 },
		`"local[0]"`:                     func(c *task.Config) { c.Master = "local[0]" },
		"Muster does not ask Kubernetes": func(c *task.Config) { c.Master = "k8s://x" },
	} {
		c := task.DefaultConfig()
		change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
}

func TestBadProgram(t *testing.T) {
	p := task.NewProgram("")
	f := func(context.Context, string) (string, error) { return "", nil }
	task.Define(p, "twice", f)
	task.Define(p, "twice", f)
	task.Define(p, "a/b", f)
	err := task.Run(t.Context(), p, task.DefaultConfig(), nil)
	for _, says := range []string{`"twice" is defined twice`, "function name", "program name"} {
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
}

func TestBadValues(t *testing.T) {
	p := task.NewProgram("values")
	in := task.Define(p, "in", func(context.Context, chan int) (string, error) { return "", nil })
	out := task.Define(p, "out", func(context.Context, string) (func(), error) { return func() {}, nil })
	err := local(t, "local[1,4]", p, func(ctx context.Context, s *task.Session) error {
		if _, err := task.Call(ctx, s, in, make(chan int)); err == nil || !strings.Contains(err.Error(), `input 0 of function "in": encode chan int`) {
			t.Errorf("%v", err)
		}
		if _, err := task.Call(ctx, s, out, ""); err == nil || !strings.Contains(err.Error(), `output of function "out": encode func()`) {
			t.Errorf("%v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestSessionOver(t *testing.T) {
	f := newFuncs()
	var kept *task.Session
	err := local(t, "local", f.program, func(_ context.Context, s *task.Session) error {
		kept = s
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := task.Call(t.Context(), kept, f.square, 1); !errors.Is(err, task.ErrSessionOver) {
		t.Errorf("%v", err)
	}
}

// A function may hold what it was given, and change it: tries do not see each other, nor does the driver.
func TestInputsAreNotShared(t *testing.T) {
	p := task.NewProgram("sharing")
	spoil := task.Define(p, "spoil", func(ctx context.Context, b []byte) (string, error) {
		was := string(b)
		clear(b)
		if c, _ := task.FromContext(ctx); c.Attempt == 0 {
			return "", errors.New("try again")
		}
		return was, nil
	})
	err := local(t, "local[1,2]", p, func(ctx context.Context, s *task.Session) error {
		mine := []byte("hello")
		got, err := task.Call(ctx, s, spoil, mine)
		if got != "hello" || string(mine) != "hello" {
			t.Errorf("got %q, mine is %q", got, mine)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Jobs of one session may run beside each other, and within each other.
func TestJobsWithinJobs(t *testing.T) {
	f := newFuncs()
	err := local(t, "local[2]", f.program, func(ctx context.Context, s *task.Session) error {
		sum := 0
		for r, err := range task.Map(ctx, s, f.square, slices.Values([]int{1, 2, 3})) {
			if err != nil {
				return err
			}
			inner, err := task.Call(ctx, s, f.square, r.Value)
			if err != nil {
				return err
			}
			sum += inner
		}
		if sum != 1+16+81 {
			t.Errorf("%d", sum)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Exit codes of a driver's process.
func TestMainExitCodes(t *testing.T) {
	for _, c := range []struct {
		env  string
		code int
		says string
	}{
		{"MUSTER_MASTER=nonsense", task.ExitUsage, "master URL"},
		{"MUSTER_EXECUTOR_MEMORY=lots", task.ExitUsage, "MUSTER_EXECUTOR_MEMORY"},
		{"MUSTER_LOG_LEVEL=loud", task.ExitUsage, "MUSTER_LOG_LEVEL"},
		{"MUSTER_MASTER=local", 0, ""},
	} {
		cmd := exec.CommandContext(t.Context(), testProgram(t))
		cmd.Env = []string{roleEnv + "=square", c.env}
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if code := 0; !errors.As(err, &exit) && err != nil || exit != nil && exit.ExitCode() != c.code || exit == nil && code != c.code || !strings.Contains(string(out), c.says) {
			t.Errorf("%s: %v: %s", c.env, err, out)
		}
	}
}

func TestMainEndsWithASignal(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), testProgram(t))
	cmd.Env = []string{roleEnv + "=wait", "MUSTER_MASTER=local"}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil { // it runs
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 128+int(syscall.SIGTERM) {
		t.Errorf("%v", err)
	}
}

func TestSessionSaysWhereItIs(t *testing.T) {
	f := newFuncs()
	err := local(t, "local[3]", f.program, func(ctx context.Context, s *task.Session) error {
		if _, err := task.Call(ctx, s, f.square, 1); err != nil {
			return err
		}
		if s.Cores() != 3 || !strings.HasPrefix(string(s.App()), "local-") || s.Master().Kind != deploy.KindLocal || s.Driver().IsZero() {
			t.Errorf("%d cores of %s at %s by %s", s.Cores(), s.App(), s.Driver(), s.Master())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestDriverPortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	f := newFuncs()
	cfg := task.DefaultConfig()
	cfg.Master, cfg.DriverPort = "muster://127.0.0.1:1", uint16(l.Addr().(*net.TCPAddr).Port)
	err = task.Run(t.Context(), f.program, cfg, nil)
	if err == nil || !strings.Contains(err.Error(), l.Addr().String()) || !strings.Contains(err.Error(), "address already in use") || !strings.Contains(err.Error(), "driver.port") {
		t.Errorf("%v", err)
	}
}

// Masters that cannot be reached end the session with every address tried, and the program with the code for that.
func TestUnreachableMasters(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), testProgram(t))
	cmd.Env = []string{roleEnv + "=square", "MUSTER_MASTER=muster://127.0.0.1:1,nowhere.invalid:7077", "MUSTER_DRIVER_HOST=127.0.0.1", registerEnv + "=1s"}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != task.ExitMuster {
		t.Errorf("%v", err)
	}
	for _, says := range []string{"127.0.0.1:1: ", "nowhere.invalid:7077: ", "no master took application"} {
		if !strings.Contains(string(out), says) {
			t.Errorf("%s is not said: %s", says, out)
		}
	}
}
