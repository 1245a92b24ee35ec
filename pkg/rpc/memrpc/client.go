package memrpc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/musterproject/muster/pkg/artifact"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
	"github.com/musterproject/muster/pkg/rpc/wire"
)

// client asks whoever serves at an address when it asks.
type client struct {
	transport *Transport
	to        deploy.Address
}

var _ rpc.Client = (*client)(nil)

// anonymous is a caller who has not said who he is.
var anonymous = deploy.Principal{Name: "anonymous", Roles: []string{deploy.RoleClient.String()}}

// server reaches the other side for one question. The context ends with the caller's and with Serve.
func (c *client) server(ctx context.Context, what string) (*host, context.Context, func(), error) {
	if ctx.Err() != nil {
		return nil, nil, nil, fmt.Errorf("%s %s: %w", what, c.to, rpc.Ended(ctx))
	}
	h, err := c.transport.reach(ctx, c.to)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("%s %w", what, err)
	}
	served, cancelServed := h.ctx()
	ctx, cancel := context.WithCancelCause(ctx)
	release := context.AfterFunc(served, func() {
		cancel(fmt.Errorf("%w: %s", deploy.ErrUnavailable, h.stopReason()))
	})
	return h, ctx, func() {
		release()
		cancelServed()
		cancel(nil)
	}, nil
}

// failed says whom was asked what, and that the other side is stopping if that is why.
func (c *client) failed(ctx context.Context, what string, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		err = rpc.Ended(ctx)
	}
	return fmt.Errorf("%s %s: %w", what, c.to, err)
}

// Call asks one question.
func (c *client) Call(ctx context.Context, req deploy.Message) (deploy.Message, error) {
	if _, err := wire.RequestToProto(req); err != nil {
		return nil, err
	}
	h, ctx, release, err := c.server(ctx, "call")
	if err != nil {
		return nil, err
	}
	defer release()
	if h.server.Call == nil {
		return nil, c.failed(ctx, "call", rpc.Unanswered(h.server.Hello(), "requests of clients"))
	}
	answer, err := h.server.Call(ctx, anonymous, req)
	if err != nil {
		return nil, c.failed(ctx, "call", err)
	}
	answer, err = rpc.Answered(req, answer)
	if err != nil {
		return nil, c.failed(ctx, "call", err)
	}
	return answer, nil
}

// Watch gives rows as they come.
func (c *client) Watch(ctx context.Context, q rpc.Query) iter.Seq2[rpc.Rows, error] {
	return stream(ctx, c, "watch", q, func(s *rpc.Server) asker[rpc.Query, rpc.Rows] { return s.Watch })
}

// Logs gives pieces of an output file as they come.
func (c *client) Logs(ctx context.Context, q rpc.LogQuery) iter.Seq2[rpc.LogChunk, error] {
	return stream(ctx, c, "logs", q, func(s *rpc.Server) asker[rpc.LogQuery, rpc.LogChunk] { return s.Logs })
}

type asker[Q, D any] func(context.Context, deploy.Principal, Q) iter.Seq2[D, error]

func stream[Q, D any](ctx context.Context, c *client, what string, q Q, which func(*rpc.Server) asker[Q, D]) iter.Seq2[D, error] {
	return func(yield func(D, error) bool) {
		var none D
		h, ctx, release, err := c.server(ctx, what)
		if err != nil {
			yield(none, err)
			return
		}
		defer release()
		ask := which(&h.server)
		if ask == nil {
			yield(none, c.failed(ctx, what, rpc.Unanswered(h.server.Hello(), "questions for rows or logs")))
			return
		}
		for d, err := range ask(ctx, anonymous, q) {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(none, c.failed(ctx, what, err))
				return
			}
			if !yield(d, nil) {
				return
			}
		}
		if ctx.Err() != nil {
			yield(none, c.failed(ctx, what, ctx.Err()))
		}
	}
}

// Blobs gives the other side's store.
func (c *client) Blobs() artifact.Store { return &blobs{c} }

// blobs is the store of whoever serves when it is asked.
type blobs struct{ *client }

func (b *blobs) store(ctx context.Context, what string) (artifact.Store, error) {
	h, ctx, release, err := b.server(ctx, what)
	if err != nil {
		return nil, err
	}
	defer release()
	if h.server.Blobs == nil {
		return nil, b.failed(ctx, what, rpc.Unanswered(h.server.Hello(), "questions for blobs"))
	}
	return h.server.Blobs, nil
}

// Put keeps what r has.
func (b *blobs) Put(ctx context.Context, want deploy.Digest, r io.Reader) (deploy.Digest, int64, error) {
	s, err := b.store(ctx, "put blob")
	if err != nil {
		return "", 0, err
	}
	return s.Put(ctx, want, r)
}

// Open reads a blob.
func (b *blobs) Open(ctx context.Context, d deploy.Digest) (io.ReadCloser, int64, error) {
	s, err := b.store(ctx, "open blob")
	if err != nil {
		return nil, 0, err
	}
	return s.Open(ctx, d)
}

// Has tells whether a blob is kept.
func (b *blobs) Has(ctx context.Context, d deploy.Digest) (bool, error) {
	s, err := b.store(ctx, "has blob")
	if err != nil {
		return false, err
	}
	return s.Has(ctx, d)
}

// Release allows the store to drop a blob.
func (b *blobs) Release(ctx context.Context, d deploy.Digest) error {
	s, err := b.store(ctx, "release blob")
	if err != nil {
		return err
	}
	return s.Release(ctx, d)
}
