//go:build linux

package proclauncher

import (
	"path/filepath"
	"sync"
)

// oomCount is how many processes the kernel has ended for want of memory in the groups that the keeper, and with it its children, is in. Where
// no group of a memory controller says so, it stays 0: then an end by SIGKILL is all that is known.
type oomCount struct {
	mu   sync.Mutex
	seen int64
}

// claim takes one kill that nobody has claimed.
func (c *oomCount) claim() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := oomKillsHere()
	if now < c.seen { // the keeper was moved to another group
		c.seen = now
	}
	if now == c.seen {
		return false
	}
	c.seen++
	return true
}

func oomKillsHere() int64 {
	if own, err := ownCgroup("memory"); err == nil {
		return keyed(filepath.Join(v1Memory, own, "memory.oom_control"), "oom_kill")
	}
	mount, err1 := cgroupMount()
	own, err2 := ownCgroup("")
	if err1 != nil || err2 != nil {
		return 0
	}
	return keyed(filepath.Join(mount, own, memoryEvents), "oom_kill")
}

const v1Memory = "/sys/fs/cgroup/memory"

// ranOutOfMemory tells whether the kernel ended a process of the tree for want of memory. suspect says that the first process died by a KILL
// that was not ours.
func (k *keeper) ranOutOfMemory(p *process, suspect bool) bool {
	if p.group != nil && p.group.oomKills() > p.group.oom0 {
		return true
	}
	return suspect && k.ooms.claim()
}
