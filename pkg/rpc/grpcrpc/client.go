package grpcrpc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"google.golang.org/grpc"

	"github.com/musterproject/muster/pkg/artifact"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
	"github.com/musterproject/muster/pkg/rpc/wire"
	pb "github.com/musterproject/muster/pkg/rpc/wire/muster/v1"
)

// client is a rpc.Client over a connection that belongs to the transport.
type client struct {
	to deploy.Address
	cc *grpc.ClientConn
}

var _ rpc.Client = (*client)(nil)

// Call asks one question by the method that is made for it.
func (c *client) Call(ctx context.Context, req deploy.Message) (deploy.Message, error) {
	p, err := wire.RequestToProto(req)
	if err != nil {
		return nil, err
	}
	answer := wire.AnswerOf(req)
	method := "/" + pb.Cluster_ServiceDesc.ServiceName + "/" + string(p.ProtoReflect().Descriptor().Name()) // each question has the name of its message
	if err := c.cc.Invoke(ctx, method, p, answer); err != nil {
		return nil, c.failed(ctx, "call", err)
	}
	said, err := wire.AnswerFromProto(answer)
	if err != nil {
		return nil, c.failed(ctx, "call", err)
	}
	return said, nil
}

// Watch gives rows as they come.
func (c *client) Watch(ctx context.Context, q rpc.Query) iter.Seq2[rpc.Rows, error] {
	open := func(ctx context.Context) (grpc.ServerStreamingClient[pb.Rows], error) {
		return pb.NewClusterClient(c.cc).Watch(ctx, wire.QueryToProto(q))
	}
	return stream(ctx, c, "watch", open, wire.RowsFromProto)
}

// Logs gives pieces of an output file as they come.
func (c *client) Logs(ctx context.Context, q rpc.LogQuery) iter.Seq2[rpc.LogChunk, error] {
	open := func(ctx context.Context) (grpc.ServerStreamingClient[pb.LogChunk], error) {
		return pb.NewClusterClient(c.cc).Logs(ctx, wire.LogQueryToProto(q))
	}
	return stream(ctx, c, "logs", open, func(p *pb.LogChunk) (rpc.LogChunk, error) {
		return rpc.LogChunk{Offset: p.GetOffset(), Data: p.GetData()}, nil
	})
}

// Blobs is the other side's store.
func (c *client) Blobs() artifact.Store { return &blobs{c} }

// stream opens a stream when somebody looks and ends it when nobody does any more. An error is its last element.
func stream[P, D any](ctx context.Context, c *client, what string, open func(context.Context) (grpc.ServerStreamingClient[P], error), from func(*P) (D, error)) iter.Seq2[D, error] {
	return func(yield func(D, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		var none D
		s, err := open(ctx)
		for err == nil {
			var p *P
			if p, err = s.Recv(); err != nil {
				break
			}
			d, bad := from(p)
			if bad != nil {
				yield(none, fmt.Errorf("%s of %s: %w", what, c.to, bad))
				return
			}
			if !yield(d, nil) {
				return
			}
		}
		if !errors.Is(err, io.EOF) {
			yield(none, c.failed(ctx, what, err))
		}
	}
}

// failed says whom was asked what. The end of the caller's own ctx keeps its identity and cause.
func (c *client) failed(ctx context.Context, what string, err error) error {
	err = fromStatus(err)
	if ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		err = rpc.Ended(ctx)
	}
	return fmt.Errorf("%s %s: %w", what, c.to, err)
}
