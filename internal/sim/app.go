package sim

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

const (
	appSilence = 6 * time.Second
	appRetry   = 300 * time.Millisecond
)

// app is the driver side of an application: it registers, follows its leader by the same rules as a worker, changes its mind about how many
// executors it wants, and ends. A node runs one application after the other.
type app struct {
	*node
	life    int // applications that have lived here
	request deploy.RequestID
	id      deploy.AppID
	token   deploy.Secret
	spec    deploy.AppSpec
	over    bool // no application lives here at present
	asked   int  // requests made

	link   *end
	order  deploy.Stamp // of the last order obeyed; zero session: not registered
	seen   deploy.Epoch
	heard  time.Duration
	views  map[int32]deploy.ExecutorState
	wishes []*wish // requests without an answer
	dials  int     // under way
	beats  uint64
}

// wish is a request that is repeated until it is answered.
type wish struct {
	id  deploy.RequestID
	msg deploy.Message
}

func newApp(w *World, i int) *app {
	a := &app{over: true}
	a.node = w.addNode(fmt.Sprintf("a%d", i), 4000, a)
	a.node.hello = func() deploy.Hello {
		return deploy.Hello{Role: deploy.RoleApp, Protocol: deploy.ProtocolVersion, ID: string(a.id), Address: a.addr}
	}
	return a
}

// begin starts the next application on this node.
func (a *app) begin() {
	w := a.w
	a.start()
	a.life++
	a.request = deploy.RequestID(fmt.Sprintf("register-%s-%d", a.name, a.life))
	a.id, a.token, a.over = "", deploy.Secret{}, false
	a.link, a.order, a.views, a.wishes, a.dials = nil, deploy.Stamp{}, map[int32]deploy.ExecutorState{}, nil, 0
	a.spec = a.draw()
	w.trace(a.node, "application "+a.spec.Executor.Program, uint64(a.life), 0)
	a.search()
	a.after(time.Second, a.beat)
	a.after(w.between(time.Second, 8*time.Second), a.act)
}

// draw makes an application: how long its executors live, what they need, how many it wants.
func (a *app) draw() deploy.AppSpec {
	r := a.w.rng
	programs := []string{"long", "long", "short", "flaky", "failing"}
	s := deploy.AppSpec{Name: a.name, User: "sim", Driver: a.addr, Executor: deploy.Command{Program: programs[r.IntN(len(programs))]}}
	if a.life == 1 && a.index%2 == 0 {
		s.Executor.Program = "long"
	}
	a.drawProfiles(&s)
	s.Place = a.w.drawPlacement(false)
	s.Reports = (a.life+a.index)%4 > 0
	return s
}

// search dials a master; which one is left to chance.
func (a *app) search() {
	if a.over || a.link != nil || a.dials > 0 {
		return
	}
	all := a.w.masterAddresses()
	a.goTo(all[a.w.rng.IntN(len(all))])
}

func (a *app) goTo(m deploy.Address) {
	a.dials++
	a.dial(m)
}

func (a *app) searchLater() { a.after(a.w.between(appRetry/2, 2*appRetry), a.search) }

func (a *app) dialFailed(deploy.Address, string) {
	a.dials--
	a.searchLater()
}

func (a *app) opened(e *end) {
	a.dials--
	if a.over || a.link != nil {
		e.hangUp("not needed")
		return
	}
	a.link, a.heard, a.order = e, a.w.now, deploy.Stamp{}
	e.send([]rpc.Item{{Msg: deploy.RegisterApp{Request: a.request, App: a.id, Spec: a.spec, Token: a.token}}})
}

func (a *app) closed(e *end, _ string) {
	if e == a.link {
		a.link = nil
		a.searchLater()
	}
}

// resync hangs up and registers anew.
func (a *app) resync(reason string) {
	a.w.trace(a.node, "resync", 0, 0)
	e := a.link
	a.link = nil
	e.hangUp(reason)
	a.searchLater()
}

func (a *app) received(e *end, items []rpc.Item) {
	if e == a.link {
		a.heard = a.w.now
	}
	for _, it := range items {
		if e != a.link || a.over {
			return
		}
		a.item(it)
	}
}

