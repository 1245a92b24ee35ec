package schedulertest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// The queues of the synthetic traces: prod has twice the weight of each of the others.
func traceQueues() []deploy.Queue {
	return []deploy.Queue{{Name: "prod", Weight: 2}, {Name: "adhoc", Weight: 1}, {Name: "batch", Weight: 1}}
}

// ManySmall is some 900 applications of few small executors in two hours on 40 workers. Every half hour batch hands in 60 at once.
func ManySmall(seed uint64) Trace {
	g := newGenerator("many small", seed, 0x736d)
	g.trace.Machines = []Machine{{Count: 40, Capacity: deploy.Resources{Cores: 16, MemoryMiB: 64 << 10}}}
	g.arrive(660, 2*time.Hour, func(a *App) {
		a.Place.Queue = []string{"prod", "adhoc", "prod", "batch"}[g.IntN(4)]
		g.small(a)
	})
	for burst := range 4 {
		for range 60 {
			a := g.app(time.Duration(burst) * 30 * time.Minute)
			a.Place.Queue = "batch"
			g.small(&a)
			g.trace.Apps = append(g.trace.Apps, a)
		}
	}
	return g.trace
}

// FewLarge is 24 applications that want whole workers, each for half an hour or so, among a steady stream of small ones on 20 workers.
func FewLarge(seed uint64) Trace {
	g := newGenerator("few large", seed, 0x6c67)
	g.trace.Machines = []Machine{{Count: 20, Capacity: deploy.Resources{Cores: 32, MemoryMiB: 128 << 10}}}
	g.arrive(420, 4*time.Hour, func(a *App) {
		a.Place.Queue = []string{"adhoc", "batch"}[g.IntN(2)]
		g.small(a)
		a.Run *= 2
	})
	g.arrive(24, 3*time.Hour, func(a *App) {
		a.Place.Queue = "prod"
		a.Units = 1 + g.Int32N(3)
		a.Need = scheduler.Need{Cores: 24 + 8*g.Int32N(2), MemoryMiB: 96 << 10}
		a.Run = g.around(30 * time.Minute)
	})
	return g.trace
}

// MixedGangs is gangs of 4 to 16 executors, a third of them half as large but with gpus, among elastic and small applications on 32 workers of two kinds, of which some
// go away for a while.
func MixedGangs(seed uint64) Trace {
	g := newGenerator("mixed with gangs", seed, 0x676e)
	g.trace.Machines = []Machine{
		{Count: 24, Capacity: deploy.Resources{Cores: 16, MemoryMiB: 64 << 10}},
		{Count: 8, Capacity: deploy.Resources{Cores: 32, MemoryMiB: 128 << 10, Custom: []deploy.Amount{{Name: "gpu", Count: 4}}}},
	}
	g.arrive(300, 4*time.Hour, func(a *App) {
		a.Place.Queue = []string{"adhoc", "batch"}[g.IntN(2)]
		g.small(a)
	})
	g.arrive(56, 4*time.Hour, func(a *App) {
		a.Place.Queue = "prod"
		a.Gang, a.Units = true, 4+g.Int32N(13)
		a.Need = scheduler.Need{Cores: 4, MemoryMiB: 8 << 10}
		if g.IntN(3) == 0 {
			a.Need.Custom = []deploy.Amount{{Name: "gpu", Count: 1}}
			a.Units = (a.Units + 1) / 2
		}
		a.Run = g.around(12 * time.Minute)
	})
	g.arrive(16, 3*time.Hour, func(a *App) {
		a.Place.Queue = "batch"
		a.Units, a.Need = deploy.NoLimit, scheduler.Need{Cores: 2, MemoryMiB: 4 << 10}
		a.Work = time.Duration(20+g.IntN(60)) * time.Hour
	})
	for i := range 4 {
		g.trace.Outages = append(g.trace.Outages, Outage{Worker: g.IntN(32), At: time.Duration(1+i) * 40 * time.Minute, For: g.around(15 * time.Minute)})
	}
	return g.trace
}

// generator draws a trace.
type generator struct {
	*rand.Rand
	trace Trace
}

func newGenerator(name string, seed, stream uint64) *generator {
	return &generator{rand.New(rand.NewPCG(seed, stream)), Trace{Name: name, Queues: traceQueues(), Starve: 45 * time.Minute}}
}

func (g *generator) app(at time.Duration) App {
	return App{Name: fmt.Sprintf("app-%04d", len(g.trace.Apps)), At: at}
}

// arrive draws applications at times without memory: about n in so long.
func (g *generator) arrive(n int, within time.Duration, draw func(*App)) {
	at := time.Duration(0)
	for range n {
		at += time.Duration(g.ExpFloat64() * float64(within) / float64(n)).Round(time.Second)
		a := g.app(at)
		draw(&a)
		g.trace.Apps = append(g.trace.Apps, a)
	}
}

// small gives an application a few executors of 1 or 2 cores for some minutes.
func (g *generator) small(a *App) {
	a.Units = 1 + g.Int32N(16)
	a.Need = scheduler.Need{Cores: 1 + g.Int32N(2), MemoryMiB: 1024 << g.IntN(4)}
	a.Run = g.around(5 * time.Minute)
}

// around draws a time with a tail: half are below, few are up to four times as long.
func (g *generator) around(median time.Duration) time.Duration {
	return time.Duration(float64(median) * math.Exp(min(0.7*g.NormFloat64(), math.Log(4)))).Round(time.Second)
}
