package electiontest

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/election"
)

// race is a case under way.
type race struct {
	*testing.T
	Election
	leading atomic.Int32 // lead functions between their start and return
}

// candidate is an agent whose lead function does as the case says.
type candidate struct {
	race   *race
	agent  election.LeaderElectionAgent
	cancel context.CancelFunc

	elected chan election.Term // each term as lead is called
	lost    chan time.Time     // when lead's context ended
	result  chan error         // what lead returns next; lead waits for it, also beyond the end of its context
	done    chan error         // what Lead returned
}

// run starts n candidates. They end with the case.
func (r *race) run(n int) []*candidate {
	r.Helper()
	agents := r.Agents(r.T, n)
	if len(agents) != n {
		r.Fatalf("%d agents, want %d", len(agents), n)
	}
	out := make([]*candidate, n)
	for i, agent := range agents {
		out[i] = r.start(agent)
	}
	return out
}

func (r *race) start(agent election.LeaderElectionAgent) *candidate {
	ctx, cancel := context.WithCancel(context.Background())
	c := &candidate{race: r, agent: agent, cancel: cancel,
		elected: make(chan election.Term, 100), lost: make(chan time.Time, 100), result: make(chan error), done: make(chan error, 1)}
	go func() { c.done <- agent.Lead(ctx, c.lead) }()
	r.Cleanup(func() { _ = c.stop() }) // how it ended is the case's to judge
	return c
}

// lead stays until the case gives a result or, once its context has ended, lets it go.
func (c *candidate) lead(ctx context.Context, term election.Term) error {
	if now := c.race.leading.Add(1); now > 1 {
		c.race.Errorf("%d candidates lead at the same time", now)
	}
	defer c.race.leading.Add(-1)
	c.elected <- term
	select {
	case err := <-c.result:
		return err
	case <-ctx.Done():
		c.lost <- time.Now()
		return <-c.result
	}
}

// stop ends the candidate and waits for its Lead; polite leaders return at once.
func (c *candidate) stop() error {
	c.cancel()
	for {
		select {
		case err := <-c.done:
			c.done <- err
			return err
		case c.result <- nil:
		case <-c.race.impatience():
			c.race.Errorf("Lead did not return after the end of its context")
			return nil
		}
	}
}

// impatience comes when a case has waited too long. In a bubble time passes only when nothing else can happen.
func (r *race) impatience() <-chan time.Time {
	if r.Patience == 0 {
		return time.After(30 * time.Second)
	}
	return time.After(r.Patience)
}

// wait waits until the candidate leads.
func (c *candidate) wait() election.Term {
	c.race.Helper()
	select {
	case term := <-c.elected:
		return term
	case <-c.race.impatience():
		c.race.Fatal("nobody was elected")
	}
	return election.Term{}
}

// waitLost waits until the candidate's lead has seen its context end.
func (c *candidate) waitLost() time.Time {
	c.race.Helper()
	select {
	case at := <-c.lost:
		return at
	case <-c.race.impatience():
		c.race.Fatal("the context of a leader did not end")
	}
	return time.Time{}
}

// finish makes lead return err.
func (c *candidate) finish(err error) {
	c.race.Helper()
	select {
	case c.result <- err:
	case <-c.race.impatience():
		c.race.Fatal("the candidate does not lead")
	}
}

// first waits until one of several leads.
func (r *race) first(all []*candidate) (*candidate, election.Term) {
	r.Helper()
	impatience := r.impatience()
	for {
		for _, c := range all {
			select {
			case term := <-c.elected:
				return c, term
			default:
			}
		}
		select {
		case <-impatience:
			r.Fatal("nobody was elected")
		case <-time.After(time.Millisecond):
		}
	}
}

// quiet tells whether the candidate is not elected for d.
func (c *candidate) quiet(d time.Duration) bool {
	select {
	case term := <-c.elected:
		c.elected <- term
		return false
	case <-time.After(d):
		return true
	}
}
