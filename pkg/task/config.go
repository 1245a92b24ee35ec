package task

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/musterproject/muster/internal/taskcore"
	"github.com/musterproject/muster/pkg/deploy"
)

// Rules are what the driver's deciding core goes by.
type Rules = taskcore.Config

// Config is the plain data of an application.
type Config struct {
	Rules
	Master  string // URL: where executors come from
	Name    string // shown to people; empty: the program's
	User    string // empty: who runs the driver
	Cluster string // the cluster's configured name; empty matches any
	Version string // of the program, told to masters and executors

	CoresMax          int32 // of all executors together; 0: the cluster's default
	ExecutorCores     int32 // of one executor; 0: what is free on a worker
	ExecutorMemoryMiB int64
	Executors         int32            // wanted; 0: as many as there is room for
	ExecutorResources []deploy.Amount  // custom resources of one executor
	Place             deploy.Placement // queue, priority, and where executors may run
	Gang              bool             // all executors that are missing start together or none does; wants ExecutorCores and Executors
	Env               []deploy.EnvVar  // of the executors; a program on local[N] has its own
	Files             []string         // paths here; executors find each by its base name in their working directories

	DriverHost  string // told to executors; empty: found by asking which way the master lies
	BindAddress string // empty: DriverHost
	DriverPort  uint16 // 0: a free one

	Attempts         int           // failures of one task that fail its job; 0: 4, or what the local URL says
	Heartbeat        time.Duration // between driver and executors
	DriverTimeout    time.Duration // an executor that does not hear of its driver for so long ends
	RegisterTimeout  time.Duration // until an application that no master takes in is given up
	MaxInFlight      int           // tasks of a Map that are added and not yet taken by its user
	MaxInFlightBytes int64         // of their inputs and outputs; a few tasks are always let through
}

// DefaultConfig gives the defaults: executors of 1 GiB, as many and as large as there is room for, in this process.
func DefaultConfig() Config {
	return Config{
		Rules: taskcore.DefaultConfig(), Master: "local[*]", ExecutorMemoryMiB: 1024,
		Heartbeat: time.Second, DriverTimeout: 5 * time.Second, RegisterTimeout: 20 * time.Second, MaxInFlight: 16_384, MaxInFlightBytes: 256 << 20,
	}
}

// Validate reports all faults at once.
func (c Config) Validate() error {
	faults := []error{c.Rules.Validate()}
	want := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf("application: %w: "+format, append([]any{deploy.ErrInvalid}, args...)...))
		}
	}
	if _, err := deploy.ParseMasterURL(c.Master); err != nil {
		faults = append(faults, err)
	}
	if c.Name != "" {
		if err := deploy.CheckTitle("application name", c.Name, maxNameBytes); err != nil {
			faults = append(faults, err)
		}
	}
	want(c.CoresMax >= 0, "at most %d cores; take 0 for the cluster's default, or 1 and more", c.CoresMax)
	want(c.ExecutorCores >= 0, "executors of %d cores; take 0 for what is free on a worker, or 1 and more", c.ExecutorCores)
	want(c.CoresMax == 0 || c.ExecutorCores <= c.CoresMax, "executors of %d cores and at most %d cores in all: none would fit; lower the first or raise the second",
		c.ExecutorCores, c.CoresMax)
	want(c.ExecutorMemoryMiB > 0, "executors of %d MiB; take 1 or more", c.ExecutorMemoryMiB)
	faults = append(faults, c.checkPassed()...)
	if err := c.Place.Check("application", false); err != nil {
		faults = append(faults, err)
	}
	want(!c.Gang || c.ExecutorCores > 0 && c.Executors > 0, "a gang of %d executors of %d cores; say how many there are and how large each is", c.Executors, c.ExecutorCores)
	want(c.Executors >= 0, "%d executors; take 0 for as many as there is room for, or 1 and more", c.Executors)
	want(c.Attempts >= 0, "%d attempts per task; take 0 for the default, or 1 and more", c.Attempts)
	want(c.Heartbeat > 0 && c.DriverTimeout > c.Heartbeat && c.ExecutorTimeout > c.Heartbeat,
		"Heartbeat %s must be more than nothing and less than DriverTimeout %s and ExecutorTimeout %s", c.Heartbeat, c.DriverTimeout, c.ExecutorTimeout)
	want(c.RegisterTimeout > 0, "RegisterTimeout is %s; it must be more than nothing, such as 20s", c.RegisterTimeout)
	want(c.MaxInFlight > 0 && c.MaxInFlightBytes > 0, "MaxInFlight %d and MaxInFlightBytes %d must be more than nothing", c.MaxInFlight, c.MaxInFlightBytes)
	return errors.Join(faults...)
}

