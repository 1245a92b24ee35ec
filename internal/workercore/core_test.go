package workercore

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

func TestValidateReportsEveryFault(t *testing.T) {
	good := scriptConfig()
	if err := good.Validate(); err != nil {
		t.Fatalf("a good configuration: %v", err)
	}
	bad := Config{Masters: []deploy.Address{{Host: "m1"}}, RetryMax: -1, ExitWhenUnregistered: -1}
	bad.Worker.Cores = -3
	err := bad.Validate()
	if !errors.Is(err, deploy.ErrInvalid) {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{"no id", "no address", "-3 cores", "0 MiB", "incarnation 0", `"m1:0" cannot be dialled`, "retries begin", "retries grow",
		"given up after 0s", "repeated after 0s", "exit after -1ns"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("not told: %s\n%v", want, err)
		}
	}
	none := scriptConfig()
	none.Masters = nil
	if err := none.Validate(); err == nil || !strings.Contains(err.Error(), "no masters") {
		t.Errorf("no masters: %v", err)
	}
}

// TestSameSeedSameEffects: the effects of equal events are equal, and another seed only moves the rounds.
func TestSameSeedSameEffects(t *testing.T) {
	run := func(seed uint64) string {
		cfg := scriptConfig()
		cfg.Seed = seed
		core, now, all := New(cfg), time.Unix(0, 0), []string(nil)
		var ev Event = Begun{}
		for range 20 {
			var out Effects
			core.Step(now, ev, &out)
			now, _ = core.Deadline()
			all = append(append(all, printEffects(&out)...), now.String())
			ev = Tick{}
		}
		return strings.Join(all, "\n")
	}
	first, again, other := run(1), run(1), run(2)
	if first != again {
		t.Error("the same seed told two stories")
	}
	if first == other {
		t.Error("a fleet with different seeds dials in step")
	}
}

// TestJitterStaysWithinHalf: rounds are never longer than told and never shorter than half.
func TestJitterStaysWithinHalf(t *testing.T) {
	c := New(scriptConfig())
	low, high := time.Hour, time.Duration(0)
	for range 10_000 {
		d := c.jitter(time.Second)
		low, high = min(low, d), max(high, d)
	}
	if low < 500*time.Millisecond || high > time.Second || low > 510*time.Millisecond || high < 990*time.Millisecond {
		t.Errorf("from %s to %s", low, high)
	}
}

func TestLeavingBeforeBeginningEndsAtOnce(t *testing.T) {
	c, out := New(scriptConfig()), Effects{}
	c.Step(time.Unix(0, 0), Leave{Reason: "never mind"}, &out)
	if out.Done != "never mind" || len(out.Dial) > 0 {
		t.Errorf("did %+v", out)
	}
}

// linked gives a core that follows a leader and holds n launches.
func linked(tb testing.TB, n uint64) (*Core, time.Time) {
	tb.Helper()
	c, now, out := New(scriptConfig()), time.Unix(0, 0), Effects{}
	c.Step(now, Begun{}, &out)
	c.Step(now, Opened{Peer: 1, Dialled: deploy.Address{Host: "m1", Port: 7077}, Hello: deploy.Hello{Epoch: 1}}, &out)
	stamp := deploy.Stamp{Epoch: 1, Session: 1, Seq: 1}
	items := []rpc.Item{{Stamp: stamp, Msg: deploy.WorkerRegistered{Session: 1, Heartbeat: time.Second}}}
	for i := range n {
		stamp.Seq++
		items = append(items, rpc.Item{Stamp: stamp, Msg: deploy.LaunchOrder{Launch: deploy.Launch{ID: deploy.LaunchID{Epoch: 1, Seq: i + 1}}}})
	}
	c.Step(now, Received{Peer: 1, Items: items}, &out)
	stamp.Seq = 0
	acked := rpc.Item{Stamp: stamp, Msg: deploy.ReportAck{}}
	ack := deploy.ReportAck{}
	for i := range n {
		ack.Seqs = append(ack.Seqs, i+1)
	}
	acked.Msg = ack
	c.Step(now, Received{Peer: 1, Items: []rpc.Item{acked}}, &out)
	if err := c.Check(); err != nil || c.link == nil || len(out.Start) != int(n) {
		tb.Fatalf("not linked: %v, %d started", err, len(out.Start))
	}
	return c, now
}

