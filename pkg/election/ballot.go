package election

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/musterproject/muster/pkg/deploy"
)

// ErrClaimOver is what Ballot.Check says of a claim that does not stand.
var ErrClaimOver = errors.New("election: claim over")

// Ballot elects one of several candidates of one process, in the order in which they campaign. It stands for a service such as ZooKeeper in
// tests and local clusters, with the same failures: a leader can be deposed, and a candidate can be cut off, which it does not notice.
type Ballot struct {
	mu      sync.Mutex
	number  uint64       // of the newest term
	leader  *Candidate   // nil if nobody leads
	term    Term         // the newest
	waiting []*Candidate // who campaigns
}

const ballotAgent = "ballot"

// NewBallot makes a ballot without candidates.
func NewBallot() *Ballot { return &Ballot{} }

// Candidate makes the agent of the master at self. One Lead runs at a time.
func (b *Ballot) Candidate(self deploy.Address) *Candidate {
	return &Candidate{ballot: b, self: self}
}

// Check tells whether a claim is that of the present term: what a store asks in Begin.
func (b *Ballot) Check(c Claim) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case c.Agent != ballotAgent || len(c.Proof) != 8:
		return fmt.Errorf("%w: %q with %d bytes of proof was not made by a ballot", ErrClaimOver, c.Agent, len(c.Proof))
	case b.leader == nil:
		return fmt.Errorf("%w: nobody leads after term %d", ErrClaimOver, b.number)
	case binary.BigEndian.Uint64(c.Proof) != b.number:
		return fmt.Errorf("%w: it is of term %d, the present one is %d", ErrClaimOver, binary.BigEndian.Uint64(c.Proof), b.number)
	}
	return nil
}

// Depose ends the present leadership, if there is one: its context ends, and the next candidate is elected once its lead has returned.
func (b *Ballot) Depose() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.leader != nil {
		b.leader.lose()
	}
}

// Candidate is the agent of one master at a Ballot.
type Candidate struct {
	ballot *Ballot
	self   deploy.Address

	// guarded by ballot.mu
	cut     bool
	known   Term               // the newest term it was told of before it was cut off
	elected chan Term          // of the campaign under way; has room for one
	lose    context.CancelFunc // ends the context of its leadership
}

var _ LeaderElectionAgent = (*Candidate)(nil)

// Lead campaigns and leads, in turns with the others.
func (c *Candidate) Lead(ctx context.Context, lead func(ctx context.Context, term Term) error) error {
	return Repeat(ctx, func(ctx context.Context) error {
		ctx, lose := context.WithCancel(ctx)
		defer lose()
		won := c.campaign(lose)
		defer c.resign()
		select {
		case term := <-won:
			return lead(ctx, term)
		case <-ctx.Done():
			return nil
		}
	})
}

// Leader reports the newest term; a candidate that is cut off reports what it knew then.
func (c *Candidate) Leader(ctx context.Context) (Term, error) {
	if err := ctx.Err(); err != nil {
		return Term{}, err
	}
	c.ballot.mu.Lock()
	defer c.ballot.mu.Unlock()
	term := c.known
	if !c.cut {
		term = c.ballot.present()
	}
	if term.Leader.IsZero() {
		return Term{}, ErrNoLeader
	}
	return term, nil
}

// Cut cuts the candidate off: it is not elected, and if it leads, the ballot elects another while this one goes on believing that it leads.
func (c *Candidate) Cut() {
	b := c.ballot
	b.mu.Lock()
	defer b.mu.Unlock()
	if c.cut {
		return
	}
	c.cut, c.known = true, b.present()
	if b.leader == c {
		b.leader = nil
		b.elect()
	}
}

// Heal connects the candidate again: a leadership that it lost in the meantime ends now.
func (c *Candidate) Heal() {
	b := c.ballot
	b.mu.Lock()
	defer b.mu.Unlock()
	if !c.cut {
		return
	}
	c.cut = false
	if b.leader != c && c.lose != nil && !slices.Contains(b.waiting, c) {
		c.lose()
	}
	b.elect()
}

func (c *Candidate) campaign(lose context.CancelFunc) <-chan Term {
	b := c.ballot
	b.mu.Lock()
	defer b.mu.Unlock()
	c.lose, c.elected = lose, make(chan Term, 1)
	b.waiting = append(b.waiting, c)
	b.elect()
	return c.elected
}

func (c *Candidate) resign() {
	b := c.ballot
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = slices.DeleteFunc(b.waiting, func(w *Candidate) bool { return w == c })
	if b.leader == c {
		b.leader = nil
		b.elect()
	}
}

// present is the term that stands, or the zero Term.
func (b *Ballot) present() Term {
	if b.leader == nil {
		return Term{}
	}
	return b.term
}

// elect gives the leadership, if it is free, to the first who campaigns and is not cut off.
func (b *Ballot) elect() {
	i := slices.IndexFunc(b.waiting, func(c *Candidate) bool { return !c.cut })
	if b.leader != nil || i < 0 {
		return
	}
	c := b.waiting[i]
	b.waiting = slices.Delete(b.waiting, i, i+1)
	b.number++
	b.leader = c
	b.term = Term{Leader: c.self, Claim: Claim{Agent: ballotAgent, Proof: binary.BigEndian.AppendUint64(nil, b.number)}}
	c.elected <- b.term
}
