package grpcrpc

import (
	"context"
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc"

	"github.com/musterproject/muster/pkg/deploy"
	pb "github.com/musterproject/muster/pkg/rpc/wire/muster/v1"
)

// chunkBytes is how much of a blob or a log goes into one message.
const chunkBytes = 64 << 10

// PutBlob keeps what is sent.
func (c *cluster) PutBlob(stream grpc.ClientStreamingServer[pb.PutBlobRequest, pb.PutBlobResponse]) error {
	if err := c.blobs(); err != nil {
		return err
	}
	first, err := stream.Recv()
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("put blob: %w: nothing was sent; send one message, if an empty one, for an empty blob", deploy.ErrInvalid)
	}
	if err != nil {
		return err
	}
	digest, size, err := c.own.Blobs.Put(stream.Context(), deploy.Digest(first.GetDigest()), &received{stream: stream, rest: first.GetData()})
	if err != nil {
		return err
	}
	return stream.SendAndClose(&pb.PutBlobResponse{Digest: string(digest), Size: size})
}

// received reads a blob from a stream. A sender that breaks off is an error, never an end.
type received struct {
	stream grpc.ClientStreamingServer[pb.PutBlobRequest, pb.PutBlobResponse]
	rest   []byte
}

func (r *received) Read(b []byte) (int, error) {
	for len(r.rest) == 0 {
		p, err := r.stream.Recv()
		if err != nil {
			return 0, err // io.EOF is the sender's own end
		}
		r.rest = p.GetData()
	}
	n := copy(b, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// OpenBlob sends a blob.
func (c *cluster) OpenBlob(p *pb.Blob, stream grpc.ServerStreamingServer[pb.BlobChunk]) error {
	if err := c.blobs(); err != nil {
		return err
	}
	r, size, err := c.own.Blobs.Open(stream.Context(), deploy.Digest(p.GetDigest()))
	if err != nil {
		return err
	}
	err = sendBlob(stream, r, size)
	return errors.Join(err, r.Close())
}

func sendBlob(stream grpc.ServerStreamingServer[pb.BlobChunk], r io.Reader, size int64) error {
	if err := stream.Send(&pb.BlobChunk{Size: size}); err != nil {
		return err
	}
	b := make([]byte, chunkBytes)
	for {
		n, err := r.Read(b)
		if n > 0 {
			if err := stream.Send(&pb.BlobChunk{Data: b[:n]}); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// HasBlob tells whether the blob is kept whole.
func (c *cluster) HasBlob(ctx context.Context, p *pb.Blob) (*pb.HasBlobResponse, error) {
	if err := c.blobs(); err != nil {
		return nil, err
	}
	has, err := c.own.Blobs.Has(ctx, deploy.Digest(p.GetDigest()))
	return &pb.HasBlobResponse{Has: has}, err
}

// ReleaseBlob allows the store to drop the blob.
func (c *cluster) ReleaseBlob(ctx context.Context, p *pb.Blob) (*pb.ReleaseBlobResponse, error) {
	if err := c.blobs(); err != nil {
		return nil, err
	}
	return &pb.ReleaseBlobResponse{}, c.own.Blobs.Release(ctx, deploy.Digest(p.GetDigest()))
}
