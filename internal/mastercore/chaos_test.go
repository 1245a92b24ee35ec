package mastercore

import (
	"errors"
	"fmt"
	"hash"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// chaos drives a core with whatever bytes say: peers that come and go, reports true, late, repeated and wrong, plans likewise.
type chaos struct {
	t     testing.TB
	in    []byte
	c     *Core
	cfg   Config
	now   time.Time
	out   Effects
	saved map[string]deploy.Change
	r     replica
	state *scheduler.State // the real one, which follows the same updates
	epoch deploy.Epoch
	peer  deploy.PeerID

	workers [4]chaosWorker
	apps    [4]chaosApp
	orders  []deploy.Launch // ever ordered
	reports []deploy.LaunchReport
	plans   []scheduler.Plan
	appIDs  map[deploy.AppID]bool
	nums    map[deploy.ExecutorID]deploy.LaunchID
	asked   map[deploy.RequestID]deploy.Message
	log     []string
	sum     hash.Hash // of all effects, if set
}

type chaosWorker struct {
	peer        deploy.PeerID
	incarnation deploy.Incarnation
	seq         uint64
	holds       map[deploy.LaunchID]deploy.LaunchReport
}

type chaosApp struct {
	peer  deploy.PeerID
	id    deploy.AppID
	token deploy.Secret
	n     int
}

func newChaos(t testing.TB, in []byte) *chaos {
	cfg := DefaultConfig()
	cfg.TokenSeed = []byte("0123456789abcdef")
	cfg.RetainedApps, cfg.RetainedDrivers, cfg.RetainedExecutors, cfg.RetainedAnswers = 3, 3, 3, 12
	cfg.ExecutorBlock, cfg.IDBlock, cfg.MaxDrivers, cfg.MaxExecutorRetries = 3, 3, 3, 2
	cfg.BadWorkerFailures = 3
	cfg.ReserveFor, cfg.ReserveMax = 5*time.Second, 2
	cfg.Queues, cfg.DefaultQueue = chaosQueues(0), "a"
	k := &chaos{t: t, in: in, cfg: cfg, now: time.Date(2026, 11, 20, 22, 30, 45, 0, time.UTC), saved: map[string]deploy.Change{},
		appIDs: map[deploy.AppID]bool{}, nums: map[deploy.ExecutorID]deploy.LaunchID{}, asked: map[deploy.RequestID]deploy.Message{}}
	k.takeOver()
	return k
}

func (k *chaos) next(n int) int {
	if len(k.in) == 0 {
		return 0
	}
	b := int(k.in[0])
	k.in = k.in[1:]
	return b % n
}

// takeOver ends the term and begins the next one with what was persisted.
func (k *chaos) takeOver() {
	k.epoch++
	k.peer += 1000
	for i := range k.workers {
		k.workers[i].peer = 0
	}
	for i := range k.apps {
		k.apps[i].peer = 0
	}
	k.plans = nil
	k.r = replica{}
	k.state = scheduler.NewState(scheduler.Config{})
	k.out.Reset()
	k.c = New(k.cfg, deploy.ClusterID{1}, k.epoch, recordsOf(k.saved), k.now, &k.out)
	k.done("take over")
}

func recordsOf(saved map[string]deploy.Change) (out []deploy.Change) {
	for _, key := range slices.Sorted(maps.Keys(saved)) {
		out = append(out, saved[key])
	}
	return out
}

func fold(saved map[string]deploy.Change, ch deploy.Change) {
	switch ch.(type) {
	case deploy.DropWorker, deploy.DropApp, deploy.DropDriver, deploy.DropAnswer:
		delete(saved, ch.Key())
	default:
		saved[ch.Key()] = ch
	}
}

func (k *chaos) step(what string, ev Event) {
	k.out.Reset()
	k.c.Step(k.now, ev, &k.out)
	k.done(what)
}

// done checks everything after a step and lets the peers hear what they were told.
func (k *chaos) done(what string) {
	k.log = append(k.log, fmt.Sprintf("%s %s", k.now.Format("15:04:05.000"), what))
	if o := &k.out; k.sum != nil {
		fmt.Fprintf(k.sum, "%+v %+v %+v %+v %+v %+v", o.Persist, o.Send, o.Acks, o.Hangup, o.Rows, o.Facts)
		if o.Place != nil {
			fmt.Fprintf(k.sum, "%+v", *o.Place)
		}
	}
	if err := k.c.Check(); err != nil {
		k.fail(err)
	}
	prefix := 0
	if n := len(k.out.Persist); n > 1 {
		prefix = k.next(n)
	}
	for i, ch := range k.out.Persist {
		fold(k.saved, ch)
		if i == prefix-1 { // what a crash may leave behind is a state to start from
			k.restart(k.epoch+1, "after a part of a step")
		}
	}
	if len(k.out.Persist) > 0 {
		k.restart(k.epoch+1, "after a step")
	}
	if u := k.out.Place; u != nil {
		if err := errors.Join(k.r.apply(u), k.state.Apply(u)); err != nil {
			k.fail(err)
		}
	}
	if k.c.alive() {
		if err := k.r.same(k.c); err != nil {
			k.fail(err)
		}
	}
	if at, ok := k.c.Deadline(); ok && !at.After(k.now) {
		k.fail(fmt.Errorf("the deadline %v is not after the step at %v", at, k.now))
	}
	k.hear()
}

func (k *chaos) restart(epoch deploy.Epoch, when string) {
	var out Effects
	c := New(k.cfg, deploy.ClusterID{1}, epoch, recordsOf(k.saved), k.now, &out)
	if err := c.Check(); err != nil {
		k.fail(fmt.Errorf("restarted %s: %w", when, err))
	}
	for _, f := range out.Facts {
		if odd, ok := f.(Oddity); ok {
			k.fail(fmt.Errorf("restarted %s: %v", when, odd))
		}
	}
}

func (k *chaos) fail(err error) {
	for _, line := range k.log[max(0, len(k.log)-60):] {
		k.t.Log(line)
	}
	k.t.Fatal(err)
}

func (k *chaos) hear() {
	for _, e := range k.out.Send {
		if e.Stamp.Seq > 0 {
			k.log = append(k.log, fmt.Sprintf("    to %d: %T %.150s", e.To, e.Msg, fmt.Sprint(e.Msg)))
		}
		switch m := e.Msg.(type) {
		case deploy.LaunchOrder:
			k.ordered(e.To, m.Launch)
		case deploy.AppRegistered:
			k.appIDs[m.App] = true
			for i := range k.apps {
				if k.apps[i].peer == e.To {
					k.apps[i].id, k.apps[i].token = m.App, m.Token
				}
			}
		case deploy.Accepted, deploy.Refused:
			k.answered(m)
		case deploy.WorkerRegistered:
			for i := range k.workers {
				for _, id := range m.Kill {
					if w := &k.workers[i]; w.peer == e.To {
						k.ended(w, id, deploy.ExecutorKilled, 0)
					}
				}
			}
		}
	}
	for _, h := range k.out.Hangup {
		for i := range k.workers {
			if k.workers[i].peer == h.Peer {
				k.workers[i].peer = 0
			}
		}
		for i := range k.apps {
			if k.apps[i].peer == h.Peer {
				k.apps[i].peer = 0
			}
		}
	}
}

// ordered notes a launch and that neither its id nor its executor number was ever used.
func (k *chaos) ordered(to deploy.PeerID, l deploy.Launch) {
	for i := range k.orders {
		if k.orders[i].ID == l.ID {
			k.fail(fmt.Errorf("launch %s is ordered twice", l.ID))
		}
	}
	if !l.Executor.IsZero() {
		if before, used := k.nums[l.Executor]; used {
			k.fail(fmt.Errorf("executor %s is ordered as %s and %s", l.Executor, before, l.ID))
		}
		k.nums[l.Executor] = l.ID
	}
	k.orders = append(k.orders, l)
	for i := range k.workers {
		if w := &k.workers[i]; w.peer == to && k.next(8) > 0 {
			rep := deploy.LaunchReport{Launch: l.ID, Executor: l.Executor, Driver: l.Driver, Attempt: l.Attempt, Profile: l.Profile, Need: l.Need, Addresses: l.Addresses}
			w.holds[l.ID] = rep
		}
	}
}

// answered notes that a repeat gets the first answer, as long as it is kept.
func (k *chaos) answered(m deploy.Message) {
	var id deploy.RequestID
	switch m := m.(type) {
	case deploy.Accepted:
		id = m.Request
	case deploy.Refused:
		id = m.Request
	}
	if before, ok := k.asked[id]; ok && !reflect.DeepEqual(before, m) {
		if r, refused := before.(deploy.Refused); !refused || !transient(r.Fault) {
			k.fail(fmt.Errorf("request %s was told %v and then %v", id, before, m))
		}
	}
	k.asked[id] = m
}

func (k *chaos) ended(w *chaosWorker, id deploy.LaunchID, state deploy.ExecutorState, code int32) {
	if rep, ok := w.holds[id]; ok {
		w.seq++
		rep.State, rep.Exit.Code, rep.Seq = state, code, w.seq
		rep.Lived = time.Duration(k.next(20)) * time.Second
		w.holds[id] = rep
		k.reports = append(k.reports, rep)
	}
}

// kept tells whether the answer to a request is durable.
func (k *chaos) kept(id deploy.RequestID) bool {
	for _, ch := range k.saved {
		switch ch := ch.(type) {
		case deploy.PutAnswer:
			if ch.Answer.Request == id {
				return true
			}
		case deploy.PutDriver:
			if ch.Record.Request == id {
				return true
			}
		}
	}
	return false
}
