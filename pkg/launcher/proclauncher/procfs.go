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
	"time"

	"golang.org/x/sys/unix"

	"github.com/musterproject/muster/pkg/launcher"
)

// procStat is what /proc/PID/stat says of a process.
type procStat struct {
	pid, parent, group, session int
	state                       byte
	cpu                         time.Duration // own, and of children it has waited for
	rss                         int64         // bytes
}

// dead tells whether only the entry in the process table is left.
func (s *procStat) dead() bool { return s.state == 'Z' || s.state == 'X' }

// clockTick is the unit of times in /proc: 1/100 s on every architecture that Go runs on.
const clockTick = 10 * time.Millisecond

// readStat fails with fs.ErrNotExist or ESRCH where there is no such process.
func readStat(pid int) (procStat, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return procStat{}, err
	}
	// The name stands in parentheses and may hold anything, parentheses too: the last one ends it.
	end := bytes.LastIndexByte(text, ')')
	f := bytes.Fields(text[end+1:])
	if end < 0 || len(f) < 22 {
		return procStat{}, fmt.Errorf("/proc/%d/stat: %q has too few fields", pid, text)
	}
	num := func(i int) int64 {
		n, _ := strconv.ParseInt(string(f[i]), 10, 64) // the kernel writes numbers
		return n
	}
	return procStat{
		pid: pid, state: f[0][0], parent: int(num(1)), group: int(num(2)), session: int(num(3)),
		cpu: time.Duration(num(11)+num(12)+num(13)+num(14)) * clockTick,
		rss: num(21) * int64(os.Getpagesize()),
	}, nil
}

// processes reads the whole process table, without those that vanish meanwhile.
func processes() ([]procStat, error) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil, err
	}
	names, err := dir.Readdirnames(-1)
	if err = errors.Join(err, dir.Close()); err != nil {
		return nil, err
	}
	var all []procStat
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		s, err := readStat(pid)
		if err == nil {
			all = append(all, s)
		} else if !vanished(err) {
			return nil, err
		}
	}
	return all, nil
}

func vanished(err error) bool { return errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH) }

// nonceOf gives the nonce a process was started with; empty if it has none, is gone, or belongs to somebody else.
func nonceOf(pid int) string {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	if err != nil {
		return ""
	}
	for v := range bytes.SplitSeq(text, []byte{0}) {
		if value, ok := bytes.CutPrefix(v, []byte(launcher.NonceEnv+"=")); ok {
			return string(value)
		}
	}
	return ""
}

// childrenOf lists the living and dead children of one thread of a process, or of all its threads.
func childrenOf(pid int, thread string) ([]int, error) {
	paths, err := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/" + thread + "/children")
	if err != nil {
		return nil, err
	}
	var list []int
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if vanished(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for word := range strings.FieldsSeq(string(text)) {
			child, err := strconv.Atoi(word)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			list = append(list, child)
		}
	}
	return list, nil
}

// signalAll signals processes through descriptors. belongs is asked once all descriptors are open and before anybody is signalled: a pid
// cannot have been given to another process in between, and the dying hide nobody's parents.
func signalAll(pids []int, sig unix.Signal, belongs func(pid int) bool) error {
	var faults []error
	var open []int
	for _, pid := range pids {
		fd, err := unix.PidfdOpen(pid, 0)
		switch {
		case errors.Is(err, unix.ESRCH):
		case err != nil:
			faults = append(faults, fmt.Errorf("open process %d: %w", pid, err))
		case belongs(pid):
			open = append(open, fd)
		default:
			_ = unix.Close(fd)
		}
	}
	for _, fd := range open {
		if err := unix.PidfdSendSignal(fd, sig, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
			faults = append(faults, fmt.Errorf("send %v: %w", sig, err))
		}
		_ = unix.Close(fd)
	}
	return errors.Join(faults...)
}

// bootID is drawn by the kernel at each boot.
func bootID() (string, error) {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(text)), err
}
