package sim

import (
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// toldBy is the age at which an executor that has not reached its driver must be told of: ReachAfter and what the master waits to tell of more at once.
const toldBy = 10 * time.Second

// strays counts the executors of one profile.
type strays struct {
	live, all, old int32 // all that do not reach the driver, and those of them that have had their time
}

// checkStrays: L7. That executors have not reached their driver is said where it is so, if the application has all else that it asked for.
func (w *World) checkStrays(t *term) {
	for _, a := range w.apps {
		row, _ := t.book.rows[deploy.RowKey{Kind: deploy.RowApp, ID: string(a.id)}].(deploy.AppRow)
		if a.over || row.State.Terminal() {
			continue
		}
		found := w.straysOf(t, a)
		for _, target := range row.Targets {
			key := deploy.DecisionRow{Decision: deploy.Decision{Subject: string(a.id), Profile: target.Profile}}.RowKey()
			said, _ := t.book.rows[key].(deploy.DecisionRow)
			n, told := found[target.Profile], said.Decision.Code == deploy.ReasonNotRegistered
			switch {
			case told && n.all == 0:
				w.fail("L7", "profile %d of %s is %s at the end, and all that run have reached the driver", target.Profile, a.id, &said.Decision)
			case !told && n.old > 0 && n.live >= target.Total:
				w.fail("L7", "profile %d of %s has %d executors that have not reached the driver, and is %s at the end", target.Profile, a.id, n.old, &said.Decision)
			case told:
				w.count("executor told of as not registered")
			}
		}
	}
}

func (w *World) straysOf(t *term, a *app) map[int32]strays {
	found := map[int32]strays{}
	for _, p := range w.book.alive {
		id := p.order.Executor
		row, ok := t.book.rows[deploy.RowKey{Kind: deploy.RowExecutor, ID: id.String()}].(deploy.ExecutorRow)
		if id.App != a.id || !ok || row.Killing {
			continue
		}
		n := found[row.Profile]
		n.live++
		if a.spec.Reports && stray(id.Num) {
			n.all++
			if p.worker.time().Sub(p.handle.StartedAt) > toldBy {
				n.old++
			}
		}
		found[row.Profile] = n
	}
	return found
}
