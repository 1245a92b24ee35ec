//go:build linux

package proclauncher

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/musterproject/muster/pkg/deploy"
)

// lockFile keeps a second launcher out of a state directory. The kernel frees the lock with its holder.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		holder, _ := os.ReadFile(path) // it only helps to say who
		err = fmt.Errorf("process %s works here: %w: stop it or take another state directory", strings.TrimSpace(string(holder)), deploy.ErrConflict)
	}
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = f.WriteString(strconv.Itoa(os.Getpid()) + "\n")
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func homePath(stateDir string) string { return filepath.Join(stateDir, "keeper.json") }

func writeHome(stateDir string, h home) error {
	text, err := json.Marshal(h)
	if err != nil {
		return err
	}
	return os.WriteFile(homePath(stateDir), text, 0o600) // after a crash of the machine nothing is left that it could name
}

// readHome gives nil where there was no keeper.
func readHome(stateDir string) (*home, error) {
	text, err := os.ReadFile(homePath(stateDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var h home
	if whole := json.Unmarshal(text, &h) == nil; whole && h.Generation != "" {
		return &h, nil
	}
	return nil, nil // torn by a crash of the machine, which left no process either
}

// abolish removes what a home that holds nobody has made.
func (h home) abolish() error {
	if h.Cgroup == "" {
		return nil
	}
	return removeCgroup(h.Cgroup)
}

// sweepFor bounds the wait for what was killed to vanish.
const sweepFor = 30 * time.Second

// sweep ends a keeper and all its children, dead or alive, and removes its cgroups.
func sweep(h home) error {
	boot, err := bootID()
	if err != nil {
		return err
	}
	if h.Boot != boot {
		return nil
	}
	if !retry(sweepFor, func() bool {
		err = killHome(h)
		return err == nil
	}) {
		return err
	}
	return h.abolish()
}

// killHome is nil when nobody was left to be killed.
func killHome(h home) error {
	left, err := h.killMembers()
	if err != nil {
		return err
	}
	if h.Cgroup != "" {
		left = append(left, cgroupProcs(h.Cgroup)...)
		if err := killCgroup(h.Cgroup); len(left) > 0 && err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if len(left) == 0 {
		return nil
	}
	return fmt.Errorf("processes %v do not die: %w", left, deploy.ErrUnavailable)
}

// killMembers kills who carries the keeper's nonce or one of its launches', and who is below them, and gives their pids.
func (h home) killMembers() ([]int, error) {
	all, err := processes()
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(p procStat) bool { return p.dead() || p.pid == os.Getpid() })
	parents := map[int]int{}
	for i := range all {
		if h.owns(all[i].pid) {
			parents[all[i].pid] = all[i].parent
		}
	}
	for grew := true; grew; {
		grew = false
		for i := range all {
			_, known := parents[all[i].pid]
			if _, below := parents[all[i].parent]; below && !known {
				parents[all[i].pid], grew = all[i].parent, true
			}
		}
	}
	pids := slices.Collect(maps.Keys(parents))
	return pids, signalAll(pids, unix.SIGKILL, func(pid int) bool {
		s, err := readStat(pid)
		_, below := parents[s.parent]
		return err == nil && (below || h.owns(pid))
	})
}

// owns tells whether a process was started by this keeper, or is it. A home without a name owns nobody: most processes have no nonce.
func (h home) owns(pid int) bool {
	nonce := nonceOf(pid)
	return h.Generation != "" && (nonce == h.Generation || strings.HasPrefix(nonce, h.Generation+"."))
}
