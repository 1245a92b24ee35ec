package wire

import (
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/musterproject/muster/pkg/deploy"
	pb "github.com/musterproject/muster/pkg/rpc/wire/muster/v1"
)

func (a *appender) launch(num protowire.Number, l *deploy.Launch) {
	mark := a.open(num)
	a.launchID(1, l.ID)
	a.executorID(2, l.Executor)
	a.string(3, string(l.Driver))
	a.uint(4, uint64(l.Attempt))
	a.int(5, int64(l.Profile))
	a.resources(6, &l.Need)
	a.addresses(7, l.Addresses)
	a.command(8, &l.Command)
	a.string(9, l.AppName)
	a.bool(10, l.Leased)
	a.string(11, l.Token.Reveal())
	a.close(mark)
}

func (c *cursor) launchOrder(n *names) (m deploy.LaunchOrder) {
	for c.next() {
		switch c.num {
		case 1:
			m.Launch = c.launch(n)
		default:
			c.bad = true
		}
	}
	return m
}

func (c *cursor) launch(n *names) (l deploy.Launch) {
	in := cursor{b: c.bytes(), lists: 1 << 7}
	for in.next() {
		switch in.num {
		case 1:
			l.ID = in.launchID()
		case 2:
			l.Executor = in.executorID(n)
		case 3:
			l.Driver = deploy.DriverID(in.name(n))
		case 4:
			l.Attempt = deploy.Attempt(in.uint())
		case 5:
			l.Profile = int32(in.uint())
		case 6:
			l.Need = in.resources(n)
		case 7:
			l.Addresses = append(l.Addresses, in.address(n))
		case 8:
			l.Command = in.command(n)
		case 9:
			l.AppName = in.name(n)
		case 10:
			l.Leased = in.bool()
		case 11:
			l.Token = deploy.NewSecret(in.string())
		default:
			in.bad = true
		}
	}
	c.bad = c.bad || in.bad
	return l
}

func (a *appender) report(r *deploy.Report) {
	a.string(1, string(r.Worker))
	a.uint(2, uint64(r.Incarnation))
	l := &r.Launch
	mark := a.open(3)
	a.launchID(1, l.Launch)
	a.executorID(2, l.Executor)
	a.string(3, string(l.Driver))
	a.uint(4, uint64(l.Attempt))
	a.int(5, int64(l.Profile))
	a.resources(6, &l.Need)
	a.addresses(7, l.Addresses)
	a.uint(8, l.Seq)
	a.int(9, int64(enumTo[pb.ExecutorState](l.State)))
	a.exit(10, l.Exit)
	a.string(11, text(l.Message))
	a.duration(12, l.Lived)
	a.close(mark)
}

func (c *cursor) report(n *names) (r deploy.Report) {
	told := false
	for c.next() {
		switch c.num {
		case 1:
			r.Worker = deploy.WorkerID(c.name(n))
		case 2:
			r.Incarnation = deploy.Incarnation(c.uint())
		case 3:
			r.Launch, told = c.launchReport(n), true
		default:
			c.bad = true
		}
	}
	c.bad = c.bad || !told
	return r
}

func (c *cursor) launchReport(n *names) (l deploy.LaunchReport) {
	in := cursor{b: c.bytes(), lists: 1 << 7}
	told := false
	for in.next() {
		switch in.num {
		case 1:
			l.Launch = in.launchID()
		case 2:
			l.Executor = in.executorID(n)
		case 3:
			l.Driver = deploy.DriverID(in.name(n))
		case 4:
			l.Attempt = deploy.Attempt(in.uint())
		case 5:
			l.Profile = int32(in.uint())
		case 6:
			l.Need = in.resources(n)
		case 7:
			l.Addresses = append(l.Addresses, in.address(n))
		case 8:
			l.Seq = in.uint()
		case 9:
			l.State, told = deploy.ExecutorState(in.state(uint64(deploy.ExecutorExited))), true
		case 10:
			l.Exit = in.exit()
		case 11:
			l.Message = in.string()
		case 12:
			l.Lived = in.duration()
		default:
			in.bad = true
		}
	}
	c.bad = c.bad || in.bad || !told
	return l
}

func (c *cursor) reportAck() (m deploy.ReportAck) {
	for c.next() {
		if c.num != 1 {
			c.bad = true
			return m
		}
		list := c.bytes()
		m.Seqs = make([]uint64, 0, entries(list))
		for len(list) > 0 && !c.bad {
			v, n := protowire.ConsumeVarint(list)
			if c.bad = n < 0; !c.bad {
				m.Seqs, list = append(m.Seqs, v), list[n:]
			}
		}
		c.bad = c.bad || len(m.Seqs) == 0
	}
	return m
}

func (a *appender) executorView(num protowire.Number, e *deploy.ExecutorView) {
	mark := a.open(num)
	a.executorID(1, e.Executor)
	a.int(2, int64(e.Profile))
	a.string(3, string(e.Worker))
	a.string(4, e.Host)
	a.resources(5, &e.Need)
	a.addresses(6, e.Addresses)
	a.int(7, int64(enumTo[pb.ExecutorState](e.State)))
	a.exit(8, e.Exit)
	a.string(9, text(e.Message))
	a.bool(10, e.WorkerLost)
	a.close(mark)
}

func (c *cursor) executorChanged(n *names) (m deploy.ExecutorChanged) {
	told := false
	for c.next() {
		switch c.num {
		case 1:
			m.Executor, told = c.executorView(n), true
		default:
			c.bad = true
		}
	}
	c.bad = c.bad || !told
	return m
}

func (c *cursor) executorView(n *names) (e deploy.ExecutorView) {
	in := cursor{b: c.bytes(), lists: 1 << 6}
	told := false
	for in.next() {
		switch in.num {
		case 1:
			e.Executor = in.executorID(n)
		case 2:
			e.Profile = int32(in.uint())
		case 3:
			e.Worker = deploy.WorkerID(in.name(n))
		case 4:
			e.Host = in.name(n)
		case 5:
			e.Need = in.resources(n)
		case 6:
			e.Addresses = append(e.Addresses, in.address(n))
		case 7:
			e.State, told = deploy.ExecutorState(in.state(uint64(deploy.ExecutorExited))), true
		case 8:
			e.Exit = in.exit()
		case 9:
			e.Message = in.string()
		case 10:
			e.WorkerLost = in.bool()
		default:
			in.bad = true
		}
	}
	c.bad = c.bad || in.bad || !told
	return e
}

func (a *appender) duration(num protowire.Number, d time.Duration) {
	if d == 0 {
		return
	}
	mark := a.open(num)
	a.int(1, int64(d/time.Second))
	a.int(2, int64(d%time.Second))
	a.close(mark)
}

// duration leaves to the library what may be out of range.
func (c *cursor) duration() time.Duration {
	const century = 100 * 365 * 24 * 3600
	in := cursor{b: c.bytes()}
	var seconds, nanos int64
	for in.next() {
		switch in.num {
		case 1:
			seconds = int64(in.uint())
		case 2:
			nanos = int64(in.uint())
		default:
			in.bad = true
		}
	}
	c.bad = c.bad || in.bad || seconds < 0 || seconds > century || nanos < 0 || nanos >= int64(time.Second)
	return time.Duration(seconds)*time.Second + time.Duration(nanos)
}
