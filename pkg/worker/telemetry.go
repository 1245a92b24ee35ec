package worker

import "github.com/musterproject/muster/internal/workercore"

// tell turns facts into log lines.
func (w *Worker) tell(facts []workercore.Fact) {
	for _, f := range facts {
		switch f := f.(type) {
		case workercore.Registered:
			w.log.Info("registered", "master", f.Master, "epoch", f.Epoch, "session", f.Session, "unwanted", f.Killed)
		case workercore.Unregistered:
			w.log.Warn("without a leader", "reason", f.Reason)
		case workercore.ProcessMoved:
			w.log.Info("process", "launch_id", f.Launch, "owner", f.Owner, "from", f.From, "to", f.To, "exit", f.Exit, "reason", f.Reason)
		case workercore.OrderRefused:
			w.log.Warn("order refused", "epoch", f.Stamp.Epoch, "session", f.Stamp.Session, "seq", f.Stamp.Seq, "reason", f.Reason)
		case workercore.RetryAt:
			w.log.Info("no master took this worker in", "next_try_in", f.After, "reason", f.Reason)
		}
	}
}
