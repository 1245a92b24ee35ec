package wire

import (
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// appender writes fields the way the protobuf library does: in order, zero values left out. After bad what it has written does not count.
type appender struct {
	b   []byte
	bad bool
}

// open begins a message of unknown length with room for a length of one byte. Mark is where its content begins.
func (a *appender) open(num protowire.Number) (mark int) {
	a.b = append(protowire.AppendTag(a.b, num, protowire.BytesType), 0)
	return len(a.b)
}

// close writes the length of what was appended since mark, and moves it if the length needs more than the one byte.
func (a *appender) close(mark int) {
	n := len(a.b) - mark
	if n < 0x80 {
		a.b[mark-1] = byte(n)
		return
	}
	var zeros [10]byte
	extra := protowire.SizeVarint(uint64(n)) - 1
	a.b = append(a.b, zeros[:extra]...)
	copy(a.b[mark+extra:], a.b[mark:mark+n])
	protowire.AppendVarint(a.b[:mark-1], uint64(n))
}

func (a *appender) uint(num protowire.Number, v uint64) {
	if v != 0 {
		a.b = protowire.AppendVarint(protowire.AppendTag(a.b, num, protowire.VarintType), v)
	}
}

func (a *appender) int(num protowire.Number, v int64) { a.uint(num, uint64(v)) }

func (a *appender) bool(num protowire.Number, v bool) {
	if v {
		a.uint(num, 1)
	}
}

func (a *appender) string(num protowire.Number, s string) {
	if s != "" {
		a.entry(num, s)
	}
}

// entry appends one of a list of strings, which may be empty.
func (a *appender) entry(num protowire.Number, s string) {
	a.bad = a.bad || !utf8.ValidString(s)
	a.b = protowire.AppendString(protowire.AppendTag(a.b, num, protowire.BytesType), s)
}

func (a *appender) bytes(num protowire.Number, v []byte) {
	if len(v) != 0 {
		a.b = protowire.AppendBytes(protowire.AppendTag(a.b, num, protowire.BytesType), v)
	}
}

// packed appends a list of numbers.
func (a *appender) packed(num protowire.Number, list []uint64) {
	if len(list) == 0 {
		return
	}
	mark := a.open(num)
	for _, v := range list {
		a.b = protowire.AppendVarint(a.b, v)
	}
	a.close(mark)
}
