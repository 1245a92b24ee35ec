package grpcrpc

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	"google.golang.org/grpc"

	"github.com/musterproject/muster/pkg/artifact"
	"github.com/musterproject/muster/pkg/deploy"
	pb "github.com/musterproject/muster/pkg/rpc/wire/muster/v1"
)

// blobs is the store of the other side. Content is verified at both ends.
type blobs struct{ *client }

var _ artifact.Store = (*blobs)(nil)

// Put sends r to its end.
func (b *blobs) Put(ctx context.Context, want deploy.Digest, r io.Reader) (deploy.Digest, int64, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := pb.NewClusterClient(b.cc).PutBlob(ctx)
	if err != nil {
		return "", 0, b.blobFailed(ctx, "put blob", err)
	}
	sum := sha256.New()
	if err := upload(stream, want, io.TeeReader(r, sum)); err != nil {
		return "", 0, fmt.Errorf("put blob at %s: %w", b.to, err)
	}
	kept, err := stream.CloseAndRecv()
	if err != nil {
		return "", 0, b.blobFailed(ctx, "put blob", err)
	}
	if sent := digestOf(sum); deploy.Digest(kept.GetDigest()) != sent && (want == "" || want == sent) {
		return "", 0, fmt.Errorf("put blob at %s: %w: %s was sent, %s is kept", b.to, artifact.ErrDigest, sent, kept.GetDigest())
	}
	return deploy.Digest(kept.GetDigest()), kept.GetSize(), nil
}

// upload sends everything, and stops early if the other side has seen enough: its answer says why. Another error is the reader's or this side's.
func upload(stream grpc.ClientStreamingClient[pb.PutBlobRequest, pb.PutBlobResponse], want deploy.Digest, r io.Reader) error {
	p := &pb.PutBlobRequest{Digest: string(want)}
	chunk := make([]byte, chunkBytes)
	for first := true; ; first = false {
		n, err := io.ReadFull(r, chunk)
		p.Data = chunk[:n]
		if n > 0 || first {
			if err := stream.Send(p); errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return err
			}
		}
		p.Digest = ""
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// Open reads a blob; the last read tells whether it was what its digest promises.
func (b *blobs) Open(ctx context.Context, d deploy.Digest) (io.ReadCloser, int64, error) {
	ctx, cancel := context.WithCancel(ctx)
	stream, err := pb.NewClusterClient(b.cc).OpenBlob(ctx, &pb.Blob{Digest: string(d)})
	if err != nil {
		cancel()
		return nil, 0, b.blobFailed(ctx, "open blob "+string(d), err)
	}
	head, err := stream.Recv()
	if err != nil {
		defer cancel()
		return nil, 0, b.blobFailed(ctx, "open blob "+string(d), err)
	}
	size := head.GetSize()
	failed := func(err error) error { return b.blobFailed(ctx, "read blob "+string(d), err) }
	return &blobReader{stream: stream, want: d, rest: head.GetData(), left: size, sum: sha256.New(), cancel: cancel, failed: failed}, size, nil
}

// Has asks whether the blob is kept.
func (b *blobs) Has(ctx context.Context, d deploy.Digest) (bool, error) {
	p, err := pb.NewClusterClient(b.cc).HasBlob(ctx, &pb.Blob{Digest: string(d)})
	if err != nil {
		return false, b.blobFailed(ctx, "has blob "+string(d), err)
	}
	return p.GetHas(), nil
}

// Release allows the store to drop the blob.
func (b *blobs) Release(ctx context.Context, d deploy.Digest) error {
	if _, err := pb.NewClusterClient(b.cc).ReleaseBlob(ctx, &pb.Blob{Digest: string(d)}); err != nil {
		return b.blobFailed(ctx, "release blob "+string(d), err)
	}
	return nil
}

// blobFailed gives errors the identity they have at a store, besides that of deploy.
func (b *blobs) blobFailed(ctx context.Context, what string, err error) error {
	err = b.failed(ctx, what, err)
	for _, k := range blobKinds {
		if errors.Is(err, k.kind) {
			return &storeError{error: err, kind: k.store}
		}
	}
	return err
}

// storeError has one more identity than words.
type storeError struct {
	error
	kind error
}

func (e *storeError) Unwrap() []error { return []error{e.error, e.kind} }

// blobReader reads a blob from a stream.
type blobReader struct {
	stream grpc.ServerStreamingClient[pb.BlobChunk]
	want   deploy.Digest
	rest   []byte
	left   int64 // bytes not yet received
	sum    hash.Hash
	err    error
	cancel context.CancelFunc
	failed func(error) error
}

// Read gives the next bytes; io.EOF only behind the whole and right content.
func (r *blobReader) Read(b []byte) (int, error) {
	for len(r.rest) == 0 && r.err == nil {
		p, err := r.stream.Recv()
		switch {
		case errors.Is(err, io.EOF):
			r.err = r.whole()
		case err != nil:
			r.err = r.failed(err)
		default:
			r.rest = p.GetData()
			r.sum.Write(r.rest)
			if r.left -= int64(len(r.rest)); r.left < 0 {
				r.rest, r.err = nil, fmt.Errorf("blob %s: %w: it is longer than announced", r.want, artifact.ErrDigest)
			}
		}
	}
	if len(r.rest) == 0 && len(b) > 0 {
		return 0, r.err
	}
	n := copy(b, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (r *blobReader) whole() error {
	if got := digestOf(r.sum); got != r.want || r.left != 0 {
		return fmt.Errorf("blob %s: %w: what came has the digest %s and lacks %d bytes", r.want, artifact.ErrDigest, got, r.left)
	}
	return io.EOF
}

// Close ends the stream.
func (r *blobReader) Close() error {
	r.cancel()
	return nil
}

func digestOf(h hash.Hash) deploy.Digest { return deploy.Digest(hex.EncodeToString(h.Sum(nil))) }
