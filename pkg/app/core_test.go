package app

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/backend"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// play is a core, the virtual time it lives in, and what its last event led to, one line each.
type play struct {
	t    *testing.T
	core *core
	now  time.Time
	out  effects
	did  []string
}

func newPlay(t *testing.T, ships bool) *play {
	cfg := DefaultConfig()
	cfg.Masters = []deploy.Address{address("m1"), address("m2")}
	p := &play{t: t, core: newCore(cfg, deploy.AppSpec{Name: "count", Profiles: []deploy.Profile{{Cores: 1}}}, ships, "r", 7), now: time.Unix(1_000_000, 0)}
	p.do(begun{})
	return p
}

func address(host string) deploy.Address { return deploy.Address{Host: host, Port: 7077} }

func (p *play) do(ev event) {
	p.t.Helper()
	p.out.reset()
	p.core.step(p.now, ev, &p.out)
	if err := p.core.check(); err != nil {
		p.t.Fatalf("after %T: %v", ev, err)
	}
	p.did = describe(&p.out)
}

// tick lets time pass until the next deadline.
func (p *play) tick() {
	p.t.Helper()
	at, ok := p.core.deadline()
	if !ok {
		p.t.Fatal("no deadline")
	}
	p.now = at
	p.do(tick{})
}

// wait lets d pass, with every deadline in it.
func (p *play) wait(d time.Duration) {
	p.t.Helper()
	var all []string
	for until := p.now.Add(d); ; {
		at, ok := p.core.deadline()
		if !ok || at.After(until) {
			p.now, p.did = until, all
			return
		}
		p.now = at
		p.do(tick{})
		all = append(all, p.did...)
	}
}

func (p *play) open(peer deploy.PeerID, host string, epoch deploy.Epoch) {
	p.t.Helper()
	p.do(opened{peer: peer, at: address(host), hello: deploy.Hello{Role: deploy.RoleMaster, Epoch: epoch}})
}

func stamp(epoch deploy.Epoch, session deploy.SessionID, seq uint64) deploy.Stamp {
	return deploy.Stamp{Epoch: epoch, Session: session, Seq: seq}
}

func (p *play) hear(peer deploy.PeerID, s deploy.Stamp, m deploy.Message) {
	p.t.Helper()
	p.do(received{peer: peer, items: []rpc.Item{{Stamp: s, Msg: m}}})
}

// join registers with m1 on peer 1, in epoch 1 and session 1.
func (p *play) join(list ...deploy.ExecutorView) {
	p.t.Helper()
	p.open(1, "m1", 1)
	p.hear(1, stamp(1, 1, 1), deploy.AppRegistered{App: "app-1", Session: 1, Heartbeat: time.Second, Executors: list})
}

func view(num int32, state deploy.ExecutorState) deploy.ExecutorView {
	return deploy.ExecutorView{Executor: deploy.ExecutorID{App: "app-1", Num: num}, State: state}
}

func (p *play) expect(lines ...string) {
	p.t.Helper()
	text := strings.Join(p.did, "\n")
	for _, l := range lines {
		if !strings.Contains(text, l) {
			p.t.Errorf("expected %q; it did:\n%s", l, text)
		}
	}
}

func (p *play) never(line string) {
	p.t.Helper()
	if text := strings.Join(p.did, "\n"); strings.Contains(text, line) {
		p.t.Errorf("never %q; it did:\n%s", line, text)
	}
}

func describe(out *effects) []string {
	var d []string
	say := func(format string, args ...any) { d = append(d, fmt.Sprintf(format, args...)) }
	for _, a := range out.dial {
		say("dial %s", a)
	}
	for _, p := range out.ship {
		say("ship %d", p)
	}
	for _, e := range out.send {
		switch m := e.msg.(type) {
		case deploy.RegisterApp:
			say("send %d register %s app=%s", e.to, m.Request, m.App)
		case deploy.SetTargets:
			say("send %d targets %s %s %v", e.to, m.Request, m.App, m.Targets)
		case deploy.KillExecutors:
			say("send %d kill %s %v", e.to, m.Request, m.Nums)
		case deploy.UnregisterApp:
			say("send %d unregister %s %q", e.to, m.Request, m.Failure)
		default:
			say("send %d %T", e.to, m)
		}
	}
	for _, h := range out.hangup {
		say("hangup %d: %s", h.peer, h.reason)
	}
	for _, e := range out.tell {
		switch e := e.(type) {
		case backend.Registered:
			say("tell registered %s %d executors", e.App, len(e.Executors))
		case backend.ExecutorChanged:
			say("tell %s %s vanished=%t", e.Executor.Executor, e.Executor.State, e.Vanished)
		case backend.Waiting:
			say("tell waiting %s", e.Decision.Code)
		case backend.Disconnected:
			say("tell disconnected: %s", e.Reason)
		}
	}
	for _, a := range out.answer {
		say("answer %d %T", a.id, a.msg)
	}
	if out.done {
		say("done: %v", out.err)
	}
	return d
}

