package task_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"github.com/musterproject/muster/pkg/backend"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/localcluster"
	"github.com/musterproject/muster/pkg/task"
)

// TestMain makes the test's own binary the executors' program.
func TestMain(m *testing.M) {
	if took, err := localcluster.Become(context.Background()); took {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if task.IsExecutor() {
		f := newFuncs()
		os.Exit(task.Main(context.Background(), f.program, nil))
	}
	if file := os.Getenv(driverEnv); file != "" {
		os.Exit(driverMain(newFuncs(), file))
	}
	if role := os.Getenv(roleEnv); role != "" {
		os.Exit(roleMain(newFuncs(), role))
	}
	if os.Getenv(echoEnv) != "" {
		if err := echo(); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// funcs is the program that all tests with processes share.
type funcs struct {
	program  *task.Program
	null     task.Func[[]byte, []byte]
	square   task.Func[int, int]
	once     task.Func[string, int]    // writes a witness file, then its process id
	crash    task.Func[string, string] // ends its process the first time that it is called for a file
	die      task.Func[string, string] // ends its process, always
	wait     task.Func[string, int]    // waits until a file is there or the context ends
	meet     task.Func[string, int]    // two that meet run at the same time
	announce task.Func[string, int]
	facts    task.Func[string, string] // what FromContext says
	same     task.Func[[]byte, []byte]
	grow     task.Func[int, []byte]
}

func newFuncs() funcs {
	p := task.NewProgram("test")
	return funcs{
		program: p,
		null:    task.Define(p, "null", func(context.Context, []byte) ([]byte, error) { return nil, nil }),
		square:  task.Define(p, "square", func(_ context.Context, n int) (int, error) { return n * n, nil }),
		once: task.Define(p, "once", func(_ context.Context, file string) (int, error) {
			f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL, 0o600)
			if err != nil {
				return 0, err
			}
			return os.Getpid(), f.Close()
		}),
		crash: task.Define(p, "crash", func(_ context.Context, file string) (string, error) {
			if f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL, 0o600); err == nil {
				return "", errors.Join(f.Close(), syscall.Kill(os.Getpid(), syscall.SIGKILL))
			}
			return "survived", nil
		}),
		die: task.Define(p, "die", func(context.Context, string) (string, error) {
			return "", syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}),
		wait:     task.Define(p, "wait", waitFor),
		meet:     task.Define(p, "meet", meet),
		announce: task.Define(p, "announce", announce),
		facts: task.Define(p, "facts", func(ctx context.Context, _ string) (string, error) {
			c, ok := task.FromContext(ctx)
			if !ok {
				return "", errors.New("no facts")
			}
			return fmt.Sprintf("%s attempt %d of %d cores on %s in %s", c.Executor, c.Attempt, c.Cores, c.Host, c.Dir), nil
		}),
		same: task.Define(p, "same", func(_ context.Context, b []byte) ([]byte, error) { return b, nil }),
		grow: task.Define(p, "grow", func(_ context.Context, n int) ([]byte, error) { return make([]byte, n), nil }),
	}
}

// processes is a backend whose executors are processes of this binary, started anew when they end.
type processes struct {
	n, cores int

	mu   sync.Mutex
	pids map[int32]int // by executor number
	next int32
}

func (b *processes) opener() backend.Opener {
	return backend.Opener{Kind: deploy.KindLocalCluster, Open: func(backend.Options) (backend.Backend, error) { return b, nil }}
}

func (b *processes) Run(ctx context.Context, what backend.Application, told func(backend.Event)) error {
	var one sync.Mutex
	tell := func(ev backend.Event) {
		one.Lock()
		defer one.Unlock()
		told(ev)
	}
	tell(backend.Registered{App: "app-test", Token: deploy.NewSecret("secret")})
	var all sync.WaitGroup
	defer all.Wait()
	for range b.n {
		all.Go(func() {
			for ctx.Err() == nil {
				b.one(ctx, what, tell)
			}
		})
	}
	return nil
}

func (b *processes) one(ctx context.Context, what backend.Application, tell func(backend.Event)) {
	b.mu.Lock()
	num := b.next
	b.next++
	b.mu.Unlock()
	file, err := secretFile("secret")
	if err != nil {
		tell(backend.Waiting{Decision: deploy.Decision{Text: err.Error()}})
		return
	}
	defer func() { _ = os.Remove(file) }()
	cmd := exec.CommandContext(ctx, what.Files[0].Path, what.Spec.Executor.Args...)
	cmd.Stderr = os.Stderr
	cmd.Env = []string{"MUSTER_APP_ID=app-test", "MUSTER_APP_TOKEN_FILE=" + file, "MUSTER_EXECUTOR_ID=" + strconv.Itoa(int(num)),
		"MUSTER_CORES=" + strconv.Itoa(b.cores), "MUSTER_LAUNCH_ID=1-" + strconv.Itoa(int(num)+1), "MUSTER_HOST=localhost", "MUSTER_LOG_LEVEL=error"}
	for _, v := range what.Spec.Executor.Env {
		cmd.Env = append(cmd.Env, v.Name+"="+v.Value)
	}
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	b.mu.Lock()
	if b.pids == nil {
		b.pids = map[int32]int{}
	}
	b.pids[num] = cmd.Process.Pid
	b.mu.Unlock()
	err = cmd.Wait()
	v := deploy.ExecutorView{Executor: deploy.ExecutorID{App: "app-test", Num: num}, State: deploy.ExecutorExited}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		v.Exit.Code = int32(exit.ExitCode())
		if ws := exit.Sys().(syscall.WaitStatus); ws.Signaled() {
			v.Exit = deploy.Exit{Code: 128 + int32(ws.Signal()), Signal: int32(ws.Signal())}
		}
	}
	b.mu.Lock()
	delete(b.pids, num)
	b.mu.Unlock()
	tell(backend.ExecutorChanged{Executor: v})
}

func (b *processes) SetTargets(context.Context, []deploy.Profile, []deploy.Target) error { return nil }

func (b *processes) Reached([]deploy.ExecutorID) {}

func (b *processes) Kill(context.Context, []int32) ([]int32, error) {
	return nil, fmt.Errorf("kill: %w", errors.ErrUnsupported)
}

// cluster runs drive over n processes of one core each.
func (f funcs) cluster(t testing.TB, b *processes, drive func(ctx context.Context, s *task.Session) error, opts ...task.Option) error {
	t.Helper()
	cfg := task.DefaultConfig()
	cfg.Master = "local-cluster[1,1,1024]"
	return task.Run(t.Context(), f.program, cfg, drive, append(opts, task.WithBackend(b.opener()))...)
}

// secretFile keeps text where only this user reads it.
func secretFile(text string) (string, error) {
	f, err := os.CreateTemp("", "secret-")
	if err != nil {
		return "", err
	}
	_, err = f.WriteString(text)
	return f.Name(), errors.Join(err, f.Close())
}
