package wire

import (
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// cursor reads a message as this package writes it: fields in order, each of its type and, unless lists has its bit, once. Anything else makes it
// bad: it may still be right, and the protobuf library decides.
type cursor struct {
	b     []byte
	at    int    // an index, because moving a slice costs the garbage collector a write barrier
	lists uint64 // bit n: field n may come again
	num   protowire.Number
	typ   protowire.Type
	bad   bool
}

// next goes to the next field.
func (c *cursor) next() bool {
	if c.at >= len(c.b) || c.bad {
		return false
	}
	tag := c.varint()
	num := protowire.Number(tag >> 3)
	if c.bad || tag < 8 || tag >= 64<<3 || num < c.num || (num == c.num && c.lists&(1<<num) == 0) {
		c.bad = true
		return false
	}
	c.num, c.typ = num, protowire.Type(tag&7)
	return true
}

func (c *cursor) uint() uint64 {
	if c.typ != protowire.VarintType {
		c.bad = true
		return 0
	}
	return c.varint()
}

func (c *cursor) varint() uint64 {
	if c.at < len(c.b) && c.b[c.at] < 0x80 {
		c.at++
		return uint64(c.b[c.at-1])
	}
	v, n := protowire.ConsumeVarint(c.b[c.at:])
	if n < 0 {
		c.bad = true
		return 0
	}
	c.at += n
	return v
}

func (c *cursor) bool() bool { return c.uint() != 0 }

func (c *cursor) bytes() []byte {
	n := c.varint()
	if c.bad || c.typ != protowire.BytesType || n > uint64(len(c.b)-c.at) {
		c.bad = true
		return nil
	}
	c.at += int(n)
	return c.b[c.at-int(n) : c.at]
}

// part gives bytes that alias the frame and that nobody can append to.
func (c *cursor) part() []byte {
	b := c.bytes()
	if len(b) == 0 {
		return nil
	}
	return b[:len(b):len(b)]
}

// string gives a text that does not come again.
func (c *cursor) string() string {
	b := c.bytes()
	c.bad = c.bad || !utf8.Valid(b)
	return string(b)
}

// name gives a text that may come again and again.
func (c *cursor) name(n *names) string {
	s, ok := n.of(c.bytes())
	c.bad = c.bad || !ok
	return s
}

// state reads an enum whose last value is given; nothing and what is unknown is bad.
func (c *cursor) state(last uint64) uint8 {
	v := c.uint()
	if v == 0 || v > last+1 {
		c.bad = true
		return 0
	}
	return uint8(v - 1)
}

// count gives how many entries a message has that is one list of messages in field 1.
func (c *cursor) count() (n int) {
	rest := cursor{b: c.b, at: c.at, typ: protowire.BytesType}
	for ; rest.at < len(rest.b) && !rest.bad; n++ {
		if rest.b[rest.at] != 1<<3|byte(protowire.BytesType) {
			return n
		}
		rest.at++
		rest.bytes()
	}
	return n
}
