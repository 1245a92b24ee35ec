package mastercore

import (
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// TestRestoreWhatever: records that contradict each other are left out with a fact; nothing keeps a leader from leading.
func TestRestoreWhatever(t *testing.T) {
	worker := deploy.PutWorker{Record: deploy.WorkerRecord{Spec: goodWorker(), Incarnation: 1}}
	sameAddress := worker
	sameAddress.Record.Spec.ID = "w2"
	app := deploy.PutApp{Record: deploy.AppRecord{ID: "a", Request: "ra", Spec: goodApp(), Executors: 3}}
	noProfile := deploy.PutApp{Record: deploy.AppRecord{ID: "b"}}
	driver := func(id deploy.DriverID, edit func(*deploy.DriverRecord)) deploy.Change {
		rec := deploy.DriverRecord{ID: id, Request: deploy.RequestID("r" + id), Spec: goodDriver(), State: deploy.DriverRunning, Attempt: 1,
			Launch: deploy.LaunchID{Epoch: 1, Seq: 5}, Worker: "w"}
		edit(&rec)
		return deploy.PutDriver{Record: rec}
	}
	saved := []deploy.Change{
		worker, worker, sameAddress, app, app, noProfile, deploy.PutApp{}, deploy.PutWorker{}, deploy.PutDriver{},
		driver("d1", func(*deploy.DriverRecord) {}),
		driver("d2", func(*deploy.DriverRecord) {}), // the same launch
		driver("d3", func(r *deploy.DriverRecord) { r.Worker, r.Launch.Seq = "gone", 6 }),
		driver("d4", func(r *deploy.DriverRecord) { r.Worker, r.Launch.Seq, r.Spec.Supervise = "gone", 7, true }),
		driver("d5", func(r *deploy.DriverRecord) { r.State = 77 }),
		driver("d6", func(r *deploy.DriverRecord) { r.State, r.Launch = deploy.DriverRunning, deploy.LaunchID{} }),
		deploy.PutBlock{Name: "unheard of", Next: 9}, deploy.PutBlock{Name: "apps", Next: 64},
		deploy.PutAnswer{Answer: deploy.Answer{Request: "rd1", ID: "something else"}},
		deploy.PutAnswer{Answer: deploy.Answer{Request: "k", ID: "a", Killed: []int32{1}}},
	}
	var out Effects
	c := New(testConfig(), deploy.ClusterID{1}, 2, saved, startOfTests, &out)
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	odd := 0
	for _, f := range out.Facts {
		if _, ok := f.(Oddity); ok {
			odd++
		}
	}
	if odd != 7 {
		t.Errorf("%d records were left out, want 7: %+v", odd, out.Facts)
	}
	out.Reset()
	c.Step(startOfTests.Add(c.cfg.RecoveryTimeout), Tick{}, &out)
	if err := c.Check(); err != nil || !c.alive() {
		t.Fatalf("alive %v: %v", c.alive(), err)
	}
	want := map[deploy.DriverID]deploy.DriverState{"d1": deploy.DriverError, "d2": deploy.DriverError, "d3": deploy.DriverError,
		"d4": deploy.DriverRelaunching, "d6": deploy.DriverError}
	for id, state := range want {
		if got := c.drivers[id].state(); got != state {
			t.Errorf("driver %s is %s, want %s", id, got, state)
		}
	}
	if kept := c.answers.find("rd1"); kept == nil || kept.ID != "d1" {
		t.Errorf("the answer to a living submission is %v", kept)
	}
}

// TestDecommissioned: the flag survives a failover. The worker keeps what it runs and gets nothing new.
func TestDecommissioned(t *testing.T) {
	var out Effects
	c := New(testConfig(), deploy.ClusterID{1}, 2, []deploy.Change{
		deploy.PutWorker{Record: deploy.WorkerRecord{Spec: goodWorker(), Incarnation: 1, Decommissioned: true}}}, startOfTests, &out)
	step := func(at time.Duration, ev Event) {
		t.Helper()
		out.Reset()
		c.Step(startOfTests.Add(at), ev, &out)
		if err := c.Check(); err != nil {
			t.Fatal(err)
		}
	}
	step(0, Opened{Peer: 1, Hello: deploy.Hello{Role: deploy.RoleWorker}})
	step(0, Received{Peer: 1, Msgs: []deploy.Message{deploy.RegisterWorker{Worker: goodWorker(), Incarnation: 1}}})
	w := c.workers["w"]
	if w.state() != deploy.WorkerDecommissioned || out.Place == nil || out.Place.Workers[0].Blocked != deploy.ReasonWorkerDraining {
		t.Fatalf("it is %s and was told as %+v", w.state(), out.Place)
	}
	step(c.cfg.SuspectAfter, Tick{})
	if w.state() != deploy.WorkerDecommissioned || w.blocked() != deploy.ReasonWorkerUnhealthy {
		t.Errorf("silent, it is %s and %s", w.state(), w.blocked())
	}
	step(c.cfg.SuspectAfter, Received{Peer: 1, Msgs: []deploy.Message{deploy.Heartbeat{N: 1}}})
	if w.blocked() != deploy.ReasonWorkerDraining {
		t.Errorf("heard again, it is %s", w.blocked())
	}
	step(c.cfg.SuspectAfter, Closed{Peer: 1})
	if w.state() != deploy.WorkerDead {
		t.Errorf("gone, it is %s", w.state())
	}
}

// TestLongWords: what peers say at length is cut before it is kept.
func TestLongWords(t *testing.T) {
	f := newFleet(1)
	long := make([]byte, 3*mostReason)
	for i := range long {
		long[i] = "ä"[i%2]
	}
	app := peerOf(1)
	f.step(Opened{Peer: app, Hello: deploy.Hello{Role: deploy.RoleApp}})
	f.step(Received{Peer: app, Msgs: []deploy.Message{deploy.RegisterApp{Request: "r", Spec: goodApp()}}})
	id := appOf(f)
	f.step(Received{Peer: app, Msgs: []deploy.Message{deploy.UnregisterApp{Request: "u", App: id, Failure: string(long)}}})
	if reason := f.c.apps[id].reason; len(reason) > mostReason+3 || reason[:2] != "ä" {
		t.Errorf("%d bytes are kept", len(reason))
	}
	f.step(Received{Call: 1, Msgs: []deploy.Message{deploy.KillDriver{Request: "k", Driver: deploy.DriverID(long)}}})
	refused, ok := f.out.Send[0].Msg.(deploy.Refused)
	if !ok || len(refused.Fault.Text) > 500 || len(f.out.Persist) > 0 {
		t.Errorf("%+v", f.out)
	}
}