// FromEnv overlays c with what the environment says, in the variables that submit and workers set: MUSTER_MASTER, MUSTER_APP_NAME,
// MUSTER_CLUSTER_NAME, MUSTER_CORES_MAX, MUSTER_EXECUTOR_CORES, MUSTER_EXECUTOR_MEMORY (a bare number is MiB), MUSTER_EXECUTOR_INSTANCES,
// MUSTER_DRIVER_HOST, MUSTER_DRIVER_BINDADDRESS, MUSTER_DRIVER_PORT, MUSTER_TASK_MAXFAILURES, MUSTER_EXECUTOR_ENV (a JSON object of strings),
// MUSTER_EXECUTOR_RESOURCES (name=count, comma separated), MUSTER_FILES (paths, comma separated), MUSTER_QUEUE, MUSTER_PRIORITY,
// MUSTER_PLACEMENT_REQUIRE, _PREFER, _APART, _MAXPERWORKER, _GANG (true or false), and USER. An empty variable counts as unset.
func (c Config) FromEnv(lookup func(string) (string, bool)) (Config, error) {
	e := environment{lookup: lookup}
	e.text("MUSTER_MASTER", &c.Master)
	e.text("MUSTER_APP_NAME", &c.Name)
	e.text("USER", &c.User)
	e.text("MUSTER_CLUSTER_NAME", &c.Cluster)
	e.text("MUSTER_DRIVER_HOST", &c.DriverHost)
	e.text("MUSTER_DRIVER_BINDADDRESS", &c.BindAddress)
	e.cores("MUSTER_CORES_MAX", &c.CoresMax)
	e.cores("MUSTER_EXECUTOR_CORES", &c.ExecutorCores)
	number(&e, "MUSTER_EXECUTOR_INSTANCES", 31, &c.Executors)
	number(&e, "MUSTER_DRIVER_PORT", 16, &c.DriverPort)
	number(&e, "MUSTER_TASK_MAXFAILURES", 31, &c.Attempts)
	e.parse("MUSTER_EXECUTOR_MEMORY", func(text string) (err error) {
		c.ExecutorMemoryMiB, err = deploy.ParseMemory(text)
		return err
	})
	e.parse("MUSTER_EXECUTOR_ENV", func(text string) (err error) {
		c.Env, err = executorVars(c.Env, text)
		return err
	})
	e.parse("MUSTER_EXECUTOR_RESOURCES", func(text string) (err error) {
		c.ExecutorResources, err = amounts(text)
		return err
	})
	e.parse("MUSTER_FILES", func(text string) error {
		c.Files = strings.Split(text, ",")
		return nil
	})
	c.placed(&e)
	return c, errors.Join(e.faults...)
}

// environment reads typed variables and collects what is wrong with them.
type environment struct {
	lookup func(string) (string, bool)
	faults []error
}

func (e *environment) parse(name string, read func(string) error) {
	text, ok := e.lookup(name)
	if !ok || text == "" {
		return
	}
	if err := read(text); err != nil {
		e.faults = append(e.faults, fmt.Errorf("environment variable %s: %w", name, err))
	}
}

func (e *environment) text(name string, to *string) {
	e.parse(name, func(text string) error {
		*to = text
		return nil
	})
}

func (e *environment) cores(name string, to *int32) {
	e.parse(name, func(text string) (err error) {
		*to, err = deploy.ParseCores(text)
		return err
	})
}

func number[N int | int32 | uint16](e *environment, name string, bits int, to *N) {
	e.parse(name, func(text string) error {
		n, err := strconv.ParseUint(text, 10, bits)
		if err != nil {
			return fmt.Errorf("%q is %w: write a whole number from 0 to %d", text, deploy.ErrInvalid, uint64(1)<<bits-1)
		}
		*to = N(n)
		return nil
	})
}
