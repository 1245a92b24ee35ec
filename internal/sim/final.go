package sim

import (
	"errors"

	"github.com/musterproject/muster/pkg/deploy"
)

// leading gives the term of the one master that leads, or nil.
func (w *World) leading() *term {
	var one *term
	for _, m := range w.masters {
		if m.term != nil {
			if one != nil {
				return nil
			}
			one = m.term
		}
	}
	return one
}

// checkRecovered: L1 and L2, some time after the faults are over.
func (w *World) checkRecovered() {
	t := w.leading()
	switch {
	case t == nil:
		w.fail("L2", "no single master leads %s after the faults", w.now-w.healedAt)
	case t.book.state != deploy.MasterAlive:
		w.fail("L1", "the leader is still %s %s after the faults", t.book.state, w.now-w.healedAt)
	}
}

// checkFinal: once everything has settled, books and reality are the same, nothing acknowledged is missing, and nothing that fits waits.
func (w *World) checkFinal() {
	w.checkRecovered()
	t := w.leading()
	if t == nil {
		return
	}
	for _, k := range w.workers {
		row, ok := t.book.rows[deploy.RowKey{Kind: deploy.RowWorker, ID: string(k.spec.ID)}].(deploy.WorkerRow)
		if !k.up || !ok || row.State != deploy.WorkerAlive {
			w.fail("L5", "%s (up %t) is %s in the leader's books at the end", k.name, k.up, row.State)
		}
	}
	w.checkProcesses(t)
	w.checkAcknowledged(t)
	w.checkNothingWaits(t)
	w.checkStrays(t)
}

// checkProcesses: what runs is in the books, and what the books say runs does.
func (w *World) checkProcesses(t *term) {
	running := map[deploy.RowKey]bool{}
	for _, p := range w.book.alive {
		key := deploy.RowKey{Kind: deploy.RowExecutor, ID: p.order.Executor.String()}
		if p.order.Driver != "" {
			key = deploy.RowKey{Kind: deploy.RowDriver, ID: string(p.order.Driver)}
		}
		running[key] = true
		switch row := t.book.rows[key].(type) {
		case deploy.ExecutorRow:
			if row.State != deploy.ExecutorRunning || row.Launch != p.order.ID {
				w.fail("S3", "launch %s of executor %s runs on %s, and is %s as launch %s in the books", p.order.ID, row.ID, p.worker.name, row.State, row.Launch)
			}
		case deploy.DriverRow:
			if row.State != deploy.DriverRunning || row.Attempt != p.order.Attempt {
				w.fail("S3", "attempt %d of driver %s runs on %s, and is %s, attempt %d, in the books", p.order.Attempt, row.ID, p.worker.name, row.State, row.Attempt)
			}
		default:
			w.fail("L4", "launch %s of %s runs on %s at the end, and nobody knows it", p.order.ID, key.ID, p.worker.name)
		}
		if p.order.Driver == "" {
			w.checkApplicationKnows(p)
		}
	}
	for _, a := range w.apps {
		for num, state := range a.views {
			if key := (deploy.RowKey{Kind: deploy.RowExecutor, ID: deploy.ExecutorID{App: a.id, Num: num}.String()}); !a.over && !state.Terminal() && !running[key] {
				w.fail("L6", "executor %s does not run at the end, and its application believes that it is %s", key.ID, state)
			}
		}
	}
	for key, row := range t.book.rows {
		if e, ok := row.(deploy.ExecutorRow); ok && !e.State.Terminal() && !running[key] {
			w.fail("S3", "executor %s is %s in the books at the end, and does not run", e.ID, e.State)
		}
		if d, ok := row.(deploy.DriverRow); ok && d.State == deploy.DriverRunning && !running[key] {
			w.fail("S3", "driver %s is %s in the books at the end, and does not run", d.ID, d.State)
		}
	}
}

// checkApplicationKnows: an executor runs for an application that lives and has been told of it.
func (w *World) checkApplicationKnows(p *process) {
	id := p.order.Executor
	a := w.appOf(id.App)
	if a == nil {
		w.fail("L4", "executor %s runs on %s at the end, and its application is over", id, p.worker.name)
	} else if state, told := a.views[id.Num]; !told || state != deploy.ExecutorRunning {
		w.fail("L6", "executor %s runs on %s at the end, and its application has been told %s (%t)", id, p.worker.name, state, told)
	}
}

// appOf gives the living application with an id.
func (w *World) appOf(id deploy.AppID) *app {
	for _, a := range w.apps {
		if a.id == id && !a.over {
			return a
		}
	}
	return nil
}

// checkAcknowledged: S8.
func (w *World) checkAcknowledged(t *term) {
	for _, id := range w.book.submitted {
		row, ok := t.book.rows[deploy.RowKey{Kind: deploy.RowDriver, ID: string(id)}].(deploy.DriverRow)
		if !ok {
			w.fail("S8", "driver %s was acknowledged and is unknown at the end", id)
		}
		if _, killed := w.book.killed[string(id)]; killed && !row.State.Terminal() {
			w.fail("S8", "the kill of driver %s was acknowledged, and it is %s at the end", id, row.State)
		}
		if end, ended := w.book.driverEnds[id]; ended && row.State != end.state {
			w.fail("S11", "driver %s was %s and is %s at the end", id, end.state, row.State)
		}
	}
	for _, a := range w.apps {
		if a.over {
			continue
		}
		row, ok := t.book.rows[deploy.RowKey{Kind: deploy.RowApp, ID: string(a.id)}].(deploy.AppRow)
		if !ok || row.State.Terminal() || !row.Connected || a.order.Session == 0 {
			w.fail("S8", "application %q lives at the end, and the leader has it as %s, connected %t", a.id, row.State, row.Connected)
		}
		if len(a.wishes) > 0 {
			w.fail("L2", "request %s of %s has no answer at the end", a.wishes[0].id, a.id)
		}
	}
	if w.probe != nil && !w.probe.done {
		w.fail("L2", "a driver submitted after the faults has no answer at the end")
	}
}

// transient tells whether a refusal says nothing that another try could not change.
func transient(f deploy.Fault) bool {
	for _, kind := range [...]error{deploy.ErrInvalid, deploy.ErrTooLarge, deploy.ErrDenied, deploy.ErrRecovering, deploy.ErrNotLeader, deploy.ErrUnavailable} {
		if errors.Is(f.Kind, kind) {
			return true
		}
	}
	return false
}
