package app

import (
	"slices"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// reached gives the numbers that the last event said.
func (p *play) reached() (nums []int32) {
	for _, e := range p.out.send {
		if m, ok := e.msg.(deploy.ExecutorsReached); ok {
			nums = append(nums, m.Nums...)
		}
	}
	return nums
}

func (p *play) wantReached(nums ...int32) {
	p.t.Helper()
	if got := p.reached(); !slices.Equal(got, nums) {
		p.t.Errorf("said to be reached are %v, want %v", got, nums)
	}
}

func (p *play) joins(app deploy.AppID, nums ...int32) {
	p.t.Helper()
	var ids []deploy.ExecutorID
	for _, n := range nums {
		ids = append(ids, deploy.ExecutorID{App: app, Num: n})
	}
	p.do(joined{ids: ids})
}

// TestReached: who has reached the driver is said once, and all of it again to the next leader and of executors that are listed again.
func TestReached(t *testing.T) {
	p := newPlay(t, false)
	p.core.spec.Reports = true
	p.joins("app-1", 7)
	p.wantReached()
	p.join(view(0, deploy.ExecutorRunning), view(1, deploy.ExecutorRunning))
	p.wantReached()
	p.joins("app-1", 1, 0, 1)
	p.wantReached(1, 0)
	p.joins("app-1", 1)
	p.wantReached()
	p.joins("app-0", 5) // of the application before this one
	p.wantReached()
	p.hear(1, stamp(1, 1, 2), deploy.ExecutorChanged{Executor: view(1, deploy.ExecutorExited)})
	p.hear(1, stamp(1, 1, 3), deploy.ExecutorChanged{Executor: view(2, deploy.ExecutorRunning)})
	p.wantReached()

	p.do(closed{peer: 1, reason: "broken"})
	p.joins("app-1", 2)
	p.wantReached()
	p.wait(10 * time.Second)
	p.open(2, "m2", 2)
	p.hear(2, stamp(2, 1, 1), deploy.AppRegistered{App: "app-1", Session: 1, Heartbeat: time.Second, Executors: []deploy.ExecutorView{view(2, deploy.ExecutorRunning)}})
	p.wantReached(0, 2)
	p.hear(2, stamp(2, 1, 2), deploy.ExecutorChanged{Executor: view(0, deploy.ExecutorRunning)}) // its worker registers late
	p.wantReached(0)
	p.hear(2, stamp(2, 1, 3), deploy.ExecutorChanged{Executor: view(0, deploy.ExecutorRunning)})
	p.wantReached()
}

// TestReachedInParts: one message names no more than a master takes, and a program that does not report says nothing.
func TestReachedInParts(t *testing.T) {
	p := newPlay(t, false)
	p.join()
	p.joins("app-1", 1)
	p.wantReached()
	p.core.spec.Reports = true
	all := make([]int32, deploy.MostReached+3)
	for i := range all {
		all[i] = int32(i + 2)
	}
	p.joins("app-1", all...)
	p.wantReached(all...)
	if n := len(p.out.send); n != 2 {
		t.Errorf("%d messages", n)
	}
}
