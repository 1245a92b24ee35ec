package master

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/musterproject/muster/internal/mastercore"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// tell turns facts into log lines: the only place where a master's log is written about what it decided.
func (m *Master) tell(ctx context.Context, facts []mastercore.Fact) {
	for _, f := range facts {
		switch f := f.(type) {
		case mastercore.StateChanged:
			m.log.Info("master", "from", f.From, "to", f.To, "reason", f.Reason)
		case mastercore.WorkerChanged:
			m.log.Info("worker", "worker_id", f.Worker, "address", f.Address, "from", f.From, "to", f.To, "reason", f.Reason)
		case mastercore.AppChanged:
			m.log.Info("application", "app_id", f.App, "name", f.Name, "from", f.From, "to", f.To, "reason", f.Reason)
		case mastercore.DriverChanged:
			m.log.Info("driver", "driver_id", f.Driver, "attempt", f.Attempt, "worker_id", f.Worker, "from", f.From, "to", f.To,
				"exit", f.Exit, "reason", f.Reason)
		case mastercore.ExecutorMoved:
			m.log.Log(ctx, level(f), "executor", "executor_id", f.Executor, "worker_id", f.Worker, "from", f.From, "to", f.To,
				"exit", f.Exit, "reason", f.Reason)
		case mastercore.Placed:
			m.log.Debug("placed", "version", f.Version, "granted", f.Granted, "reserved", f.Reserved, "rejected", f.Rejected,
				"policy", f.Policy, "fallback", f.Fallback, "took", f.Took)
		case mastercore.SchedulingChanged:
			m.log.Info("scheduling changed", "policy", f.Policy, "queues", f.Queues, "default_queue", f.DefaultQueue)
		case mastercore.Reserved:
			m.log.Info("workers reserved", "subject", f.Subject, "profile", f.Profile, "workers", f.Workers, "until", f.Until, "tries", f.Tries)
		case mastercore.ReservationEnded:
			m.log.Info("reservation ended", "subject", f.Subject, "profile", f.Profile, "workers", f.Workers, "reason", f.Reason, "took", f.Took)
		case mastercore.RequestRefused:
			m.log.Info("request refused", "from", f.From, "request", f.Message, "reason", f.Reason)
		case mastercore.Oddity:
			m.log.Warn("oddity", "peer", f.Peer, "what", f.What, "reason", f.Reason)
		}
	}
}

func level(f mastercore.ExecutorMoved) slog.Level {
	if f.Exit.OK() {
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// Tracer is whom a master tells its plans as spans.
type Tracer = trace.Tracer

const (
	openPlans  = 32  // that the core has not answered yet; the oldest beyond it are told as they are
	planEvents = 100 // decisions told of one plan; the rest is counted
)

// plans makes one span of each plan: begun and ended as the policy did, with what became of it. It is used by the placer and the committer.
type plans struct {
	tracer Tracer // nil: nobody listens

	mu   sync.Mutex
	open []openPlan // by version
}

type openPlan struct {
	version uint64
	ended   time.Time
	span    trace.Span
}

// made begins the span of a plan.
func (p *plans) made(ctx context.Context, ev *mastercore.Planned, began time.Time) {
	if p.tracer == nil {
		return
	}
	_, span := p.tracer.Start(ctx, "place", trace.WithTimestamp(began), trace.WithAttributes(
		attribute.Int64("version", int64(ev.Plan.Version)), attribute.Int("asked", asked(&ev.Plan)), attribute.Int("proposed", len(ev.Plan.Grants)),
		attribute.Int("waiting", len(ev.Plan.Waiting)), attribute.String("policy", ev.Policy), attribute.String("fallback", ev.Fallback.String())))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open = append(p.open, openPlan{ev.Plan.Version, began.Add(ev.Took), span})
	p.endFirst(len(p.open) - openPlans)
}

// asked counts the demands that a plan says something of.
func asked(plan *scheduler.Plan) int {
	seen := make(map[scheduler.DemandRef]struct{}, len(plan.Waiting))
	for i := range plan.Waiting {
		seen[plan.Waiting[i].Demand] = struct{}{}
	}
	for i := range plan.Grants {
		seen[plan.Grants[i].Demand] = struct{}{}
	}
	return len(seen)
}

// settled adds what the core made of plans, and ends the spans of the plans before the newest of them.
func (p *plans) settled(batch *mastercore.Effects) {
	if p.tracer == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	newest := uint64(0)
	for _, f := range batch.Facts {
		if f, ok := f.(mastercore.Placed); ok {
			newest = max(newest, f.Version)
			p.span(f.Version).SetAttributes(placed(&f)...)
		}
	}
	events := map[uint64]int{}
	for _, row := range batch.Rows {
		r, ok := row.(deploy.DecisionRow)
		if !ok || r.Decision.Times > 1 { // told again
			continue
		}
		newest = max(newest, r.Decision.Cycle)
		if events[r.Decision.Cycle]++; events[r.Decision.Cycle] <= planEvents {
			p.span(r.Decision.Cycle).AddEvent("decision", trace.WithAttributes(attribute.String("subject", r.Decision.Subject),
				attribute.Int("profile", int(r.Decision.Profile)), attribute.String("code", r.Decision.Code.String())))
		}
	}
	for version, n := range events {
		p.span(version).SetAttributes(attribute.Int("decisions", n))
	}
	old := 0
	for old < len(p.open) && p.open[old].version < newest {
		old++
	}
	p.endFirst(old)
}

func placed(f *mastercore.Placed) []attribute.KeyValue {
	list := []attribute.KeyValue{attribute.Int("granted", f.Granted), attribute.Int("reserved", f.Reserved)}
	rejected := 0
	for cause, n := range f.Rejected {
		rejected += n
		list = append(list, attribute.Int("rejected."+cause, n))
	}
	return append(list, attribute.Int("rejected", rejected))
}

// span gives the span of a version, one that records nothing if it is over. What was placed twice of one version belongs to the last.
func (p *plans) span(version uint64) trace.Span {
	for i := len(p.open) - 1; i >= 0; i-- {
		if p.open[i].version == version {
			return p.open[i].span
		}
	}
	return noop.Span{}
}

func (p *plans) endFirst(n int) {
	for i := range max(0, n) {
		p.open[i].span.End(trace.WithTimestamp(p.open[i].ended))
	}
	p.open = append(p.open[:0], p.open[max(0, n):]...)
}

// close ends all spans.
func (p *plans) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.endFirst(len(p.open))
}
