package task

import (
	"context"
	"log/slog"
	"time"

	"github.com/musterproject/muster/internal/taskcore"
	"github.com/musterproject/muster/pkg/backend"
	"github.com/musterproject/muster/pkg/deploy"
)

// tell turns facts into log lines.
func (d *driver) tell(facts []taskcore.Fact) {
	for _, f := range facts {
		switch f := f.(type) {
		case taskcore.ExecutorJoined:
			d.log.Info("executor", "executor_id", f.Executor, "cores", f.Cores, "again", f.Again)
		case taskcore.ExecutorAway:
			d.log.Info("executor away", "executor_id", f.Executor, "reason", f.Reason)
		case taskcore.ExecutorGone:
			d.log.Warn("executor gone", "executor_id", f.Executor, "reason", f.Reason, "tasks_run_again", f.Rerun, "counted", f.Blamed)
		case taskcore.TaskFailed:
			d.log.Warn("task failed", "job", f.Job, "task", f.Index, "attempt", f.Attempt, "failures", f.Failures, "executor_id", f.Executor, "error", f.Error)
		case taskcore.JobEnded:
			d.log.Info("job over", "job", f.Job, "function", f.Func, "tasks", f.Tasks, "failed", f.Failed)
		}
	}
}

func (d *driver) tellEvent(ev backend.Event) {
	switch e := ev.(type) {
	case backend.Registered:
		d.have = map[int32]bool{}
		for _, v := range e.Executors {
			d.have[v.Executor.Num] = true
		}
		d.log.Info("application", "app_id", e.App, "master", e.Master, "executors", len(e.Executors))
	case backend.ExecutorChanged:
		if d.have[e.Executor.Executor.Num] = true; e.Vanished || e.Executor.State.Terminal() {
			delete(d.have, e.Executor.Executor.Num)
		}
		d.log.Debug("executor on the cluster", "executor_id", e.Executor.Executor, "state", e.Executor.State, "worker_id", e.Executor.Worker,
			"exit", e.Executor.Exit, "message", e.Executor.Message)
	case backend.Waiting:
		level := slog.LevelDebug
		// With some of as many as there is room for, a full cluster is no news.
		if len(d.have) == 0 || len(d.have) < int(d.cfg.Executors) || e.Decision.Code == deploy.ReasonNotRegistered {
			level = slog.LevelWarn
		}
		d.log.Log(context.Background(), level, "waiting for executors", "code", e.Decision.Code, "reason", e.Decision.Text)
	case backend.Disconnected:
		d.log.Warn("no master in touch", "reason", e.Reason)
	}
}

// hunger is how long there have been tasks and nobody to run them.
type hunger struct{ since, said time.Time }

const (
	hungerLook  = 5 * time.Second
	hungerFirst = 10 * time.Second // until people are told
	hungerAgain = time.Minute
)

// hungry tells people now and then that no executor has come, and what the master says about it.
func (d *driver) hungry(now time.Time) {
	load, h := d.core.Load(), &d.hunger
	switch {
	case load.Executors > 0 || load.Pending == 0:
		*h = hunger{}
	case h.since.IsZero():
		h.since = now
	case now.Sub(h.since) >= hungerFirst && (h.said.IsZero() || now.Sub(h.said) >= hungerAgain):
		h.said = now
		reason := "the master has said nothing about it"
		if w := d.waits.Load(); w != nil {
			reason = w.String()
		}
		d.log.Warn("no executor has come yet", "tasks", load.Pending, "for", now.Sub(h.since).Round(time.Second), "reason", reason)
	}
}
