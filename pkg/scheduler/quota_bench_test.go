package scheduler_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// crowd is one worker with room for all, and queues that are at their quotas with many waiting in each. It allocates nothing of its own once
// warm.
type crowd struct {
	state   *scheduler.State
	policy  scheduler.SchedulerPolicy
	worker  scheduler.WorkerRow
	queues  []scheduler.QueueRow // without the root
	demands []scheduler.DemandRow
	order   uint64
	turn    int
	asked   int
	u       scheduler.Update
}

// newCrowd gives so many queues below one that has a quota too, and demands with so many different needs.
func newCrowd(t testing.TB, queues, waiting, kinds int) *crowd {
	c := &crowd{state: scheduler.NewState(scheduler.Config{}), policy: scheduler.NewSpread(scheduler.DefaultOptions())}
	c.worker = worker(0, 1<<20, 1<<40)
	c.u = scheduler.Update{Full: true, Epoch: 1, To: 1, DriverSlots: deploy.NoLimit, Now: noon()}
	top := limited(1, 0, int64(100*queues), 0)
	c.u.Queues = append(c.u.Queues, top)
	for i := range uint32(queues) {
		q := limited(2+i, 1, 100, 100)
		q.Quota = append(q.Quota, deploy.Quantity{Resource: deploy.ResourceMemory, Amount: 1 << 40})
		c.queues = append(c.queues, q)
	}
	for i := range waiting {
		d := of(uint32(2+i%queues), demand(scheduler.DemandRef(i), 2, int64(64+i/queues%kinds)))
		d.Subject = "app"
		c.demands = append(c.demands, d)
	}
	c.order = uint64(waiting)
	c.u.Queues, c.u.Demands, c.u.Workers = append(c.u.Queues, c.queues...), append(c.u.Demands, c.demands...), append(c.u.Workers, c.worker)
	c.tell(t)
	c.place(t)
	c.u.Full = false
	return c
}

func (c *crowd) tell(t testing.TB) {
	if err := c.state.Apply(&c.u); err != nil {
		t.Fatal(err)
	}
	c.u.Workers, c.u.Demands, c.u.Queues = c.u.Workers[:0], c.u.Demands[:0], c.u.Queues[:0]
	c.u.From, c.u.To = c.u.To, c.u.To+1
}

func (c *crowd) place(t testing.TB) scheduler.Plan {
	plan, err := c.policy.Place(t.Context(), c.state.View(0))
	if err != nil {
		t.Fatal(err)
	}
	c.asked += len(plan.Grants) + len(plan.Waiting)
	return plan
}

// round ends one executor, of each queue in turn. One that waits there gets its place, and another comes to wait.
func (c *crowd) round(t testing.TB) {
	c.turn = (c.turn + 1) % len(c.queues)
	q := &c.queues[c.turn]
	q.Used[0].Amount -= 2
	c.worker.Free.Cores, c.worker.Free.MemoryMiB = 1<<20, 1<<40
	c.u.Queues, c.u.Workers = append(c.u.Queues, *q), append(c.u.Workers, c.worker)
	c.tell(t)
	plan := c.place(t)
	if len(plan.Grants) != 1 || c.demands[plan.Grants[0].Demand].Queue != q.Ref {
		t.Fatalf("got %v, want one grant in queue %d", plan.Grants, q.Ref)
	}
	d := &c.demands[plan.Grants[0].Demand]
	c.order++
	d.Order, q.Used[0].Amount = c.order, q.Used[0].Amount+2
	c.worker.Free.Cores, c.worker.Free.MemoryMiB = c.worker.Free.Cores-2, c.worker.Free.MemoryMiB-d.Need.MemoryMiB
	c.u.Queues, c.u.Workers, c.u.Demands = append(c.u.Queues, *q), append(c.u.Workers, c.worker), append(c.u.Demands, *d)
	c.u.Now = c.u.Now.Add(time.Second)
	c.tell(t)
	c.place(t)
}

func TestQueuesAllocateNothing(t *testing.T) {
	c := newCrowd(t, 8, 400, 5)
	for range 500 {
		c.round(t)
	}
	if got := testing.AllocsPerRun(200, func() { c.round(t) }); got >= 1 {
		t.Errorf("a warm round with queues at their quotas allocates %v times, want never", got)
	}
}

// BenchmarkQuota frees one unit of a quota, grants it to one of those that wait for it, and lets one more wait: two updates and two plans.
func BenchmarkQuota(b *testing.B) {
	for _, x := range []struct{ queues, waiting, kinds int }{
		{1, 100, 1}, {1, 10_000, 1}, {100, 10_000, 1}, {1_000, 10_000, 1}, {1, 100, 100}, {1, 10_000, 1_000},
	} {
		b.Run(fmt.Sprintf("%d queues/%d wait/%d needs", x.queues, x.waiting, x.kinds), func(b *testing.B) {
			c := newCrowd(b, x.queues, x.waiting, x.kinds)
			c.asked = 0
			b.ReportAllocs()
			for b.Loop() {
				c.round(b)
			}
			b.ReportMetric(float64(c.asked)/float64(b.N), "asked/op")
		})
	}
}
