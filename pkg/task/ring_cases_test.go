package task

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
	"github.com/musterproject/muster/pkg/rpc/memrpc"
)

func TestLateResultsAreIgnored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, echo := echoProgram()
		err := play(t, p, func(ctx context.Context, s *Session, r *ring) error {
			one := r.hand(1)
			a := collectAnswers(ctx, s, echo, "x")
			first := one.next(t)
			two := r.hand(2)
			r.says(1, deploy.ExecutorLost, true)
			again := two.next(t)
			if again.ID != first.ID || again.Attempt != first.Attempt+1 {
				t.Errorf("given %+v, then %+v", first, again)
			}
			_ = one.conn.Send(rpc.Item{Msg: deploy.TaskResults{Results: []deploy.TaskResult{{ID: first.ID, Output: []byte("late")}}}}) // nobody listens
			two.result(t, first, "superseded")
			two.result(t, again, "right")
			two.result(t, again, "twice")
			err := <-a.done
			if a.text() != "0=right by 2" {
				t.Errorf("got %s", a.text())
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestBrokenConnectionRunsItsTasksAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, echo := echoProgram()
		err := play(t, p, func(ctx context.Context, s *Session, r *ring) error {
			cut, ended := r.executor(t.Context(), 1, 2)
			a := collectAnswers(ctx, s, echo, "x", "y", "z")
			time.Sleep(500 * time.Millisecond)
			cut()
			began := time.Now()
			err := <-a.done
			if d := time.Since(began); d > 3*time.Second {
				t.Errorf("it took %s after the cut", d)
			}
			got := strings.Split(a.text(), ", ")
			slices.Sort(got)
			if !slices.Equal(got, []string{"0=x by 1", "1=y by 1", "2=z by 1"}) {
				t.Errorf("got %v", got)
			}
			go endsWell(t, ended)
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestSilentExecutorIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, echo := echoProgram()
		err := play(t, p, func(ctx context.Context, s *Session, r *ring) error {
			silent := r.hand(1)
			a := collectAnswers(ctx, s, echo, "x")
			silent.next(t)
			_, ended := r.executor(t.Context(), 2, 1)
			began := time.Now()
			err := <-a.done
			if d := time.Since(began); d < 10*time.Second || d > 12*time.Second {
				t.Errorf("done after %s", d)
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			if a.text() != "0=x by 2" || !slices.Equal(r.killed, []int32{1}) {
				t.Errorf("got %s, killed %v", a.text(), r.killed)
			}
			go endsWell(t, ended)
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestExecutorEndsWithoutItsDriver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := echoProgram()
		r := &ring{t: t, driver: deploy.Address{Host: "driver", Port: 1}, program: p}
		began := time.Now()
		_, ended := r.executor(t.Context(), 1, 1) // nobody listens
		if err := <-ended; !errors.Is(err, ErrDriverLost) || time.Since(began) < 5*time.Second || time.Since(began) > 6*time.Second {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
	})
}

// A driver that takes the connection and says nothing is given up too, after another connection was tried.
func TestExecutorEndsWithASilentDriver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := echoProgram()
		r := &ring{t: t, driver: deploy.Address{Host: "driver", Port: 1}, program: p}
		l, err := r.network.Listen(r.driver)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var mu sync.Mutex
		sessions := 0
		served := make(chan error, 1)
		transport := r.network.Transport(memrpc.DefaultOptions())
		go func() {
			served <- transport.Serve(ctx, l, rpc.Server{
				Hello: func() deploy.Hello { return deploy.Hello{Role: deploy.RoleApp, Protocol: deploy.ProtocolVersion} },
				Session: func(ctx context.Context, conn rpc.Conn) error {
					mu.Lock()
					sessions++
					mu.Unlock()
					_, err := conn.Recv(ctx)
					for err == nil {
						_, err = conn.Recv(ctx)
					}
					return err
				},
			})
		}()
		began := time.Now()
		_, ended := r.executor(t.Context(), 1, 1)
		if err := <-ended; !errors.Is(err, ErrDriverLost) || time.Since(began) > 8*time.Second {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
		if sessions < 2 {
			t.Errorf("%d sessions were tried", sessions)
		}
	})
}

func TestStopLetsRunningTasksFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, echo := echoProgram()
		var ended <-chan error
		err := play(t, p, func(ctx context.Context, s *Session, r *ring) error {
			_, ended = r.executor(t.Context(), 1, 1)
			_, err := Call(ctx, s, echo, "x")
			return err
		})
		if err = errors.Join(err, <-ended); err != nil { // the end of the session stops its executors
			t.Error(err)
		}
	})
}

func TestWhoMayNotBeAnExecutor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := echoProgram()
		err := play(t, p, func(ctx context.Context, s *Session, r *ring) error {
			good := deploy.Hello{Role: deploy.RoleExecutor, Protocol: deploy.ProtocolVersion, ID: ringID(1).String(), Token: ringToken}
			for name, c := range map[string]struct {
				change func(*deploy.Hello)
				first  deploy.Message
				says   string
			}{
				"no token":        {func(h *deploy.Hello) { h.Token = deploy.Secret{} }, deploy.ExecutorReady{Executor: ringID(1), Cores: 1}, "has not the token of application app-ring"},
				"wrong token":     {func(h *deploy.Hello) { h.Token = deploy.NewSecret("x") }, deploy.ExecutorReady{Executor: ringID(1), Cores: 1}, "has not the token"},
				"a worker":        {func(h *deploy.Hello) { h.Role = deploy.RoleWorker }, deploy.Heartbeat{}, "takes executors and no worker"},
				"another's id":    {func(*deploy.Hello) {}, deploy.ExecutorReady{Executor: ringID(2), Cores: 1}, "says ExecutorReady of its own id"},
				"no introduction": {func(*deploy.Hello) {}, deploy.Heartbeat{}, "says deploy.Heartbeat first"},
				"no cores":        {func(*deploy.Hello) {}, deploy.ExecutorReady{Executor: ringID(1)}, "has 0 cores"},
			} {
				h := good
				c.change(&h)
				conn, err := r.network.Transport(memrpc.DefaultOptions()).Dial(ctx, r.driver, h)
				if err != nil {
					t.Fatal(err)
				}
				_ = conn.Send(rpc.Item{Msg: c.first}) // may be refused before
				if _, err := conn.Recv(ctx); !errors.Is(err, rpc.ErrClosed) || !strings.Contains(err.Error(), c.says) {
					t.Errorf("%s: %v", name, err)
				}
			}
			if s.Cores() != 0 {
				t.Error("one was let in")
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestEndOfContextEndsMap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, echo := echoProgram()
		err := play(t, p, func(ctx context.Context, s *Session, r *ring) error {
			short, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			a := collectAnswers(short, s, echo, "x") // no executor
			if err := <-a.done; !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v", err)
			}
			// What was given up is not run when an executor comes.
			h := r.hand(1)
			b := collectAnswers(ctx, s, echo, "y")
			if next := h.next(t); string(next.Input) != "y" {
				t.Errorf("it runs %s", next.Input)
			} else {
				h.result(t, next, "Y")
			}
			return <-b.done
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// Whoever stops taking results ends the job: its tasks are taken back.
func TestBreakTakesTasksBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, echo := echoProgram()
		err := play(t, p, func(ctx context.Context, s *Session, r *ring) error {
			one, two := r.hand(1), r.hand(2)
			left := make(chan struct{})
			go func() {
				defer close(left)
				for _, err := range Map(ctx, s, echo, slices.Values([]string{"a", "b", "c"})) {
					if err != nil {
						t.Error(err)
					}
					break
				}
			}()
			first := one.next(t)
			two.next(t)
			one.result(t, first, "A")
			<-left
			items, err := two.conn.Recv(ctx)
			if err != nil {
				return err
			}
			if _, ok := items[0].Msg.(deploy.CancelTasks); !ok {
				t.Errorf("the other executor hears %T", items[0].Msg)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// A slow reader holds inputs up: no more of them are pulled than may be in flight.
func TestInputsWaitForTheirResultsToBeTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, echo := echoProgram()
		err := play(t, p, func(ctx context.Context, s *Session, _ *ring) error {
			pulled := 0
			inputs := func(yield func(string) bool) {
				for range 1000 {
					pulled++
					if !yield("x") {
						return
					}
				}
			}
			short, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			for _, err := range Map(short, s, echo, inputs) {
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("there is no executor: %v", err)
				}
			}
			if pulled > 11 {
				t.Errorf("%d inputs were pulled", pulled)
			}
			return nil
		}, func(c *Config) { c.MaxInFlight = 10 })
		if err != nil {
			t.Error(err)
		}
	})
}

// A driver that panics gives its application up all the same, as a failed one, before the panic goes on.
func TestDriverPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := echoProgram()
		var r *ring
		defer func() {
			if got := recover(); got != "boom" {
				t.Errorf("the panic became %v", got)
			}
			if r.failure == nil || r.failure.Error() != "the driver panicked" {
				t.Errorf("the cluster hears %v", r.failure)
			}
		}()
		err := play(t, p, func(_ context.Context, _ *Session, mine *ring) error {
			r = mine
			panic("boom")
		})
		t.Errorf("it returns %v", err)
	})
}

// endsWell waits for the end of an executor; the bubble waits for it in turn.
func endsWell(t *testing.T, ended <-chan error) {
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
