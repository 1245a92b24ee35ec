package sim

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	seeds = flag.Int("sim.seeds", 50, "how many seeds TestSeeds lives through")
	first = flag.Uint64("sim.first", 1, "the first of them")
	only  = flag.Uint64("sim.seed", 0, "live through this seed alone; with -v everything that happens is told")
	hunt  = flag.Bool("sim.hunt", false, "stop at the first seed that breaks a promise, and judge no counters")
)

// enough is how many seeds reach everything that must be reached sometimes.
const enough = 50

// TestSeeds: no promise is broken, whatever goes wrong, and everything that can go wrong does.
func TestSeeds(t *testing.T) {
	if *only != 0 {
		tell := func(string) {}
		if testing.Verbose() {
			tell = func(line string) { fmt.Fprintln(os.Stdout, line) } // as it happens, and without a file and line before each
		}
		if r := Run(*only, tell); r.Err != nil {
			t.Fatal(r.Story())
		}
		return
	}
	began := time.Now()
	all, sum := runSeeds(*first, *seeds), Counts{}
	steps, virtual, bad := 0, time.Duration(0), 0
	for _, r := range all {
		sum.Add(r.Counts)
		steps, virtual = steps+r.Steps, virtual+r.Virtual
		if r.Err == nil {
			continue
		}
		if bad++; bad <= 3 {
			t.Error(r.Story())
		} else {
			t.Errorf("seed %d: %v", r.Seed, r.Err)
		}
	}
	took := time.Since(began)
	t.Logf("%d seeds, %d steps, %s of virtual time in %s, %d failed", len(all), steps, virtual.Round(time.Second), took.Round(time.Millisecond), bad)
	for _, what := range sortedKeys(sum) {
		t.Logf("%9d %s", sum[what], what)
	}
	if *hunt || *seeds < enough {
		return
	}
	for _, what := range Sometimes() {
		if sum[what] == 0 {
			t.Errorf("in %d seeds there was no %q: the profile does not reach it any more", len(all), what)
		}
	}
}

func sortedKeys(c Counts) (keys []string) {
	for k := range c {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// runSeeds lives through n seeds, two at a time, and gives the results in order.
func runSeeds(first uint64, n int) []*Result {
	results := make([]*Result, n)
	next, mu, wg := 0, sync.Mutex{}, sync.WaitGroup{}
	take := func() int {
		mu.Lock()
		defer mu.Unlock()
		next++
		return next - 1
	}
	stop := func() {
		mu.Lock()
		defer mu.Unlock()
		next = n
	}
	for range 2 {
		wg.Go(func() {
			for i := take(); i < n; i = take() {
				results[i] = Run(first+uint64(i), nil)
				if results[i].Err != nil && *hunt {
					stop()
				}
			}
		})
	}
	wg.Wait()
	return slices.DeleteFunc(results, func(r *Result) bool { return r == nil })
}

// TestReplay: a seed is one story, whoever tells it and how often.
func TestReplay(t *testing.T) {
	for seed := uint64(1000); seed < 1004; seed++ {
		a, b := Run(seed, nil), Run(seed, func(string) {})
		if a.Hash != b.Hash || a.Steps != b.Steps {
			t.Errorf("seed %d: %d steps with hash %016x, then %d with %016x", seed, a.Steps, a.Hash, b.Steps, b.Hash)
		}
	}
	if a, b := Run(1000, nil), Run(1001, nil); a.Hash == b.Hash {
		t.Error("two seeds tell one story")
	}
}

// TestGoldenSeeds lives through the seeds that once found a mistake.
func TestGoldenSeeds(t *testing.T) {
	f, err := os.Open("testdata/seeds.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, ran := bufio.NewScanner(f), 0
	for lines.Scan() {
		word, why, _ := strings.Cut(strings.TrimSpace(lines.Text()), " ")
		if word == "" || strings.HasPrefix(word, "#") {
			continue
		}
		seed, err := strconv.ParseUint(word, 10, 64)
		if err != nil || why == "" {
			t.Fatalf("seeds.txt: %q: write a seed and what it found", lines.Text())
		}
		ran++
		if r := Run(seed, nil); r.Err != nil {
			t.Errorf("once found: %s\n%s", why, r.Story())
		}
	}
	if lines.Err() != nil || ran == 0 {
		t.Errorf("%d golden seeds: %v", ran, lines.Err())
	}
}

func BenchmarkSeed(b *testing.B) {
	b.ReportAllocs()
	steps, seed := 0, uint64(1)
	for b.Loop() {
		r := Run(seed, nil)
		steps += r.Steps
		seed = seed%20 + 1
	}
	b.ReportMetric(float64(steps)/b.Elapsed().Seconds(), "steps/s")
}
