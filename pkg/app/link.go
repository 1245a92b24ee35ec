package app

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/musterproject/muster/pkg/backend"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// leastHeartbeat keeps a master that names no interval from being flooded.
const leastHeartbeat = 10 * time.Millisecond

// link is the registration that is obeyed.
type link struct {
	peer     deploy.PeerID
	order    deploy.Stamp // of the last order obeyed
	interval time.Duration
	beatAt   time.Time
	beats    uint8 // small, so that putting one into a message allocates nothing
}

// received handles the items of one frame.
func (c *core) received(e received) {
	if s := c.session(e.peer); s != nil {
		s.heardAt = c.now
	}
	for i := range e.items {
		if !c.ended && c.session(e.peer) != nil { // what follows a hang-up in the same frame is void
			c.item(e.peer, &e.items[i])
		}
	}
}

func (c *core) item(peer deploy.PeerID, it *rpc.Item) {
	linked := c.link != nil && c.link.peer == peer
	switch m := it.Msg.(type) {
	case deploy.AppRegistered:
		c.registered(peer, it.Stamp, m)
	case deploy.AppRefused:
		c.appRefused(peer, m.Fault)
	case deploy.Standby:
		c.standby(peer, m)
	case deploy.RegisterAgain:
		c.registerAgain(peer, linked, m.Reason)
	case deploy.HeartbeatAck:
		if linked && c.inSession(it.Stamp) {
			c.backoff = c.cfg.RetryMin
			if m.Orders > c.link.order.Seq {
				c.hangUp(peer, "an order was lost")
			}
		}
	case deploy.Accepted:
		if linked && c.inSession(it.Stamp) {
			c.accepted(m)
		}
	case deploy.Refused:
		if linked && c.inSession(it.Stamp) {
			c.refused(m)
		}
	default:
		if linked && c.admits(it.Stamp) {
			c.order(it.Stamp, it.Msg)
		}
	}
}

// registered begins to obey a leader. Its list of executors is the whole truth: what it does not have is gone.
func (c *core) registered(peer deploy.PeerID, stamp deploy.Stamp, m deploy.AppRegistered) {
	s := c.session(peer)
	switch {
	case !s.asked || c.link != nil && c.link.peer == peer:
		c.fact(orderRefused{stamp: stamp, reason: "an answer to a registration that does not wait for one"})
		return
	case stamp.Epoch < c.seen[stamp.Cluster]:
		c.fact(orderRefused{stamp: stamp, reason: "of an earlier leader than one already seen"})
		c.hangUp(peer, "a later leader has been seen")
		return
	case c.link != nil && !later(stamp, c.link.order):
		c.hangUp(peer, "registered with another master")
		return
	}
	if m.App != c.app {
		c.vanish(nil)
		clear(c.reached)
	}
	c.seen[stamp.Cluster] = stamp.Epoch
	c.fact(registered{master: s.at, app: m.App, epoch: stamp.Epoch, session: stamp.Session, again: c.taken})
	c.taken = true
	c.app, c.token = m.App, m.Token
	c.link = &link{peer: peer, order: stamp, interval: max(m.Heartbeat, leastHeartbeat)}
	c.link.beatAt = c.now.Add(c.link.interval)
	at := s.at
	c.learnMasters(m.Masters)
	c.leaveOthers(peer)
	c.vanish(m.Executors)
	c.tell(backend.Registered{App: m.App, Token: m.Token, Master: at, Executors: m.Executors})
	for _, v := range m.Executors {
		c.note(v)
	}
	c.sayReached(slices.Sorted(maps.Keys(c.reached)))
	c.askAll()
	if c.leaving != nil && !slices.ContainsFunc(c.asks, ask.ends) {
		c.unregister()
	}
}

// later tells whether a registration replaces another one.
func later(a, b deploy.Stamp) bool {
	return a.Cluster == b.Cluster && (a.Epoch > b.Epoch || a.Epoch == b.Epoch && a.Session > b.Session)
}

// vanish reports as gone what a new list of executors does not have.
func (c *core) vanish(list []deploy.ExecutorView) {
	for _, num := range slices.Sorted(maps.Keys(c.executors)) {
		if slices.ContainsFunc(list, func(v deploy.ExecutorView) bool { return v.Executor.Num == num }) {
			continue
		}
		v := c.executors[num]
		v.State, v.WorkerLost, v.Message = deploy.ExecutorLost, true, "the leader does not list it any more"
		delete(c.executors, num)
		c.tell(backend.ExecutorChanged{Executor: v, Vanished: true})
	}
}

// note keeps live executors and forgets ended ones.
func (c *core) note(v deploy.ExecutorView) {
	if v.State.Terminal() {
		delete(c.executors, v.Executor.Num)
		delete(c.reached, v.Executor.Num)
		return
	}
	c.executors[v.Executor.Num] = v
}

