package mastercore

import (
	"slices"

	"github.com/musterproject/muster/pkg/deploy"
)

// launch is an allocation on a worker, keyed by the order that made it. It exists until its worker says that it ended, does not list it at a
// registration, or is lost. Nothing else frees cores, memory or addresses.
type launch struct {
	id        deploy.LaunchID
	worker    *worker
	index     int // in worker.books.launches
	need      deploy.Resources
	addresses []deploy.Addresses

	queue  *queue    // of its owner, if it has one
	exec   *executor // of an executor
	driver *driver   // of a driver's attempt; the wanted one if driver.launch is this

	expected  bool // known from a record only: holds nothing until the worker reports it
	confirmed bool // the worker has reported it
	running   bool
	killing   bool // its end has been ordered
	timer     timer
}

// wanted tells whether somebody still waits for what this launch does.
func (l *launch) wanted() bool { return l.exec != nil || l.driver != nil && l.driver.launch == l }

// books are a worker's resources: free plus what the launches hold is the capacity.
type books struct {
	capacity  deploy.Resources
	free      deploy.Resources // Custom is kept in pools
	pools     []pool           // sorted by name
	launches  []*launch
	executors int
	drivers   int
}

// pool is one custom resource of a worker.
type pool struct {
	name  string
	units []string
	owner []*launch // of each unit; nil: free
	free  int32
}

func (b *books) pool(name string) *pool {
	for i := range b.pools {
		if b.pools[i].name == name {
			return &b.pools[i]
		}
	}
	return nil
}

// open makes the books of an empty worker.
func (b *books) open(spec *deploy.WorkerSpec) {
	b.capacity = spec.Capacity()
	b.free = deploy.Resources{Cores: spec.Cores, MemoryMiB: spec.MemoryMiB}
	b.pools = nil
	for _, a := range b.capacity.Custom {
		for _, units := range spec.Custom {
			if units.Name == a.Name {
				b.pools = append(b.pools, pool{name: a.Name, units: units.Units, owner: make([]*launch, len(units.Units)), free: a.Count})
			}
		}
	}
}

// misses names what need lacks on these books, or nothing.
func (b *books) misses(need *deploy.Resources) string {
	switch {
	case need.Cores > b.free.Cores:
		return "cores"
	case need.MemoryMiB > b.free.MemoryMiB:
		return "memory"
	}
	for _, a := range need.Custom {
		if p := b.pool(a.Name); p == nil || p.free < a.Count {
			return a.Name
		}
	}
	return ""
}

// take enters l with its need. Its addresses are those given, or the first free ones. A cause says that it does not fit; nothing is changed then.
func (b *books) take(l *launch, given []deploy.Addresses) (cause string) {
	if cause := b.misses(&l.need); cause != "" {
		return cause
	}
	if given != nil {
		if cause := b.grabs(l, given); cause != "" {
			return cause
		}
		l.addresses = given
	} else {
		l.addresses = b.pick(l)
	}
	b.free.Cores -= l.need.Cores
	b.free.MemoryMiB -= l.need.MemoryMiB
	return ""
}

// pick gives l the first free units of each custom resource it needs.
func (b *books) pick(l *launch) []deploy.Addresses {
	if len(l.need.Custom) == 0 {
		return nil
	}
	out := make([]deploy.Addresses, 0, len(l.need.Custom))
	for _, a := range l.need.Custom {
		p := b.pool(a.Name)
		units := make([]string, 0, a.Count)
		for i := range p.units {
			if p.owner[i] == nil && len(units) < int(a.Count) {
				p.owner[i] = l
				units = append(units, p.units[i])
			}
		}
		p.free -= a.Count
		out = append(out, deploy.Addresses{Name: a.Name, Units: units})
	}
	return out
}

// grabs gives l the units that its worker says it has.
func (b *books) grabs(l *launch, given []deploy.Addresses) (cause string) {
	if !slices.Equal(deploy.Counts(given), l.need.Custom) {
		return "addresses"
	}
	var taken []*(*launch)
	for _, a := range given {
		p := b.pool(a.Name)
		for _, unit := range a.Units {
			i := slices.Index(p.units, unit)
			if i < 0 || p.owner[i] != nil {
				for _, owner := range taken {
					*owner = nil
				}
				return a.Name
			}
			p.owner[i] = l
			taken = append(taken, &p.owner[i])
		}
	}
	for _, a := range l.need.Custom {
		b.pool(a.Name).free -= a.Count
	}
	return ""
}

// give takes back what l holds.
func (b *books) give(l *launch) {
	b.free.Cores += l.need.Cores
	b.free.MemoryMiB += l.need.MemoryMiB
	for _, a := range l.need.Custom {
		p := b.pool(a.Name)
		if p == nil {
			continue // the books were opened anew without it
		}
		for i := range p.owner {
			if p.owner[i] == l {
				p.owner[i] = nil
				p.free++
			}
		}
	}
}

