package rpctest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

func (w *world) client(t *testing.T) rpc.Client {
	t.Helper()
	c, err := w.Client.Client(w.Address)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// requests are the questions that a client may ask.
var requests = []deploy.Message{
	deploy.SubmitDriver{Request: "r1", Spec: deploy.DriverSpec{
		Name: "etl", Command: deploy.Command{Program: "etl", Args: []string{"--day", "7"}, Env: []deploy.EnvVar{{Name: "A", Value: "b"}}},
		Need: deploy.Resources{Cores: 2, MemoryMiB: 512, Custom: []deploy.Amount{{Name: "gpu", Count: 1}}}, Supervise: true, MaxRestarts: -1,
		Place: deploy.Placement{Queue: "prod.etl", Priority: -3, Require: []deploy.Requirement{{Key: "rack", Operator: deploy.OpNotIn, Values: []string{"r3"}}},
			Prefer: []deploy.Preference{{Requirement: deploy.Requirement{Key: "gpu", Operator: deploy.OpExists}, Weight: 9}}},
	}},
	deploy.KillDriver{Request: "r2", Driver: "driver-1"},
	deploy.KillApp{Request: "r3", App: "app-1", Reason: "by hand"},
	deploy.Hold{Request: "r4", ID: "app-1", By: "me", Off: true},
	deploy.SetTargets{Request: "r5", App: "app-1", Profiles: []deploy.Profile{{ID: 1, Cores: 2, Gang: true}}, Targets: []deploy.Target{{Profile: 1, Total: 9}}},
	deploy.KillExecutors{Request: "r6", App: "app-1", Nums: []int32{3, 4}},
}

func testCalls(t *testing.T, p Pair) {
	var heard []deploy.Message
	w := serve(t, p, rpc.Server{Call: func(_ context.Context, from deploy.Principal, req deploy.Message) (deploy.Message, error) {
		if from.Authenticated || from.Name == "" {
			t.Errorf("the caller is %+v", from)
		}
		heard = append(heard, req)
		return deploy.Accepted{Request: "r", ID: fmt.Sprint(len(heard)), Killed: []int32{3}, Unknown: []int32{4}}, nil
	}})
	c := w.client(t)
	for i, req := range requests {
		got, err := c.Call(within(t), req)
		want := deploy.Accepted{Request: "r", ID: fmt.Sprint(i + 1), Killed: []int32{3}, Unknown: []int32{4}}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%T was answered %+v, %v", req, got, err)
		}
	}
	if !reflect.DeepEqual(heard, requests) {
		t.Errorf("heard %+v\nasked %+v", heard, requests)
	}
	if _, err := c.Call(within(t), deploy.Heartbeat{}); !errors.Is(err, deploy.ErrInvalid) {
		t.Errorf("a call with what is no question gave %v", err)
	}
}

// testQuestions asks what changes nothing: each has an answer of its own kind.
func testQuestions(t *testing.T, p Pair) {
	why := deploy.Decision{Subject: "app-1", Code: deploy.ReasonQuota, Text: "the quota is used up"}
	questions := []struct{ req, answer deploy.Message }{
		{deploy.Explain{ID: "app-1", Profile: deploy.FirstWaiting, Workers: 2, After: "w0", History: true}, deploy.Explanation{
			Subject: "app-1", State: "WAITING", Waiting: []int32{0}, Need: deploy.Resources{Cores: 1}, Decision: why, Total: 2, Fits: 1, Next: "w2",
			Causes:  []deploy.Cause{{Code: deploy.ReasonInsufficientCores, Workers: 1, Nearest: "w1", Have: 1, Want: 2, Examples: []deploy.WorkerID{"w1"}}},
			Workers: []deploy.Obstacle{{Worker: "w1", Code: deploy.ReasonInsufficientCores, Have: 1, Want: 2}}, History: []deploy.Decision{why},
		}},
		{deploy.Plan{App: &deploy.AppSpec{Profiles: []deploy.Profile{{Cores: 1, MemoryMiB: 64}}}}, deploy.Outlook{
			Verdict: deploy.VerdictWaits, Text: "waits", Policy: "fair", Parts: []deploy.Outcome{{
				Verdict: deploy.VerdictWaits, Asked: 2, Starts: 1, Cores: 1, Workers: 1, Places: []deploy.Start{{Worker: "w1", Executors: 1, Cores: 1}},
				Decision: why, Frees: []deploy.Holder{{Worker: "w1", Subject: "app-2", Has: deploy.Resources{Cores: 1}}},
			}},
		}},
	}
	w := serve(t, p, rpc.Server{Call: func(_ context.Context, _ deploy.Principal, req deploy.Message) (deploy.Message, error) {
		for _, q := range questions {
			if reflect.DeepEqual(req, q.req) {
				return q.answer, nil
			}
		}
		return questions[0].answer, nil
	}})
	for _, q := range questions {
		if got, err := w.client(t).Call(within(t), q.req); err != nil || !reflect.DeepEqual(got, q.answer) {
			t.Errorf("%T was answered %+v, %v", q.req, got, err)
		}
	}
	if got, err := w.client(t).Call(within(t), requests[1]); !errors.Is(err, deploy.ErrInvalid) {
		t.Errorf("%T, answered as if it were another question, gave %+v, %v", requests[1], got, err)
	}
}

