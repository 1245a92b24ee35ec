//go:build linux

package proclauncher

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// makeCgroup makes a group for a keeper's launches below this process's own in the v2 hierarchy, whatever controllers it has.
func makeCgroup(name string) (string, error) {
	mount, err := cgroupMount()
	if err != nil {
		return "", err
	}
	own, err := ownCgroup("")
	if err != nil {
		return "", err
	}
	parent := filepath.Join(mount, own)
	// A process may be born into a group only by one who could move it there from its own.
	if err := unix.Access(filepath.Join(parent, "cgroup.procs"), unix.W_OK); err != nil {
		return "", fmt.Errorf("cgroup %s: %w", parent, err)
	}
	path := filepath.Join(parent, name)
	if err := os.Mkdir(path, 0o755); err != nil {
		return "", fmt.Errorf("cgroup: %w", err)
	}
	if _, err := os.Stat(filepath.Join(path, "cgroup.kill")); err != nil {
		return "", errors.Join(fmt.Errorf("cgroup: Linux 5.14 or newer is needed: %w", err), os.Remove(path))
	}
	return path, nil
}

// cgroupMount finds where the v2 hierarchy is mounted: alone, or beside those of v1.
func cgroupMount() (string, error) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		mount, source, found := strings.Cut(line, " - ")
		f := strings.Fields(mount)
		if found && strings.HasPrefix(source, "cgroup2 ") && len(f) > 4 && f[3] == "/" {
			return f[4], nil
		}
	}
	return "", fmt.Errorf("cgroup: no v2 hierarchy is mounted: %w", errors.ErrUnsupported)
}

// ownCgroup gives this process's group in the hierarchy of a v1 controller, or in v2 for none.
func ownCgroup(controller string) (string, error) {
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(f) == 3 && f[1] == controller && !strings.Contains(f[2], "..") {
			return f[2], nil
		}
	}
	return "", fmt.Errorf("cgroup: this process is in no %q group that it can see: %w", controller, errors.ErrUnsupported)
}

// cgroups makes groups for launches and keeps empty ones for the next, because making and removing one costs a quarter of a launch.
type cgroups struct {
	root     string
	mu       sync.Mutex
	made     int
	free     []*cgroup
	measured bool // what an earlier launch used in a group must be known
}

func (c *cgroups) measure(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.measured = on
}

// maxFree bounds the groups that wait for a launch.
const maxFree = 64

func (c *cgroups) take() (*cgroup, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.free); n > 0 {
		g := c.free[n-1]
		c.free = c.free[:n-1]
		return g, nil
	}
	c.made++
	path := filepath.Join(c.root, strconv.Itoa(c.made))
	if err := os.Mkdir(path, 0o755); err != nil {
		return nil, err
	}
	return openCgroup(path)
}

func openCgroup(path string) (*cgroup, error) {
	dir, err := os.Open(path)
	if err != nil {
		return nil, errors.Join(err, os.Remove(path))
	}
	events, err := os.Open(filepath.Join(path, "cgroup.events"))
	if err != nil {
		return nil, errors.Join(err, dir.Close(), os.Remove(path))
	}
	_, err = os.Stat(filepath.Join(path, memoryEvents))
	return &cgroup{path: path, dir: dir, events: events, counted: err == nil}, nil
}

// give takes back a group that is empty. What a launch has changed in it (groups below it, a freeze) keeps it from being used again, and so
// does a kill: the kernel kills also what is born into a group that was ever killed, from a parent whose group was not.
func (c *cgroups) give(g *cgroup) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.free) < maxFree && !g.killed && g.clean() {
		if g.oom0 = g.oomKills(); c.measured {
			g.cpu0 = g.cpu()
		}
		c.free = append(c.free, g)
		return nil
	}
	return g.remove()
}

func (c *cgroups) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var faults []error
	for _, g := range c.free {
		faults = append(faults, g.remove())
	}
	c.free = nil
	return errors.Join(append(faults, removeCgroup(c.root))...)
}

// cgroup is the v2 group of one launch.
type cgroup struct {
	path        string
	dir, events *os.File
	counted     bool          // it has a memory controller, which counts what the kernel ends
	cpu0        time.Duration // used by earlier launches
	oom0        int64
	killed      bool
}

