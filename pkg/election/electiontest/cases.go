package electiontest

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/musterproject/muster/pkg/election"
)

const moment = 50 * time.Millisecond // to see that something does not happen

func leadsUntilContextEnds(r *race) {
	c := r.run(1)[0]
	c.wait()
	if !c.quiet(moment) {
		r.Fatal("a second term began within the first")
	}
	c.cancel()
	c.waitLost()
	if err := c.stop(); !errors.Is(err, context.Canceled) {
		r.Fatalf("Lead returned %v, want the error of its context", err)
	}
}

func endedContext(r *race) {
	agent := r.Agents(r.T, 1)[0]
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := agent.Lead(ctx, func(context.Context, election.Term) error {
		r.Error("led under a context that had ended")
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		r.Fatalf("Lead returned %v, want the error of its context", err)
	}
	if _, err := agent.Leader(ctx); !errors.Is(err, context.Canceled) {
		r.Fatalf("Leader returned %v, want the error of its context", err)
	}
}

// waitsForLead: Lead does not return before lead does.
func waitsForLead(r *race) {
	c := r.run(1)[0]
	c.wait()
	c.cancel()
	c.waitLost()
	select {
	case err := <-c.done:
		r.Fatalf("Lead returned %v while lead was still at work", err)
	case <-time.After(moment):
	}
	c.finish(nil)
	if err := c.stop(); !errors.Is(err, context.Canceled) {
		r.Fatalf("Lead returned %v", err)
	}
}

func leadsAgain(r *race) {
	c := r.run(1)[0]
	for range 3 {
		c.wait()
		c.finish(nil)
	}
	c.wait()
}

func restIsHonoured(r *race) {
	const rest = election.DefaultRest + 200*time.Millisecond
	c := r.run(1)[0]
	c.wait()
	start := time.Now()
	c.finish(&election.Rest{For: rest, Reason: errors.New("disk")})
	c.wait()
	if took := time.Since(start); took < rest {
		r.Fatalf("led again after %s of a rest of %s", took, rest)
	}
}

func restEndsWithContext(r *race) {
	c := r.run(1)[0]
	c.wait()
	c.finish(&election.Rest{For: 24 * time.Hour, Reason: errors.New("disk")})
	if !c.quiet(moment) {
		r.Fatal("led in the middle of its rest")
	}
	start := time.Now()
	if err := c.stop(); !errors.Is(err, context.Canceled) || time.Since(start) > time.Hour {
		r.Fatalf("Lead returned %v after %s", err, time.Since(start))
	}
}

func restAfterAnyError(r *race) {
	c := r.run(1)[0]
	c.wait()
	start := time.Now()
	c.finish(errors.New("something else"))
	c.wait()
	if took := time.Since(start); took < election.DefaultRest {
		r.Fatalf("led again %s after an error, want %s", took, election.DefaultRest)
	}
}

func panicIsTheCallers(r *race) {
	agent := r.Agents(r.T, 1)[0]
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer func() {
		if got := recover(); got != "lead panicked" {
			r.Errorf("recovered %v, want the panic of lead", got)
		}
	}()
	err := agent.Lead(ctx, func(context.Context, election.Term) error { panic("lead panicked") })
	r.Errorf("Lead returned %v, want the panic of lead", err)
}

func leaderIsKnown(r *race) {
	c := r.run(1)[0]
	term := c.wait()
	known, err := c.agent.Leader(context.Background())
	if err != nil || known.Leader != term.Leader || term.Leader.IsZero() {
		r.Fatalf("Leader reports %v, %v in the term of %v", known.Leader, err, term.Leader)
	}
	if err := c.stop(); !errors.Is(err, context.Canceled) {
		r.Fatalf("Lead returned %v", err)
	}
	if known, err := c.agent.Leader(context.Background()); !errors.Is(err, election.ErrNoLeader) {
		r.Fatalf("Leader reports %v, %v after the only candidate has left, want ErrNoLeader", known.Leader, err)
	}
}

// atMostOneLeads: the candidates count themselves.
func atMostOneLeads(r *race) {
	all := r.run(5)
	claims := map[string]bool{}
	for range 20 {
		leader, term := r.first(all)
		if proof := string(term.Claim.Proof); claims[proof] {
			r.Fatalf("the claim %q was given to two terms", proof)
		} else {
			claims[proof] = true
		}
		for _, c := range all {
			if known, err := c.agent.Leader(context.Background()); err == nil && c == leader && known.Leader != term.Leader {
				r.Fatalf("the leader %v believes that %v leads", term.Leader, known.Leader)
			}
		}
		leader.finish(nil)
	}
}

// nextWaitsForLead: nobody is elected before the last leader has ended its work.
func nextWaitsForLead(r *race) {
	all := r.run(3)
	leader, _ := r.first(all)
	leader.cancel()
	leader.waitLost()
	for _, c := range all {
		if c != leader && !c.quiet(moment) {
			r.Fatal("another candidate leads while the last leader is still at work")
		}
	}
	leader.finish(nil)
	r.first(all)
}

func restLetsAnotherLead(r *race) {
	all := r.run(2)
	leader, _ := r.first(all)
	leader.finish(&election.Rest{For: time.Hour, Reason: errors.New("disk")})
	if next, _ := r.first(all); next == leader {
		r.Fatal("a candidate leads in the middle of its rest")
	}
}

// loserLeaves: a candidate that was never elected ends without a trace.
func loserLeaves(r *race) {
	all := r.run(3)
	leader, _ := r.first(all)
	var wg sync.WaitGroup
	for _, c := range all {
		if c != leader {
			wg.Go(func() {
				if err := c.stop(); !errors.Is(err, context.Canceled) {
					r.Errorf("Lead of a candidate that was not elected returned %v", err)
				}
			})
		}
	}
	wg.Wait()
	leader.finish(nil)
	leader.wait()
}

func deposedIsTold(r *race) {
	c := r.run(1)[0]
	first := c.wait()
	r.Depose()
	c.waitLost()
	c.finish(nil)
	if second := c.wait(); string(second.Claim.Proof) == string(first.Claim.Proof) {
		r.Fatal("two terms have the same claim")
	}
}

func deposedUnderRivals(r *race) {
	all := r.run(3)
	for range 6 {
		leader, _ := r.first(all)
		r.Depose()
		leader.waitLost()
		leader.finish(nil)
	}
}
