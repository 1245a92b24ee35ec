package wire

import "google.golang.org/protobuf/encoding/protowire"

// cursor walks over the fields of a message. After bad nothing it says counts.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) more() bool { return len(c.b) > 0 && !c.bad }

// tag reads the head of a field.
func (c *cursor) tag() (protowire.Number, protowire.Type) {
	num, typ, n := protowire.ConsumeTag(c.b)
	c.take(n)
	return num, typ
}

// field reads a field and gives its body if it has a length, else nil.
func (c *cursor) field() (protowire.Number, []byte) {
	num, typ := c.tag()
	if c.bad {
		return 0, nil
	}
	if typ == protowire.BytesType {
		return num, c.bytes()
	}
	c.take(protowire.ConsumeFieldValue(num, typ, c.b))
	c.bad = true // no field of a frame has another type
	return num, nil
}

func (c *cursor) varint() uint64 {
	v, n := protowire.ConsumeVarint(c.b)
	c.take(n)
	return v
}

func (c *cursor) bytes() []byte {
	v, n := protowire.ConsumeBytes(c.b)
	c.take(n)
	return v
}

func (c *cursor) take(n int) {
	if n < 0 {
		c.bad = true
		return
	}
	c.b = c.b[n:]
}

// open begins a message of unknown length with room for a length of one byte. Mark is where its content begins.
func open(b []byte, num protowire.Number) (out []byte, mark int) {
	b = append(protowire.AppendTag(b, num, protowire.BytesType), 0)
	return b, len(b)
}

// closeAt writes the length of what was appended since mark, and moves it if the length needs more than the one byte.
func closeAt(b []byte, mark int) []byte {
	n := len(b) - mark
	if n < 0x80 {
		b[mark-1] = byte(n)
		return b
	}
	extra := protowire.SizeVarint(uint64(n)) - 1
	b = append(b, make([]byte, extra)...)
	copy(b[mark+extra:], b[mark:mark+n])
	protowire.AppendVarint(b[:mark-1], uint64(n))
	return b
}

func appendUint(b []byte, num protowire.Number, v uint64) []byte {
	if v == 0 {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), v)
}

func appendText[S ~string](b []byte, num protowire.Number, s S) []byte {
	if s == "" {
		return b
	}
	return protowire.AppendString(protowire.AppendTag(b, num, protowire.BytesType), string(s))
}

func appendBytes(b []byte, num protowire.Number, v []byte) []byte {
	if len(v) == 0 {
		return b
	}
	return protowire.AppendBytes(protowire.AppendTag(b, num, protowire.BytesType), v)
}