func TestRegisters(t *testing.T) {
	p := newPlay(t, false)
	p.expect("dial m1:7077", "dial m2:7077")
	p.open(1, "m1", 1)
	p.expect("send 1 register r-1 app=")
	p.open(2, "m2", 0)
	p.expect("send 2 register r-1 app=")
	p.hear(1, stamp(1, 5, 1), deploy.AppRegistered{App: "app-1", Heartbeat: time.Second, Executors: []deploy.ExecutorView{view(3, deploy.ExecutorRunning)}})
	p.expect("hangup 2", "tell registered app-1 1 executors")
	p.tick()
	p.expect("send 1 deploy.Heartbeat")
}

func TestFollowsStandby(t *testing.T) {
	p := newPlay(t, false)
	p.open(1, "m1", 0)
	p.hear(1, deploy.Stamp{}, deploy.Standby{Leader: address("m9")})
	p.expect("hangup 1", "dial m9:7077")
	p.open(2, "m9", 0)
	p.hear(2, deploy.Stamp{}, deploy.Standby{Leader: address("m1")})
	p.never("dial") // two standbys that name each other are not chased in circles
	p.open(3, "m2", 0)
	p.hear(3, deploy.Stamp{}, deploy.Standby{})
	p.expect("hangup 3: it is STANDBY and knows no leader")
	p.tick()
	p.expect("dial m1:7077", "dial m9:7077")
}

func TestGivesUpTheFirstRegistrationNamingEveryAddress(t *testing.T) {
	p := newPlay(t, false)
	p.do(dialFailed{at: address("m1"), reason: "no such host"})
	p.do(dialFailed{at: address("m2"), reason: "connection refused"})
	for !p.out.done {
		p.tick()
		for _, m := range p.out.dial {
			p.do(dialFailed{at: m, reason: map[string]string{"m1": "no such host", "m2": "connection refused"}[m.Host]})
		}
	}
	if p.now.Sub(time.Unix(1_000_000, 0)) != 20*time.Second {
		t.Errorf("gave up at %s", p.now)
	}
	p.expect(`application "count"`, "m1:7077: no such host", "m2:7077: connection refused", "within 20s")
	if !errors.Is(p.out.err, backend.ErrEnded) || !errors.Is(p.out.err, deploy.ErrUnavailable) {
		t.Errorf("its kind is lost: %v", p.out.err)
	}
}

func TestGivesUpAtOnceWhenNothingCanHelp(t *testing.T) {
	p := newPlay(t, false)
	p.do(dialFailed{at: address("m1"), reason: "another cluster", final: true})
	p.never("done")
	p.do(dialFailed{at: address("m2"), reason: "another version", final: true})
	p.expect("done: ", "m1:7077: another cluster", "m2:7077: another version")
}

func TestRefusal(t *testing.T) {
	for _, c := range []struct {
		kind  error
		final bool
	}{{deploy.ErrInvalid, true}, {deploy.ErrDenied, true}, {deploy.ErrTooLarge, true}, {deploy.ErrRecovering, false}, {deploy.ErrUnavailable, false}} {
		p := newPlay(t, false)
		p.open(1, "m1", 1)
		p.hear(1, stamp(1, 0, 0), deploy.AppRefused{Fault: deploy.Fault{Kind: c.kind, Text: "why"}})
		if p.out.done != c.final {
			t.Errorf("%v: done is %t", c.kind, p.out.done)
		}
		p.expect("why")
	}
}

