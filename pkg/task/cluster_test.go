package task_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/backend"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/localcluster"
	"github.com/musterproject/muster/pkg/task"
)

// nonce is a variable in the environment of every executor of a test, by which it is found wherever it is.
const nonceEnv = "MUSTER_TEST_NONCE"

// onLocalCluster runs drive over a real master, real workers and real executor processes, and afterwards looks for what was left behind.
func (f funcs) onLocalCluster(t *testing.T, url string, drive func(ctx context.Context, s *task.Session) error, change ...func(*task.Config)) error {
	t.Helper()
	cfg := task.DefaultConfig()
	cfg.Master, cfg.ExecutorMemoryMiB = url, 256
	nonce := rand.Text()
	cfg.Env = []deploy.EnvVar{{Name: nonceEnv, Value: nonce}}
	for _, c := range change {
		c(&cfg)
	}
	err := task.Run(t.Context(), f.program, cfg, drive, task.WithBackend(localcluster.Backend()))
	if left := left(t, nonce); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	return err
}

// left gives the processes that carry the nonce, and the keepers of this test's own program that are its children. Zombies are not alive.
func left(t *testing.T, nonce string) (found []string) {
	t.Helper()
	procs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range procs {
		env, _ := os.ReadFile(filepath.Join(p, "environ")) // it may be gone
		cmdline, _ := os.ReadFile(filepath.Join(p, "cmdline"))
		stat, _ := os.ReadFile(filepath.Join(p, "stat"))
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if len(fields) < 2 || fields[0] == "Z" {
			continue
		}
		ours := bytes.Contains(env, []byte(nonceEnv+"="+nonce+"\x00"))
		keeper := fields[1] == strconv.Itoa(os.Getpid()) && bytes.Contains(cmdline, []byte("muster-local-keeper"))
		if ours || keeper {
			found = append(found, fmt.Sprintf("%s %q", p, bytes.ReplaceAll(cmdline, []byte{0}, []byte{' '})))
		}
	}
	return found
}

