package task_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/task"
)

// A killed executor costs time, not results: each task has one result, whatever dies.
func TestKilledExecutor(t *testing.T) {
	f := newFuncs()
	b := &processes{n: 2, cores: 2}
	err := f.cluster(t, b, func(ctx context.Context, s *task.Session) error {
		const n = 20_000
		seen := make([]int, n)
		got := 0
		for r, err := range task.Map(ctx, s, f.square, func(yield func(int) bool) {
			for i := range n {
				if !yield(i) {
					return
				}
			}
		}) {
			if err != nil {
				return err
			}
			if r.Value != r.Index*r.Index {
				t.Fatalf("%d is %d", r.Index, r.Value)
			}
			seen[r.Index]++
			if got++; got == n/10 {
				b.kill9()
			}
		}
		for i, times := range seen {
			if times != 1 {
				t.Fatalf("task %d has %d results", i, times)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// kill9 kills one of the executors.
func (b *processes) kill9() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, pid := range b.pids {
		_ = syscall.Kill(pid, syscall.SIGKILL) // it may be gone by itself
		return
	}
}

func TestTaskThatEndsItsProcess(t *testing.T) {
	f := newFuncs()
	err := f.cluster(t, &processes{n: 1, cores: 1}, func(ctx context.Context, s *task.Session) error {
		got, err := task.Call(ctx, s, f.crash, filepath.Join(t.TempDir(), "crashed"))
		if err != nil || got != "survived" {
			t.Errorf("%q: %v", got, err)
		}
		began := time.Now()
		_, err = task.Call(ctx, s, f.die, "")
		var failure *task.Failure
		if !errors.As(err, &failure) || failure.Attempts != 4 || !strings.Contains(failure.Text, "by signal 9") {
			t.Errorf("%v", err)
		}
		if d := time.Since(began); d > 20*time.Second {
			t.Errorf("it took %s to find out", d)
		}
		if v, err := task.Call(ctx, s, f.square, 7); v != 49 || err != nil { // the session goes on
			t.Errorf("%d: %v", v, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// An executor that cannot reach its driver ends by itself, with the code that says so.
func TestLostDriver(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // an address at which nobody listens any more
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "muster-executor")
	cmd.Env = []string{"MUSTER_APP_ID=app-test", "MUSTER_EXECUTOR_ID=0", "MUSTER_CORES=1", "MUSTER_LAUNCH_ID=1-1",
		"MUSTER_DRIVER=" + l.Addr().String(), "MUSTER_DRIVER_TIMEOUT=500ms", "MUSTER_DRIVER_HEARTBEAT=100ms"}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != task.ExitDriverLost || !strings.Contains(string(out), "was not heard for 500ms") {
		t.Errorf("%v: %s", err, out)
	}
}

// What is wrong with an executor's environment is said all at once.
func TestExecutorEnvironment(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), os.Args[0], "muster-executor")
	cmd.Env = []string{"MUSTER_DRIVER=nowhere", "MUSTER_CORES=0", "MUSTER_EXECUTOR_ID=x", "MUSTER_DRIVER_TIMEOUT=soon", "MUSTER_LAUNCH_ID=7"}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != task.ExitUsage {
		t.Errorf("%v", err)
	}
	for _, name := range []string{"MUSTER_DRIVER:", "MUSTER_CORES", "MUSTER_EXECUTOR_ID", "MUSTER_DRIVER_TIMEOUT", "MUSTER_LAUNCH_ID", "MUSTER_APP_ID"} {
		if !strings.Contains(string(out), name) {
			t.Errorf("%s is not named: %s", name, out)
		}
	}
}

func TestTaskKnowsItself(t *testing.T) {
	f := newFuncs()
	err := f.cluster(t, &processes{n: 1, cores: 3}, func(ctx context.Context, s *task.Session) error {
		dir, err := os.Getwd()
		if err != nil {
			return err
		}
		got, err := task.Call(ctx, s, f.facts, "x")
		if want := fmt.Sprintf("app-test/0 attempt 0 of 3 cores on localhost in %s", dir); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestLargeInputsAndOutputs(t *testing.T) {
	f := newFuncs()
	err := f.cluster(t, &processes{n: 1, cores: 2}, func(ctx context.Context, s *task.Session) error {
		for _, n := range []int{0, 1, 5 << 20, 16 << 20} {
			in := make([]byte, n)
			for i := range in {
				in[i] = byte(i * 7)
			}
			out, err := task.Call(ctx, s, f.same, in)
			if err != nil || !slices.Equal(in, out) {
				t.Errorf("%d bytes come back as %d: %v", n, len(out), err)
			}
		}
		_, err := task.Call(ctx, s, f.same, make([]byte, 16<<20+1))
		if err == nil || !strings.Contains(err.Error(), "one input has at most 16777216") {
			t.Errorf("an input above the limit: %v", err)
		}
		_, err = task.Call(ctx, s, f.grow, 16<<20+1)
		if err == nil || !strings.Contains(err.Error(), "one has at most 16777216") {
			t.Errorf("an output above the limit: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
