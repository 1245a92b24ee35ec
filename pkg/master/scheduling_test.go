package master_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/election"
	"github.com/musterproject/muster/pkg/master"
	"github.com/musterproject/muster/pkg/rpc"
	"github.com/musterproject/muster/pkg/scheduler"
)

// counted is a policy that counts its plans and how many demands it answered for.
type counted struct {
	scheduler.SchedulerPolicy
	plans atomic.Int64
	asked atomic.Int64
}

func (c *counted) Place(ctx context.Context, v scheduler.View) (scheduler.Plan, error) {
	plan, err := c.SchedulerPolicy.Place(ctx, v)
	c.plans.Add(1)
	c.asked.Add(int64(len(plan.Grants) + len(plan.Waiting)))
	return plan, err
}

func scheduling(name string, p scheduler.SchedulerPolicy) master.Scheduling {
	return master.Scheduling{Name: name, Policy: p, ReserveFor: master.DefaultConfig().ReserveFor}
}

// Under load, policies change places again and again: each waiting driver is asked of the new one, runs once, and none is lost.
func TestReconfigureLosesNoDecision(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := &counted{SchedulerPolicy: spread()}, &counted{SchedulerPolicy: scheduler.NewPack(scheduler.DefaultOptions())}
		w := begin(t, memory(), first)
		defer w.close()
		const each, rounds = 5, 8
		hands := []*hand{w.worker("worker-a", 2)}
		for round := range rounds {
			for i := range each {
				if _, err := w.ask.Call(t.Context(), submit(fmt.Sprint("driver-", round, "-", i), 1)); err != nil {
					t.Fatal(err)
				}
			}
			p, name := first, "first"
			if round%2 == 0 {
				p, name = second, "second"
			}
			synctest.Wait()
			old, new := first.plans.Load()+second.plans.Load()-p.plans.Load(), p.asked.Load()
			if err := w.m.Reconfigure(t.Context(), scheduling(name, p)); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if got := p.asked.Load() - new; got == 0 {
				t.Fatalf("round %d: the new policy was asked nothing although drivers wait", round)
			}
			hands = append(hands, w.worker(fmt.Sprint("worker-", round), each))
			synctest.Wait()
			if now := first.plans.Load() + second.plans.Load() - p.plans.Load(); now != old {
				t.Fatalf("round %d: the old policy made %d more plans", round, now-old)
			}
			if row := one[deploy.MasterRow](t, w, deploy.RowMaster); row.Policy != name {
				t.Fatalf("readers see the policy %q, want %q", row.Policy, name)
			}
		}
		seen := map[deploy.DriverID]bool{}
		for _, h := range hands {
			h.conn.Close("done")
			for l := range h.launches {
				if seen[l.Driver] {
					t.Errorf("%s was launched twice", l.Driver)
				}
				seen[l.Driver] = true
			}
		}
		if len(seen) != each*rounds {
			t.Errorf("%d drivers were launched, want %d", len(seen), each*rounds)
		}
	})
}

// waitsForCall leads once it is let.
type waitsForCall struct {
	election.LeaderElectionAgent
	lead chan struct{}
}

func (a waitsForCall) Lead(ctx context.Context, do func(context.Context, election.Term) error) error {
	select {
	case <-a.lead:
	case <-ctx.Done():
		return ctx.Err()
	}
	return a.LeaderElectionAgent.Lead(ctx, do)
}

func TestReconfigureOfAStandbyIsKeptForItsTerm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mode := memory()
		agent := waitsForCall{mode.Agent, make(chan struct{})}
		mode.Agent = agent
		first, second := &counted{SchedulerPolicy: spread()}, &counted{SchedulerPolicy: spread()}
		w := begin(t, mode, first)
		defer w.close()
		if err := w.m.Reconfigure(t.Context(), scheduling("second", second)); err != nil {
			t.Fatal(err)
		}
		close(agent.lead)
		synctest.Wait()
		h := w.worker("worker-a", 1)
		defer h.conn.Close("done")
		if _, err := w.ask.Call(t.Context(), submit("one", 1)); err != nil {
			t.Fatal(err)
		}
		if _, open := <-h.launches; !open {
			t.Fatal(h.why)
		}
		if row := one[deploy.MasterRow](t, w, deploy.RowMaster); row.Policy != "second" || first.plans.Load() != 0 || second.plans.Load() == 0 {
			t.Errorf("policy %q; the first made %d plans, the second %d", row.Policy, first.plans.Load(), second.plans.Load())
		}
	})
}

func TestFaultyReconfigureChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := &counted{SchedulerPolicy: spread()}
		w := begin(t, memory(), first)
		defer w.close()
		bad := master.Scheduling{Queues: []deploy.Queue{{Name: "prod"}, {Name: "a b", Weight: 1}}, DefaultQueue: "prod"}
		err := w.m.Reconfigure(t.Context(), bad)
		if !errors.Is(err, deploy.ErrInvalid) {
			t.Fatal(err)
		}
		for _, want := range []string{"policy name", "policy is missing", `queue "prod": weight 0`, `queue "a b"`, "ReserveFor"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%v does not name %s", err, want)
			}
		}
		lost := scheduling("x", spread())
		lost.Queues, lost.DefaultQueue = []deploy.Queue{{Name: "prod", Weight: 1}}, "prd"
		if err := w.m.Reconfigure(t.Context(), lost); !errors.Is(err, deploy.ErrNotFound) || !strings.Contains(err.Error(), "did you mean prod?") {
			t.Errorf("an unknown default queue: %v", err)
		}
		synctest.Wait()
		h := w.worker("worker-a", 1)
		defer h.conn.Close("done")
		synctest.Wait()
		if row := one[deploy.MasterRow](t, w, deploy.RowMaster); row.Policy != master.DefaultConfig().Policy || first.plans.Load() == 0 {
			t.Errorf("the policy is %q, and the first made %d plans", row.Policy, first.plans.Load())
		}
	})
}

// A term that ends before its loop hears of a change does not lose it: the next one begins with it.
func TestReconfigureOutlivesTheTerm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mode := memory()
		broken := &breakable{PersistenceEngine: mode.Engine}
		mode.Engine = broken
		w := begin(t, mode, spread())
		defer w.close()
		before, _ := w.m.Leading()
		broken.fail.Store(true)
		cl, err := w.ask.Call(t.Context(), submit("one", 1))
		broken.fail.Store(false)
		if err == nil {
			t.Fatalf("what was not durable was acknowledged: %v", cl)
		}
		if err := w.m.Reconfigure(t.Context(), scheduling("second", spread())); err != nil {
			t.Fatal(err)
		}
		if _, err := w.ask.Call(t.Context(), submit("one", 1)); err != nil {
			t.Fatal(err)
		}
		if after, _ := w.m.Leading(); after <= before {
			t.Fatalf("epoch %d after %d", after, before)
		}
		for rows, err := range w.ask.Watch(t.Context(), rpc.Query{Kind: deploy.RowMaster}) {
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rows.Rows {
				if m := r.(deploy.MasterRow); m.Policy != "second" {
					t.Errorf("the next term goes by %q", m.Policy)
				}
			}
		}
	})
}

// later lets every demand wait until a time of its own before the policy places it.
type later struct {
	scheduler.SchedulerPolicy
	until time.Duration
	plans atomic.Int64
	began time.Time // of the first; of the placer alone
}

func (l *later) Place(ctx context.Context, v scheduler.View) (scheduler.Plan, error) {
	if l.began.IsZero() {
		l.began = v.Now()
	}
	l.plans.Add(1)
	if v.Now().Sub(l.began) >= l.until {
		return l.SchedulerPolicy.Place(ctx, v)
	}
	for d := range v.Asked() {
		reason, _ := v.Explain(d)
		v.Wait(d, reason, scheduler.Wake{Kind: scheduler.WakeAt, At: l.began.Add(l.until)})
	}
	return v.Plan(), nil
}

// The time alone brings a policy back to who wanted to be asked then, though nothing happens in the cluster.
func TestTheTimeAloneAsksAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &later{SchedulerPolicy: spread(), until: time.Hour}
		w := begin(t, memory(), p)
		defer w.close()
		h := w.worker("worker-a", 1)
		defer h.conn.Close("done")
		synctest.Wait()
		if _, err := w.ask.Call(t.Context(), submit("one", 1)); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Hour - time.Minute)
		synctest.Wait()
		plans := p.plans.Load()
		if plans > 10 {
			t.Errorf("%d plans while nothing happened", plans)
		}
		select {
		case l := <-h.launches:
			t.Fatalf("launched too early: %+v", l)
		case <-time.After(30 * time.Second):
		}
		if more := p.plans.Load() - plans; more != 0 {
			t.Errorf("%d plans while nothing happened", more)
		}
		select {
		case <-h.launches:
		case <-time.After(2 * time.Minute):
			t.Fatal("nobody was asked when the time came")
		}
	})
}

// A policy that always asks for a time in the past is asked often, not without pause.
func TestTimesInThePastDoNotSpin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var plans atomic.Int64
		past := place(func(_ context.Context, v scheduler.View) (scheduler.Plan, error) {
			plans.Add(1)
			for d := range v.Asked() {
				reason, _ := v.Explain(d)
				v.Wait(d, reason, scheduler.Wake{Kind: scheduler.WakeAt, At: v.Now().Add(-time.Hour)})
			}
			return v.Plan(), nil
		})
		w := begin(t, memory(), past)
		defer w.close()
		if _, err := w.ask.Call(t.Context(), submit("one", 1)); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Second)
		synctest.Wait()
		if n := plans.Load(); n < 50 || n > 150 {
			t.Errorf("%d plans in a second", n)
		}
	})
}