// joined takes in who has reached the driver. It may come before the leader's word on the same executor.
func (c *core) joined(e joined) {
	var nums []int32
	for _, id := range e.ids {
		if id.App == c.app && !c.reached[id.Num] {
			c.reached[id.Num] = true
			nums = append(nums, id.Num)
		}
	}
	if c.link != nil {
		c.sayReached(nums)
	}
}

func (c *core) sayReached(nums []int32) {
	if c.spec.Reports {
		for part := range slices.Chunk(nums, deploy.MostReached) {
			c.send(c.link.peer, deploy.ExecutorsReached{Nums: part})
		}
	}
}

func (c *core) leaveOthers(peer deploy.PeerID) {
	for i := len(c.sessions) - 1; i >= 0; i-- {
		if p := c.sessions[i].peer; p != peer {
			c.hangUp(p, "registered with another master")
		}
	}
}

// lost ends the obedience to a leader; executors live on.
func (c *core) lost(reason string) {
	c.link = nil
	c.since, c.searched = c.now, false
	for i := range c.asks {
		c.asks[i].againAt = time.Time{}
	}
	c.fact(lost{reason: reason})
	c.tell(backend.Disconnected{Reason: reason})
	c.retryAt = c.now.Add(c.jitter(c.backoff))
	c.backoff = min(2*c.backoff, c.cfg.RetryMax)
}

// appRefused tells what is worth another try from what is final. A cluster that does not know the application, because its records are gone,
// is asked to take it in as a new one.
func (c *core) appRefused(peer deploy.PeerID, f deploy.Fault) {
	s := c.session(peer)
	switch {
	case !s.asked || c.link != nil:
	case errors.Is(f, deploy.ErrNotFound) && c.app != "" && c.leaving == nil:
		c.fact(forgotten{app: c.app})
		c.app, c.token, c.register = "", deploy.Secret{}, c.request()
		c.registerOn(s)
	case errors.Is(f, deploy.ErrUnavailable), errors.Is(f, deploy.ErrRecovering), errors.Is(f, deploy.ErrNotLeader), errors.Is(f, deploy.ErrConflict):
		c.hangUp(peer, "refused: "+f.Error())
	case c.leaving != nil:
		c.finish(nil) // nothing is left to give up
	default:
		c.finish(fmt.Errorf("%w: master %s refuses %s: %w", backend.ErrEnded, s.at, c.name(), f))
	}
}

// registerAgain answers a leader that does not know the session: one that was a standby when it said hello, or has lost the registration.
func (c *core) registerAgain(peer deploy.PeerID, linked bool, reason string) {
	s := c.session(peer)
	switch {
	case linked:
		c.hangUp(peer, "the leader wants a new registration: "+reason)
	case c.link == nil && !s.asked:
		s.hello.Epoch = max(s.hello.Epoch, 1) // it leads, whatever it said
		c.approach(s)
	}
}

// inSession tells whether an answer that is no order belongs to the registration obeyed.
func (c *core) inSession(s deploy.Stamp) bool {
	o := c.link.order
	return s.Cluster == o.Cluster && s.Epoch == o.Epoch && s.Session == o.Session
}

// admits tells whether an order of the leader is the next one. After a gap the application registers anew, which settles everything.
func (c *core) admits(s deploy.Stamp) bool {
	switch {
	case !c.inSession(s):
		c.fact(orderRefused{stamp: s, reason: "not of the registration obeyed"})
		return false
	case s.Seq <= c.link.order.Seq:
		c.fact(orderRefused{stamp: s, reason: "heard before"})
		return false
	case s.Seq > c.link.order.Seq+1:
		c.fact(orderRefused{stamp: s, reason: "an order before it was lost"})
		c.hangUp(c.link.peer, "an order was lost")
		return false
	}
	c.link.order.Seq = s.Seq
	return true
}

func (c *core) order(stamp deploy.Stamp, m deploy.Message) {
	switch m := m.(type) {
	case deploy.ExecutorChanged:
		if num := m.Executor.Executor.Num; m.Executor.Executor.App == c.app {
			_, known := c.executors[num]
			c.note(m.Executor)
			if !known && c.reached[num] { // found again after its leader changed
				c.sayReached([]int32{num})
			}
			c.tell(backend.ExecutorChanged{Executor: m.Executor})
		}
	case deploy.Waiting:
		c.tell(backend.Waiting{Decision: m.Decision})
	case deploy.AppRemoved:
		c.removed(m)
	default:
		c.fact(orderRefused{stamp: stamp, reason: "nothing an application is told"})
	}
}

func (c *core) removed(m deploy.AppRemoved) {
	if c.leaving != nil || m.State == deploy.AppFinished {
		c.finish(nil)
		return
	}
	c.finish(fmt.Errorf("%w: %s is %s: %s", backend.ErrEnded, c.name(), m.State, m.Reason))
}

// beat says that the driver lives, when it is time.
func (c *core) beat() {
	if k := c.link; c.due(k.beatAt) {
		k.beats++
		c.send(k.peer, deploy.Heartbeat{N: uint64(k.beats)})
		k.beatAt = c.now.Add(k.interval)
	}
}
