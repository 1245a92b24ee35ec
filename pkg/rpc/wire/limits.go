package wire

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/musterproject/muster/pkg/deploy"
)

// MaxElements is how many list entries and nested messages one message, and how many items one frame may hold. Two bytes of the wire may stand for
// some hundred bytes of memory: without it a message of the permitted size could fill the machine.
const MaxElements = 1 << 17

const (
	maxNesting  = 32      // of messages; the deepest of muster.v1 has 7
	proportions = 1 << 16 // bytes; what is smaller cannot hold too much
)

// Unmarshal reads a message of muster.v1 within the limits. Errors wrap ErrInvalid or ErrTooLarge.
func Unmarshal(b []byte, p proto.Message) error {
	d := p.ProtoReflect().Descriptor()
	if err := CheckElements(b, d); err != nil {
		return fmt.Errorf("%s: %w", d.Name(), err)
	}
	if err := (proto.UnmarshalOptions{RecursionLimit: maxNesting}).Unmarshal(b, p); err != nil {
		return fmt.Errorf("%s of %d bytes: %w", d.Name(), len(b), asFault(err))
	}
	return nil
}

// asFault gives an error of the protobuf library an identity.
func asFault(err error) error {
	if errors.Is(err, deploy.ErrTooLarge) || errors.Is(err, deploy.ErrInvalid) {
		return err
	}
	return fmt.Errorf("%w: %w", deploy.ErrInvalid, err)
}

// CheckElements refuses bytes that would unfold into more than MaxElements; it looks at nothing else.
func CheckElements(b []byte, d protoreflect.MessageDescriptor) error {
	if len(b) < proportions {
		return nil
	}
	if n := countElements(b, d, 0); n > MaxElements {
		return tooMany()
	}
	return nil
}

func tooMany() error {
	return fmt.Errorf("more than %d entries: %w: send it in parts", MaxElements, deploy.ErrTooLarge)
}

// countElements stops soon after the limit. Malformed bytes end the count; the real reader refuses them.
func countElements(b []byte, d protoreflect.MessageDescriptor, n int) int {
	for len(b) > 0 && n <= MaxElements {
		num, typ, size := protowire.ConsumeTag(b)
		if size < 0 {
			return n
		}
		b = b[size:]
		value := protowire.ConsumeFieldValue(num, typ, b)
		if value < 0 {
			return n
		}
		field := d.Fields().ByNumber(num)
		switch body, size := protowire.ConsumeBytes(b); {
		case field == nil || size < 0 || typ != protowire.BytesType:
			n++
		case field.Message() != nil:
			n = countElements(body, field.Message(), n+1)
		case field.IsPacked():
			n += entries(body)
		default:
			n++
		}
		b = b[value:]
	}
	return n
}

// entries counts the varints of a packed list by their last bytes.
func entries(packed []byte) (n int) {
	for _, c := range packed {
		if c < 0x80 {
			n++
		}
	}
	return n
}
