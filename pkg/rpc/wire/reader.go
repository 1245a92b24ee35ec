package wire

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/musterproject/muster/pkg/deploy"
)

// reader converts from the wire and keeps the first error, so that converters read like the messages they convert.
type reader struct{ err error }

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: "+format, append([]any{deploy.ErrInvalid}, args...)...)
	}
}

// enumTo numbers a value for the wire, where 0 says that nobody set it.
func enumTo[P ~int32, D ~uint8](d D) P { return P(d) + 1 }

// enum is the reverse of enumTo.
func enum[D ~uint8, P ~int32](r *reader, what string, p P, names map[int32]string) D {
	switch _, known := names[int32(p)]; {
	case p == 0:
		r.fail("%s is missing", what)
	case !known:
		r.fail("%s has the value %d, which this build does not know: the peer is newer, use one version of the program", what, p)
	default:
		return D(p - 1)
	}
	return 0
}

func (r *reader) address(what, s string) (a deploy.Address) {
	if err := a.UnmarshalText([]byte(s)); err != nil {
		r.fail("%s: %v", what, err)
	}
	return a
}

func clusterIDTo(c deploy.ClusterID) []byte {
	if c.IsZero() {
		return nil
	}
	return c[:]
}

func (r *reader) clusterID(b []byte) (c deploy.ClusterID) {
	if len(b) != 0 && len(b) != len(c) {
		r.fail("cluster id has %d bytes; it has %d", len(b), len(c))
		return c
	}
	copy(c[:], b)
	return c
}

func timeTo(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

func (r *reader) time(what string, p *timestamppb.Timestamp) time.Time {
	if p == nil {
		return time.Time{}
	}
	if err := p.CheckValid(); err != nil {
		r.fail("%s: %v", what, err)
		return time.Time{}
	}
	return p.AsTime()
}

func durationTo(d time.Duration) *durationpb.Duration {
	if d == 0 {
		return nil
	}
	return durationpb.New(d)
}

func (r *reader) duration(what string, p *durationpb.Duration) time.Duration {
	if p == nil {
		return 0
	}
	if err := p.CheckValid(); err != nil {
		r.fail("%s: %v", what, err)
		return 0
	}
	return p.AsDuration()
}

// text makes sure that what is meant for people can be sent: the words of a program or of the operating system may be in any encoding.
func text(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, string(utf8.RuneError))
}

// list converts each element; no elements are nil.
func list[A, B any](from []A, convert func(A) B) []B {
	if len(from) == 0 {
		return nil
	}
	to := make([]B, len(from))
	for i := range from {
		to[i] = convert(from[i])
	}
	return to
}

// texts converts lists of ids, which are strings of different types.
func texts[B, A ~string](from []A) []B {
	return list(from, func(a A) B { return B(a) })
}

// orNil keeps zero values off the wire.
func orNil[D comparable, P any](d D, convert func(D) *P) *P {
	var zero D
	if d == zero {
		return nil
	}
	return convert(d)
}
