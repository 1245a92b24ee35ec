package app

import (
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// FuzzCore steps a core through whatever masters, networks and users can do, and checks its books after each step.
func FuzzCore(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
	f.Add([]byte{1, 17, 2, 33, 2, 18, 6, 3, 4, 8, 0, 1, 17, 2, 35})
	f.Fuzz(func(t *testing.T, script []byte) {
		p := newPlay(t, len(script)%2 == 0)
		p.core.spec.Reports = true
		peer := deploy.PeerID(0)
		answered := map[uint64]int{}
		for i := 0; i+1 < len(script); i += 2 {
			verb, arg := script[i], script[i+1]
			if p.core.ended {
				return
			}
			switch verb % 10 {
			case 0:
				p.now = p.now.Add(time.Duration(arg) * 50 * time.Millisecond)
				p.do(tick{})
			case 1:
				peer++
				p.open(peer, []string{"m1", "m2", "m3"}[arg%3], deploy.Epoch(arg>>4))
			case 2, 3, 4:
				p.do(received{peer: deploy.PeerID(arg & 3), items: []rpc.Item{fuzzItem(script[i:])}})
			case 5:
				p.do(closed{peer: deploy.PeerID(arg), reason: "broken"})
			case 6:
				p.do(asked{id: uint64(i) + 1, req: request{kill: &deploy.KillExecutors{Nums: []int32{int32(arg)}}}})
			case 7:
				p.do(shipped{peer: deploy.PeerID(arg & 7), failure: map[bool]string{true: "no"}[arg > 127]})
			case 8:
				if arg > 200 {
					p.do(leave{})
				} else {
					p.do(dropped{id: uint64(arg)})
				}
			case 9:
				p.joins([]deploy.AppID{"app-1", "app-2"}[arg&1], int32(arg>>1&3))
			}
			for _, a := range p.out.answer {
				if answered[a.id]++; answered[a.id] > 1 {
					t.Fatalf("question %d is answered twice", a.id)
				}
			}
		}
	})
}

func fuzzItem(b []byte) rpc.Item {
	at := func(i int) byte {
		if i < len(b) {
			return b[i]
		}
		return 0
	}
	it := rpc.Item{Stamp: deploy.Stamp{Epoch: deploy.Epoch(at(2) & 3), Session: deploy.SessionID(at(2) >> 2 & 3), Seq: uint64(at(2) >> 4)}}
	num := int32(at(4) & 3)
	switch at(3) % 8 {
	case 0:
		it.Msg = deploy.AppRegistered{App: []deploy.AppID{"app-1", "app-2"}[at(4)&1], Executors: []deploy.ExecutorView{view(num, deploy.ExecutorRunning)}}
	case 1:
		it.Msg = deploy.ExecutorChanged{Executor: view(num, deploy.ExecutorState(at(5)%7))}
	case 2:
		it.Msg = deploy.AppRefused{Fault: deploy.Fault{Kind: []error{deploy.ErrNotFound, deploy.ErrRecovering, deploy.ErrInvalid}[at(4)%3]}}
	case 3:
		it.Msg = deploy.Standby{Leader: address([]string{"m1", "m3", "m4"}[at(4)%3])}
	case 4:
		it.Msg = deploy.RegisterAgain{}
	case 5:
		it.Msg = deploy.HeartbeatAck{Orders: uint64(at(4))}
	case 6:
		it.Msg = deploy.Accepted{Request: deploy.RequestID([]string{"r-1", "r-2", "r-3", "r-4"}[num])}
	default:
		it.Msg = deploy.Refused{Request: deploy.RequestID([]string{"r-1", "r-2", "r-3", "r-4"}[num]), Fault: deploy.Fault{Kind: deploy.ErrRecovering}}
	}
	return it
}
