package mastercore

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func FuzzStep(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(noise(seed, 100))
	}
	f.Fuzz(func(t *testing.T, in []byte) { newChaos(t, in).run() })
}

func noise(seed uint64, n int) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(r.Uint32())
	}
	return out
}

// TestManySeeds is FuzzStep over fixed noise.
func TestManySeeds(t *testing.T) {
	for seed := range uint64(150) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { newChaos(t, noise(seed, 1200)).run() })
	}
}
