package sim

import (
	"fmt"
	"slices"

	"github.com/musterproject/muster/pkg/deploy"
)

// book is what really happened, seen from outside: the process tables of workers, what they obeyed, and what was acknowledged to whom. It
// judges the cores and is never asked by them.
type book struct {
	w *World

	// Seen from workers.
	used     map[*worker]deploy.Resources // by live processes
	units    map[unit]*process
	orders   map[deploy.LaunchID]*worker // starts that a worker's core asked for
	launchOf map[deploy.ExecutorID]deploy.LaunchID
	begun    map[deploy.DriverID]int // processes of a driver that ever started
	drivers  map[deploy.DriverID][]*process
	doubles  []deploy.DriverID // drivers with more than one live process
	alive    []*process
	leaders  map[deploy.Epoch]deploy.Address
	epochs   map[*worker]deploy.Epoch

	// Acknowledged.
	answers       map[deploy.RequestID]string
	submitted     []deploy.DriverID
	driverRequest map[deploy.DriverID]deploy.RequestID
	appRequest    map[deploy.AppID]deploy.RequestID
	livingApps    []deploy.AppID
	killed        map[string]deploy.Epoch // apps and drivers whose end was acknowledged, by the epoch that had seen it
	driverEnds    map[deploy.DriverID]driverEnd
	appEnds       map[deploy.AppID]deploy.Epoch // whose end is durable
}

// driverEnd is the durable end of a driver.
type driverEnd struct {
	state deploy.DriverState
	epoch deploy.Epoch
}

// unit is one address of a custom resource of a worker.
type unit struct {
	worker     *worker
	name, unit string
}

func newBook(w *World) *book {
	return &book{
		w: w, used: map[*worker]deploy.Resources{}, units: map[unit]*process{}, orders: map[deploy.LaunchID]*worker{},
		launchOf: map[deploy.ExecutorID]deploy.LaunchID{}, begun: map[deploy.DriverID]int{}, drivers: map[deploy.DriverID][]*process{},
		leaders: map[deploy.Epoch]deploy.Address{}, epochs: map[*worker]deploy.Epoch{}, answers: map[deploy.RequestID]string{},
		driverRequest: map[deploy.DriverID]deploy.RequestID{}, appRequest: map[deploy.AppID]deploy.RequestID{},
		killed: map[string]deploy.Epoch{}, driverEnds: map[deploy.DriverID]driverEnd{}, appEnds: map[deploy.AppID]deploy.Epoch{},
	}
}

// check is called after each event, for what no single event shows.
func (b *book) check() {
	if len(b.doubles) > 0 {
		b.checkDoubles()
	}
}

// appRegistered hears that a registration was acknowledged.
func (b *book) appRegistered(a *app, m deploy.AppRegistered) {
	if r, known := b.appRequest[m.App]; known && r != a.request {
		b.w.fail("S19", "application id %s was given to the request %s and to %s", m.App, r, a.request)
	}
	if a.id == "" {
		b.appRequest[m.App] = a.request
		b.livingApps = append(b.livingApps, m.App)
		b.w.count("application registered")
	} else {
		b.w.count("application registered again")
	}
}

// appRefused hears that an application may not come back: it has ended then, and somebody has seen it.
func (b *book) appRefused(a *app, f deploy.Fault) {
	if _, ended := b.appEnds[a.id]; a.id != "" && !ended {
		b.w.fail("S8", "application %s was acknowledged, has not ended, and is refused: %s", a.id, f.Text)
	}
}

func (b *book) appOver(a *app) {
	b.livingApps = slices.DeleteFunc(b.livingApps, func(id deploy.AppID) bool { return id == a.id })
}

// appTold hears what an application is told of one executor.
func (b *book) appTold(a *app, v deploy.ExecutorView, before deploy.ExecutorState) {
	if before.Terminal() && v.State != before {
		b.w.fail("S11", "application %s is told that executor %s is %s after %s", a.id, v.Executor, v.State, before)
	}
	if v.WorkerLost {
		b.w.count("executor lost with its worker")
	}
}

// answered hears an answer, first or repeated: a request has one answer for ever.
func (b *book) answered(id deploy.RequestID, m deploy.Message) {
	text := ""
	switch m := m.(type) {
	case deploy.Accepted:
		text = fmt.Sprintf("accepted %s %v %v", m.ID, m.Killed, m.Unknown)
	case deploy.Refused:
		if transient(m.Fault) {
			return
		}
		text = fmt.Sprintf("refused %d", m.Fault.Code())
		b.w.count("request refused")
	}
	if first, known := b.answers[id]; known && first != text {
		b.w.fail("S8", "request %s was answered %q, and then %q", id, first, text)
	} else if known {
		b.w.count("answer repeated")
	}
	b.answers[id] = text
}

// settled hears the first answer to a client's question.
func (b *book) settled(asked, answer deploy.Message) {
	a, ok := answer.(deploy.Accepted)
	if !ok {
		return
	}
	switch m := asked.(type) {
	case deploy.SubmitDriver:
		id := deploy.DriverID(a.ID)
		if r, known := b.driverRequest[id]; known && r != m.Request {
			b.w.fail("S19", "driver id %s was given to the request %s and to %s", id, r, m.Request)
		}
		b.driverRequest[id] = m.Request
		b.submitted = append(b.submitted, id)
		b.w.count("driver submitted")
	case deploy.KillDriver:
		b.w.count("driver kill acknowledged")
		b.killed[string(m.Driver)] = b.w.store.epoch
	case deploy.KillApp:
		b.w.count("application kill acknowledged")
		b.appKilled(m.App, b.w.store.epoch)
	}
}

func (b *book) appKilled(id deploy.AppID, epoch deploy.Epoch) {
	if _, known := b.killed[string(id)]; !known {
		b.killed[string(id)] = epoch
	}
}

func (b *book) someDriver() deploy.DriverID {
	if len(b.submitted) == 0 {
		return ""
	}
	return b.submitted[b.w.rng.IntN(len(b.submitted))]
}

func (b *book) someApp() deploy.AppID {
	if len(b.livingApps) == 0 {
		return ""
	}
	return b.livingApps[b.w.rng.IntN(len(b.livingApps))]
}
