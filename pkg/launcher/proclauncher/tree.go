//go:build linux

package proclauncher

import (
	"errors"
	"maps"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// tree is all processes of one launch.
type tree interface {
	signal(sig unix.Signal) error
	empty() (bool, error) // nobody alive, once the first process has been waited for
	usage() (cpu time.Duration, rss int64)
}

// kin is a launch's processes where it has no cgroup: the session that the first one leads, what carries the nonce, and what is below them.
type kin struct {
	first  int
	nonce  string
	reaper *reaper
}

// orphans finds those of the launch whose parent is gone.
func (t *kin) orphans() ([]int, error) {
	all, err := t.reaper.orphans()
	return slices.DeleteFunc(all, func(pid int) bool { return !t.owns(pid) }), err
}

// owns tells whether an orphan belongs to the launch. A session's number is not given away while somebody is in it.
func (t *kin) owns(pid int) bool {
	s, err := readStat(pid)
	if err != nil || s.dead() {
		return false
	}
	if nonce := nonceOf(pid); nonce != "" {
		return nonce == t.nonce
	}
	return s.session == t.first || s.group == t.first
}

func (t *kin) empty() (bool, error) {
	left, err := t.orphans()
	return len(left) == 0, err
}

// members gives each process with its parent.
func (t *kin) members() (map[int]int, error) {
	roots, err := t.orphans()
	if err != nil {
		return nil, err
	}
	parents := map[int]int{}
	if t.reaper.waits(t.first) {
		roots = append(roots, t.first)
	}
	for _, pid := range roots {
		parents[pid] = unix.Getpid()
	}
	for len(roots) > 0 {
		pid := roots[len(roots)-1]
		roots = roots[:len(roots)-1]
		below, err := childrenOf(pid, "[0-9]*")
		if err != nil {
			return nil, err
		}
		for _, c := range below {
			if _, known := parents[c]; !known {
				parents[c] = pid
				roots = append(roots, c)
			}
		}
	}
	return parents, nil
}

func (t *kin) signal(sig unix.Signal) error {
	if sig != unix.SIGKILL {
		return t.pass(sig)
	}
	// Stopped ones fork no more, so that a second look finds all.
	return errors.Join(t.pass(unix.SIGSTOP), t.pass(unix.SIGKILL))
}

func (t *kin) pass(sig unix.Signal) error {
	parents, err := t.members()
	if err != nil {
		return err
	}
	return signalAll(slices.Collect(maps.Keys(parents)), sig, func(pid int) bool { return t.below(pid, parents[pid]) })
}

// below tells whether a pid is still the process that was found: below the same parent, or an orphan of the launch by now.
func (t *kin) below(pid, parent int) bool {
	if pid == t.first {
		return t.reaper.waits(pid)
	}
	s, err := readStat(pid)
	if err != nil || s.dead() {
		return false
	}
	return s.parent == parent && parent != unix.Getpid() || t.owns(pid)
}

func (t *kin) usage() (cpu time.Duration, rss int64) {
	members, err := t.members()
	if err != nil {
		return 0, 0
	}
	for pid := range members {
		if s, err := readStat(pid); err == nil { // it may have vanished
			cpu += s.cpu
			rss += s.rss
		}
	}
	return cpu, rss
}
