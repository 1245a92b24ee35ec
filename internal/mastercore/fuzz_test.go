package mastercore

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// chaos drives a core with whatever bytes say: peers that come and go, reports true, late, repeated and wrong, plans likewise.
type chaos struct {
	t     testing.TB
	in    []byte
	c     *Core
	cfg   Config
	now   time.Time
	out   Effects
	saved map[string]deploy.Change
	r     replica
	epoch deploy.Epoch
	peer  deploy.PeerID

	workers [4]chaosWorker
	apps    [4]chaosApp
	orders  []deploy.Launch // ever ordered
	reports []deploy.LaunchReport
	plans   []scheduler.Plan
	drivers []deploy.DriverID
	appIDs  map[deploy.AppID]bool
	nums    map[deploy.ExecutorID]deploy.LaunchID
	asked   map[deploy.RequestID]deploy.Message
	log     []string
}

type chaosWorker struct {
	peer        deploy.PeerID
	incarnation deploy.Incarnation
	seq         uint64
	holds       map[deploy.LaunchID]deploy.LaunchReport
}

type chaosApp struct {
	peer  deploy.PeerID
	id    deploy.AppID
	token deploy.Secret
	n     int
}

func newChaos(t testing.TB, in []byte) *chaos {
	cfg := DefaultConfig()
	cfg.TokenSeed = []byte("0123456789abcdef")
	cfg.RetainedApps, cfg.RetainedDrivers, cfg.RetainedExecutors, cfg.RetainedAnswers = 3, 3, 3, 12
	cfg.ExecutorBlock, cfg.IDBlock, cfg.MaxDrivers, cfg.MaxExecutorRetries = 3, 3, 3, 2
	cfg.BadWorkerFailures = 3
	k := &chaos{t: t, in: in, cfg: cfg, now: time.Date(2026, 11, 20, 22, 30, 45, 0, time.UTC), saved: map[string]deploy.Change{},
		appIDs: map[deploy.AppID]bool{}, nums: map[deploy.ExecutorID]deploy.LaunchID{}, asked: map[deploy.RequestID]deploy.Message{}}
	k.takeOver()
	return k
}

func (k *chaos) next(n int) int {
	if len(k.in) == 0 {
		return 0
	}
	b := int(k.in[0])
	k.in = k.in[1:]
	return b % n
}

// takeOver ends the term and begins the next one with what was persisted.
func (k *chaos) takeOver() {
	k.epoch++
	k.peer += 1000
	for i := range k.workers {
		k.workers[i].peer = 0
	}
	for i := range k.apps {
		k.apps[i].peer = 0
	}
	k.plans = nil
	k.r = replica{}
	k.out.Reset()
	k.c = New(k.cfg, deploy.ClusterID{1}, k.epoch, recordsOf(k.saved), k.now, &k.out)
	k.done("take over")
}

func recordsOf(saved map[string]deploy.Change) (out []deploy.Change) {
	for _, key := range slices.Sorted(maps.Keys(saved)) {
		out = append(out, saved[key])
	}
	return out
}

func fold(saved map[string]deploy.Change, ch deploy.Change) {
	switch ch.(type) {
	case deploy.DropWorker, deploy.DropApp, deploy.DropDriver, deploy.DropAnswer:
		delete(saved, ch.Key())
	default:
		saved[ch.Key()] = ch
	}
}

func (k *chaos) step(what string, ev Event) {
	k.out.Reset()
	k.c.Step(k.now, ev, &k.out)
	k.done(what)
}

// done checks everything after a step and lets the peers hear what they were told.
func (k *chaos) done(what string) {
	k.log = append(k.log, fmt.Sprintf("%s %s", k.now.Format("15:04:05.000"), what))
	if err := k.c.Check(); err != nil {
		k.fail(err)
	}
	prefix := 0
	if n := len(k.out.Persist); n > 1 {
		prefix = k.next(n)
	}
	for i, ch := range k.out.Persist {
		fold(k.saved, ch)
		if i == prefix-1 { // what a crash may leave behind is a state to start from
			k.restart(k.epoch+1, "after a part of a step")
		}
	}
	if len(k.out.Persist) > 0 {
		k.restart(k.epoch+1, "after a step")
	}
	if u := k.out.Place; u != nil {
		if err := k.r.apply(u); err != nil {
			k.fail(err)
		}
	}
	if k.c.alive() {
		if err := k.r.same(k.c); err != nil {
			k.fail(err)
		}
	}
	if at, ok := k.c.Deadline(); ok && !at.After(k.now) {
		k.fail(fmt.Errorf("the deadline %v is not after the step at %v", at, k.now))
	}
	k.hear()
}

