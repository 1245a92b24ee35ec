package scheduler

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// plainSet is what a tree must behave like.
type plainSet struct {
	keys   []key
	values map[key]uint64
}

func (p *plainSet) find(k key) (int, bool) {
	return slices.BinarySearchFunc(p.keys, k, func(a, b key) int {
		switch {
		case a.less(b):
			return -1
		case a == b:
			return 0
		}
		return 1
	})
}

func TestTreeBehavesLikeASortedList(t *testing.T) {
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 1))
		bits := seed%2 == 1
		f := &forest{}
		tr := newTree(f, bits)
		p := plainSet{values: map[key]uint64{}}
		span := []uint64{50, 600, 5_000}[seed%3]
		for step := range 12_000 {
			k := key{r.Uint64N(4), r.Uint64N(span)}
			i, found := p.find(k)
			grows := step%6_000 < 3_000
			switch {
			case !found && (grows || r.IntN(4) == 0):
				v := r.Uint64N(64)
				if bits {
					v = 1 << v
				}
				tr.insert(k, v)
				p.keys = slices.Insert(p.keys, i, k)
				p.values[k] = v
			case found && (!grows || r.IntN(4) == 0):
				if !tr.remove(k) {
					t.Fatalf("seed %d step %d: %v is not there", seed, step, k)
				}
				p.keys = slices.Delete(p.keys, i, i+1)
			case !found && tr.remove(k):
				t.Fatalf("seed %d step %d: %v was never put in", seed, step, k)
			}
			if step%37 == 0 {
				compareTree(t, &tr, &p, key{r.Uint64N(5), r.Uint64N(span)}, r.Uint64N(70), bits)
			}
		}
		n := len(f.nodes)
		tr.drop()
		if len(f.free) != n {
			t.Fatalf("seed %d: %d of %d nodes came back", seed, len(f.free), n)
		}
	}
}

func compareTree(t *testing.T, tr *tree, p *plainSet, k key, want uint64, bits bool) {
	t.Helper()
	if bits {
		want = 1 << (want % 64)
	}
	passes := func(v uint64) bool {
		if bits {
			return v&want != 0
		}
		return v >= want
	}
	i, found := p.find(k)
	if got := tr.rank(k); got != i || tr.n != len(p.keys) {
		t.Fatalf("rank %v: got %d of %d, want %d of %d", k, got, tr.n, i, len(p.keys))
	}
	if i < len(p.keys) && tr.at(i) != p.keys[i] {
		t.Fatalf("at %d: got %v, want %v", i, tr.at(i), p.keys[i])
	}
	after := i
	if found {
		after++
	}
	wantKey, wantOK, top := key{}, false, uint64(0)
	for _, c := range p.keys[after:] {
		if passes(p.values[c]) {
			wantKey, wantOK = c, true
			break
		}
	}
	if got, ok := tr.next(k, want); got != wantKey || ok != wantOK {
		t.Fatalf("next %v: got %v %v, want %v %v", k, got, ok, wantKey, wantOK)
	}
	wantKey, wantOK = key{}, false
	for _, c := range p.keys[:i] {
		if passes(p.values[c]) {
			wantKey, wantOK = c, true
		}
	}
	if got, ok := tr.prev(k, want); got != wantKey || ok != wantOK {
		t.Fatalf("prev %v: got %v %v, want %v %v", k, got, ok, wantKey, wantOK)
	}
	for _, c := range p.keys[i:] {
		top = max(top, p.values[c])
	}
	if got := tr.greatest(k); !bits && got != top {
		t.Fatalf("greatest from %v: got %d, want %d", k, got, top)
	}
}

func BenchmarkTreeMove(b *testing.B) {
	for _, n := range []int{1_000, 100_000} {
		b.Run(sizeName(n), func(b *testing.B) {
			b.ReportAllocs()
			r := rand.New(rand.NewPCG(1, 2))
			tr := newTree(&forest{}, false)
			now := make([]uint64, n)
			for i := range now {
				now[i] = r.Uint64N(64)
				tr.insert(key{now[i]<<32 | uint64(i)>>16, uint64(i)}, r.Uint64N(1<<18))
			}
			for b.Loop() {
				i := r.IntN(n)
				tr.remove(key{now[i]<<32 | uint64(i)>>16, uint64(i)})
				now[i] = r.Uint64N(64)
				tr.insert(key{now[i]<<32 | uint64(i)>>16, uint64(i)}, r.Uint64N(1<<18))
			}
		})
	}
}
