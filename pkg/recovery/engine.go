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
	// ErrLimit says that a record or batch is larger than the engine takes.
	ErrLimit = errors.New("recovery: record over the limit")
	// ErrDamaged says that the stored sequence has a gap, a missing suffix, or records of another cluster.
	ErrDamaged = errors.New("recovery: damaged records")
	// ErrVersion says that the records were written by a newer program; no option reads them.
	ErrVersion = errors.New("recovery: records of a newer version")
	// ErrClosed says that the engine or the Journal has been closed.
	ErrClosed = errors.New("recovery: closed")
	// ErrUnknownMode says that no recovery mode has this name.
	ErrUnknownMode = errors.New("recovery: unknown mode")
)

// Record is one stored key and its bytes.
type Record struct {
	Key   string
	Value []byte
}

// Mutation puts Value under Key, or deletes Key when Value is nil. An empty value is not nil. Deleting a key that is not there is no error.
type Mutation struct {
	Key   string
	Value []byte
}

// PersistenceEngine keeps small records durable across terms. Engines move bytes; Journal gives them meaning, orders them, checksums them and
// checks that the sequence is dense. A head record {ClusterID, epoch, last sequence} is written in every Apply and compared on opening.
type PersistenceEngine interface {
	// Begin checks the claim and durably raises the stored epoch by at least one, atomically; every other epoch then gets ErrFenced.
	// It also mends an engine whose last Apply failed: what is stored is read anew.
	Begin(ctx context.Context, claim election.Claim) (deploy.Epoch, error)
	// Load gives every record once, in any order; the receiver may keep the values. A fenced epoch gets ErrFenced. It ends at its first error.
	Load(ctx context.Context, epoch deploy.Epoch) iter.Seq2[Record, error]
	// Apply makes batch durable, all or nothing; never called concurrently; after any error the outcome is unknown and the epoch is over.
	// The keys of a batch are distinct, and its values are the caller's again once it returns. An empty batch only verifies that the epoch
	// still holds.
	Apply(ctx context.Context, epoch deploy.Epoch, batch []Mutation) error
	// Close ends the engine, not the records; a second Close does nothing. All other calls then get ErrClosed.
	Close() error
}

// Limits is what an engine takes at once; 0 is no limit.
type Limits struct {
	BatchOps    int // mutations in one Apply, the head among them
	BatchBytes  int // keys and values of one Apply together
	RecordBytes int // one value
}

// Reach is what a mode can do: suites skip only what is declared missing.
type Reach struct {
	Durable           bool // records survive the process
	ElectsAcrossHosts bool // a standby on another host can take over
}

// Mode is what a recovery mode opens: both halves and what they can do. Whoever opened it closes its Engine.
type Mode struct {
	Name   string
	Engine PersistenceEngine
	Agent  election.LeaderElectionAgent
	Limits Limits
	Reach  Reach
	Run    func(context.Context) error // what must live while standby too; nil if nothing
}
