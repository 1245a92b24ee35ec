package proclauncher

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// KeeperArg is the argument after which a program calls KeeperMain, unless Config.KeeperArgs says otherwise.
const KeeperArg = "keeper"

// The kinds of isolation that a Spec may want or require.
const (
	IsolationProcess = "process" // a session and a process group of its own
	IsolationCgroup  = "cgroup"  // a cgroup as well: nothing can escape from being killed
)

// CgroupUse says whether launches get a cgroup of their own, in the v2 hierarchy. It needs no controller: it is for killing.
type CgroupUse uint8

// The choices.
const (
	CgroupAuto   CgroupUse = iota // where the worker may make one
	CgroupNever                   // sessions and nonces only
	CgroupAlways                  // Open fails where the worker may not make one
)

// Config says where the launcher keeps its books and how it starts its keeper.
type Config struct {
	StateDir     string        // made 0700; one open launcher at a time
	KeeperPath   string        // the program that becomes the keeper; empty: the running one
	KeeperArgs   []string      // what brings it to call KeeperMain; nil: KeeperArg
	RetainEvents int           // events kept for Watch, at least
	DefaultGrace time.Duration // between TERM and KILL where a spec says 0
	UsageEvery   time.Duration // between Usage events; 0: none
	UseCgroup    CgroupUse
}

// DefaultConfig gives a launcher with its books in stateDir.
func DefaultConfig(stateDir string) Config {
	return Config{StateDir: stateDir, RetainEvents: 16384, DefaultGrace: 10 * time.Second}
}

// minUsageEvery keeps the looks at the processes from becoming a load of their own.
const minUsageEvery = 100 * time.Millisecond

// Validate reports all faults at once.
func (c Config) Validate() error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("proclauncher: "+format+": %w", append(args, deploy.ErrInvalid)...))
	}
	if c.StateDir == "" || strings.ContainsRune(c.StateDir, 0) {
		fault("StateDir %q: name a directory that this user may write", c.StateDir)
	}
	if strings.ContainsRune(c.KeeperPath, 0) {
		fault("KeeperPath %q: name a program, or leave it empty for the running one", c.KeeperPath)
	}
	if c.RetainEvents < 1 {
		fault("RetainEvents %d: keep at least 1", c.RetainEvents)
	}
	if c.DefaultGrace <= 0 {
		fault("DefaultGrace %v: give a positive time, such as 10s", c.DefaultGrace)
	}
	if c.UsageEvery != 0 && c.UsageEvery < minUsageEvery {
		fault("UsageEvery %v: 0 for none, or at least %v", c.UsageEvery, minUsageEvery)
	}
	if c.UseCgroup > CgroupAlways {
		fault("UseCgroup %d: CgroupAuto, CgroupNever or CgroupAlways", c.UseCgroup)
	}
	return errors.Join(faults...)
}
