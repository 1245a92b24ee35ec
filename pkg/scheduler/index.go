package scheduler

import (
	"math"
	"math/bits"
)

// index finds workers by what they have: in order of cores, of memory and of id. The first stands always, the others once they are asked for.
type index struct {
	cores  *shelf // by (cores, label), values are memory
	memory tree   // by (memory, label), values are cores
	names  tree   // by label, values are classes
}

// spot is what an index knows of a worker.
type spot struct {
	label  uint64 // orders workers as their ids do
	memory int64
	cores  int32
}

func keyOf(metric uint32, label uint64, ref uint32) key {
	return key{uint64(metric)<<32 | label>>32, label<<32 | uint64(ref)}
}

// below and above are the keys around all entries of a metric.
func below(metric uint32) key { return key{hi: uint64(metric) << 32} }

func above(metric uint32) key {
	return key{uint64(metric)<<32 | math.MaxUint32, math.MaxUint64}
}

// short gives memory as an order knows it.
func short(memory int64) uint32 { return uint32(min(memory, math.MaxUint32)) }

func newIndex(f *forest) index { return index{cores: newShelf(f)} }

func (x *index) drop() {
	x.cores.drop()
	x.memory.drop()
	x.names.drop()
	*x = index{}
}

func (x *index) add(ref uint32, s *spot) {
	x.cores.insert(keyOf(uint32(s.cores), s.label, ref), uint64(s.memory))
	if x.memory.f != nil {
		x.memory.insert(keyOf(short(s.memory), s.label, ref), uint64(s.cores))
	}
	if x.names.f != nil {
		x.names.insert(keyOf(0, s.label, ref), class(s.cores, s.memory))
	}
}

func (x *index) cut(ref uint32, s *spot) {
	x.cores.remove(keyOf(uint32(s.cores), s.label, ref))
	if x.memory.f != nil {
		x.memory.remove(keyOf(short(s.memory), s.label, ref))
	}
	if x.names.f != nil {
		x.names.remove(keyOf(0, s.label, ref))
	}
}

// move follows a worker from what it had to what it has.
func (x *index) move(ref uint32, was, is *spot) {
	x.cores.remove(keyOf(uint32(was.cores), was.label, ref))
	x.cores.insert(keyOf(uint32(is.cores), is.label, ref), uint64(is.memory))
	if x.memory.f != nil {
		x.memory.remove(keyOf(short(was.memory), was.label, ref))
		x.memory.insert(keyOf(short(is.memory), is.label, ref), uint64(is.cores))
	}
	if now := class(is.cores, is.memory); x.names.f != nil && now != class(was.cores, was.memory) {
		x.names.remove(keyOf(0, was.label, ref))
		x.names.insert(keyOf(0, is.label, ref), now)
	}
}

// fits tells whether any worker has so much of both.
func (x *index) fits(cores int32, memory int64) bool {
	k, ok := x.cores.prev(above(math.MaxUint32), uint64(memory))
	return ok && int32(k.hi>>32) >= cores
}

// next gives the next worker in the order that may have what n needs; only the two by memory, from 4 PiB on, and the one by id may err.
func (x *index) next(n *Need, by By, from key) (key, bool) {
	switch by {
	case ByCoresFreeAsc:
		if first := below(uint32(n.Cores)); from.less(first) {
			from = first
		}
		return x.cores.next(from, uint64(n.MemoryMiB))
	case ByMemoryFreeAsc:
		if first := below(short(n.MemoryMiB)); from.less(first) {
			from = first
		}
		return x.memory.next(from, uint64(n.Cores))
	case ByMemoryFreeDesc:
		k, ok := x.memory.prev(from, uint64(n.Cores))
		return k, ok && uint32(k.hi>>32) >= short(n.MemoryMiB)
	case ByWorkerID:
		return x.names.next(from, classes(n.Cores, n.MemoryMiB))
	default: // the others need nothing here
	}
	k, ok := x.cores.prev(from, uint64(n.MemoryMiB))
	return k, ok && int32(k.hi>>32) >= n.Cores
}

// from gives the key after which an order goes on behind a worker.
func (s *spot) from(by By, ref uint32) key {
	switch by {
	case ByMemoryFreeAsc, ByMemoryFreeDesc:
		return keyOf(short(s.memory), s.label, ref)
	case ByWorkerID:
		return keyOf(0, s.label, ref)
	default: // the others need nothing here
	}
	return keyOf(uint32(s.cores), s.label, ref)
}

// start gives the key before which nothing stands in an order.
func (b By) start() key {
	if b == ByCoresFreeDesc || b == ByMemoryFreeDesc {
		return above(math.MaxUint32)
	}
	return key{}
}

// grade puts cores into 8 classes by powers of two, memory by powers of four from 256 MiB to 1 TiB.
func grade(cores int32, memory int64) (c, m int) {
	return min(7, bits.Len32(uint32(cores))), min(7, (bits.Len64(uint64(memory)>>8)+1)/2)
}

// class gives one bit of 64 for the classes of a worker.
func class(cores int32, memory int64) uint64 {
	c, m := grade(cores, memory)
	return 1 << (8*c + m)
}

// classes gives the bits of all workers that may have so much of both.
func classes(cores int32, memory int64) uint64 {
	c, m := grade(cores, memory)
	row := uint64(0xff) << m & 0xff
	return row * 0x0101010101010101 & (math.MaxUint64 << (8 * c))
}
