package main

import (
	"context"
	"errors"
	"net"
	"slices"
	"testing"
	"time"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/musterproject/muster/pkg/artifact"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/election"
	"github.com/musterproject/muster/pkg/master"
	"github.com/musterproject/muster/pkg/recovery"
	"github.com/musterproject/muster/pkg/rpc"
	"github.com/musterproject/muster/pkg/rpc/memrpc"
	"github.com/musterproject/muster/pkg/scheduler"
	"github.com/musterproject/muster/pkg/status"
)

// deaf never answers in time.
type deaf struct{}

func (deaf) Place(ctx context.Context, _ scheduler.View) (scheduler.Plan, error) {
	<-ctx.Done()
	return scheduler.Plan{}, context.Cause(ctx)
}

// TestPlansAreSpans: each plan is a span with what was asked, and with what the core made of it; decisions that changed are its events.
func TestPlansAreSpans(t *testing.T) {
	for name, k := range map[string]struct {
		policy   scheduler.SchedulerPolicy
		fallback string
	}{
		"policy": {scheduler.NewSpread(scheduler.DefaultOptions()), "NONE"}, "late policy": {deaf{}, "PLUGIN_TIMEOUT"},
	} {
		t.Run(name, func(t *testing.T) {
			spans := plansOf(t, k.policy)
			i := slices.IndexFunc(spans, func(s tracetest.SpanStub) bool {
				return len(s.Events) > 0 && s.Events[0].Attributes[2].Value.String() != "LAUNCHING"
			})
			if i < 0 {
				t.Fatalf("no decision among %d spans: %+v", len(spans), spans)
			}
			got := map[string]string{}
			for _, a := range spans[i].Attributes {
				got[string(a.Key)] = a.Value.String()
			}
			for key, want := range map[string]string{"asked": "1", "waiting": "1", "proposed": "0", "fallback": k.fallback, "decisions": "1"} {
				if got[key] != want {
					t.Errorf("%s is %q, want %q: %v", key, got[key], want, got)
				}
			}
			event := map[string]string{}
			for _, a := range spans[i].Events[0].Attributes {
				event[string(a.Key)] = a.Value.String()
			}
			if spans[i].Name != "place" || event["code"] != "INSUFFICIENT_CORES" || event["subject"] == "" || spans[i].EndTime.Before(spans[i].StartTime) {
				t.Errorf("span %s with the event %v", spans[i].Name, event)
			}
		})
	}
}

// plansOf runs a master until a driver that its one worker has no room for waits, and gives its spans.
func plansOf(t *testing.T, policy scheduler.SchedulerPolicy) tracetest.SpanStubs {
	t.Helper()
	exporter := tracetest.NewInMemoryExporter()
	provider := sdk.NewTracerProvider(sdk.WithSyncer(exporter))
	at := deploy.Address{Host: "master", Port: 7077}
	network := &memrpc.Network{}
	rows := status.NewStore()
	ended := runMaster(t, network, at, func(l net.Listener, blobs artifact.Store) (*master.Master, error) {
		cfg := master.DefaultConfig()
		cfg.Address, cfg.PlaceTimeout = at, 20*time.Millisecond
		return master.New(cfg, master.Deps{
			Mode: recovery.NewNone(time.Now, election.NewMonarchy(at)), Transport: network.Transport(memrpc.DefaultOptions()), Listener: l, Policy: policy,
			Fallback: scheduler.NewSpread(scheduler.DefaultOptions()), Blobs: blobs, Status: rows, Tracer: provider.Tracer("master"),
		})
	})
	until(t, rows, deploy.RowMaster, func(r deploy.Row) bool {
		m, ok := r.(deploy.MasterRow)
		return ok && m.State == deploy.MasterAlive
	})
	transport := network.Transport(memrpc.DefaultOptions())
	worker, err := transport.Dial(t.Context(), at, deploy.Hello{Role: deploy.RoleWorker, Protocol: deploy.ProtocolVersion, ID: "w1", Address: at})
	if err != nil {
		t.Fatal(err)
	}
	spec := deploy.WorkerSpec{ID: "w1", Address: at, Cores: 4, MemoryMiB: 1024}
	if err := worker.Send(rpc.Item{Msg: deploy.RegisterWorker{Incarnation: 1, Worker: spec}}); err != nil {
		t.Fatal(err)
	}
	if _, err := worker.Recv(t.Context()); err != nil { // registered
		t.Fatal(err)
	}
	ask := rpc.NewCluster(transport, []deploy.Address{at}, 5*time.Second)
	for _, id := range []deploy.RequestID{"first", "second"} {
		submit := deploy.SubmitDriver{Request: id, Spec: deploy.DriverSpec{
			Name: string(id), Need: deploy.Resources{Cores: 3, MemoryMiB: 64}, Command: deploy.Command{Program: "/bin/true"},
		}}
		if _, err := ask.Call(t.Context(), submit); err != nil {
			t.Fatal(err)
		}
		until(t, rows, deploy.RowDecision, func(r deploy.Row) bool {
			d, ok := r.(deploy.DecisionRow)
			return ok && d.Decision.Code == map[deploy.RequestID]deploy.ReasonCode{"first": deploy.ReasonLaunching, "second": deploy.ReasonInsufficientCores}[id]
		})
	}
	if err := errors.Join(ended(), provider.ForceFlush(context.Background())); err != nil {
		t.Fatal(err)
	}
	return exporter.GetSpans()
}

// until waits for a row.
func until(t *testing.T, rows *status.Store, kind deploy.RowKind, ok func(deploy.Row) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for c := range rows.Watch(ctx, status.Query{Kind: kind}) {
		if slices.ContainsFunc(c.Rows, ok) {
			return
		}
	}
	t.Fatalf("the %s row has not come", kind)
}

// runMaster runs a master and gives what ends it.
func runMaster(t *testing.T, network *memrpc.Network, at deploy.Address, open func(net.Listener, artifact.Store) (*master.Master, error)) func() error {
	t.Helper()
	l, err := network.Listen(at)
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := artifact.OpenFileStore(t.TempDir(), artifact.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := open(l, blobs)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() { result <- m.Run(ctx) }()
	return func() error { cancel(); return <-result }
}
