package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// executorWord is the argument that a worker starts the program with. Together with the environment it tells an executor from a program that a
// function has started.
const executorWord = "muster-executor"

const (
	envDriver    = "MUSTER_DRIVER"           // its address
	envHeartbeat = "MUSTER_DRIVER_HEARTBEAT" // between driver and executor
	envTimeout   = "MUSTER_DRIVER_TIMEOUT"   // of a driver that is not heard
	envCluster   = "MUSTER_EXECUTOR_CLUSTER" // the cluster's configured name
	envVersion   = "MUSTER_EXECUTOR_PROGRAM" // version of the program
)

func executorEnv(cfg Config, driver deploy.Address) []deploy.EnvVar {
	return []deploy.EnvVar{
		{Name: envDriver, Value: driver.String()}, {Name: envHeartbeat, Value: cfg.Heartbeat.String()},
		{Name: envTimeout, Value: cfg.DriverTimeout.String()}, {Name: envCluster, Value: cfg.Cluster}, {Name: envVersion, Value: cfg.Version},
	}
}

// IsExecutor tells whether a worker has started this process as an executor. A program that does something before Main asks it first.
func IsExecutor() bool {
	return len(os.Args) > 1 && os.Args[1] == executorWord && os.Getenv(envDriver) != ""
}

// executorMain is the life of an executor's process.
func executorMain(ctx context.Context, p *Program, o options) int {
	log, err := logger(o.stderr, os.LookupEnv, slog.LevelInfo)
	if err != nil {
		fmt.Fprintln(o.stderr, err)
		return ExitUsage
	}
	if err := p.Validate(); err != nil {
		log.Error("program", "error", err)
		return ExitUsage
	}
	e, err := executorOfEnv(p, os.LookupEnv, log)
	if err != nil {
		log.Error("executor", "error", err)
		return ExitUsage
	}
	fit(int(e.ready.Cores), os.LookupEnv)
	transport := taskTransport()
	e.transport = transport
	ctx, _, stop := signals(ctx)
	defer stop()
	err = e.run(ctx)
	err = errors.Join(err, transport.Close())
	switch {
	case errors.Is(err, ErrDriverLost):
		log.Error("executor", "executor_id", e.ready.Executor, "error", err)
		return ExitDriverLost
	case err != nil:
		log.Error("executor", "executor_id", e.ready.Executor, "error", err)
		return 1
	}
	return 0
}

// fit keeps the process to the cores and the memory it was granted, as far as the runtime can, unless its environment says otherwise: memory is a soft
// limit, near which the collector works harder, and the second processor is for what is not a task.
func fit(cores int, lookup func(string) (string, bool)) {
	if _, set := lookup("GOMAXPROCS"); !set {
		runtime.GOMAXPROCS(min(runtime.GOMAXPROCS(0), max(2, cores)))
	}
	text, _ := lookup("MUSTER_MEMORY_MB")
	if _, set := lookup("GOMEMLIMIT"); !set {
		if mib, err := strconv.ParseInt(text, 10, 64); err == nil && mib > 0 && mib < 1<<40 {
			debug.SetMemoryLimit(mib << 20)
		}
	}
}

// executorOfEnv reads what worker and driver have put into the environment.
func executorOfEnv(p *Program, lookup func(string) (string, bool), log *slog.Logger) (*executor, error) {
	env := environment{lookup: lookup}
	e := &executor{program: p, maxOutput: maxTaskBytes, log: log, heartbeat: time.Second, timeout: 5 * time.Second}
	var app, token string
	env.text("MUSTER_APP_ID", &app)
	env.parse("MUSTER_APP_TOKEN_FILE", func(path string) error {
		b, err := os.ReadFile(path)
		token = string(b)
		return err
	})
	env.text("MUSTER_HOST", &e.ready.Host)
	env.text(envCluster, &e.hello.Cluster)
	env.text(envVersion, &e.hello.Version)
	number(&env, "MUSTER_EXECUTOR_ID", 31, &e.ready.Executor.Num)
	number(&env, "MUSTER_PROFILE_ID", 31, &e.ready.Profile)
	number(&env, "MUSTER_CORES", 31, &e.ready.Cores)
	env.parse(envDriver, func(text string) (err error) {
		e.driver, err = deploy.ParseAddress(text)
		return err
	})
	env.duration(envHeartbeat, &e.heartbeat)
	env.duration(envTimeout, &e.timeout)
	env.parse("MUSTER_LAUNCH_ID", func(text string) (err error) {
		e.ready.Launch, err = deploy.ParseLaunchID(text)
		return err
	})
	if e.ready.Cores < 1 {
		env.faults = append(env.faults, fmt.Errorf("environment variable MUSTER_CORES: %w: an executor has 1 core or more", deploy.ErrInvalid))
	}
	if err := deploy.CheckID("environment variable MUSTER_APP_ID", app); err != nil {
		env.faults = append(env.faults, err)
	}
	dir, err := os.Getwd()
	if err = errors.Join(append(env.faults, err)...); err != nil {
		return nil, err
	}
	e.ready.Executor.App, e.ready.PID = deploy.AppID(app), int32(os.Getpid())
	e.hello.Role, e.hello.Protocol, e.hello.Token = deploy.RoleExecutor, deploy.ProtocolVersion, deploy.NewSecret(token)
	e.hello.ID = e.ready.Executor.String()
	e.facts = Context{Executor: e.ready.Executor, Host: e.ready.Host, Dir: dir, Cores: int(e.ready.Cores)}
	return e, nil
}

func (e *environment) duration(name string, to *time.Duration) {
	e.parse(name, func(text string) error {
		d, err := time.ParseDuration(text)
		if err != nil || d <= 0 {
			return fmt.Errorf("%s is %w: write a time such as 5s", strconv.Quote(text), deploy.ErrInvalid)
		}
		*to = d
		return nil
	})
}