func (k *chaos) restart(epoch deploy.Epoch, when string) {
	var out Effects
	c := New(k.cfg, deploy.ClusterID{1}, epoch, recordsOf(k.saved), k.now, &out)
	if err := c.Check(); err != nil {
		k.fail(fmt.Errorf("restarted %s: %w", when, err))
	}
	for _, f := range out.Facts {
		if odd, ok := f.(Oddity); ok {
			k.fail(fmt.Errorf("restarted %s: %v", when, odd))
		}
	}
}

func (k *chaos) fail(err error) {
	for _, line := range k.log[max(0, len(k.log)-60):] {
		k.t.Log(line)
	}
	k.t.Fatal(err)
}

func (k *chaos) hear() {
	for _, e := range k.out.Send {
		if e.Stamp.Seq > 0 {
			k.log = append(k.log, fmt.Sprintf("    to %d: %T %.150s", e.To, e.Msg, fmt.Sprint(e.Msg)))
		}
		switch m := e.Msg.(type) {
		case deploy.LaunchOrder:
			k.ordered(e.To, m.Launch)
		case deploy.AppRegistered:
			k.appIDs[m.App] = true
			for i := range k.apps {
				if k.apps[i].peer == e.To {
					k.apps[i].id, k.apps[i].token = m.App, m.Token
				}
			}
		case deploy.Accepted, deploy.Refused:
			k.answered(m)
		case deploy.WorkerRegistered:
			for i := range k.workers {
				for _, id := range m.Kill {
					if w := &k.workers[i]; w.peer == e.To {
						k.ended(w, id, deploy.ExecutorKilled, 0)
					}
				}
			}
		}
	}
	for _, h := range k.out.Hangup {
		for i := range k.workers {
			if k.workers[i].peer == h.Peer {
				k.workers[i].peer = 0
			}
		}
		for i := range k.apps {
			if k.apps[i].peer == h.Peer {
				k.apps[i].peer = 0
			}
		}
	}
}

// ordered notes a launch and that neither its id nor its executor number was ever used.
func (k *chaos) ordered(to deploy.PeerID, l deploy.Launch) {
	for i := range k.orders {
		if k.orders[i].ID == l.ID {
			k.fail(fmt.Errorf("launch %s is ordered twice", l.ID))
		}
	}
	if !l.Executor.IsZero() {
		if before, used := k.nums[l.Executor]; used {
			k.fail(fmt.Errorf("executor %s is ordered as %s and %s", l.Executor, before, l.ID))
		}
		k.nums[l.Executor] = l.ID
	}
	k.orders = append(k.orders, l)
	for i := range k.workers {
		if w := &k.workers[i]; w.peer == to && k.next(8) > 0 {
			rep := deploy.LaunchReport{Launch: l.ID, Executor: l.Executor, Driver: l.Driver, Attempt: l.Attempt, Profile: l.Profile, Need: l.Need, Addresses: l.Addresses}
			w.holds[l.ID] = rep
		}
	}
}

// answered notes that a repeat gets the first answer, as long as it is kept.
func (k *chaos) answered(m deploy.Message) {
	var id deploy.RequestID
	switch m := m.(type) {
	case deploy.Accepted:
		id = m.Request
	case deploy.Refused:
		id = m.Request
	}
	if before, ok := k.asked[id]; ok && !reflect.DeepEqual(before, m) {
		if r, refused := before.(deploy.Refused); !refused || !transient(r.Fault) {
			k.fail(fmt.Errorf("request %s was told %v and then %v", id, before, m))
		}
	}
	k.asked[id] = m
}

func (k *chaos) ended(w *chaosWorker, id deploy.LaunchID, state deploy.ExecutorState, code int32) {
	if rep, ok := w.holds[id]; ok {
		w.seq++
		rep.State, rep.Exit.Code, rep.Seq = state, code, w.seq
		rep.Lived = time.Duration(k.next(20)) * time.Second
		w.holds[id] = rep
		k.reports = append(k.reports, rep)
	}
}

func (k *chaos) run() {
	for n := 0; len(k.in) > 0 && n < 400; n++ {
		switch k.next(16) {
		case 0, 1:
			k.registerWorker(k.next(4))
		case 2:
			k.registerApp(k.next(4))
		case 3, 4, 5:
			if k.c.alive() {
				k.plans = append(k.plans, k.r.plan(3))
				k.step("plan", Planned{Plan: k.plans[len(k.plans)-1], Policy: "first"})
			}
		case 6:
			if len(k.plans) > 0 {
				plan := k.plans[k.next(len(k.plans))]
				for i := range plan.Grants {
					plan.Grants[i].Group = uint32(k.next(3))
				}
				k.step("late plan", Planned{Plan: plan, Policy: "late"})
			}
		case 7, 8, 9:
			k.report(k.next(4))
		case 10:
			k.oldReport()
		case 11:
			k.wait()
		case 12:
			k.leave()
		case 13, 14:
			k.request()
		case 15:
			if k.next(6) == 0 {
				k.takeOver()
			} else {
				k.step("resync", Resync{})
			}
		}
	}
}

