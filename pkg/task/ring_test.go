package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/musterproject/muster/pkg/backend"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
	"github.com/musterproject/muster/pkg/rpc/memrpc"
)

// ring is a driver whose executors a test makes by hand, on a network in memory and in virtual time. It is the driver's backend too.
type ring struct {
	t       *testing.T
	network memrpc.Network
	driver  deploy.Address
	program *Program

	mu      sync.Mutex
	tell    func(backend.Event)
	killed  []int32
	reached []deploy.ExecutorID

	failure error // why the application was given up
}

const ringApp = "app-ring"

var ringToken = deploy.NewSecret("token")

func (r *ring) Run(ctx context.Context, _ backend.Application, tell func(backend.Event)) error {
	r.mu.Lock()
	r.tell = tell
	r.mu.Unlock()
	tell(backend.Registered{App: ringApp, Token: ringToken})
	<-ctx.Done()
	r.failure = context.Cause(ctx)
	return nil
}

func (r *ring) SetTargets(context.Context, []deploy.Profile, []deploy.Target) error { return nil }

func (r *ring) Reached(ids []deploy.ExecutorID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reached = append(r.reached, ids...)
}

func (r *ring) Kill(_ context.Context, nums []int32) ([]int32, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.killed = append(r.killed, nums...)
	return nums, nil
}

// says is what the cluster says of an executor.
func (r *ring) says(num int32, state deploy.ExecutorState, workerLost bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tell(backend.ExecutorChanged{Executor: deploy.ExecutorView{Executor: ringID(num), State: state, WorkerLost: workerLost}})
}

func ringID(num int32) deploy.ExecutorID { return deploy.ExecutorID{App: ringApp, Num: num} }

// play runs drive as the driver of a ring.
func play(t *testing.T, p *Program, drive func(ctx context.Context, s *Session, r *ring) error, change ...func(*Config)) error {
	t.Helper()
	r := &ring{t: t, driver: deploy.Address{Host: "driver", Port: 1}, program: p}
	l, err := r.network.Listen(r.driver)
	if err != nil {
		t.Fatal(err)
	}
	cfg := DefaultConfig()
	cfg.Master = "muster://m:1"
	for _, f := range change {
		f(&cfg)
	}
	transport := r.network.Transport(memrpc.DefaultOptions())
	o := &place{backend: r, transport: transport, listener: l, address: r.driver, attempts: 2, closers: []func() error{transport.Close}}
	err = o.run(t.Context(), cfg, slog.New(slog.DiscardHandler), func(ctx context.Context, s *Session) error {
		synctest.Wait() // registered, serving
		return drive(ctx, s, r)
	})
	return errors.Join(err, o.close())
}

// executor runs a real one until ctx ends; the end of its transport cuts its connections.
func (r *ring) executor(ctx context.Context, num int32, cores int) (cut func(), ended <-chan error) {
	id := ringID(num)
	// Its connections go through transports that a test may close, one after the other.
	t := &cuttable{network: &r.network}
	e := &executor{
		program: r.program, transport: t, driver: r.driver, heartbeat: time.Second, timeout: 5 * time.Second, maxOutput: 1 << 20,
		hello: deploy.Hello{Role: deploy.RoleExecutor, Protocol: deploy.ProtocolVersion, ID: id.String(), Token: ringToken},
		ready: deploy.ExecutorReady{Executor: id, Cores: int32(cores)}, facts: Context{Executor: id, Cores: cores}, log: slog.New(slog.DiscardHandler),
	}
	done := make(chan error, 1)
	go func() { done <- errors.Join(e.run(ctx), t.Close()) }()
	return t.cut, done
}

// cuttable is a transport whose connections can be cut.
type cuttable struct {
	rpc.Transport
	network *memrpc.Network

	mu    sync.Mutex
	conns []rpc.Conn
	dials int
}

func (c *cuttable) Dial(ctx context.Context, to deploy.Address, me deploy.Hello) (rpc.Conn, error) {
	conn, err := c.network.Transport(memrpc.DefaultOptions()).Dial(ctx, to, me)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dials++
	if err == nil {
		c.conns = append(c.conns, conn)
	}
	return conn, err
}

func (c *cuttable) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.conns {
		conn.Close("cut")
	}
	c.conns = nil
}

func (c *cuttable) Close() error {
	c.cut()
	return nil
}

// hand is an executor played by the test itself.
type hand struct {
	conn  rpc.Conn
	tasks []deploy.Task
}

func (r *ring) hand(num int32) *hand {
	r.t.Helper()
	conn, err := r.network.Transport(memrpc.DefaultOptions()).Dial(r.t.Context(), r.driver,
		deploy.Hello{Role: deploy.RoleExecutor, Protocol: deploy.ProtocolVersion, ID: ringID(num).String(), Token: ringToken})
	if err != nil {
		r.t.Fatal(err)
	}
	h := &hand{conn: conn}
	h.send(r.t, deploy.ExecutorReady{Executor: ringID(num), Cores: 1})
	return h
}

func (h *hand) send(t *testing.T, m deploy.Message) {
	t.Helper()
	if err := h.conn.Send(rpc.Item{Msg: m}); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
}

// next waits for tasks.
func (h *hand) next(t *testing.T) deploy.Task {
	t.Helper()
	for len(h.tasks) == 0 {
		items, err := h.conn.Recv(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range items {
			if m, ok := it.Msg.(deploy.RunTasks); ok {
				h.tasks = append(h.tasks, m.Tasks...)
			}
		}
	}
	first := h.tasks[0]
	h.tasks = h.tasks[1:]
	return first
}

func (h *hand) result(t *testing.T, task deploy.Task, output string) {
	t.Helper()
	h.send(t, deploy.TaskResults{Results: []deploy.TaskResult{{ID: task.ID, Attempt: task.Attempt, Output: []byte(output)}}})
}

// answers collects what Map gives, in the background.
type answers struct {
	done chan error
	mu   sync.Mutex
	got  []string
}

func collectAnswers(ctx context.Context, s *Session, f Func[string, string], inputs ...string) *answers {
	a := &answers{done: make(chan error, 1)}
	go func() {
		for r, err := range Map(ctx, s, f, slices.Values(inputs)) {
			if err != nil {
				a.done <- err
				return
			}
			a.mu.Lock()
			a.got = append(a.got, fmt.Sprintf("%d=%s by %d", r.Index, r.Value, r.Executor.Num))
			a.mu.Unlock()
		}
		a.done <- nil
	}()
	return a
}

func (a *answers) text() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return strings.Join(a.got, ", ")
}

func echoProgram() (*Program, Func[string, string]) {
	p := NewProgram("ring")
	return p, Define(p, "echo", func(ctx context.Context, s string) (string, error) {
		select {
		case <-time.After(time.Second):
			return s, nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	})
}
