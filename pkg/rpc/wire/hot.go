package wire

import (
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// Numbers of the messages that are written and read by hand, as session.proto has them.
const (
	hotHeartbeat       protowire.Number = 10
	hotHeartbeatAck    protowire.Number = 11
	hotLaunchOrder     protowire.Number = 24
	hotReport          protowire.Number = 26
	hotReportAck       protowire.Number = 27
	hotExecutorChanged protowire.Number = 43
	hotRunTasks        protowire.Number = 81
	hotTaskResults     protowire.Number = 83
)

// head appends what is common to all items.
func (a *appender) head(it *rpc.Item) {
	if it.Stamp != (deploy.Stamp{}) {
		mark := a.open(itemStamp)
		if !it.Stamp.Cluster.IsZero() {
			a.bytes(1, it.Stamp.Cluster[:])
		}
		a.uint(2, uint64(it.Stamp.Epoch))
		a.uint(3, uint64(it.Stamp.Session))
		a.uint(4, it.Stamp.Seq)
		a.close(mark)
	}
	a.uint(itemRe, uint64(it.Re))
}

// hot appends a message that comes often; any other makes it bad.
func (a *appender) hot(m deploy.Message) {
	var mark int
	switch m := m.(type) {
	case deploy.Heartbeat:
		mark = a.open(hotHeartbeat)
		a.uint(1, m.N)
	case deploy.HeartbeatAck:
		mark = a.open(hotHeartbeatAck)
		a.uint(1, m.N)
		a.uint(2, m.Orders)
	case deploy.LaunchOrder:
		mark = a.open(hotLaunchOrder)
		a.launch(1, &m.Launch)
	case deploy.Report:
		mark = a.open(hotReport)
		a.report(&m)
	case deploy.ReportAck:
		mark = a.open(hotReportAck)
		a.packed(1, m.Seqs)
	case deploy.ExecutorChanged:
		mark = a.open(hotExecutorChanged)
		a.executorView(1, &m.Executor)
	case deploy.RunTasks:
		mark = a.open(hotRunTasks)
		for i := range m.Tasks {
			a.task(1, &m.Tasks[i])
		}
	case deploy.TaskResults:
		mark = a.open(hotTaskResults)
		for i := range m.Results {
			a.taskResult(1, &m.Results[i])
		}
	default:
		a.bad = true
		return
	}
	a.close(mark)
}

// split reads what is common to all items and finds the message, if the item is as this package writes it.
func split(b []byte) (it rpc.Item, kind protowire.Number, body []byte, ok bool) {
	c := cursor{b: b}
	for c.at < len(b) && !c.bad && kind == 0 {
		tag := c.varint()
		num := protowire.Number(tag >> 3)
		if c.bad || tag < 8 || tag >= 1<<16 || num <= c.num {
			return it, 0, nil, false
		}
		c.num, c.typ = num, protowire.Type(tag&7)
		switch num {
		case itemStamp:
			it.Stamp = c.stamp()
		case itemRe:
			it.Re = deploy.CallID(c.uint())
		default:
			kind, body = num, c.bytes()
		}
	}
	return it, kind, body, !c.bad && c.at == len(b) && kind != 0
}

func (c *cursor) stamp() (s deploy.Stamp) {
	in := cursor{b: c.bytes()}
	for in.next() {
		switch in.num {
		case 1:
			in.bad = copy(s.Cluster[:], in.bytes()) != len(s.Cluster)
		case 2:
			s.Epoch = deploy.Epoch(in.uint())
		case 3:
			s.Session = deploy.SessionID(in.uint())
		case 4:
			s.Seq = in.uint()
		default:
			in.bad = true
		}
	}
	c.bad = c.bad || in.bad
	return s
}

// hotMessage reads a message that comes often. Any other, and one that is not as this package writes it, is nil.
func (d *Decoder) hotMessage(kind protowire.Number, b []byte) (m deploy.Message) {
	c := cursor{b: b}
	switch kind {
	case hotHeartbeat:
		m = c.heartbeat()
	case hotHeartbeatAck:
		m = c.heartbeatAck()
	case hotLaunchOrder:
		m = c.launchOrder(&d.names)
	case hotReport:
		m = c.report(&d.names)
	case hotReportAck:
		m = c.reportAck()
	case hotExecutorChanged:
		m = c.executorChanged(&d.names)
	case hotRunTasks:
		m = d.runTasks(&c)
	case hotTaskResults:
		m = d.taskResults(&c)
	default:
		return nil
	}
	if c.bad {
		return nil
	}
	return m
}

func (c *cursor) heartbeat() (m deploy.Heartbeat) {
	for c.next() {
		switch c.num {
		case 1:
			m.N = c.uint()
		default:
			c.bad = true
		}
	}
	return m
}

func (c *cursor) heartbeatAck() (m deploy.HeartbeatAck) {
	for c.next() {
		switch c.num {
		case 1:
			m.N = c.uint()
		case 2:
			m.Orders = c.uint()
		default:
			c.bad = true
		}
	}
	return m
}
