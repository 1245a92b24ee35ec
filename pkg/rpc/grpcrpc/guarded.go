package grpcrpc

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/peer"
	"google.golang.org/protobuf/proto"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc/wire"
	pb "github.com/musterproject/muster/pkg/rpc/wire/muster/v1"
)

// guarded puts every handler of a service behind the guard, gives its context the principal and an end, and makes its errors cross the wire.
// gRPC's own interceptors would come too late: they see a unary call after its request has been read.
func (s *server) guarded(stop context.Context, d grpc.ServiceDesc) *grpc.ServiceDesc {
	d.Methods, d.Streams = slices.Clone(d.Methods), slices.Clone(d.Streams)
	for i := range d.Methods {
		m := &d.Methods[i]
		m.Handler = s.unary(fmt.Sprintf("/%s/%s", d.ServiceName, m.MethodName), m.Handler)
	}
	for i := range d.Streams {
		m := &d.Streams[i]
		m.Handler = s.streaming(stop, fmt.Sprintf("/%s/%s", d.ServiceName, m.StreamName), m.Handler)
	}
	return &d
}

func (s *server) unary(method string, handle grpc.MethodHandler) grpc.MethodHandler {
	return func(impl any, ctx context.Context, read func(any) error, i grpc.UnaryServerInterceptor) (any, error) {
		who, err := s.guard.admit(method, nil)
		if err != nil {
			return nil, toStatus(err)
		}
		ctx, cancel := context.WithTimeout(ctx, s.cfg.CallTimeout)
		defer cancel()
		answer, err := handle(impl, withPrincipal(ctx, who), func(p any) error { return receive(read, p) }, i)
		return answer, toStatus(err)
	}
}

func (s *server) streaming(stop context.Context, method string, handle grpc.StreamHandler) grpc.StreamHandler {
	return func(impl any, stream grpc.ServerStream) error {
		who, err := s.guard.admit(method, nil)
		if err != nil {
			return toStatus(err)
		}
		ctx, cancel := context.WithCancelCause(stream.Context()) //nolint:contextcheck // a call has its caller's context, which ends with stop too
		defer cancel(nil)
		if method == pb.Peer_Session_FullMethodName {
			ctx = sessionContext(stop, stream.Context())
		} else {
			defer context.AfterFunc(stop, func() { cancel(fmt.Errorf("%w: %s", deploy.ErrUnavailable, s.stopReason())) })()
		}
		err = handle(impl, &admitted{ServerStream: stream, ctx: withPrincipal(ctx, who)})
		if cause := context.Cause(ctx); err != nil && errors.Is(cause, deploy.ErrUnavailable) {
			err = cause
		}
		return toStatus(err)
	}
}

// sessionContext ends with Serve and not with the stream: what came before a goodbye is still to be received.
func sessionContext(stop, stream context.Context) context.Context {
	if p, ok := peer.FromContext(stream); ok {
		return peer.NewContext(stop, p)
	}
	return stop
}

// admitted is a stream behind the guard.
type admitted struct {
	grpc.ServerStream
	ctx context.Context //nolint:containedctx // gRPC hands the context of a stream on in the stream
}

// Context has the principal.
func (a *admitted) Context() context.Context { return a.ctx }

// RecvMsg reads a message.
func (a *admitted) RecvMsg(m any) error { return receive(a.ServerStream.RecvMsg, m) }

// receive takes a message as bytes and reads it here: a request that cannot be read is the caller's fault, and gRPC would call it its own.
func receive(take func(any) error, m any) error {
	p, ok := m.(proto.Message)
	if !ok {
		return take(m)
	}
	var f frame
	if err := take(&f); err != nil {
		return err
	}
	return wire.Unmarshal(f.b, p)
}

type principalKey struct{}

func withPrincipal(ctx context.Context, who deploy.Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, who)
}

func principal(ctx context.Context) deploy.Principal {
	who, _ := ctx.Value(principalKey{}).(deploy.Principal)
	return who
}
