package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"
)

func sortedStrings[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// here runs the driver in client mode: a child of this command, with its settings in the environment. The first interrupt is passed on,
// and a driver that does not end by it within ten seconds is killed.
func (s *submission) here(ctx context.Context, p program) error {
	name, args := p.command(p.file, s.jvmOptions(), s.words[1:])
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.app.in, s.app.out, s.app.err
	files, err := s.filesHere()
	if err != nil {
		return err
	}
	env, err := s.driverEnv(files)
	if err != nil {
		return err
	}
	cmd.Env = inherited()
	for _, v := range env {
		cmd.Env = append(cmd.Env, v.Name+"="+v.Value)
	}
	if s.set.Text("app.name") == "" {
		cmd.Env = append(cmd.Env, "MUSTER_APP_NAME="+p.title)
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return &exitError{code: exitCode(exit.ProcessState), err: errors.New("")}
	}
	if err != nil {
		return fmt.Errorf("run %s: %w", p.title, err)
	}
	return nil
}

// exitCode is the code a shell would show: 128+n for a signal.
func exitCode(st *os.ProcessState) int {
	if ws, ok := st.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return st.ExitCode()
}
