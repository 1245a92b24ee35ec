package launchertest

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

// Alive lists the processes of this machine that have nonce in a variable of the environment they were started with, ascending. The dead who have
// not been waited for do not count, and neither does the caller.
func Alive(t testing.TB, nonce string) []int {
	t.Helper()
	if nonce == "" {
		t.Fatal("Alive: an empty nonce is in every process")
	}
	paths, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil || len(paths) == 0 {
		t.Fatalf("Alive: no processes to be seen in /proc (%v)", err)
	}
	var pids []int
	for _, path := range paths {
		env, err := os.ReadFile(path)
		if err != nil || !carries(env, nonce) {
			continue // gone, dead, or of somebody who hides it
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			t.Fatal(err)
		}
		if pid != os.Getpid() && !zombie(filepath.Dir(path)) {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	return pids
}

func carries(env []byte, nonce string) bool {
	for v := range bytes.SplitSeq(env, []byte{0}) {
		if _, value, ok := bytes.Cut(v, []byte("=")); ok && bytes.Contains(value, []byte(nonce)) {
			return true
		}
	}
	return false
}

// zombie tells whether a process is dead.
func zombie(proc string) bool {
	stat, err := os.ReadFile(filepath.Join(proc, "stat"))
	return err != nil || Dead(stat)
}

// Dead tells from the content of /proc/PID/stat whether only the entry in the process table is left. The name before the state may hold
// anything, also parentheses.
func Dead(stat []byte) bool {
	rest := bytes.TrimLeft(stat[bytes.LastIndexByte(stat, ')')+1:], " ")
	return len(rest) == 0 || rest[0] == 'Z' || rest[0] == 'X'
}
