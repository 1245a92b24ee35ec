package wire

import (
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
	pb "github.com/musterproject/muster/pkg/rpc/wire/muster/v1"
)

// Numbers of the messages that are written and read by hand, as session.proto has them.
const (
	hotHeartbeat    protowire.Number = 10
	hotHeartbeatAck protowire.Number = 11
	hotRunTasks     protowire.Number = 81
	hotTaskResults  protowire.Number = 83
)

// appendItemHead appends what is common to all items.
func appendItemHead(b []byte, it *rpc.Item) []byte {
	if it.Stamp != (deploy.Stamp{}) {
		var mark int
		b, mark = open(b, itemStamp)
		if !it.Stamp.Cluster.IsZero() {
			b = appendBytes(b, 1, it.Stamp.Cluster[:])
		}
		b = appendUint(b, 2, uint64(it.Stamp.Epoch))
		b = appendUint(b, 3, uint64(it.Stamp.Session))
		b = appendUint(b, 4, it.Stamp.Seq)
		b = closeAt(b, mark)
	}
	return appendUint(b, itemRe, uint64(it.Re))
}

// appendHot appends a message that comes often; any other it leaves alone.
func appendHot(b []byte, m deploy.Message) (out []byte, done bool) {
	var mark int
	switch m := m.(type) {
	case deploy.Heartbeat:
		b, mark = open(b, hotHeartbeat)
		b = appendUint(b, 1, m.N)
	case deploy.HeartbeatAck:
		b, mark = open(b, hotHeartbeatAck)
		b = appendUint(b, 1, m.N)
		b = appendUint(b, 2, m.Orders)
	case deploy.RunTasks:
		b, mark = open(b, hotRunTasks)
		for i := range m.Tasks {
			if !utf8.ValidString(m.Tasks[i].Func) {
				return b, false // the other way names the fault
			}
			b = appendTask(b, &m.Tasks[i])
		}
	case deploy.TaskResults:
		b, mark = open(b, hotTaskResults)
		for i := range m.Results {
			b = appendTaskResult(b, &m.Results[i])
		}
	default:
		return b, false
	}
	return closeAt(b, mark), true
}

func appendTask(b []byte, t *deploy.Task) []byte {
	b, mark := open(b, 1)
	b = appendUint(b, 1, t.ID)
	b = appendUint(b, 2, uint64(t.Attempt))
	b = appendText(b, 3, t.Func)
	b = appendBytes(b, 4, t.Input)
	return closeAt(b, mark)
}

func appendTaskResult(b []byte, t *deploy.TaskResult) []byte {
	b, mark := open(b, 1)
	b = appendUint(b, 1, t.ID)
	b = appendUint(b, 2, uint64(t.Attempt))
	b = appendUint(b, 3, uint64(enumTo[pb.TaskState](t.State)))
	b = appendBytes(b, 4, t.Output)
	b = appendText(b, 5, text(t.Error))
	b = appendUint(b, 6, uint64(t.Took))
	return closeAt(b, mark)
}

// elements counts the entries of a message written by hand.
func elements(m deploy.Message) int {
	switch m := m.(type) {
	case deploy.RunTasks:
		return len(m.Tasks)
	case deploy.TaskResults:
		return len(m.Results)
	}
	return 0
}

// hotItem reads an item whose message comes often and has nothing unusual: only fields known, each once and of its type. Any other is left to
// the protobuf library, which also words the fault if it has one.
func (d *Decoder) hotItem(b []byte) (it rpc.Item, ok bool) {
	c := cursor{b: b}
	var body []byte
	var kind protowire.Number
	for c.more() {
		num, typ := c.tag()
		switch {
		case c.bad:
			return it, false
		case num == itemStamp && typ == protowire.BytesType && it.Stamp == (deploy.Stamp{}):
			if it.Stamp, ok = stampOf(c.bytes()); !ok {
				return it, false
			}
		case num == itemRe && typ == protowire.VarintType:
			it.Re = deploy.CallID(c.varint())
		case kind == 0 && typ == protowire.BytesType:
			kind, body = num, c.bytes()
		default:
			return it, false
		}
	}
	if c.bad {
		return it, false
	}
	it.Msg, ok = d.hotMessage(kind, body)
	return it, ok
}