func TestLocalClusterLeavesNothingBehind(t *testing.T) {
	f := newFuncs()
	err := f.onLocalCluster(t, "local-cluster[2,1,512]", func(ctx context.Context, s *task.Session) error {
		if !strings.HasPrefix(string(s.App()), "app-") && s.App() != "" {
			t.Errorf("application %s", s.App())
		}
		dir := t.TempDir()
		// Two tasks wait for a file that a third one of a later job writes: both executors have to be there.
		file := filepath.Join(dir, "both")
		pids := map[int]bool{}
		for r, err := range task.Map(ctx, s, f.meet, slices.Values([]string{file + "1 " + file + "2", file + "2 " + file + "1"})) {
			if err != nil {
				return err
			}
			pids[r.Value] = true
		}
		if len(pids) != 2 || pids[os.Getpid()] {
			t.Errorf("two executors that meet have the process ids %v", pids)
		}
		return f.squares(ctx, s, t, 3000)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// squares runs n tasks, each of which must have one right result.
func (f funcs) squares(ctx context.Context, s *task.Session, t *testing.T, n int) error {
	seen := make([]int, n)
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
			t.Errorf("%d is %d", r.Index, r.Value)
		}
		seen[r.Index]++
	}
	if i := slices.IndexFunc(seen, func(times int) bool { return times != 1 }); i >= 0 {
		t.Errorf("task %d has %d results", i, seen[i])
	}
	return nil
}

func TestKilledExecutorIsReplaced(t *testing.T) {
	f := newFuncs()
	err := f.onLocalCluster(t, "local-cluster[1,2,512]", func(ctx context.Context, s *task.Session) error {
		file := filepath.Join(t.TempDir(), "crashed")
		got, err := task.Call(ctx, s, f.crash, file) // kills its process with signal 9 the first time
		if err != nil || got != "survived" {
			t.Errorf("%q: %v", got, err)
		}
		return f.squares(ctx, s, t, 100)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestInterruptedDriverTakesItsClusterAlong(t *testing.T) {
	f := newFuncs()
	err := f.onLocalCluster(t, "local-cluster[2,1,512]", func(ctx context.Context, s *task.Session) error {
		short, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		_, err := task.Call(short, s, f.wait, filepath.Join(t.TempDir(), "never"))
		return err
	})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

func TestExecutorsThatFitNoWorkerOfALocalCluster(t *testing.T) {
	f := newFuncs()
	for says, change := range map[string]func(*task.Config){
		"needs 513 MiB, and the workers of local-cluster[1,1,512] have 512 MiB": func(c *task.Config) { c.ExecutorMemoryMiB = 513 },
		"needs 2 cores, and the workers of local-cluster[1,1,512] have 1":       func(c *task.Config) { c.ExecutorCores = 2 },
	} {
		err := f.onLocalCluster(t, "local-cluster[1,1,512]", func(ctx context.Context, s *task.Session) error {
			_, err := task.Call(ctx, s, f.square, 1)
			return err
		}, change)
		if !errors.Is(err, backend.ErrEnded) || !strings.Contains(err.Error(), says) {
			t.Errorf("%v", err)
		}
	}
}

// Applications of a cluster: the same program by muster://, several at a time, each with its own executors.
func TestStandalone(t *testing.T) {
	f := newFuncs()
	cfg := localcluster.DefaultConfig()
	cfg.Workers, cfg.CoresPerWorker, cfg.MemoryPerWorkerMiB = 2, 2, 1024
	err := localcluster.Run(t.Context(), cfg, func(ctx context.Context, at deploy.Address) error {
		var both sync.WaitGroup
		for i := range 2 {
			both.Go(func() {
				c := task.DefaultConfig()
				c.Master, c.Name, c.CoresMax, c.ExecutorCores, c.ExecutorMemoryMiB = "muster://"+at.String(), fmt.Sprintf("app %d", i), 2, 1, 128
				err := task.Run(ctx, f.program, c, func(ctx context.Context, s *task.Session) error {
					if err := f.squares(ctx, s, t, 2000); err != nil {
						return err
					}
					if s.App() == "" || s.Cores() == 0 || s.Cores() > 2 {
						t.Errorf("application %q has %d cores", s.App(), s.Cores())
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestLocalClusterNeedsItsBackend(t *testing.T) {
	f := newFuncs()
	cfg := task.DefaultConfig()
	cfg.Master = "local-cluster[1,1,512]"
	err := task.Run(t.Context(), f.program, cfg, nil)
	if err == nil || !strings.Contains(err.Error(), "pass task.WithBackend(localcluster.Backend())") {
		t.Errorf("%v", err)
	}
}

// A driver that is killed leaves nothing, within seconds; one that is asked to end leaves nothing at once.
func TestKilledDriver(t *testing.T) {
	for _, c := range []struct {
		signal syscall.Signal
		code   int
		within time.Duration
	}{{syscall.SIGKILL, -1, 10 * time.Second}, {syscall.SIGTERM, 128 + int(syscall.SIGTERM), 0}, {syscall.SIGINT, 128 + int(syscall.SIGINT), 0}} {
		t.Run(c.signal.String(), func(t *testing.T) { endDriver(t, c.signal, c.code, c.within) })
	}
}

func endDriver(t *testing.T, signal syscall.Signal, code int, within time.Duration) {
	nonce := rand.Text()
	file := filepath.Join(t.TempDir(), "running")
	driver := driverProcess(t, nonce, file)
	for deadline := time.Now().Add(30 * time.Second); ; {
		if _, err := os.Stat(file); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no task ever ran")
		}
		waitABit()
	}
	if err := driver.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	if err := driver.Wait(); err == nil || driver.ProcessState.ExitCode() != code {
		t.Errorf("it ends with %v, code %d", err, driver.ProcessState.ExitCode())
	}
	began := time.Now()
	for len(left(t, nonce)) > 0 {
		if time.Since(began) > within {
			t.Fatalf("alive %s after their driver: %v", within, left(t, nonce))
		}
		waitABit()
	}
}
