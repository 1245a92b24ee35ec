package mastercore

import (
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// TestHeartbeatAllocatesNothing: T20, for workers, also when the timer of silence goes off in between.
func TestHeartbeatAllocatesNothing(t *testing.T) {
	f := newFleet(10)
	f.c.cfg.SuspectAfter, f.c.cfg.WorkerTimeout = 2*time.Second, 10*time.Second
	events := eventsOf(10, []deploy.Message{deploy.Heartbeat{N: 1}, deploy.Heartbeat{N: 2}})
	tick := Event(Tick{})
	for _, w := range f.c.workers {
		f.c.armWorker(w)
	}
	round := func() {
		f.now = f.now.Add(time.Second)
		for _, ev := range events {
			f.step(ev)
			if len(f.out.Acks) != 1 || f.out.Acks[0].Msg.N != 2 || len(f.out.Rows) > 0 || f.out.Place != nil {
				t.Fatalf("a heartbeat led to %+v", f.out)
			}
		}
		f.step(tick)
	}
	round()
	if n := testing.AllocsPerRun(100, round); n != 0 {
		t.Errorf("%v allocations for 10 heartbeats and a tick", n)
	}
}

// TestQueuesAllocateNothing: counting a launch in its queue and out again, with the look at every quota above.
func TestQueuesAllocateNothing(t *testing.T) {
	c := placedCore(t)
	need := deploy.Resources{Cores: 2, MemoryMiB: 512, Custom: []deploy.Amount{{Name: "gpu", Count: 1}}}
	q := c.queueAt("prod.etl")
	round := func() {
		c.enterQueue("prod.etl", 0, 0)
		c.charge(q, &need, 1)
		if over, _ := q.overQuota(&need); over != nil {
			t.Fatalf("queue %s is over", over.Name)
		}
		c.charge(q, &need, -1)
		c.leaveQueue(q, 0, 0)
	}
	round()
	if n := testing.AllocsPerRun(100, round); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestCostOfOneEvent: what a heartbeat, a registration and a loss put out does not grow with the cluster.
func TestCostOfOneEvent(t *testing.T) {
	size := func(n int) (sizes []int) {
		f := newFleet(n)
		f.step(Closed{Peer: peerOf(n / 2), Reason: "reset"})
		sizes = append(sizes, len(f.out.Rows), len(f.out.Place.Workers), len(f.out.Persist))
		f.step(Opened{Peer: peerOf(n), Hello: deploy.Hello{Role: deploy.RoleWorker}})
		f.step(Received{Peer: peerOf(n), Msgs: []deploy.Message{deploy.RegisterWorker{Worker: specOf(n / 2), Incarnation: 1}}})
		return append(sizes, len(f.out.Rows), len(f.out.Place.Workers), len(f.out.Persist))
	}
	small, large := size(10), size(2000)
	for i := range small {
		if small[i] != large[i] || large[i] != 1 {
			t.Fatalf("10 workers: %v, 2000 workers: %v", small, large)
		}
	}
}
