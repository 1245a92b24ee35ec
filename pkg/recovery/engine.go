package recovery

import (
	"context"
	"errors"
	"iter"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/election"
)

// Errors of engines and of the Journal.
var (
	// ErrFenced says that a newer epoch has begun: this one may write nothing more.
	ErrFenced = errors.New("recovery: fenced by a newer epoch")
	// ErrClaim says that the claim of a Begin does not hold (any more).
	ErrClaim = errors.New("recovery: claim refused")
	// ErrLimit says that a record is larger than the engine takes.
	ErrLimit = errors.New("recovery: record over the limit")
	// ErrDamaged says that the stored sequence has a gap, a missing suffix, or records of another cluster.
	ErrDamaged = errors.New("recovery: damaged records")
	// ErrClosed says that the engine has been closed.
	ErrClosed = errors.New("recovery: engine closed")
	// ErrUnknownMode says that no recovery mode has this name.
	ErrUnknownMode = errors.New("recovery: unknown mode")
)

// Record is one stored key and its bytes.
type Record struct {
	Key   string
	Value []byte
}

// Mutation puts Value under Key, or deletes Key when Value is nil. An empty value is not nil.
type Mutation struct {
	Key   string
	Value []byte
}

// PersistenceEngine keeps small records durable across terms. Engines move bytes; Journal gives them meaning, orders them, checksums them and
// checks that the sequence is dense. A head record {ClusterID, epoch, last sequence} is compared and set in every Apply.
type PersistenceEngine interface {
	// Begin checks the claim and durably raises the stored epoch by one, atomically; every older epoch then gets ErrFenced.
	Begin(ctx context.Context, claim election.Claim) (deploy.Epoch, error)
	// Load gives every record, in any order.
	Load(ctx context.Context, epoch deploy.Epoch) iter.Seq2[Record, error]
	// Apply makes batch durable, all or nothing; never called concurrently; after any error the outcome is unknown and the epoch is over.
	// An empty batch only verifies that the epoch still holds.
	Apply(ctx context.Context, epoch deploy.Epoch, batch []Mutation) error
	Close() error
}

// Limits is what an engine takes at once; 0 is no limit.
type Limits struct {
	BatchOps    int
	BatchBytes  int
	RecordBytes int
}

// Reach is what a mode can do: suites skip only what is declared missing.
type Reach struct {
	Durable           bool // records survive the process
	ElectsAcrossHosts bool // a standby on another host can take over
}

// Mode is what a recovery mode opens: both halves and what they can do.
type Mode struct {
	Name   string
	Engine PersistenceEngine
	Agent  election.LeaderElectionAgent
	Limits Limits
	Reach  Reach
	Run    func(context.Context) error // what must live while standby too; nil if nothing
}