func stampOf(b []byte) (s deploy.Stamp, ok bool) {
	c := cursor{b: b}
	for c.more() {
		switch num, typ := c.tag(); {
		case num == 1 && typ == protowire.BytesType:
			id := c.bytes()
			if len(id) != len(s.Cluster) {
				return s, false
			}
			copy(s.Cluster[:], id)
		case num == 2 && typ == protowire.VarintType:
			s.Epoch = deploy.Epoch(c.varint())
		case num == 3 && typ == protowire.VarintType:
			s.Session = deploy.SessionID(c.varint())
		case num == 4 && typ == protowire.VarintType:
			s.Seq = c.varint()
		default:
			return s, false
		}
	}
	return s, !c.bad
}

func (d *Decoder) hotMessage(kind protowire.Number, b []byte) (deploy.Message, bool) {
	switch kind {
	case hotHeartbeat:
		n, ok := uints(b, 1)
		return deploy.Heartbeat{N: n[0]}, ok
	case hotHeartbeatAck:
		n, ok := uints(b, 2)
		return deploy.HeartbeatAck{N: n[0], Orders: n[1]}, ok
	case hotRunTasks:
		return d.runTasks(b)
	case hotTaskResults:
		return d.taskResults(b)
	}
	return nil, false
}

// uints reads a message whose first fields are all numbers.
func uints(b []byte, fields protowire.Number) (v [2]uint64, ok bool) {
	c := cursor{b: b}
	for c.more() {
		num, typ := c.tag()
		if c.bad || num > fields || typ != protowire.VarintType {
			return v, false
		}
		v[num-1] = c.varint()
	}
	return v, !c.bad
}

func (d *Decoder) runTasks(b []byte) (m deploy.RunTasks, ok bool) {
	n, ok := d.countEntries(b)
	if !ok || n == 0 {
		return m, ok
	}
	m.Tasks = make([]deploy.Task, 0, n)
	for c := (cursor{b: b}); c.more(); {
		_, body := c.field()
		t, ok := d.task(body)
		if !ok {
			return m, false
		}
		m.Tasks = append(m.Tasks, t)
	}
	return m, true
}

func (d *Decoder) task(b []byte) (t deploy.Task, ok bool) {
	c := cursor{b: b}
	for c.more() {
		switch num, typ := c.tag(); {
		case num == 1 && typ == protowire.VarintType:
			t.ID = c.varint()
		case num == 2 && typ == protowire.VarintType:
			t.Attempt = uint32(c.varint())
		case num == 3 && typ == protowire.BytesType:
			if t.Func, ok = d.names.of(c.bytes()); !ok {
				return t, false
			}
		case num == 4 && typ == protowire.BytesType:
			t.Input = part(c.bytes())
		default:
			return t, false
		}
	}
	return t, !c.bad
}

func (d *Decoder) taskResults(b []byte) (m deploy.TaskResults, ok bool) {
	n, ok := d.countEntries(b)
	if !ok || n == 0 {
		return m, ok
	}
	m.Results = make([]deploy.TaskResult, 0, n)
	for c := (cursor{b: b}); c.more(); {
		_, body := c.field()
		t, ok := taskResult(body)
		if !ok {
			return m, false
		}
		m.Results = append(m.Results, t)
	}
	return m, true
}

func taskResult(b []byte) (t deploy.TaskResult, ok bool) {
	c := cursor{b: b}
	state := uint64(0)
	for c.more() {
		switch num, typ := c.tag(); {
		case num == 1 && typ == protowire.VarintType:
			t.ID = c.varint()
		case num == 2 && typ == protowire.VarintType:
			t.Attempt = uint32(c.varint())
		case num == 3 && typ == protowire.VarintType:
			state = c.varint()
		case num == 4 && typ == protowire.BytesType:
			t.Output = part(c.bytes())
		case num == 5 && typ == protowire.BytesType:
			words := c.bytes()
			if !utf8.Valid(words) {
				return t, false
			}
			t.Error = string(words)
		case num == 6 && typ == protowire.VarintType:
			t.Took = time.Duration(c.varint())
		default:
			return t, false
		}
	}
	if c.bad || state == 0 || state > uint64(enumTo[pb.TaskState](deploy.TaskLost)) {
		return t, false
	}
	t.State = deploy.TaskState(state - 1)
	return t, true
}

// countEntries counts the entries of a message that is one list in field 1, towards the limit of the frame.
func (d *Decoder) countEntries(b []byte) (n int, ok bool) {
	c := cursor{b: b}
	for ; c.more(); n++ {
		if num, _ := c.field(); num != 1 {
			return n, false
		}
	}
	if c.bad || d.elements+n > MaxElements {
		return n, false
	}
	d.elements += n
	return n, true
}

// part is a piece of a frame that nobody can append to.
func part(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b[:len(b):len(b)]
}