func (k *chaos) open(role deploy.Role) deploy.PeerID {
	k.peer++
	k.step("open", Opened{Peer: k.peer, Hello: deploy.Hello{Role: role}, From: deploy.Principal{Name: "fuzz"}})
	return k.peer
}

func (k *chaos) registerWorker(i int) {
	w := &k.workers[i]
	if w.holds == nil {
		w.holds, w.incarnation = map[deploy.LaunchID]deploy.LaunchReport{}, 1
	}
	if w.peer == 0 || k.next(4) == 0 {
		w.peer = k.open(deploy.RoleWorker)
	}
	spec := deploy.WorkerSpec{ID: deploy.WorkerID(fmt.Sprintf("w%d", i)), Address: deploy.Address{Host: "h", Port: uint16(1 + i)},
		Cores: int32(2 + k.next(3)), MemoryMiB: 1000, Custom: []deploy.Addresses{{Name: "gpu", Units: []string{"0", "1"}}}, Adopts: i%2 == 0}
	switch k.next(8) {
	case 0:
		spec.ID += "x"
	case 1:
		w.incarnation++
		w.holds = map[deploy.LaunchID]deploy.LaunchReport{}
	case 2:
		w.incarnation++
	}
	var inventory []deploy.LaunchReport
	for _, l := range k.orders {
		if rep, ok := w.holds[l.ID]; ok {
			inventory = append(inventory, rep)
		}
	}
	if k.next(6) == 0 && len(k.orders) > 0 { // something from elsewhere
		l := k.orders[k.next(len(k.orders))]
		inventory = append(inventory, deploy.LaunchReport{Launch: l.ID, Executor: l.Executor, Driver: l.Driver, Need: l.Need, State: deploy.ExecutorRunning})
	}
	incarnation := w.incarnation
	if k.next(9) == 0 {
		incarnation--
	}
	k.step(fmt.Sprintf("register %s/%d with %d launches on %d", spec.ID, incarnation, len(inventory), w.peer),
		Received{Peer: w.peer, Msgs: []deploy.Message{deploy.RegisterWorker{Worker: spec, Incarnation: incarnation, Launches: inventory}}})
}

func (k *chaos) registerApp(i int) {
	a := &k.apps[i]
	if a.peer == 0 || k.next(4) == 0 {
		a.peer = k.open(deploy.RoleApp)
	}
	spec := deploy.AppSpec{Name: "a", CoresMax: int32(k.next(8)), Executor: deploy.Command{Program: "p"},
		Profiles: []deploy.Profile{{Cores: int32(k.next(3)), MemoryMiB: 100}, {ID: 3, Cores: 1, MemoryMiB: 50, Custom: []deploy.Amount{{Name: "gpu", Count: 1}}}},
		Targets:  []deploy.Target{{Profile: 0, Total: int32(k.next(4))}, {Profile: 3, Total: 1}}}
	m := deploy.RegisterApp{Request: deploy.RequestID(fmt.Sprintf("app-%d-%d", i, a.n)), Spec: spec}
	switch k.next(4) {
	case 0:
		a.n++
		m.Request = deploy.RequestID(fmt.Sprintf("app-%d-%d", i, a.n))
	case 1:
		m.App, m.Token = a.id, a.token
	}
	k.step(fmt.Sprintf("register app %s %s on %d", m.Request, m.App, a.peer), Received{Peer: a.peer, Msgs: []deploy.Message{m, deploy.Heartbeat{N: 1}}})
}

func (k *chaos) report(i int) {
	w := &k.workers[i]
	if w.peer == 0 {
		return
	}
	var held []deploy.LaunchID
	for _, l := range k.orders {
		if rep, ok := w.holds[l.ID]; ok && !rep.State.Terminal() {
			held = append(held, l.ID)
		}
	}
	msgs := []deploy.Message{deploy.Heartbeat{N: 7}}
	if len(held) > 0 {
		id := held[k.next(len(held))]
		switch k.next(5) {
		case 0:
			k.ended(w, id, deploy.ExecutorExited, int32(k.next(2)))
		case 1:
			k.ended(w, id, deploy.ExecutorFailed, 0)
		case 2:
			k.ended(w, id, deploy.ExecutorKilled, 0)
		default:
			rep := w.holds[id]
			w.seq++
			rep.State, rep.Seq = deploy.ExecutorRunning, w.seq
			w.holds[id] = rep
			k.reports = append(k.reports, rep)
		}
		rep := w.holds[id]
		msgs = append(msgs, deploy.Report{Worker: deploy.WorkerID(fmt.Sprintf("w%d", i)), Incarnation: w.incarnation, Launch: rep})
		if rep.State.Terminal() {
			delete(w.holds, id)
		}
	}
	k.step(fmt.Sprintf("report of w%d: %.150s", i, fmt.Sprint(msgs)), Received{Peer: w.peer, Msgs: msgs})
}