// heartbeat lets one interval pass.
func heartbeat(c *Core, acks *[256][]rpc.Item, out *Effects) {
	out.Reset()
	now, _ := c.Deadline()
	c.Step(now, Tick{}, out)
	c.Step(now, Received{Peer: 1, Items: acks[c.link.beats]}, out)
}

func heartbeatAcks(orders uint64) *[256][]rpc.Item {
	var acks [256][]rpc.Item
	for n := range acks {
		acks[n] = []rpc.Item{{Stamp: deploy.Stamp{Epoch: 1, Session: 1}, Msg: deploy.HeartbeatAck{N: uint64(n), Orders: orders}}}
	}
	return &acks
}

func TestHeartbeatsAllocateNothing(t *testing.T) {
	c, _ := linked(t, 20)
	acks, out := heartbeatAcks(21), Effects{}
	heartbeat(c, acks, &out)
	var ev [256]Event // boxed once: the caller owns its events
	for n := range ev {
		ev[n] = Received{Peer: 1, Items: acks[n]}
	}
	beats := 0
	got := testing.AllocsPerRun(1000, func() {
		out.Reset()
		now, _ := c.Deadline()
		c.Step(now, Tick{}, &out)
		beats += len(out.Send)
		c.Step(now, ev[c.link.beats], &out)
	})
	if got != 0 || beats < 1000 {
		t.Errorf("%d heartbeats, %.0f allocations each", beats, got)
	}
}

// TestLateAcknowledgementRenewsFromItsSending: the lease counts from what the leader heard, not from when its answer came.
func TestLateAcknowledgementRenewsFromItsSending(t *testing.T) {
	c, now := linked(t, 0)
	var sent [200]time.Time
	out := Effects{}
	acks := heartbeatAcks(1)
	for i := range sent {
		now, _ = c.Deadline()
		c.Step(now, Tick{}, &out)
		sent[i] = now
		c.session(1).heardAt = now
	}
	hear := func(n int) {
		c.Step(now, Received{Peer: 1, Items: acks[n]}, &out)
	}
	hear(198)
	if c.lease.from != sent[197] {
		t.Errorf("after the answer to 198 the lease counts from %s, sent at %s", c.lease.from, sent[197])
	}
	hear(190)
	if c.lease.from != sent[197] {
		t.Error("an older answer took the lease back")
	}
	hear(20)
	if c.lease.from != sent[197] {
		t.Error("an answer 180 heartbeats late moved the lease")
	}
}

func BenchmarkHeartbeat(b *testing.B) {
	c, _ := linked(b, 20)
	acks, out := heartbeatAcks(21), Effects{}
	b.ReportAllocs()
	for b.Loop() {
		heartbeat(c, acks, &out)
	}
}

func BenchmarkLaunchToForget(b *testing.B) {
	c, now := linked(b, 20)
	out, stamp, id := Effects{}, deploy.Stamp{Epoch: 1, Session: 1, Seq: 21}, deploy.LaunchID{Epoch: 1, Seq: 1000}
	b.ReportAllocs()
	for b.Loop() {
		out.Reset()
		stamp.Seq++
		id.Seq++
		c.session(1).heardAt = now
		c.Step(now, Received{Peer: 1, Items: []rpc.Item{{Stamp: stamp, Msg: deploy.LaunchOrder{Launch: deploy.Launch{ID: id}}}}}, &out)
		c.Step(now, Prepared{Launch: id, Failure: "no such file or directory"}, &out)
		ack := rpc.Item{Stamp: deploy.Stamp{Epoch: 1, Session: 1}, Msg: deploy.ReportAck{Seqs: []uint64{c.seq}}}
		c.Step(now, Received{Peer: 1, Items: []rpc.Item{ack}}, &out)
	}
	if len(c.launches) != 20 {
		b.Fatalf("%d launches in the books", len(c.launches))
	}
}
