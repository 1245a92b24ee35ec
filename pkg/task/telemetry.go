package task

import (
	"github.com/musterproject/muster/internal/taskcore"
	"github.com/musterproject/muster/pkg/backend"
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
		d.log.Info("application", "app_id", e.App, "master", e.Master, "executors", len(e.Executors))
	case backend.ExecutorChanged:
		d.log.Debug("executor on the cluster", "executor_id", e.Executor.Executor, "state", e.Executor.State, "worker_id", e.Executor.Worker,
			"exit", e.Executor.Exit, "message", e.Executor.Message)
	case backend.Waiting:
		d.log.Warn("waiting for executors", "code", e.Decision.Code, "reason", e.Decision.Text)
	case backend.Disconnected:
		d.log.Warn("no master in touch", "reason", e.Reason)
	}
}
