//go:build linux

package cluster

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// NonceName is the variable that marks what a worker starts.
const NonceName = "MUSTER_TEST_NONCE"

// Process is a live process as /proc shows it.
type Process struct {
	PID     int
	Command string
}

// Marked gives the live processes whose environment holds all the words. The dead that nobody has reaped are not counted.
func Marked(t testing.TB, words ...string) []Process {
	t.Helper()
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	var found []Process
	for _, dir := range dirs {
		env, err := os.ReadFile(filepath.Join(dir, "environ"))
		other := func(word string) bool { return !bytes.Contains(env, []byte(word)) }
		if err != nil || slices.ContainsFunc(words, other) {
			continue // gone meanwhile, or not ours to read
		}
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			t.Fatal(err)
		}
		if p, ok := look(pid); ok {
			found = append(found, p)
		}
	}
	return found
}

// Alive tells whether the process runs; one that only waits to be reaped does not.
func Alive(pid int) bool {
	_, ok := look(pid)
	return ok
}

func look(pid int) (Process, bool) {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	stat, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return Process{}, false
	}
	_, rest, ok := strings.Cut(string(stat), ") ") // the name in brackets may hold anything
	if !ok || strings.HasPrefix(rest, "Z") || strings.HasPrefix(rest, "X") {
		return Process{}, false
	}
	line, err := os.ReadFile(filepath.Join(dir, "cmdline"))
	if err != nil {
		return Process{}, false
	}
	return Process{PID: pid, Command: strings.TrimSpace(string(bytes.ReplaceAll(line, []byte{0}, []byte{' '})))}, true
}

// Children gives the live children of a process.
func Children(t testing.TB, pid int) []Process {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var found []Process
	for _, path := range stats {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // gone meanwhile
		}
		_, rest, ok := strings.Cut(string(b), ") ")
		fields := strings.Fields(rest) // state, parent, ...
		if !ok || len(fields) < 2 || fields[1] != strconv.Itoa(pid) {
			continue
		}
		child, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			t.Fatal(err)
		}
		if p, ok := look(child); ok {
			found = append(found, p)
		}
	}
	return found
}

// Gone waits until nothing that carries all the words is alive.
func Gone(t testing.TB, d time.Duration, words ...string) {
	t.Helper()
	Await(t, d, fmt.Sprintf("the processes marked %q to be gone", words), func() ([]Process, bool) {
		left := Marked(t, words...)
		return left, len(left) == 0
	})
}

// sweep ends what still carries the word after a moment, and says so: it should not have been there.
func sweep(t testing.TB, word string) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for until := time.Now().Add(3 * time.Second); len(Marked(t, word)) > 0 && time.Now().Before(until); {
		<-tick.C
	}
	for _, p := range Marked(t, word) {
		t.Errorf("left over: %d %s", p.PID, p.Command)
		proc, err := os.FindProcess(p.PID) // holds the process itself, not its number
		if err != nil {
			t.Error(err)
			continue
		}
		if again, ok := look(p.PID); ok && again == p {
			if err := proc.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
				t.Error(err)
			}
		}
	}
}

// Descriptors lists what a process has open, by number.
func Descriptors(t testing.TB, pid int) map[int]string {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	open := map[int]string{}
	for _, e := range entries {
		n, err := strconv.Atoi(e.Name())
		if err != nil {
			t.Fatal(err)
		}
		to, err := os.Readlink(filepath.Join(dir, e.Name()))
		if err != nil {
			continue // closed meanwhile
		}
		open[n] = to
	}
	return open
}

// grace is how long after its end an application may still have processes.
const grace = 10 * time.Second
