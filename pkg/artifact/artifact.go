package artifact

import (
	"context"
	"errors"
	"io"

	"github.com/musterproject/muster/pkg/deploy"
)

// Errors of stores and fetchers.
var (
	// ErrNotFound says that the store has no such blob.
	ErrNotFound = errors.New("artifact: not found")
	// ErrDigest says that the content is not what its digest promises.
	ErrDigest = errors.New("artifact: content does not match its digest")
	// ErrTooLarge says that a blob is over the store's limit.
	ErrTooLarge = errors.New("artifact: too large")
	// ErrFull says that the store has no room for a blob that is not too large in itself.
	ErrFull = errors.New("artifact: store full")
	// ErrArchive says that an archive was refused: what it holds would not be safe to unpack.
	ErrArchive = errors.New("artifact: archive refused")
)

// Store keeps blobs by digest. It is safe for concurrent use. A digest that is not 64 lower-case hexadecimal digits is deploy.ErrInvalid.
type Store interface {
	// Put reads r to its end and keeps it; want, unless empty, must be its digest, else ErrDigest. An error leaves nothing behind. A blob
	// already kept is not written again, and r not read if want says so beforehand.
	Put(ctx context.Context, want deploy.Digest, r io.Reader) (deploy.Digest, int64, error)
	// Open reads a blob of the size given, or returns ErrNotFound; ErrDigest if what is there is not whole.
	Open(ctx context.Context, d deploy.Digest) (io.ReadCloser, int64, error)
	// Has tells whether the blob is kept whole.
	Has(ctx context.Context, d deploy.Digest) (bool, error)
	// Release allows the store to drop the blob; of one that is not there, it does nothing. Who is reading it reads on.
	Release(ctx context.Context, d deploy.Digest) error
}

// Meta is what a fetcher learns of a source.
type Meta struct {
	Size int64 // -1 unknown
	ETag string
}

// Fetcher reads a source of one URL scheme.
type Fetcher interface {
	Fetch(ctx context.Context, url string) (io.ReadCloser, Meta, error)
}