func TestOrders(t *testing.T) {
	p := newPlay(t, false)
	p.join()
	p.hear(1, stamp(1, 1, 2), deploy.ExecutorChanged{Executor: view(0, deploy.ExecutorLaunching)})
	p.expect("tell app-1/0 LAUNCHING")
	for name, s := range map[string]deploy.Stamp{"duplicate": stamp(1, 1, 2), "old session": stamp(1, 0, 3), "old epoch": stamp(0, 1, 3)} {
		p.hear(1, s, deploy.ExecutorChanged{Executor: view(0, deploy.ExecutorExited)})
		if len(p.out.tell) != 0 {
			t.Errorf("%s was obeyed", name)
		}
	}
	p.hear(1, stamp(1, 1, 4), deploy.ExecutorChanged{Executor: view(0, deploy.ExecutorExited)})
	p.expect("hangup 1: an order was lost", "tell disconnected")
	p.never("EXITED")
	p.tick()
	p.open(2, "m1", 1)
	p.expect("send 2 register r-1 app=app-1")
}

func TestHeartbeatAckShowsALostOrder(t *testing.T) {
	p := newPlay(t, false)
	p.join()
	p.hear(1, stamp(1, 1, 0), deploy.HeartbeatAck{N: 1, Orders: 1})
	p.never("hangup")
	p.hear(1, stamp(1, 1, 0), deploy.HeartbeatAck{N: 2, Orders: 2})
	p.expect("hangup 1: an order was lost")
}

func TestSilentLeader(t *testing.T) {
	p := newPlay(t, false)
	p.join()
	p.wait(9999 * time.Millisecond)
	p.never("hangup")
	p.wait(time.Millisecond)
	p.expect("hangup 1: silent for 10s", "tell disconnected")
}

func TestVanishedExecutors(t *testing.T) {
	p := newPlay(t, false)
	p.join(view(0, deploy.ExecutorRunning), view(1, deploy.ExecutorRunning))
	p.do(closed{peer: 1, reason: "broken"})
	p.expect("tell disconnected: broken")
	p.tick()
	p.open(2, "m2", 2)
	p.hear(2, stamp(2, 1, 1), deploy.AppRegistered{App: "app-1", Heartbeat: time.Second, Executors: []deploy.ExecutorView{view(1, deploy.ExecutorRunning)}})
	p.expect("tell app-1/0 LOST vanished=true", "tell registered app-1 1 executors")
	p.never("app-1/1")
	// An earlier leader is not heard any more.
	p.do(closed{peer: 2, reason: "broken"})
	p.tick()
	p.open(3, "m1", 1)
	p.expect("hangup 3: a later leader has been seen")
}

func TestForgottenApplicationRegistersAnew(t *testing.T) {
	p := newPlay(t, false)
	p.join(view(0, deploy.ExecutorRunning))
	p.do(asked{id: 1, req: request{targets: &deploy.SetTargets{Targets: []deploy.Target{{Total: 3}}}}})
	p.hear(1, stamp(1, 1, 0), deploy.Accepted{Request: "r-2"})
	p.do(closed{peer: 1, reason: "broken"})
	p.tick()
	p.open(2, "m1", 1)
	p.hear(2, deploy.Stamp{}, deploy.AppRefused{Fault: deploy.Fault{Kind: deploy.ErrNotFound, Text: "no such application"}})
	p.expect("send 2 register r-3 app=")
	if got := p.out.send[0].msg.(deploy.RegisterApp).Spec.Targets; len(got) != 1 || got[0].Total != 3 {
		t.Errorf("the targets are lost: %v", got)
	}
	s := stamp(1, 1, 1)
	s.Cluster[0] = 9 // a cluster with new records
	p.hear(2, s, deploy.AppRegistered{App: "app-2", Heartbeat: time.Second})
	p.expect("tell app-1/0 LOST vanished=true", "tell registered app-2 0 executors")
}

