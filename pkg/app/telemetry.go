package app

// report turns facts into log lines.
func (a *App) report(facts []fact) {
	for _, f := range facts {
		switch f := f.(type) {
		case registered:
			a.log.Info("registered", "app_id", f.app, "master", f.master, "epoch", f.epoch, "session", f.session, "again", f.again)
		case lost:
			a.log.Warn("without a leader", "reason", f.reason)
		case orderRefused:
			a.log.Warn("order refused", "epoch", f.stamp.Epoch, "session", f.stamp.Session, "seq", f.stamp.Seq, "reason", f.reason)
		case retryAt:
			a.log.Debug("no master took the application in", "next_try_in", f.after)
		case forgotten:
			a.log.Warn("the cluster does not know the application any more and is asked to take it in as a new one", "app_id", f.app)
		}
	}
}
