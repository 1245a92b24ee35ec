package election

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// ErrNoLeader says that nobody is known to lead.
var ErrNoLeader = errors.New("election: no leader known")

// Claim is the proof of an election that an engine checks in Begin, such as the key and revision of a latch. Opaque to all others.
type Claim struct {
	Agent string // which kind of agent made it
	Proof []byte
}

// Term is one leadership: who leads, and the proof.
type Term struct {
	Leader deploy.Address
	Claim  Claim
}

// LeaderElectionAgent keeps at most one candidate leading.
type LeaderElectionAgent interface {
	// Lead campaigns; once elected it calls lead, ends lead's context when leadership is lost, and waits for lead to return. Then it resigns
	// actively, rests if lead returned a Rest (DefaultRest after any other error), and campaigns again. Lead returns only when ctx ends, with
	// ctx.Err(). A panic of lead is the caller's.
	Lead(ctx context.Context, lead func(ctx context.Context, term Term) error) error
	// Leader reports the newest known term, or ErrNoLeader. It does not change who leads.
	Leader(ctx context.Context) (Term, error)
}

// Rest is returned by a lead function that wants to stand back: its engine is broken, say, and another candidate should try.
type Rest struct {
	For    time.Duration
	Reason error
}

// Error says why and how long.
func (r *Rest) Error() string { return fmt.Sprintf("stands back for %s: %v", r.For, r.Reason) }

// Unwrap gives the reason.
func (r *Rest) Unwrap() error { return r.Reason }