func TestQuestionsAreRepeatedUntilAnswered(t *testing.T) {
	p := newPlay(t, false)
	p.do(asked{id: 1, req: request{targets: &deploy.SetTargets{Targets: []deploy.Target{{Total: 3}}}}})
	p.join()
	p.expect("send 1 targets r-2 app-1 [{0 3}]")
	p.do(asked{id: 2, req: request{kill: &deploy.KillExecutors{Nums: []int32{4}}}})
	p.expect("send 1 kill r-3 [4]")
	p.hear(1, stamp(1, 1, 0), deploy.Refused{Request: "r-3", Fault: deploy.Fault{Kind: deploy.ErrRecovering}})
	p.never("answer")
	p.do(closed{peer: 1, reason: "broken"})
	p.tick()
	p.open(2, "m2", 2)
	p.hear(2, stamp(2, 1, 1), deploy.AppRegistered{App: "app-1", Heartbeat: time.Second})
	p.expect("send 2 targets r-2 app-1", "send 2 kill r-3 [4]")
	p.hear(2, stamp(2, 1, 0), deploy.Accepted{Request: "r-2"})
	p.expect("answer 1 deploy.Accepted")
	p.hear(2, stamp(2, 1, 0), deploy.Accepted{Request: "r-2"})
	p.never("answer")
	p.do(dropped{id: 2})
	p.hear(2, stamp(2, 1, 0), deploy.Accepted{Request: "r-3"})
	p.never("answer")
}

func TestLeaves(t *testing.T) {
	p := newPlay(t, false)
	p.join()
	p.do(asked{id: 1, req: request{kill: &deploy.KillExecutors{Nums: []int32{4}}}})
	p.do(leave{failure: "bad input"})
	p.expect(`send 1 unregister r-3 "bad input"`)
	p.do(closed{peer: 1, reason: "broken"})
	p.tick()
	p.open(2, "m2", 2)
	p.hear(2, stamp(2, 1, 1), deploy.AppRegistered{App: "app-1", Heartbeat: time.Second})
	p.expect(`send 2 unregister r-3 "bad input"`)
	p.hear(2, stamp(2, 1, 0), deploy.Accepted{Request: "r-3"})
	p.expect("done: <nil>", "answer 1 deploy.Refused")
}

func TestLeavesBehind(t *testing.T) {
	p := newPlay(t, false)
	p.join()
	p.do(closed{peer: 1, reason: "broken"})
	p.do(leave{})
	p.never("done")
	p.wait(5 * time.Second)
	p.expect("done: ", "m1:7077: broken")
	if !errors.Is(p.out.err, backend.ErrLeftBehind) {
		t.Errorf("%v", p.out.err)
	}
}

func TestLeavesBeforeAnybodyHeardOfIt(t *testing.T) {
	p := newPlay(t, false)
	p.do(leave{})
	p.expect("done: <nil>")
}

func TestLeavesWhileRegistering(t *testing.T) {
	p := newPlay(t, false)
	p.open(1, "m1", 1)
	p.do(leave{})
	p.never("done")
	p.hear(1, stamp(1, 1, 1), deploy.AppRegistered{App: "app-1", Heartbeat: time.Second})
	p.expect("unregister")
	p.hear(1, stamp(1, 1, 2), deploy.AppRemoved{App: "app-1", State: deploy.AppFinished})
	p.expect("done: <nil>")
}

func TestRemovedByTheCluster(t *testing.T) {
	p := newPlay(t, false)
	p.join()
	p.hear(1, stamp(1, 1, 2), deploy.AppRemoved{App: "app-1", State: deploy.AppFailed, Reason: "10 executors failed in a row"})
	p.expect("done: ", "app-1 is FAILED: 10 executors failed in a row")
	if !errors.Is(p.out.err, backend.ErrEnded) {
		t.Errorf("%v", p.out.err)
	}
}

func TestShipsBeforeItRegisters(t *testing.T) {
	p := newPlay(t, true)
	p.open(1, "m1", 0) // a standby takes no files, it is only asked who leads
	p.expect("send 1 deploy.Heartbeat")
	p.never("ship")
	p.hear(1, deploy.Stamp{}, deploy.RegisterAgain{}) // it leads by now
	p.expect("ship 1")
	p.wait(11 * time.Second) // shipping may take long
	p.never("hangup 1")
	p.do(shipped{peer: 1, failure: "disk full"})
	p.expect("hangup 1: it did not take the application's files: disk full")
	p.tick()
	p.open(2, "m1", 1)
	p.do(shipped{peer: 2})
	p.expect("send 2 register r-1")
}
