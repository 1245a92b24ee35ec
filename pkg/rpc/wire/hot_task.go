package wire

import (
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/musterproject/muster/pkg/deploy"
	pb "github.com/musterproject/muster/pkg/rpc/wire/muster/v1"
)

func (a *appender) task(num protowire.Number, t *deploy.Task) {
	mark := a.open(num)
	a.uint(1, t.ID)
	a.uint(2, uint64(t.Attempt))
	a.string(3, t.Func)
	a.bytes(4, t.Input)
	a.close(mark)
}

func (a *appender) taskResult(num protowire.Number, t *deploy.TaskResult) {
	mark := a.open(num)
	a.uint(1, t.ID)
	a.uint(2, uint64(t.Attempt))
	a.int(3, int64(enumTo[pb.TaskState](t.State)))
	a.bytes(4, t.Output)
	a.string(5, text(t.Error))
	a.int(6, int64(t.Took))
	a.close(mark)
}

// entries counts the entries of a message that is one list, towards the limit of the frame.
func (d *Decoder) entries(c *cursor) int {
	c.lists = 1 << 1
	n := c.count()
	if d.elements += n; d.elements > MaxElements {
		c.bad = true
		return 0
	}
	return n
}

func (d *Decoder) runTasks(c *cursor) (m deploy.RunTasks) {
	if n := d.entries(c); n > 0 {
		m.Tasks = make([]deploy.Task, 0, n)
	}
	for c.next() {
		if c.num != 1 {
			c.bad = true
			return m
		}
		m.Tasks = append(m.Tasks, c.task(&d.names))
	}
	return m
}

func (c *cursor) task(n *names) (t deploy.Task) {
	in := cursor{b: c.bytes()}
	for in.next() {
		switch in.num {
		case 1:
			t.ID = in.uint()
		case 2:
			t.Attempt = uint32(in.uint())
		case 3:
			t.Func = in.name(n)
		case 4:
			t.Input = in.part()
		default:
			in.bad = true
		}
	}
	c.bad = c.bad || in.bad
	return t
}

func (d *Decoder) taskResults(c *cursor) (m deploy.TaskResults) {
	if n := d.entries(c); n > 0 {
		m.Results = make([]deploy.TaskResult, 0, n)
	}
	for c.next() {
		if c.num != 1 {
			c.bad = true
			return m
		}
		m.Results = append(m.Results, c.taskResult())
	}
	return m
}

func (c *cursor) taskResult() (t deploy.TaskResult) {
	in := cursor{b: c.bytes()}
	told := false
	for in.next() {
		switch in.num {
		case 1:
			t.ID = in.uint()
		case 2:
			t.Attempt = uint32(in.uint())
		case 3:
			t.State, told = deploy.TaskState(in.state(uint64(deploy.TaskLost))), true
		case 4:
			t.Output = in.part()
		case 5:
			t.Error = in.string()
		case 6:
			t.Took = time.Duration(in.uint())
		default:
			in.bad = true
		}
	}
	c.bad = c.bad || in.bad || !told
	return t
}
