package wire

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
	pb "github.com/musterproject/muster/pkg/rpc/wire/muster/v1"
)

// Fields of a Frame and of an Item.
const (
	frameItems protowire.Number = 1
	frameHello protowire.Number = 2
	frameBye   protowire.Number = 3
	itemStamp  protowire.Number = 1
	itemRe     protowire.Number = 2
)

// Frame is what one message of a session's stream holds: items, or a hello, or a goodbye (after the items of its frame).
type Frame struct {
	Items []rpc.Item
	Hello *deploy.Hello
	Bye   *Bye
}

// Bye is a side's last word.
type Bye struct{ Reason string }

// AppendItem appends it as one entry of a Frame: what is appended for several items, one after the other, is a frame of them all.
// On an error b is returned as it was: ErrInvalid for a message that cannot be written, ErrTooLarge for one of more than MaxElements.
func AppendItem(b []byte, it *rpc.Item) ([]byte, error) {
	start := len(b)
	a := appender{b: b}
	mark := a.open(frameItems)
	a.head(it)
	a.hot(it.Msg)
	if a.bad { // uncommon, or faulty
		p, err := ItemToProto(*it)
		if err != nil {
			return a.b[:start], err
		}
		if a.b, err = (proto.MarshalOptions{Deterministic: true}).MarshalAppend(a.b[:mark], p); err != nil {
			return a.b[:start], fmt.Errorf("%s: %w", messageName(p), asFault(err))
		}
	}
	if err := CheckElements(a.b[mark:], itemDescriptor()); err != nil {
		return a.b[:start], fmt.Errorf("%T: %w", it.Msg, err)
	}
	a.close(mark)
	return a.b, nil
}

func itemDescriptor() protoreflect.MessageDescriptor {
	return (*pb.Item)(nil).ProtoReflect().Descriptor()
}

// AppendHello appends a hello, which is a frame of its own.
func AppendHello(b []byte, h deploy.Hello) ([]byte, error) {
	return appendPart(b, frameHello, HelloToProto(h))
}

// AppendBye appends a goodbye, alone or behind the last items.
func AppendBye(b []byte, reason string) ([]byte, error) {
	return appendPart(b, frameBye, &pb.Bye{Reason: text(reason)})
}

func appendPart(b []byte, field protowire.Number, p proto.Message) ([]byte, error) {
	a := appender{b: b}
	mark := a.open(field)
	out, err := proto.MarshalOptions{Deterministic: true}.MarshalAppend(a.b, p)
	if err != nil {
		return b, fmt.Errorf("%s: %w", p.ProtoReflect().Descriptor().Name(), asFault(err))
	}
	a.b = out
	a.close(mark)
	return a.b, nil
}

// Decoder reads the frames of one session. The zero value is ready; it is not safe for concurrent use.
type Decoder struct {
	names    names
	elements int // of the present frame so far; small frames are not counted
}

// Frame reads a whole frame. Inputs and outputs of tasks alias b; everything else is copied.
func (d *Decoder) Frame(b []byte) (Frame, error) {
	var f Frame
	n, err := countItems(b)
	if err != nil {
		return f, err
	}
	if n > 0 {
		f.Items = make([]rpc.Item, 0, n)
	}
	d.elements = n
	for rest := b; len(rest) > 0; {
		var field protowire.Number
		var body []byte
		field, body, rest = cutPart(rest)
		switch field {
		case frameItems:
			it, err := d.item(body, len(b) >= proportions)
			if err != nil {
				return Frame{}, fmt.Errorf("item %d of a frame: %w", len(f.Items), err)
			}
			f.Items = append(f.Items, it)
		case frameHello:
			f.Hello, err = helloOf(body)
		case frameBye:
			f.Bye, err = byeOf(body)
		default:
			err = fmt.Errorf("frame: %w: field %d is not known to this build: the peer is newer, use one version of the program", deploy.ErrInvalid, field)
		}
		if err != nil {
			return Frame{}, err
		}
	}
	return f, nil
}

// cutPart takes one field off a frame. Fields of another kind than a message, and malformed ones, are number 0.
func cutPart(b []byte) (field protowire.Number, body, rest []byte) {
	field, typ, n := protowire.ConsumeTag(b)
	if n < 0 || typ != protowire.BytesType {
		return 0, nil, nil
	}
	body, size := protowire.ConsumeBytes(b[n:])
	if size < 0 {
		return 0, nil, nil
	}
	return field, body, b[n+size:]
}

// countItems walks over a frame, so that memory is taken for what is there and for no more than MaxElements.
func countItems(b []byte) (n int, err error) {
	for rest := b; len(rest) > 0; {
		var field protowire.Number
		field, _, rest = cutPart(rest)
		if field == 0 {
			return 0, fmt.Errorf("frame of %d bytes: %w: it is not a protobuf message of muster.v1.Frame", len(b), deploy.ErrInvalid)
		}
		if field == frameItems {
			n++
		}
		if n > MaxElements {
			return 0, fmt.Errorf("frame with more than %d items: %w", MaxElements, deploy.ErrTooLarge)
		}
	}
	return n, nil
}

// item reads one; in a large frame it counts what unfolds.
func (d *Decoder) item(b []byte, large bool) (rpc.Item, error) {
	it, kind, body, plain := split(b)
	if countsItself := plain && (kind == hotRunTasks || kind == hotTaskResults); large && !countsItself {
		d.elements = countElements(b, itemDescriptor(), d.elements)
	}
	if plain && d.elements <= MaxElements {
		if it.Msg = d.hotMessage(kind, body); it.Msg != nil {
			return it, nil
		}
	}
	if d.elements > MaxElements {
		return rpc.Item{}, tooMany()
	}
	var p pb.Item
	if err := Unmarshal(b, &p); err != nil {
		return rpc.Item{}, err
	}
	return ItemFromProto(&p)
}

func helloOf(b []byte) (*deploy.Hello, error) {
	var p pb.Hello
	if err := Unmarshal(b, &p); err != nil {
		return nil, err
	}
	h, err := HelloFromProto(&p)
	if err != nil {
		return nil, fmt.Errorf("hello: %w", err)
	}
	return &h, nil
}

func byeOf(b []byte) (*Bye, error) {
	var p pb.Bye
	if err := Unmarshal(b, &p); err != nil {
		return nil, err
	}
	return &Bye{Reason: p.GetReason()}, nil
}
