package grpcrpc

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"

	"github.com/musterproject/muster/pkg/artifact"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
	"github.com/musterproject/muster/pkg/rpc/wire"
	pb "github.com/musterproject/muster/pkg/rpc/wire/muster/v1"
)

// maxSentence cuts the text of an error: it travels in headers, which are limited, and twice.
const maxSentence = 2 << 10

// kinds pairs what is the same for deploy and for gRPC. The first that fits a code is what a status without details means.
var kinds = []struct {
	kind error
	code codes.Code
}{
	{deploy.ErrInvalid, codes.InvalidArgument},
	{deploy.ErrNotFound, codes.NotFound},
	{deploy.ErrUnavailable, codes.Unavailable},
	{deploy.ErrRecovering, codes.Unavailable},
	{deploy.ErrTooLarge, codes.ResourceExhausted},
	{deploy.ErrDenied, codes.PermissionDenied},
	{deploy.ErrConflict, codes.AlreadyExists},
	{deploy.ErrMismatch, codes.FailedPrecondition},
	{deploy.ErrNotLeader, codes.FailedPrecondition},
	{deploy.ErrAlreadyFinished, codes.FailedPrecondition},
	{deploy.ErrIllegalTransition, codes.FailedPrecondition},
}

// blobKinds pairs the sentinels of stores with those that cross the wire.
var blobKinds = []struct{ store, kind error }{
	{artifact.ErrNotFound, deploy.ErrNotFound},
	{artifact.ErrDigest, deploy.ErrMismatch},
	{artifact.ErrTooLarge, deploy.ErrTooLarge},
}

// toStatus makes an error cross the wire: a Fault or a Standby in the details, and the code that other languages look at.
func toStatus(err error) error {
	var other *rpc.NotLeader
	switch _, isStatus := status.FromError(err); {
	case err == nil:
		return nil
	case errors.As(err, &other):
		return withDetail(codes.FailedPrecondition, err.Error(), wire.StandbyToProto(other.Standby))
	case errors.Is(err, context.Canceled):
		return status.Error(codes.Canceled, cutText(err.Error()))
	case errors.Is(err, context.DeadlineExceeded):
		return status.Error(codes.DeadlineExceeded, cutText(err.Error()))
	case isStatus:
		return err
	}
	for _, k := range blobKinds {
		if errors.Is(err, k.store) {
			err = deploy.Fault{Kind: k.kind, Text: err.Error()}
		}
	}
	f := deploy.NewFault(err)
	f.Text = cutText(f.Error())
	code := codes.Internal
	for _, k := range kinds {
		if errors.Is(f.Kind, k.kind) {
			code = k.code
		}
	}
	return withDetail(code, f.Text, wire.FaultToProto(f))
}

func withDetail(code codes.Code, text string, detail protoadapt.MessageV1) error {
	text = cutText(text)
	s, err := status.New(code, text).WithDetails(detail)
	if err != nil { // a detail that cannot be written: the code and the text still say it
		return status.Error(code, text)
	}
	return s.Err()
}

// fromStatus is the reverse of toStatus, and gives gRPC's own errors the identity nearest to them.
func fromStatus(err error) error {
	s, ok := status.FromError(err)
	if err == nil || !ok {
		return err
	}
	for _, d := range s.Details() {
		switch d := d.(type) {
		case *pb.Fault:
			return wire.FaultFromProto(d)
		case *pb.Standby:
			standby, err := wire.StandbyFromProto(d)
			if err != nil {
				return fmt.Errorf("%w: %w", deploy.ErrNotLeader, err)
			}
			return &rpc.NotLeader{Standby: standby}
		}
	}
	switch s.Code() {
	case codes.Canceled:
		return fmt.Errorf("%s: %w", s.Message(), context.Canceled)
	case codes.DeadlineExceeded:
		return fmt.Errorf("%s: %w", s.Message(), context.DeadlineExceeded)
	}
	for _, k := range kinds {
		if s.Code() == k.code {
			return fmt.Errorf("%w: %s", k.kind, s.Message())
		}
	}
	return fmt.Errorf("%w: the other side answered %s: %s", deploy.ErrUnavailable, s.Code(), s.Message())
}

// cutText keeps the beginning of a long sentence, whole characters only.
func cutText(s string) string {
	if len(s) <= maxSentence {
		return s
	}
	s = s[:maxSentence]
	for len(s) > 0 {
		if r, size := utf8.DecodeLastRuneInString(s); r != utf8.RuneError || size > 1 {
			break
		}
		s = s[:len(s)-1]
	}
	return s + "…"
}
