package mastercore

import "slices"

const mostAvoided = 16 // workers that an application or driver remembers having failed on

// failure is one launch that failed on a worker.
type failure struct {
	at      int64
	subject string // app or driver id
}

// noteFailure counts a failed launch against its worker: many of them from different subjects speak against the worker.
func (c *Core) noteFailure(w *worker, subject string) {
	n := c.cfg.BadWorkerFailures
	if n <= 0 || !w.member() || w.asideUntil != 0 {
		return
	}
	since := c.at - int64(c.cfg.BadWorkerWindow)
	w.failures = slices.DeleteFunc(w.failures, func(f failure) bool { return f.at <= since })
	if len(w.failures) >= 8*n { // bounded; one noisy subject does not push out all others at once
		w.failures = slices.Delete(w.failures, 0, n)
	}
	w.failures = append(w.failures, failure{at: c.at, subject: subject})
	others := slices.ContainsFunc(w.failures, func(f failure) bool { return f.subject != subject })
	if len(w.failures) < n || !others {
		return
	}
	w.asideUntil = c.at + int64(c.cfg.BadWorkerRest)
	w.failures = nil
	c.touchWorker(w)
	c.armWorker(w)
	c.fact(WorkerPutAside{Worker: w.spec.ID, Failures: n, Until: c.wall(w.asideUntil)})
}

// avoid adds a worker to the list of those that owner has just failed on; the newest few are remembered.
func avoid(list []*worker, w *worker, owner *demand) []*worker {
	if slices.Contains(list, w) || !w.member() {
		return list
	}
	if len(list) >= mostAvoided {
		forgive(list[:1], owner)
		list = slices.Delete(list, 0, 1)
	}
	w.avoidedBy = append(w.avoidedBy, owner)
	return append(list, w)
}

// forgive forgets a whole list of avoided workers.
func forgive(list []*worker, owner *demand) []*worker {
	for _, w := range list {
		w.avoidedBy = slices.DeleteFunc(w.avoidedBy, func(d *demand) bool { return d == owner })
	}
	return nil
}

// unavoid takes a worker that leaves off all lists, because its slot with the placer will be another's.
func (c *Core) unavoid(w *worker) {
	same := func(x *worker) bool { return x == w }
	for _, d := range w.avoidedBy {
		if d.driver != nil {
			d.driver.avoid = slices.DeleteFunc(d.driver.avoid, same)
			c.touchDemand(d)
		} else {
			d.app.avoid = slices.DeleteFunc(d.app.avoid, same)
			c.touchDemands(d.app)
		}
	}
	w.avoidedBy = nil
}

// mark stands for the whole application in the avoidedBy of workers.
func (a *app) mark() *demand { return &a.profiles[0].demand }