var sentinels = []error{
	deploy.ErrInvalid, deploy.ErrNotFound, deploy.ErrAlreadyFinished, deploy.ErrNotLeader, deploy.ErrRecovering, deploy.ErrUnavailable,
	deploy.ErrTooLarge, deploy.ErrMismatch, deploy.ErrDenied, deploy.ErrIllegalTransition, deploy.ErrConflict,
}

func testErrors(t *testing.T, p Pair) {
	var answer deploy.Message
	var fault error
	w := serve(t, p, rpc.Server{Call: func(context.Context, deploy.Principal, deploy.Message) (deploy.Message, error) { return answer, fault }})
	c := w.client(t)
	ask := func() error {
		_, err := c.Call(within(t), requests[1])
		return err
	}
	for _, kind := range sentinels {
		answer, fault = deploy.Refused{Request: "r2", Fault: deploy.Fault{Kind: kind, Text: "grüße: driver-1 is not what it was"}}, nil
		if err := ask(); !errors.Is(err, kind) || !strings.Contains(err.Error(), "grüße: driver-1 is not what it was") {
			t.Errorf("a refusal of %v came as %v", kind, err)
		}
		answer, fault = nil, fmt.Errorf("driver-1: %w: look again", kind)
		if err := ask(); !errors.Is(err, kind) || !strings.Contains(err.Error(), "look again") {
			t.Errorf("an error of %v came as %v", kind, err)
		}
	}
	standby := deploy.Standby{State: deploy.MasterRecovering, Leader: deploy.Address{Host: "m2", Port: 7077}, Retry: 3 * time.Second}
	for _, is := range []struct {
		answer deploy.Message
		fault  error
	}{{standby, nil}, {nil, fmt.Errorf("master: %w", &rpc.NotLeader{Standby: standby})}} {
		answer, fault = is.answer, is.fault
		var other *rpc.NotLeader
		if err := ask(); !errors.Is(err, deploy.ErrNotLeader) || !errors.As(err, &other) || other.Standby != standby {
			t.Errorf("a standby answered %v", err)
		}
	}
	answer, fault = nil, fmt.Errorf("driver-1: %w: %s", deploy.ErrNotFound, strings.Repeat("ü", 50_000))
	if err := ask(); !errors.Is(err, deploy.ErrNotFound) {
		t.Errorf("an error of 100 KB came as %.200v", err)
	}
	answer, fault = deploy.Heartbeat{}, nil
	if err := ask(); !errors.Is(err, deploy.ErrInvalid) {
		t.Errorf("an answer that is none came as %v", err)
	}
}

func testUnanswered(t *testing.T, p Pair) {
	w := serve(t, p, rpc.Server{})
	c := w.client(t)
	if _, err := c.Call(within(t), requests[1]); !errors.Is(err, deploy.ErrUnavailable) {
		t.Errorf("call gave %v", err)
	}
	for _, err := range c.Watch(within(t), rpc.Query{}) {
		if !errors.Is(err, deploy.ErrUnavailable) {
			t.Errorf("watch gave %v", err)
		}
	}
	for _, err := range c.Logs(within(t), rpc.LogQuery{}) {
		if !errors.Is(err, deploy.ErrUnavailable) {
			t.Errorf("logs gave %v", err)
		}
	}
	if _, err := c.Blobs().Has(within(t), digest("x")); !errors.Is(err, deploy.ErrUnavailable) {
		t.Errorf("blobs gave %v", err)
	}
	if _, err := w.Client.Dial(within(t), w.Address, worker); !errors.Is(err, deploy.ErrUnavailable) {
		t.Errorf("dial gave %v", err)
	}
}

func testCallContext(t *testing.T, p Pair) {
	ended := make(chan error, 1)
	w := serve(t, p, rpc.Server{Call: func(ctx context.Context, _ deploy.Principal, _ deploy.Message) (deploy.Message, error) {
		<-ctx.Done()
		ended <- ctx.Err()
		return nil, ctx.Err()
	}})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := w.client(t).Call(ctx, requests[1]); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a call beyond its deadline gave %v", err)
	}
	happens(t, "end at the server", ended)
	ctx, cancel = context.WithCancel(t.Context())
	go cancel()
	if _, err := w.client(t).Call(ctx, requests[1]); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled call gave %v", err)
	}
	for _, err := range w.client(t).Watch(ctx, rpc.Query{}) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("a watch with an ended context gave %v", err)
		}
	}
}

