package task_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/localcluster"
	"github.com/musterproject/muster/pkg/task"
)

// waitFor waits until file is there, and gives the process id.
func waitFor(ctx context.Context, file string) (int, error) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := os.Stat(file); err == nil {
			return os.Getpid(), nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// meet writes the first of two files and waits for the other.
func meet(ctx context.Context, files string) (int, error) {
	mine, other, _ := strings.Cut(files, " ")
	if err := os.WriteFile(mine, nil, 0o600); err != nil {
		return 0, err
	}
	return waitFor(ctx, other)
}

// announce writes a file and runs until it is ended.
func announce(ctx context.Context, file string) (int, error) {
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		return 0, err
	}
	<-ctx.Done()
	return 0, ctx.Err()
}

// waitABit lets a test look again at what it waits for.
func waitABit() {
	tick := time.NewTimer(20 * time.Millisecond)
	<-tick.C
}

// driverEnv makes the test's binary a driver with a local cluster of its own, whose one task announces itself in the file named.
const driverEnv = "MUSTER_TEST_DRIVER"

func driverProcess(t *testing.T, nonce, file string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), driverEnv+"="+file, nonceEnv+"="+nonce, "TMPDIR="+t.TempDir()) // one that is killed cleans nothing up
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// driverMain is the life of such a driver.
func driverMain(f funcs, file string) int {
	return task.Main(context.Background(), f.program, func(ctx context.Context, s *task.Session) error {
		_, err := task.Call(ctx, s, f.announce, file)
		return err
	}, task.WithBackend(localcluster.Backend()), task.WithConfig(func(c *task.Config) {
		c.Master, c.ExecutorMemoryMiB = "local-cluster[1,1,512]", 256
		c.Env = []deploy.EnvVar{{Name: nonceEnv, Value: os.Getenv(nonceEnv)}}
	}))
}

// roleEnv makes the test's binary a driver that does one small thing, configured by the environment.
const roleEnv = "MUSTER_TEST_ROLE"

func testProgram(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return self
}

func roleMain(f funcs, role string) int {
	return task.Main(context.Background(), f.program, func(ctx context.Context, s *task.Session) error {
		if role == "wait" {
			fmt.Fprintln(os.Stdout, "waiting")
			_, err := task.Call(ctx, s, f.wait, "/nowhere/never")
			return err
		}
		_, err := task.Call(ctx, s, f.square, 7)
		return err
	}, task.WithConfig(func(c *task.Config) {
		if d, err := time.ParseDuration(os.Getenv(registerEnv)); err == nil {
			c.RegisterTimeout = d
		}
	}))
}

// registerEnv shortens the wait for a master.
const registerEnv = "MUSTER_TEST_REGISTER"
