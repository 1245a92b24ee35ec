package mastercore

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

var startOfTests = time.Date(2026, 11, 20, 22, 30, 45, 0, time.UTC)

// TestIDsBeyondModulo: 2001 applications of one second, with a counter that wraps at 1000, have 2001 ids; the third lap runs ahead of the clock.
func TestIDsBeyondModulo(t *testing.T) {
	cfg := testConfig()
	cfg.AppNumberModulo = 1000
	var out Effects
	c := New(cfg, deploy.ClusterID{1}, 1, nil, startOfTests, &out)
	seen := map[deploy.AppID]bool{}
	var last deploy.AppID
	for range 2001 {
		last = c.nextAppID0(&out)
		if seen[last] {
			t.Fatalf("%s is given twice", last)
		}
		seen[last] = true
	}
	if want := deploy.AppID("app-20261120223047-0000"); last != want {
		t.Errorf("the 2001st is %s, want %s", last, want)
	}
	if !seen["app-20261120223045-0000"] || !seen["app-20261120223045-0999"] || !seen["app-20261120223046-0000"] {
		t.Error("the counter does not wrap")
	}
}

// nextAppID0 takes an id outside a step.
func (c *Core) nextAppID0(out *Effects) deploy.AppID {
	c.out = out
	defer func() { c.out = nil }()
	return c.nextAppID()
}

// TestIDPatterns: the configured patterns, counters from 0, in the configured zone.
func TestIDPatterns(t *testing.T) {
	cfg := testConfig()
	cfg.DriverIDPattern = "my-driver-%2$05d"
	cfg.AppIDPattern = "x%s_%d"
	cfg.Zone = time.FixedZone("east", 2*3600)
	var out Effects
	c := New(cfg, deploy.ClusterID{1}, 1, nil, startOfTests, &out)
	c.out = &out
	got := []string{string(c.nextDriverID()), string(c.nextDriverID()), string(c.nextAppID())}
	want := []string{"my-driver-00000", "my-driver-00001", "x20261121003045_0"}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got %v, want %v", got, want)
			break
		}
	}
}

// TestTokens: each application has its own token, the same one after a failover, and another seed gives another.
func TestTokens(t *testing.T) {
	c, other := testCore(), testCore()
	other.cfg.TokenSeed = []byte("another seed of bytes")
	a, b := c.tokenOf("app-1"), c.tokenOf("app-2")
	if a == b || a != c.tokenOf("app-1") || a == other.tokenOf("app-1") || len(a) != 64 || strings.Contains(a, "app") {
		t.Errorf("%s %s %s", a, b, other.tokenOf("app-1"))
	}
}

// TestSeeds: every version has another seed, which depends on nothing else.
func TestSeeds(t *testing.T) {
	seen := map[uint64]bool{}
	for epoch := range deploy.Epoch(20) {
		for version := range uint64(200) {
			seen[seedOf(epoch, version)] = true
		}
	}
	if len(seen) != 20*200 {
		t.Errorf("%d seeds for 4000 versions", len(seen))
	}
}

// TestDeterminism: the same events give the same effects to the last byte, also from records in another order.
func TestDeterminism(t *testing.T) {
	for seed := range uint64(8) {
		a, b := newChaos(t, noise(seed, 800)), newChaos(t, noise(seed, 800))
		a.sum, b.sum = sha256.New(), sha256.New()
		a.run()
		b.run()
		if x, y := strings.Join(a.log, "\n"), strings.Join(b.log, "\n"); !bytes.Equal(a.sum.Sum(nil), b.sum.Sum(nil)) {
			t.Fatalf("seed %d: two runs differ:\n%s", seed, firstDifference([]byte(x), []byte(y)))
		}
		records := recordsOf(a.saved)
		backwards := make([]deploy.Change, 0, len(records))
		for i := range records {
			backwards = append(backwards, records[len(records)-1-i])
		}
		var x, y Effects
		New(a.cfg, deploy.ClusterID{1}, 99, records, a.now, &x)
		New(a.cfg, deploy.ClusterID{1}, 99, backwards, a.now, &y)
		if fmt.Sprintf("%+v", x) != fmt.Sprintf("%+v", y) {
			t.Fatalf("seed %d: the order of records matters", seed)
		}
	}
}

// TestSetClock: whoever sets the machine's clock moves no deadline; a clock that stands still or goes back is no event.
func TestSetClock(t *testing.T) {
	now := time.Now()
	var out Effects
	c := New(testConfig(), deploy.ClusterID{1}, 1, nil, now, &out)
	c.Step(now, Opened{Peer: 1, Hello: deploy.Hello{Role: deploy.RoleWorker}}, &out)
	c.Step(now, Received{Peer: 1, At: now, Msgs: []deploy.Message{deploy.RegisterWorker{Worker: goodWorker(), Incarnation: 1}}}, &out)
	due, ok := c.Deadline()
	if !ok || due.Sub(now) != c.cfg.SuspectAfter {
		t.Fatalf("the first deadline is %v after the registration, want %v", due.Sub(now), c.cfg.SuspectAfter)
	}
	if due == due.Round(0) {
		t.Error("the deadline has lost the monotonic reading: time.Until would go by the wall clock")
	}
	c.Step(now.Add(-time.Hour), Tick{}, &out)
	if again, _ := c.Deadline(); !again.Equal(due) || !c.now.Equal(now) {
		t.Errorf("a clock that goes back moved the deadline from %v to %v", due, again)
	}
}

// A master that keeps nothing and is started again within the second must not give an id a second time.
func TestIDsAfterARestartWithinTheSecond(t *testing.T) {
	begun := time.Date(2026, 11, 20, 22, 30, 45, 0, time.UTC)
	var first numbers
	first.begin(deploy.Epoch(begun.UnixNano() + 300_000_000))
	var second numbers
	second.begin(deploy.Epoch(begun.UnixNano() + 700_000_000))
	if first.apps.next != 3000 || second.apps.next != 7000 || second.drivers.next != 7000 {
		t.Errorf("counters start at %d, then at %d and %d", first.apps.next, second.apps.next, second.drivers.next)
	}
	var counted numbers
	counted.begin(7)
	if counted.apps.next != 0 {
		t.Errorf("with counted epochs the first id has the number %d", counted.apps.next)
	}
}