func (a *app) item(it rpc.Item) {
	switch m := it.Msg.(type) {
	case deploy.Standby:
		a.standby(m)
	case deploy.AppRegistered:
		a.registered(it.Stamp, m)
	case deploy.AppRefused:
		a.refused(m)
	case deploy.RegisterAgain:
		a.resync("asked to register again")
	case deploy.Accepted:
		a.answered(m.Request, m)
	case deploy.Refused:
		a.answered(m.Request, m)
	case deploy.HeartbeatAck:
		if it.Stamp.Session == a.order.Session && m.Orders > a.order.Seq {
			a.resync("an order was lost")
		}
	default:
		a.obey(it)
	}
}

func (a *app) standby(m deploy.Standby) {
	e := a.link
	a.link = nil
	e.hangUp("it does not lead")
	if m.Leader.IsZero() || a.w.chance(.3) {
		a.searchLater()
		return
	}
	a.goTo(m.Leader)
}

// registered takes the whole truth from a leader.
func (a *app) registered(s deploy.Stamp, m deploy.AppRegistered) {
	w := a.w
	switch {
	case a.order.Session != 0:
		if s.Session > a.order.Session {
			a.resync("the leader has a later registration in mind")
		}
		return
	case s.Epoch < a.seen:
		a.resync("a later leader has been seen")
		return
	case a.id != "" && m.App != a.id:
		w.fail("S19", "the application %s registered again and is %s now", a.id, m.App)
		return
	}
	w.book.appRegistered(a, m)
	a.seen, a.order = s.Epoch, s
	a.id, a.token = m.App, m.Token
	clear(a.views)
	for _, v := range m.Executors {
		a.views[v.Executor.Num] = v.State
	}
	for _, x := range a.wishes {
		a.link.send([]rpc.Item{{Msg: x.msg}})
	}
	a.report()
}

// refused decides whether another try makes sense.
func (a *app) refused(m deploy.AppRefused) {
	if errors.Is(m.Fault.Kind, deploy.ErrAlreadyFinished) || errors.Is(m.Fault.Kind, deploy.ErrNotFound) || errors.Is(m.Fault.Kind, deploy.ErrInvalid) {
		a.w.trace(a.node, "refused: "+m.Fault.Text, 0, 0)
		a.w.book.appRefused(a, m.Fault)
		a.finish()
		return
	}
	a.resync("refused")
}

// obey takes an order if its stamp says that it is the next one.
func (a *app) obey(it rpc.Item) {
	s := it.Stamp
	switch {
	case a.order.Session == 0 || s.Epoch != a.order.Epoch || s.Session < a.order.Session || s.Seq <= a.order.Seq && s.Session == a.order.Session:
		return
	case s.Session > a.order.Session || s.Seq > a.order.Seq+1:
		a.resync("an order was lost")
		return
	}
	a.order.Seq = s.Seq
	switch m := it.Msg.(type) {
	case deploy.ExecutorChanged:
		a.w.book.appTold(a, m.Executor, a.views[m.Executor.Executor.Num])
		a.views[m.Executor.Executor.Num] = m.Executor.State
	case deploy.AppRemoved:
		a.w.trace(a.node, "removed: "+m.Reason, 0, 0)
		a.finish()
	case deploy.Waiting:
	}
}

// finish is the end of an application; another one begins later.
func (a *app) finish() {
	a.over = true
	for _, e := range slices.Clone(a.ends) {
		e.hangUp("the application has ended")
	}
	a.link = nil
	a.w.book.appOver(a)
	if !a.w.healed {
		a.after(a.w.between(0, 5*time.Second), a.next)
	}
}

// next replaces what has ended or crashed.
func (a *app) next() {
	if !a.w.healed && a.over {
		a.stop("the application has ended")
		a.begin()
	}
}

// crash ends the driver without a word.
func (a *app) crash() {
	a.w.trace(a.node, "crash", 0, 0)
	a.over = true
	a.w.book.appOver(a)
	a.stop("connection reset")
	a.w.after(a.w.between(0, 8*time.Second), func() {
		if !a.up && !a.w.healed {
			a.begin()
		}
	})
}

func (a *app) beat() {
	a.after(time.Second, a.beat)
	switch {
	case a.over:
	case a.link == nil:
		a.search()
	case a.w.now-a.heard > appSilence:
		a.resync("silent")
	case a.order.Session != 0:
		a.beats++
		a.link.send([]rpc.Item{{Msg: deploy.Heartbeat{N: a.beats}}})
		if a.beats%2 == 0 {
			a.report()
		}
		if a.beats%4 == 0 {
			for _, x := range a.wishes {
				a.link.send([]rpc.Item{{Msg: x.msg}})
			}
		}
	}
}