func (k *chaos) oldReport() {
	i := k.next(4)
	if w := &k.workers[i]; w.peer != 0 && len(k.reports) > 0 {
		rep := k.reports[k.next(len(k.reports))]
		k.step(fmt.Sprintf("old report on w%d: %v", i, rep), Received{Peer: w.peer, Msgs: []deploy.Message{
			deploy.Report{Worker: deploy.WorkerID(fmt.Sprintf("w%d", i)), Incarnation: w.incarnation, Launch: rep}}})
	}
}

func (k *chaos) wait() {
	at, ok := k.c.Deadline()
	if by := time.Duration(k.next(200)) * 100 * time.Millisecond; k.next(3) == 0 || !ok {
		k.now = k.now.Add(by)
	} else {
		k.now = at
	}
	k.step("tick", Tick{})
}

func (k *chaos) leave() {
	i := k.next(4)
	switch k.next(4) {
	case 0:
		k.step(fmt.Sprintf("close w%d", i), Closed{Peer: k.workers[i].peer, Reason: "gone"})
		k.workers[i].peer = 0
	case 1:
		k.step(fmt.Sprintf("close app %d", i), Closed{Peer: k.apps[i].peer, Reason: "gone"})
		k.apps[i].peer = 0
	case 2:
		k.step(fmt.Sprintf("w%d leaves", i), Received{Peer: k.workers[i].peer, Msgs: []deploy.Message{
			deploy.LeaveWorker{Worker: deploy.WorkerID(fmt.Sprintf("w%d", i)), Incarnation: k.workers[i].incarnation, Keeps: k.next(2) == 0}}})
	}
}

func (k *chaos) request() {
	id := deploy.RequestID(fmt.Sprintf("r%d", k.next(40)))
	a := &k.apps[k.next(4)]
	driver := deploy.DriverID("driver-x")
	var known []deploy.DriverID
	for d := range k.c.drivers {
		known = append(known, d)
	}
	if slices.Sort(known); len(known) > 0 {
		driver = known[k.next(len(known))]
	}
	var m deploy.Message
	switch k.next(10) {
	case 0, 1, 2:
		m = deploy.SubmitDriver{Request: id, Spec: deploy.DriverSpec{Name: "d", Command: deploy.Command{Program: "p"},
			Need: deploy.Resources{Cores: 1, MemoryMiB: 10}, Supervise: k.next(3) > 0, MaxRestarts: int32(k.next(3)) - 1}}
	case 3:
		m = deploy.KillDriver{Request: id, Driver: driver}
	case 4:
		m = deploy.KillApp{Request: id, App: a.id}
	case 5:
		m = deploy.SetTargets{Request: id, App: a.id, Targets: []deploy.Target{{Profile: int32(k.next(2)), Total: int32(k.next(5))}}}
	case 6:
		m = deploy.KillExecutors{Request: id, App: a.id, Nums: []int32{int32(k.next(6)), int32(k.next(6))}}
	case 7:
		m = deploy.Hold{Request: id, ID: string(a.id), By: "me", Off: k.next(2) == 0}
	case 8:
		m = deploy.Hold{Request: id, ID: string(driver), By: "me", Off: k.next(2) == 0}
	case 9:
		m = deploy.UnregisterApp{Request: id, App: a.id}
	}
	if !k.kept(id) {
		delete(k.asked, id)
	}
	ev := Received{Call: 1, Msgs: []deploy.Message{m}}
	if a.peer != 0 && k.next(3) == 0 {
		ev = Received{Peer: a.peer, Msgs: []deploy.Message{m}}
	}
	k.step(fmt.Sprintf("request %T %.100s", m, fmt.Sprint(m)), ev)
}

// kept tells whether the answer to a request is durable.
func (k *chaos) kept(id deploy.RequestID) bool {
	for _, ch := range k.saved {
		switch ch := ch.(type) {
		case deploy.PutAnswer:
			if ch.Answer.Request == id {
				return true
			}
		case deploy.PutDriver:
			if ch.Record.Request == id {
				return true
			}
		}
	}
	return false
}

func FuzzStep(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(noise(seed, 100))
	}
	f.Fuzz(func(t *testing.T, in []byte) { newChaos(t, in).run() })
}

func noise(seed uint64, n int) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(r.Uint32())
	}
	return out
}

// TestManySeeds is FuzzStep over fixed noise.
func TestManySeeds(t *testing.T) {
	for seed := range uint64(400) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { newChaos(t, noise(seed, 1500)).run() })
	}
}
