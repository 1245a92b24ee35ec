package sim

import (
	"fmt"
	"slices"
	"time"

	"github.com/musterproject/muster/pkg/rpc"
)

// kept is how many of the last events a failing seed tells.
const kept = 400

// happening is one line of the story.
type happening struct {
	at   time.Duration
	node string
	what string
	a, b uint64
	said []rpc.Item
}

func (h happening) String() string {
	s := fmt.Sprintf("%12s %-4s %s %d %d", h.at, h.node, h.what, h.a, h.b)
	for _, it := range h.said {
		s += fmt.Sprintf("\n%18s %d/%d/%d %T%+v", "", it.Stamp.Epoch, it.Stamp.Session, it.Stamp.Seq, it.Msg, it.Msg)
	}
	return s
}

// tracer hashes every happening, so that two runs of a seed can be compared, and keeps the last ones.
type tracer struct {
	hash uint64
	ring []happening
	next int
	tell func(happening) // of a seed that is looked at
}

func (w *World) trace(n *node, what string, a, b uint64) {
	t := &w.tracer
	h := t.hash ^ uint64(w.now)
	for _, c := range []byte(what) {
		h = (h ^ uint64(c)) * 0x100000001b3
	}
	for _, v := range [...]uint64{uint64(n.index), a, b} {
		h = (h ^ v) * 0x9e3779b97f4a7c15
		h ^= h >> 29
	}
	t.hash = h
	line := happening{at: w.now, node: n.name, what: what, a: a, b: b}
	if t.tell != nil {
		t.tell(line)
	}
	if len(t.ring) < kept {
		t.ring = append(t.ring, line)
		return
	}
	t.ring[t.next] = line
	t.next = (t.next + 1) % kept
}

// note keeps what the newest happening said, for people.
func (w *World) note(items []rpc.Item) {
	t := &w.tracer
	if len(t.ring) == 0 {
		return
	}
	newest := (t.next + len(t.ring) - 1) % len(t.ring)
	t.ring[newest].said = items
	if t.tell != nil {
		t.tell(happening{at: w.now, what: "saying", said: items})
	}
}

// last gives the last happenings in order.
func (t *tracer) last() []happening {
	return slices.Concat(t.ring[t.next:], t.ring[:t.next])
}

// explain tells what went on inside a node of a seed that is looked at.
func (w *World) explain(n *node, format string, args ...any) {
	if t := &w.tracer; t.tell != nil {
		t.tell(happening{at: w.now, node: n.name, what: fmt.Sprintf(format, args...)})
	}
}
