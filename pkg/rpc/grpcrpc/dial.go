package grpcrpc

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/peer"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
	pb "github.com/musterproject/muster/pkg/rpc/wire/muster/v1"
)

// Dial opens a session on a connection of its own. The end of ctx ends the attempt, not the session.
func (t *Transport) Dial(ctx context.Context, to deploy.Address, me deploy.Hello) (rpc.Conn, error) {
	if t.faults != nil {
		return nil, fmt.Errorf("dial %s: %w", to, t.faults)
	}
	cc, err := t.connect(to)
	if err != nil {
		return nil, err
	}
	s, stream, cancel, err := t.open(ctx, cc, to, me)
	if err != nil {
		cancel()
		return nil, errors.Join(fmt.Errorf("dial %s: %w", to, err), cc.Close())
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		cancel()
		return nil, errors.Join(fmt.Errorf("dial %s: %w: the transport is closed", to, deploy.ErrUnavailable), cc.Close())
	}
	t.sessions[s] = true
	t.running.Go(func() {
		s.run(stream, func() { _ = stream.CloseSend() }) // it never fails, says its contract
		cancel()
		_ = cc.Close() // a second close is its only error
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.sessions, s)
	})
	return s, nil
}

// open makes the stream and exchanges hellos. Cancel ends the stream.
func (t *Transport) open(ctx context.Context, cc *grpc.ClientConn, to deploy.Address, me deploy.Hello) (*session, grpc.ClientStream, func(), error) {
	limit := t.cfg.ConnectTimeout + t.cfg.HelloTimeout
	ctx, stop := context.WithTimeoutCause(ctx, limit, fmt.Errorf("%w: no answer within %v", deploy.ErrUnavailable, limit))
	defer stop()
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	release := context.AfterFunc(ctx, cancel)
	stream, err := pb.NewPeerClient(cc).Session(life)
	if err != nil {
		return nil, nil, cancel, attempt(ctx, fromStatus(err))
	}
	theirs, err := introduce(stream, me)
	if err == nil && !release() {
		err = ctx.Err()
	}
	if err != nil {
		return nil, nil, cancel, attempt(ctx, refused(err))
	}
	remote := to.String()
	if p, ok := peer.FromContext(stream.Context()); ok { //nolint:contextcheck // what the stream knows of its connection
		remote = p.Addr.String()
	}
	return newSession(&t.cfg, rpc.Peer{Hello: theirs, Principal: rpc.Claimed(theirs), Remote: remote}, cancel), stream, cancel, nil
}

// attempt says that the attempt was given up, if that is why it failed.
func attempt(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return rpc.Ended(ctx)
	}
	return err
}

// refused gives a mismatch that the other side found the identity it has when this side finds it.
func refused(err error) error {
	if errors.Is(err, deploy.ErrMismatch) && !errors.Is(err, rpc.ErrHello) {
		return fmt.Errorf("%w: %w", rpc.ErrHello, err)
	}
	return err
}