func (g *cgroup) clean() bool {
	var st unix.Stat_t
	if unix.Fstat(int(g.dir.Fd()), &st) != nil || st.Nlink != 2 {
		return false
	}
	text, err := g.state()
	return err == nil && !bytes.Contains(text, []byte("frozen 1"))
}

func (g *cgroup) remove() error {
	return errors.Join(g.dir.Close(), g.events.Close(), removeCgroup(g.path))
}

func (g *cgroup) state() ([]byte, error) {
	buf := make([]byte, 256)
	n, err := unix.Pread(int(g.events.Fd()), buf, 0)
	if err != nil {
		return nil, fmt.Errorf("cgroup %s: %w", g.path, err)
	}
	return buf[:n], nil
}

// empty tells whether no process is alive in the group or below it.
func (g *cgroup) empty() (bool, error) {
	text, err := g.state()
	return bytes.Contains(text, []byte("populated 0")), err
}

// signal reaches all processes; KILL reaches also those that are being forked.
func (g *cgroup) signal(sig unix.Signal) error {
	if sig == unix.SIGKILL {
		g.killed = true
		return killCgroup(g.path)
	}
	return signalAll(cgroupProcs(g.path), sig, g.has)
}

func (g *cgroup) has(pid int) bool {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cgroup")
	if err != nil {
		return false
	}
	within := filepath.Base(filepath.Dir(g.path)) + "/" + filepath.Base(g.path) // the first is unique to the keeper
	for line := range strings.Lines(string(text)) {
		if path, v2 := strings.CutPrefix(strings.TrimSpace(line), "0::"); v2 {
			return strings.Contains(path+"/", "/"+within+"/")
		}
	}
	return false
}

func (g *cgroup) usage() (cpu time.Duration, rss int64) {
	for _, pid := range cgroupProcs(g.path) {
		if s, err := readStat(pid); err == nil { // it may have vanished
			rss += s.rss
		}
	}
	return g.cpu() - g.cpu0, rss
}

func (g *cgroup) cpu() time.Duration {
	return time.Duration(keyed(filepath.Join(g.path, "cpu.stat"), "usage_usec")) * time.Microsecond
}

const memoryEvents = "memory.events"

// oomKills counts processes of the group that the kernel ended for want of memory; 0 without the memory controller.
func (g *cgroup) oomKills() int64 {
	if !g.counted {
		return 0
	}
	return keyed(filepath.Join(g.path, memoryEvents), "oom_kill")
}

// keyed reads one value of a flat keyed file; 0 where it does not stand.
func keyed(path, key string) int64 {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), " "); ok && k == key {
			n, _ := strconv.ParseInt(v, 10, 64) // the kernel writes numbers
			return n
		}
	}
	return 0
}

// cgroupProcs lists the processes in a group and below it.
func cgroupProcs(path string) []int {
	var pids []int
	_ = filepath.WalkDir(path, func(at string, d fs.DirEntry, err error) error {
		if err != nil {
			return fs.SkipDir // a group may vanish while it is looked at
		}
		if !d.IsDir() {
			return nil
		}
		text, err := os.ReadFile(filepath.Join(at, "cgroup.procs"))
		if err != nil {
			return fs.SkipDir
		}
		for word := range strings.FieldsSeq(string(text)) {
			if pid, err := strconv.Atoi(word); err == nil && pid > 0 {
				pids = append(pids, pid)
			}
		}
		return nil
	})
	return pids
}

func killCgroup(path string) error {
	err := os.WriteFile(filepath.Join(path, "cgroup.kill"), []byte("1"), 0)
	if err != nil {
		return fmt.Errorf("kill cgroup %s: %w", path, err)
	}
	return nil
}

// removeCgroup removes a group and those below it. The dead may keep one busy for a moment.
func removeCgroup(path string) error {
	var below []string
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() {
			below = append(below, filepath.Join(path, e.Name()))
		}
	}
	var faults []error
	for _, b := range below {
		faults = append(faults, removeCgroup(b))
	}
	retry(time.Second, func() bool {
		err = unix.Rmdir(path)
		return !errors.Is(err, unix.EBUSY)
	})
	if err != nil && !errors.Is(err, unix.ENOENT) {
		faults = append(faults, fmt.Errorf("remove cgroup %s: %w", path, err))
	}
	return errors.Join(faults...)
}
