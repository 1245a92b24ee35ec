package worker

import (
	"slices"

	"github.com/musterproject/muster/internal/workercore"
	"github.com/musterproject/muster/pkg/deploy"
)

// View is what a worker tells of itself at one moment.
type View struct {
	Spec      deploy.WorkerSpec
	Master    deploy.Address // the leader it registered with last
	Processes []deploy.LaunchReport
}

// View may be called at any time from any goroutine.
func (w *Worker) View() View {
	v := View{Spec: w.cfg.Worker}
	if at := w.leader.Load(); at != nil {
		v.Master = *at
	}
	if p := w.shown.Load(); p != nil {
		v.Processes = *p
	}
	return v
}

// publish keeps what readers see in step with the core; only a fact about a process can have changed it.
func (w *Worker) publish(facts []workercore.Fact) {
	if !slices.ContainsFunc(facts, func(f workercore.Fact) bool { _, ok := f.(workercore.ProcessMoved); return ok }) {
		return
	}
	inventory := w.core.Inventory()
	w.shown.Store(&inventory)
}
