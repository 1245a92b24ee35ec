package master

import (
	"context"
	"log/slog"

	"github.com/musterproject/muster/internal/mastercore"
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
			m.log.Debug("placed", "version", f.Version, "granted", f.Granted, "reserved", f.Reserved, "rejected", f.Rejected, "policy", f.Policy, "took", f.Took)
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
