package workercore

import (
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
	"github.com/musterproject/muster/pkg/rpc"
)

// FuzzStep feeds the core whatever the bytes say and holds it to its invariants, and from outside to: epochs made durable ascend, nothing is
// sent on a session that is not open, a stamp is obeyed once, and a run that is over is silent.
func FuzzStep(f *testing.F) {
	f.Add([]byte{1, 0, 1, 3, 2, 0, 1, 3, 0x11, 4, 2, 0, 0x12, 0x21})
	f.Add([]byte("a worker hears a leader, obeys it, loses it and finds another one; 0123456789"))
	f.Add([]byte{0, 1, 0x31, 2, 0x31, 0x10, 2, 0x31, 0x22, 5, 1, 5, 0x11, 5, 0x21, 3, 1, 7, 9, 6, 9, 9, 2, 0x31, 0x33})
	f.Fuzz(func(t *testing.T, data []byte) {
		data = data[:min(len(data), 2048)] // longer stories tell nothing new
		w := &fuzzWorld{t: t, data: data, core: New(scriptConfig()), now: time.Unix(0, 0), open: map[deploy.PeerID]bool{}}
		w.step(w.handles())
		for len(w.data) > 0 && !w.over {
			w.step(w.event())
		}
	})
}

type fuzzWorld struct {
	t     *testing.T
	data  []byte
	core  *Core
	now   time.Time
	open  map[deploy.PeerID]bool
	peers deploy.PeerID
	epoch deploy.Epoch
	over  bool
}

func (w *fuzzWorld) step(ev Event) {
	var out Effects
	if o, ok := ev.(Opened); ok {
		w.open[o.Peer] = true
	}
	if c, ok := ev.(Closed); ok {
		delete(w.open, c.Peer)
	}
	w.core.Step(w.now, ev, &out)
	if err := w.core.Check(); err != nil {
		w.t.Fatalf("%T %+v: %v", ev, ev, err)
	}
	for _, p := range out.Persist {
		if p.Cluster.IsZero() && p.Epoch <= w.epoch {
			w.t.Fatalf("epoch %d was made durable after %d", p.Epoch, w.epoch)
		} else if p.Cluster.IsZero() {
			w.epoch = p.Epoch
		}
	}
	for _, s := range out.Send {
		if !w.open[s.To] {
			w.t.Fatalf("%T was sent to peer %d, which is closed", s.Msg, s.To)
		}
	}
	for _, h := range out.Hangup {
		delete(w.open, h.Peer)
	}
	w.over = out.Done != ""
}

func (w *fuzzWorld) byte() byte {
	if len(w.data) == 0 {
		return 0
	}
	b := w.data[0]
	w.data = w.data[1:]
	return b
}

func (w *fuzzWorld) id() deploy.LaunchID {
	b := w.byte()
	return deploy.LaunchID{Epoch: deploy.Epoch(b>>4&3) + 1, Seq: uint64(b&7) + 1}
}

func (w *fuzzWorld) handles() Event {
	var b Begun
	for range w.byte() & 3 {
		id := w.id()
		state := deploy.ExecutorState(w.byte() % 7)
		b.Handles = append(b.Handles, Held{Order: deploy.Launch{ID: id, Leased: state&1 == 1}, Handle: launcher.Handle{Launch: id, State: state}})
	}
	return b
}

func (w *fuzzWorld) event() Event {
	switch w.byte() % 12 {
	case 0:
		w.now = w.now.Add(time.Duration(w.byte()) * 100 * time.Millisecond)
		return Tick{}
	case 1:
		if at, ok := w.core.Deadline(); ok {
			w.now = at
		}
		return Tick{}
	case 2:
		w.peers++
		b := w.byte()
		o := Opened{Peer: w.peers, Hello: deploy.Hello{Role: deploy.RoleMaster, Epoch: deploy.Epoch(b >> 4 & 3)}}
		o.Hello.ClusterID[0] = b >> 7
		if b&1 == 0 {
			o.Dialled = scriptConfig().Masters[b>>1&1]
		}
		return o
	case 3:
		return Closed{Peer: deploy.PeerID(w.byte()%8) + max(w.peers, 4) - 4, Reason: "reset"}
	case 4:
		return DialFailed{Address: scriptConfig().Masters[w.byte()&1]}
	case 5:
		p := Prepared{Launch: w.id()}
		if w.byte()&3 == 0 {
			p.Failure = "no such file or directory"
		}
		return p
	case 6:
		return Process{Event: w.process()}
	case 7:
		if b := w.byte(); b < 8 {
			return Leave{Reason: "asked", Keep: b&1 == 1, Now: b&2 == 2}
		}
		return Tick{}
	default:
		r := Received{Peer: w.peers - min(w.peers, deploy.PeerID(w.byte()&1)), At: w.now}
		for range w.byte()&3 + 1 {
			r.Items = append(r.Items, w.item())
		}
		return r
	}
}

func (w *fuzzWorld) process() launcher.Event {
	b, id := w.byte(), w.id()
	switch b % 5 {
	case 0:
		return launcher.StartFailed{Launch: id, Message: "permission denied", At: w.now}
	case 1:
		return launcher.OOMKilled{Launch: id, At: w.now}
	case 2:
		return launcher.Exited{Launch: id, Killed: b&0x10 != 0, Exit: deploy.Exit{Code: int32(b >> 6)}, At: w.now}
	}
	return launcher.Started{Launch: id, At: w.now}
}

// item draws a stamp near the one that would be right, so that orders are obeyed often.
func (w *fuzzWorld) item() rpc.Item {
	var it rpc.Item
	if k := w.core.link; k != nil {
		it.Stamp = k.order
	}
	b := w.byte()
	it.Stamp.Seq += uint64(b & 1)
	switch b >> 5 {
	case 1:
		it.Stamp.Epoch++
		it.Stamp.Seq = 1
	case 2:
		it.Stamp.Session++
		it.Stamp.Seq = 1
	case 3:
		it.Stamp.Seq += uint64(b >> 1 & 3)
	case 4:
		it.Stamp.Epoch -= min(it.Stamp.Epoch, 1)
	case 5:
		it.Stamp.Cluster[0] ^= 1
	}
	it.Msg = w.message()
	return it
}

func (w *fuzzWorld) message() deploy.Message {
	b := w.byte()
	switch b % 10 {
	case 0:
		return deploy.WorkerRegistered{Heartbeat: time.Second, Lease: time.Duration(b>>4) * time.Second, Kill: []deploy.LaunchID{w.id()}, Acked: []uint64{uint64(w.byte())}}
	case 1:
		return deploy.KillOrder{Launch: w.id()}
	case 2:
		return deploy.HeartbeatAck{N: uint64(b >> 4), Orders: uint64(w.byte() & 3)}
	case 3:
		return deploy.ReportAck{Seqs: []uint64{uint64(w.byte() & 31), uint64(w.byte() & 31)}}
	case 4:
		return deploy.AppEnded{App: "app-1"}
	case 5:
		return deploy.Standby{Leader: deploy.Address{Host: "m9", Port: uint16(b)}}
	case 6:
		return deploy.RegisterAgain{Reason: "unknown"}
	case 7:
		return deploy.WorkerRefused{Fault: deploy.Fault{Kind: deploy.ErrConflict}}
	}
	return deploy.LaunchOrder{Launch: deploy.Launch{ID: w.id(), Leased: b&0x10 != 0, Executor: deploy.ExecutorID{App: "app-1", Num: int32(b)}}}
}
