package taskcore

import (
	"fmt"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// BenchmarkDispatch is the way of a task through the core: added, given, ended. One operation is one task.
func BenchmarkDispatch(b *testing.B) {
	for _, executors := range []int{2, 100, 1000} {
		b.Run(fmt.Sprintf("executors=%d", executors), func(b *testing.B) {
			d := newDrive(executors)
			d.turn(10 * 256 * executors) // slots and tables have their size
			b.ReportAllocs()
			b.ResetTimer()
			d.turn(b.N)
		})
	}
}

// TestDispatchAllocatesNothing is the promise of T20 for task dispatch.
func TestDispatchAllocatesNothing(t *testing.T) {
	d := newDrive(4)
	d.turn(100_000)
	const tasks = 25_600
	if n := testing.AllocsPerRun(10, func() { d.turn(tasks) }); n > tasks/256*2 { // what carries an event of a batch, not a task
		t.Errorf("%.0f allocations for %d tasks", n, tasks)
	}
}

// drive keeps a core busy with batches of 256, as a driver and its executors do.
type drive struct {
	core   *Core
	now    time.Time
	out    Effects
	inputs [][]byte
	by     [][]deploy.TaskResult // by peer
	open   int
}

func newDrive(executors int) *drive {
	d := &drive{core: New(DefaultConfig()), now: time.Unix(1_000_000, 0), inputs: make([][]byte, 256), by: make([][]deploy.TaskResult, executors+1)}
	for i := range executors {
		d.core.Step(d.now, ExecutorReady{Peer: deploy.PeerID(i + 1), ID: executorID(int32(i)), Cores: 1}, &d.out)
	}
	d.core.Step(d.now, JobBegun{Job: 1, Func: "f", Attempts: 4}, &d.out)
	return d
}

func (d *drive) step(ev Event) {
	d.out.Reset()
	d.core.Step(d.now, ev, &d.out)
	for i := range d.out.Run {
		o := &d.out.Run[i]
		d.by[o.Peer] = append(d.by[o.Peer], deploy.TaskResult{ID: o.Task.ID, Attempt: o.Task.Attempt, Took: time.Microsecond})
	}
	d.open -= len(d.out.Done)
}

func (d *drive) turn(n int) {
	for n > 0 {
		batch := min(n, len(d.inputs))
		n -= batch
		d.open += batch
		d.step(TasksAdded{Job: 1, Inputs: d.inputs[:batch]})
		for peer := 1; d.open > 4096 && peer < len(d.by); peer++ {
			d.reply(peer)
		}
	}
	for peer := 0; d.open > 0; peer++ {
		d.reply(1 + peer%(len(d.by)-1))
	}
}

func (d *drive) reply(peer int) {
	list := d.by[peer]
	d.by[peer] = list[len(list):]
	if cap(d.by[peer]) < 2048 {
		d.by[peer] = make([]deploy.TaskResult, 0, 1<<16)
	}
	d.step(Results{Peer: deploy.PeerID(peer), List: list})
}
