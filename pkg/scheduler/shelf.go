package scheduler

import "math/bits"

// boxes is how many trees a shelf has. Numbers of cores from the last one on share it.
const boxes = 128

// shelf is a tree cut into one per number of cores: the trees are small, and the first that can serve is found by looking at their sums.
type shelf struct {
	n     int
	used  [boxes / 64]uint64 // bits of the trees that are not empty
	trees [boxes]tree
}

func newShelf(f *forest) *shelf {
	s := &shelf{}
	for i := range s.trees {
		s.trees[i] = newTree(f, false)
	}
	return s
}

func (s *shelf) drop() {
	for i := range s.trees {
		s.trees[i].drop()
	}
}

// box gives the tree that a key belongs to.
func box(k key) int { return int(min(k.hi>>32, boxes-1)) }

func (s *shelf) insert(k key, value uint64) {
	i := box(k)
	s.n++
	s.used[i/64] |= 1 << (i % 64)
	s.trees[i].insert(k, value)
}

func (s *shelf) remove(k key) {
	i := box(k)
	if !s.trees[i].remove(k) {
		return
	}
	s.n--
	if s.trees[i].n == 0 {
		s.used[i/64] &^= 1 << (i % 64)
	}
}

// next is as of a tree.
func (s *shelf) next(k key, want uint64) (key, bool) {
	i := box(k)
	if s.trees[i].top >= want {
		if found, ok := s.trees[i].next(k, want); ok {
			return found, true
		}
	}
	for i = s.up(i + 1); i < boxes; i = s.up(i + 1) {
		if s.trees[i].top >= want {
			return s.trees[i].next(key{}, want)
		}
	}
	return key{}, false
}

// prev is as of a tree.
func (s *shelf) prev(k key, want uint64) (key, bool) {
	i := box(k)
	if s.trees[i].top >= want {
		if found, ok := s.trees[i].prev(k, want); ok {
			return found, true
		}
	}
	for i = s.down(i - 1); i >= 0; i = s.down(i - 1) {
		if s.trees[i].top >= want {
			return s.trees[i].prev(k, want)
		}
	}
	return key{}, false
}

// up gives the first tree from i on that is not empty.
func (s *shelf) up(i int) int {
	for ; i < boxes; i = i&^63 + 64 {
		if word := s.used[i/64] >> (i % 64); word != 0 {
			return i + bits.TrailingZeros64(word)
		}
	}
	return boxes
}

// down gives the last tree up to i that is not empty.
func (s *shelf) down(i int) int {
	for ; i >= 0; i = i&^63 - 1 {
		if word := s.used[i/64] << (63 - i%64); word != 0 {
			return i - bits.LeadingZeros64(word)
		}
	}
	return -1
}

// rank counts the entries before k.
func (s *shelf) rank(k key) int {
	n := s.trees[box(k)].rank(k)
	for i := range box(k) {
		n += s.trees[i].n
	}
	return n
}

// greatest gives the greatest value of the entries from k on, 0 if there are none.
func (s *shelf) greatest(k key) uint64 {
	top := s.trees[box(k)].greatest(k)
	for i := s.up(box(k) + 1); i < boxes; i = s.up(i + 1) {
		top = max(top, s.trees[i].top)
	}
	return top
}