// hold enters l in the books of its worker, or says what does not fit.
func (c *Core) hold(l *launch, given []deploy.Addresses) (cause string) {
	w := l.worker
	if cause := w.books.take(l, given); cause != "" {
		return cause
	}
	c.list(l)
	return ""
}

// list adds l to the launches of its worker.
func (c *Core) list(l *launch) {
	b := &l.worker.books
	l.timer.owner = l
	l.index = len(b.launches)
	b.launches = append(b.launches, l)
	c.launches[l.id] = l
	if l.driver != nil {
		b.drivers++
		l.queue = c.enterQueue(l.driver.rec.Spec.Place.Queue, 0, 0)
	} else {
		b.executors++
	}
	if l.exec != nil {
		l.queue = c.enterQueue(l.exec.app.rec.Spec.Place.Queue, 0, 0)
		c.holdsOn(l.exec.app, l.worker, 1)
	}
	c.charge(l.queue, &l.need, 1)
	c.touchWorker(l.worker)
}

// release takes l out of the books: what it held is free.
func (c *Core) release(l *launch) {
	b := &l.worker.books
	last := len(b.launches) - 1
	b.launches[l.index] = b.launches[last]
	b.launches[l.index].index = l.index
	b.launches[last] = nil
	b.launches = b.launches[:last]
	delete(c.launches, l.id)
	if l.driver != nil {
		b.drivers--
	} else {
		b.executors--
	}
	b.give(l)
	c.charge(l.queue, &l.need, -1)
	if l.exec != nil {
		c.holdsOn(l.exec.app, l.worker, -1)
	}
	if l.queue != nil {
		c.leaveQueue(l.queue, 0, 0)
	}
	c.timers.disarm(&l.timer)
	c.touchWorker(l.worker)
}

// resize opens the books anew when the worker has come back with another capacity. What no longer fits holds nothing and is ended.
func (c *Core) resize(w *worker) {
	b := &w.books
	if sameResources(w.spec.Capacity(), b.capacity) && sameUnits(b.pools, w.spec.Custom) {
		return
	}
	b.open(&w.spec)
	for _, l := range b.launches {
		if l.expected {
			continue
		}
		if cause := b.take(l, l.addresses); cause != "" {
			c.charge(l.queue, &l.need, -1)
			l.need, l.addresses = deploy.Resources{}, nil
			c.kill(l, "the worker has come back smaller and no longer has the "+cause+" for it")
		}
	}
}

// kill orders the end of l. Its resources stay taken until the worker says that it is gone.
func (c *Core) kill(l *launch, reason string) {
	if l.killing {
		return
	}
	l.killing = true
	c.timers.disarm(&l.timer)
	c.order(l.worker.session, deploy.KillOrder{Launch: l.id, Reason: reason})
	if e := l.exec; e != nil {
		c.executorKilling(e)
	}
	if mutantKillFreesAtOnce {
		l.worker.books.give(l)
		c.charge(l.queue, &l.need, -1)
		l.need, l.addresses = deploy.Resources{}, nil
		c.touchWorker(l.worker)
	}
}

// holdUnwanted keeps the resources of a live process nobody wants until its worker says that it is gone.
func (c *Core) holdUnwanted(w *worker, rep *deploy.LaunchReport) {
	l := &launch{id: rep.Launch, worker: w, need: rep.Need, confirmed: true, killing: true}
	if d := c.drivers[rep.Driver]; d != nil && rep.Driver != "" {
		l.driver = d
		c.attemptReturned(l)
	}
	if cause := saneNeed(&l.need); cause != nil || c.hold(l, rep.Addresses) != "" {
		l.need, l.addresses = deploy.Resources{}, nil // more than the worker declares: nothing is left to take
		c.list(l)
	}
}

// wake deals with a launch whose time has come: not confirmed in time, or an executor that has proven itself.
func (l *launch) wake(c *Core) {
	switch {
	case l.exec != nil && l.running:
		c.executorProven(l.exec)
	case !l.confirmed && l.worker.session != nil:
		c.hangup(l.worker.session, "launch "+l.id.String()+" was not confirmed in time: register again")
	}
}

func sameResources(a, b deploy.Resources) bool {
	return a.Cores == b.Cores && a.MemoryMiB == b.MemoryMiB && slices.Equal(a.Custom, b.Custom)
}

// sameUnits tells whether the pools hold exactly the units of a spec, in its order.
func sameUnits(pools []pool, custom []deploy.Addresses) bool {
	for _, a := range custom {
		i := slices.IndexFunc(pools, func(p pool) bool { return p.name == a.Name })
		if len(a.Units) > 0 && (i < 0 || !slices.Equal(pools[i].units, a.Units)) {
			return false
		}
	}
	return true
}
