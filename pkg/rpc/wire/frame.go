package wire

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

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
	b, mark := open(b, frameItems)
	b = appendItemHead(b, it)
	if out, done := appendHot(b, it.Msg); done {
		out = closeAt(out, mark)
		if n := elements(it.Msg); n > MaxElements {
			return b[:start], fmt.Errorf("%T with %d entries: %w: one message has at most %d, send it in parts", it.Msg, n, deploy.ErrTooLarge, MaxElements)
		}
		return out, nil
	}
	p, err := ItemToProto(*it)
	if err != nil {
		return b[:start], err
	}
	out, err := proto.MarshalOptions{Deterministic: true}.MarshalAppend(b[:mark], p)
	if err == nil {
		err = CheckElements(out[mark:], p.ProtoReflect().Descriptor())
	}
	if err != nil {
		return b[:start], fmt.Errorf("%s: %w", messageName(p), asFault(err))
	}
	return closeAt(out, mark), nil
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
	start := len(b)
	b, mark := open(b, field)
	out, err := proto.MarshalOptions{Deterministic: true}.MarshalAppend(b, p)
	if err != nil {
		return b[:start], fmt.Errorf("%s: %w", p.ProtoReflect().Descriptor().Name(), asFault(err))
	}
	return closeAt(out, mark), nil
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
	for c := (cursor{b: b}); c.more(); {
		field, body := c.field()
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

// countItems walks over a frame, so that memory is taken for what is there and for no more than MaxElements.
func countItems(b []byte) (int, error) {
	n, c := 0, cursor{b: b}
	for c.more() {
		if field, _ := c.field(); field == frameItems {
			n++
		}
	}
	switch {
	case c.bad:
		return 0, fmt.Errorf("frame of %d bytes: %w: it is not a protobuf message of muster.v1.Frame", len(b), deploy.ErrInvalid)
	case n > MaxElements:
		return 0, fmt.Errorf("frame with %d items: %w: one has at most %d", n, deploy.ErrTooLarge, MaxElements)
	}
	return n, nil
}

// item reads one; in a large frame it counts what unfolds.
func (d *Decoder) item(b []byte, large bool) (rpc.Item, error) {
	if it, ok := d.hotItem(b); ok {
		return it, nil
	}
	var p pb.Item
	if large {
		if d.elements = countElements(b, p.ProtoReflect().Descriptor(), d.elements); d.elements > MaxElements {
			return rpc.Item{}, tooMany()
		}
	}
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