func testWatch(t *testing.T, p Pair) {
	asked := rpc.Query{Kind: deploy.RowExecutor, ID: "app-1/3", App: "app-1", State: "RUNNING", Limit: 7, After: "app-1/1", Follow: true, Ended: true}
	when := time.Date(2026, 11, 20, 22, 30, 45, 678, time.UTC)
	pages := []rpc.Rows{
		{Rows: []deploy.Row{deploy.ExecutorRow{ID: deploy.ExecutorID{App: "app-1", Num: 3}, State: deploy.ExecutorRunning, StartedAt: when}}, Next: "app-1/3"},
		{Rows: []deploy.Row{
			deploy.AppRow{ID: "app-1", State: deploy.AppRunning, Driver: deploy.Address{Host: "n", Port: 1}, SubmittedAt: when},
			deploy.DecisionRow{Decision: deploy.Decision{Subject: "app-1", Code: deploy.ReasonInfeasible, Text: "too large", Since: when, Last: when}},
		}, Whole: true},
		{Rows: []deploy.Row{deploy.GoneRow{Gone: deploy.RowKey{Kind: deploy.RowExecutor, ID: "app-1/3"}}}},
	}
	w := serve(t, p, rpc.Server{Watch: func(_ context.Context, _ deploy.Principal, q rpc.Query) iter.Seq2[rpc.Rows, error] {
		if q != asked {
			t.Errorf("asked %+v\nheard %+v", asked, q)
		}
		return each(pages, fmt.Errorf("the term ended: %w", deploy.ErrUnavailable))
	}})
	var got []rpc.Rows
	var end error
	for rows, err := range w.client(t).Watch(within(t), asked) {
		if err != nil {
			end = err
			continue
		}
		got = append(got, rows)
	}
	if !reflect.DeepEqual(got, pages) {
		t.Errorf("watched %+v\nsent    %+v", got, pages)
	}
	if !errors.Is(end, deploy.ErrUnavailable) || !strings.Contains(end.Error(), "the term ended") {
		t.Errorf("the watch ended with %v", end)
	}
}

// each yields all elements and then err, unless it is nil.
func each[T any](list []T, err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range list {
			if !yield(v, nil) {
				return
			}
		}
		if err != nil {
			var none T
			yield(none, err)
		}
	}
}

// follow yields elements until its context ends, and tells.
func follow(ended chan<- error) func(context.Context, deploy.Principal, rpc.Query) iter.Seq2[rpc.Rows, error] {
	return func(ctx context.Context, _ deploy.Principal, _ rpc.Query) iter.Seq2[rpc.Rows, error] {
		return func(yield func(rpc.Rows, error) bool) {
			if yield(rpc.Rows{Whole: true}, nil) {
				<-ctx.Done()
			}
			ended <- ctx.Err()
		}
	}
}

func testWatchIsLeft(t *testing.T, p Pair) {
	ended := make(chan error, 1)
	w := serve(t, p, rpc.Server{Watch: follow(ended)})
	for _, err := range w.client(t).Watch(within(t), rpc.Query{Follow: true}) {
		if err != nil {
			t.Fatal(err)
		}
		break
	}
	happens(t, "end at the server", ended)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var end error
	for _, err := range w.client(t).Watch(ctx, rpc.Query{Follow: true}) {
		end = err
		cancel()
	}
	if !errors.Is(end, context.Canceled) {
		t.Errorf("a cancelled watch ended with %v", end)
	}
	happens(t, "end at the server", ended)
}

func testServeEndsStreams(t *testing.T, p Pair) {
	ended := make(chan error, 1)
	w := serve(t, p, rpc.Server{Watch: follow(ended)})
	var end error
	for _, err := range w.client(t).Watch(within(t), rpc.Query{Follow: true}) {
		if end = err; err == nil {
			go func() { _ = w.stop() }() // asked again by the cleanup
		}
	}
	if !errors.Is(end, deploy.ErrUnavailable) || !strings.Contains(end.Error(), "stopping") {
		t.Errorf("the watch ended with %v", end)
	}
	happens(t, "end at the server", ended)
}

func testLogs(t *testing.T, p Pair) {
	asked := rpc.LogQuery{Executor: deploy.ExecutorID{App: "app-1", Num: 2}, Driver: "driver-1", Attempt: 3, Stream: "stderr", Offset: -100, Limit: 1 << 20, Follow: true}
	text := make([]byte, 300_000)
	for i := range text {
		text[i] = byte(i * 7)
	}
	w := serve(t, p, rpc.Server{Logs: func(_ context.Context, _ deploy.Principal, q rpc.LogQuery) iter.Seq2[rpc.LogChunk, error] {
		if q != asked {
			t.Errorf("asked %+v\nheard %+v", asked, q)
		}
		return each([]rpc.LogChunk{{Offset: 1000, Data: text}, {Offset: 1000 + int64(len(text)), Data: []byte("end")}}, nil)
	}})
	var got []byte
	for chunk, err := range w.client(t).Logs(within(t), asked) {
		if err != nil {
			t.Fatal(err)
		}
		if chunk.Offset != 1000+int64(len(got)) {
			t.Fatalf("a piece at %d follows %d bytes from 1000", chunk.Offset, len(got))
		}
		got = append(got, chunk.Data...)
	}
	if !bytes.Equal(got, slices.Concat(text, []byte("end"))) {
		t.Errorf("read %d bytes of %d, or others", len(got), len(text)+3)
	}
}
