package election_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/election"
	"github.com/musterproject/muster/pkg/election/electiontest"
)

func TestMonarchy(t *testing.T) {
	electiontest.Run(t, func() electiontest.Election {
		return electiontest.Election{Alone: true, Bubble: true, Agents: func(*testing.T, int) []election.LeaderElectionAgent {
			return []election.LeaderElectionAgent{election.NewMonarchy(deploy.Address{Host: "localhost", Port: 7077})}
		}}
	})
}

func TestBallot(t *testing.T) {
	electiontest.Run(t, func() electiontest.Election {
		ballot := election.NewBallot()
		return electiontest.Election{Bubble: true, Depose: ballot.Depose, Agents: func(_ *testing.T, n int) (agents []election.LeaderElectionAgent) {
			for i := range n {
				agents = append(agents, ballot.Candidate(deploy.Address{Host: "localhost", Port: uint16(7077 + i)}))
			}
			return agents
		}}
	})
}

// TestBallotInRealTime: the suite itself must not need virtual time.
func TestBallotInRealTime(t *testing.T) {
	electiontest.Run(t, func() electiontest.Election {
		ballot := election.NewBallot()
		return electiontest.Election{Depose: ballot.Depose, Agents: func(_ *testing.T, n int) (agents []election.LeaderElectionAgent) {
			for i := range n {
				agents = append(agents, ballot.Candidate(deploy.Address{Host: "localhost", Port: uint16(7077 + i)}))
			}
			return agents
		}}
	})
}

// led is a candidate whose lead waits for the end of its context.
type led struct {
	*election.Candidate
	terms chan election.Term
	lost  chan struct{}
}

func start(ctx context.Context, t *testing.T, b *election.Ballot, port uint16) *led {
	l := &led{b.Candidate(deploy.Address{Host: "localhost", Port: port}), make(chan election.Term, 9), make(chan struct{}, 9)}
	go func() {
		err := l.Lead(ctx, func(ctx context.Context, term election.Term) error {
			l.terms <- term
			<-ctx.Done()
			l.lost <- struct{}{}
			return ctx.Err()
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Lead returned %v", err)
		}
	}()
	return l
}

// TestCutOffLeader: two lead at the same time, as with a paused or partitioned process; only the claim of the second holds.
func TestCutOffLeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		b := election.NewBallot()
		first := start(ctx, t, b, 1)
		old := <-first.terms
		second := start(ctx, t, b, 2)
		first.Cut()
		first.Cut() // once is enough
		now := <-second.terms
		synctest.Wait()
		if len(first.lost) > 0 {
			t.Fatal("a candidate that is cut off has noticed")
		}
		if err := b.Check(old.Claim); !errors.Is(err, election.ErrClaimOver) {
			t.Errorf("claim of the cut-off leader: %v", err)
		}
		if err := b.Check(now.Claim); err != nil {
			t.Errorf("claim of the present leader: %v", err)
		}
		for l, want := range map[*led]election.Term{first: old, second: now} {
			if known, err := l.Leader(ctx); err != nil || known.Leader != want.Leader {
				t.Errorf("candidate %v knows %v, %v, want %v", l, known.Leader, err, want.Leader)
			}
		}
		first.Heal()
		first.Heal()
		<-first.lost
		synctest.Wait()
		if known, err := first.Leader(ctx); err != nil || known.Leader != now.Leader || len(first.terms) > 0 {
			t.Errorf("after healing it knows %v, %v", known.Leader, err)
		}
		b.Depose()
		<-second.lost
		if again := <-first.terms; string(again.Claim.Proof) == string(old.Claim.Proof) {
			t.Error("a claim was given twice")
		}
	})
}

func TestCutOffCandidateIsNotElected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		b := election.NewBallot()
		l := start(ctx, t, b, 1)
		<-l.terms
		b.Depose()
		l.Cut()
		<-l.lost
		time.Sleep(time.Hour)
		synctest.Wait()
		if len(l.terms) > 0 {
			t.Fatal("elected while cut off")
		}
		l.Heal()
		<-l.terms
	})
}

func TestClaimOfNobody(t *testing.T) {
	b := election.NewBallot()
	for _, c := range []election.Claim{{}, {Agent: "ballot"}, {Agent: "ballot", Proof: make([]byte, 8)}, {Agent: "monarchy", Proof: make([]byte, 8)}} {
		if err := b.Check(c); !errors.Is(err, election.ErrClaimOver) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	b.Depose() // nobody leads: nothing happens
}

func TestRepeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		pauses := []struct {
			err  error
			want time.Duration
		}{
			{nil, 0}, {context.Canceled, 0}, {fmt.Errorf("deposed: %w", context.Canceled), 0}, {errors.New("broken"), election.DefaultRest},
			{fmt.Errorf("stepped down: %w", &election.Rest{For: time.Minute, Reason: errors.New("broken")}), time.Minute}, {&election.Rest{For: -1}, 0},
		}
		i, last := 0, time.Now()
		err := election.Repeat(ctx, func(context.Context) error {
			if took := time.Since(last); i > 0 && took != pauses[i-1].want {
				t.Errorf("rested %s after %v, want %s", took, pauses[i-1].err, pauses[i-1].want)
			}
			if i == len(pauses) {
				cancel()
				return errors.New("the last")
			}
			i, last = i+1, time.Now()
			return pauses[i-1].err
		})
		if !errors.Is(err, context.Canceled) || time.Since(last) != 0 {
			t.Errorf("Repeat returned %v after %s", err, time.Since(last))
		}
	})
}

func TestRest(t *testing.T) {
	broken := errors.New("disk broken")
	err := error(&election.Rest{For: time.Minute, Reason: broken})
	if !errors.Is(err, broken) || err.Error() != "stands back for 1m0s: disk broken" {
		t.Errorf("%v", err)
	}
}
