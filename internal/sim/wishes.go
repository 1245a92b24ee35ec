package sim

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// act lets an application change its mind.
func (a *app) act() {
	w := a.w
	if w.healed || a.over {
		return
	}
	a.after(w.between(time.Second, 9*time.Second), a.act)
	if a.id == "" {
		return
	}
	switch w.rng.IntN(8) {
	case 0, 1, 2:
		a.want(w.rng.IntN(3 * w.p.Demand))
	case 3, 4:
		a.killSome()
	case 5:
		if a.life > 1 || w.rng.IntN(4) == 0 {
			a.wish(func(r deploy.RequestID) deploy.Message { return deploy.UnregisterApp{Request: r, App: a.id} })
		}
	}
}

// want asks for another number of executors.
func (a *app) want(total int) {
	a.wish(func(r deploy.RequestID) deploy.Message {
		return deploy.SetTargets{Request: r, App: a.id, Targets: []deploy.Target{{Total: int32(total)}}}
	})
}

func (a *app) killSome() {
	var nums []int32
	for num, state := range a.views {
		if !state.Terminal() {
			nums = append(nums, num)
		}
	}
	slices.Sort(nums)
	if len(nums) == 0 {
		return
	}
	pick := nums[a.w.rng.IntN(len(nums))]
	a.wish(func(r deploy.RequestID) deploy.Message {
		return deploy.KillExecutors{Request: r, App: a.id, Nums: []int32{pick, 9999}}
	})
}

// stray tells whether an executor never reaches its driver.
func stray(num int32) bool { return num%7 == 3 }

// report says of which executors the application has heard.
func (a *app) report() {
	var m deploy.ExecutorsReached
	for num, state := range a.views {
		if state == deploy.ExecutorRunning && !stray(num) {
			m.Nums = append(m.Nums, num)
		}
	}
	if slices.Sort(m.Nums); a.spec.Reports && len(m.Nums) > 0 {
		a.link.send([]rpc.Item{{Msg: m}})
	}
}

// wish makes a request and repeats it until it is answered. Only the newest change of targets is worth repeating.
func (a *app) wish(make func(deploy.RequestID) deploy.Message) {
	a.asked++
	id := deploy.RequestID(fmt.Sprintf("%s-%d", a.name, a.asked))
	x := &wish{id: id, msg: make(id)}
	if _, targets := x.msg.(deploy.SetTargets); targets {
		a.wishes = slices.DeleteFunc(a.wishes, func(o *wish) bool {
			_, older := o.msg.(deploy.SetTargets)
			return older
		})
	}
	a.wishes = append(a.wishes, x)
	if a.link != nil && a.order.Session != 0 {
		a.link.send([]rpc.Item{{Msg: x.msg}})
	}
}

// answered hears what became of a request. What was refused because it is too early is asked again by the next heartbeat.
func (a *app) answered(id deploy.RequestID, m deploy.Message) {
	i := slices.IndexFunc(a.wishes, func(x *wish) bool { return x.id == id })
	if f, refused := m.(deploy.Refused); refused && errors.Is(f.Fault.Kind, deploy.ErrRecovering) {
		return
	}
	a.w.book.answered(id, m)
	if i < 0 {
		return
	}
	x := a.wishes[i]
	a.wishes = slices.Delete(a.wishes, i, i+1)
	switch asked := x.msg.(type) {
	case deploy.SetTargets:
		if _, ok := m.(deploy.Accepted); ok {
			a.spec.Targets = asked.Targets
		}
	case deploy.UnregisterApp:
		if _, ok := m.(deploy.Accepted); ok {
			a.w.count("application unregistered")
			a.w.book.appKilled(asked.App, a.order.Epoch)
			a.finish()
		}
	}
}

// settle makes an application wish for something that can be checked in the second phase: what it has may stay, if it wants anything at all.
func (a *app) settle() {
	if a.over || a.id == "" {
		return
	}
	if a.w.rng.IntN(3) > 0 {
		a.want(1 + a.w.rng.IntN(3*a.w.p.Demand))
	}
}
