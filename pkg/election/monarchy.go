package election

import (
	"context"
	"sync/atomic"

	"github.com/musterproject/muster/pkg/deploy"
)

// Monarchy is the agent of a master that has no rivals: whoever campaigns is elected at once and leads until its context ends. Two monarchs
// over one store are kept apart by the store's lock, not by their agents.
type Monarchy struct {
	self  deploy.Address
	leads atomic.Bool
}

var _ LeaderElectionAgent = (*Monarchy)(nil)

// NewMonarchy makes the agent of the master at self.
func NewMonarchy(self deploy.Address) *Monarchy { return &Monarchy{self: self} }

// Lead leads until ctx ends, term after term.
func (m *Monarchy) Lead(ctx context.Context, lead func(ctx context.Context, term Term) error) error {
	return Repeat(ctx, func(ctx context.Context) error {
		m.leads.Store(true)
		defer m.leads.Store(false)
		return lead(ctx, m.term())
	})
}

// Leader reports this master while it leads.
func (m *Monarchy) Leader(ctx context.Context) (Term, error) {
	if err := ctx.Err(); err != nil {
		return Term{}, err
	}
	if !m.leads.Load() {
		return Term{}, ErrNoLeader
	}
	return m.term(), nil
}

func (m *Monarchy) term() Term {
	return Term{Leader: m.self, Claim: Claim{Agent: "monarchy"}}
}
