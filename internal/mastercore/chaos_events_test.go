package mastercore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// run does what the bytes say.
func (k *chaos) run() {
	for n := 0; len(k.in) > 0 && n < 400; n++ {
		switch k.next(19) {
		case 0, 1:
			k.registerWorker(k.next(4))
		case 2:
			k.registerApp(k.next(4))
		case 3:
			k.spread()
		case 4, 5:
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
		case 16:
			k.reserve()
		case 17:
			if k.next(3) == 0 {
				k.reconfigure()
			}
		case 18:
			k.reached(&k.apps[k.next(4)])
		}
	}
}

// spread lets the real policy plan. It sees what is so now, so all of its grants hold.
func (k *chaos) spread() {
	if !k.c.alive() {
		return
	}
	plan, err := scheduler.NewSpread(scheduler.Options{}).Place(context.Background(), k.state.View(16))
	if err != nil {
		k.fail(err)
	}
	k.step("spread", Planned{Plan: plan, Policy: "spread"})
	for _, f := range k.out.Facts {
		if p, ok := f.(Placed); ok && p.Rejected != nil {
			k.fail(fmt.Errorf("a plan for the newest books was turned down: %v", p.Rejected))
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
		Cores: int32(2 + k.next(3)), MemoryMiB: 1000, Custom: []deploy.Addresses{{Name: "gpu", Units: []string{"0", "1"}}}, Adopts: i%2 == 0,
		Labels: []deploy.Label{{Key: "rack", Value: fmt.Sprint(k.next(8) / 7 * i % 2)}}}
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
		Targets:  []deploy.Target{{Profile: 0, Total: int32(k.next(4))}, {Profile: 3, Total: 1}}, Place: k.placement()}
	if k.next(4) > 0 {
		spec.Reports, spec.Driver = true, deploy.Address{Host: "d", Port: 1}
	}
	spec.Profiles[0].Gang = spec.Profiles[0].Cores > 0 && k.next(3) == 0
	spec.Place.Apart, spec.Place.MaxPerWorker = []string{"", "", "", deploy.ApartHost, "rack"}[k.next(5)], max(0, int32(k.next(5))-2)
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

func (k *chaos) reached(a *chaosApp) {
	m := deploy.ExecutorsReached{Nums: []int32{int32(k.next(8)), int32(k.next(8))}}
	k.step(fmt.Sprintf("reached the driver on %d: %v", a.peer, m.Nums), Received{Peer: a.peer, Msgs: []deploy.Message{m}})
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
			k.ended(w, id, deploy.ExecutorExited, [...]int32{0, 1, deploy.ExitDriverLost}[k.next(3)])
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
			Need: deploy.Resources{Cores: 1, MemoryMiB: 10}, Supervise: k.next(3) > 0, MaxRestarts: int32(k.next(3)) - 1, Place: k.placement()}}
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
