//go:build linux

package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Result is what one command line gave.
type Result struct {
	Args     []string
	Code     int
	Out, Err string
}

// Want fails the test unless the command ended with the code and its two streams hold all the words.
func (r Result) Want(t testing.TB, code int, words ...string) Result {
	t.Helper()
	if r.Code != code {
		t.Fatalf("%q ended with %d, want %d\nout: %s\nerr: %s", r.Args, r.Code, code, r.Out, r.Err)
	}
	for _, w := range words {
		if !strings.Contains(r.Out+r.Err, w) {
			t.Errorf("%q does not say %q\nout: %s\nerr: %s", r.Args, w, r.Out, r.Err)
		}
	}
	return r
}

// Running is a command that has not ended.
type Running struct {
	args     []string
	cmd      *exec.Cmd
	out, err buffer
	done     chan error
}

// buffer is read while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write keeps p.
func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// String gives what has been written so far.
func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// Begin starts the program with a minimal environment and env; what runs longer than a minute is ended.
func Begin(t testing.TB, program, dir string, env []string, args ...string) *Running {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	r := &Running{args: args, cmd: exec.CommandContext(ctx, program, args...), done: make(chan error, 1)}
	r.cmd.Dir, r.cmd.Env = dir, append(plainEnv(), env...)
	r.cmd.Stdout, r.cmd.Stderr = &r.out, &r.err
	r.cmd.WaitDelay = 2 * time.Second
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := r.cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	go func() {
		defer cancel()
		r.done <- r.cmd.Wait()
	}()
	t.Cleanup(func() {
		cancel()
		r.done <- <-r.done // reaped
	})
	return r
}

// Wait gives the result once the command has ended. It may be called again.
func (r *Running) Wait(t testing.TB) Result {
	t.Helper()
	err := <-r.done
	r.done <- err
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%q: %v\nout: %s\nerr: %s", r.args, err, r.Out(), r.Err())
	}
	return Result{Args: r.args, Code: r.cmd.ProcessState.ExitCode(), Out: r.Out(), Err: r.Err()}
}

// Out is the standard output so far.
func (r *Running) Out() string { return r.out.String() }

// Err is the standard error so far.
func (r *Running) Err() string { return r.err.String() }

// PID is the process id.
func (r *Running) PID() int { return r.cmd.Process.Pid }

// Signal sends one signal.
func (r *Running) Signal(t testing.TB, s syscall.Signal) {
	t.Helper()
	if err := r.cmd.Process.Signal(s); err != nil {
		t.Fatalf("signal %s to %q: %v", s, r.args, err)
	}
}

// plainEnv is the environment of whatever a test starts: nothing that the person who runs it has set.
func plainEnv() []string {
	env := []string{"LANG=C.UTF-8"}
	for _, name := range []string{"PATH", "HOME"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// Decode reads the JSON that a command printed.
func Decode[T any](t testing.TB, r Result) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(r.Out), &v); err != nil {
		t.Fatalf("%q printed no JSON of %T: %v\n%s", r.Args, v, err, r.Out)
	}
	return v
}
