package sim

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Profile is what may go wrong in one seed, and how often. It is drawn per seed: most seeds have some faults strongly and others not at all,
// which reaches more states than the same mixture every time.
type Profile struct {
	Faults time.Duration // length of the first phase

	DelayMin, DelayMax time.Duration // of a packet
	Tail               float64       // packets that take up to TailMax longer
	TailMax            time.Duration
	InOrder            bool    // frames of a session do not overtake each other
	Loss, Dup          float64 // of a frame
	Late               float64 // frames that are handled although their session was hung up
	OneSided           float64 // sessions whose end only one side hears of at first

	// Mean times between faults; 0 is never.
	Break, Partition, Unseat, CrashMaster, CrashWorker, CrashApp, Leave, Reconfigure, PauseMaster, PauseWorker, StoreOutage time.Duration

	Down, CutFor, PauseFor time.Duration // at most
	OneWay                 float64       // of the partitions
	StoreSlow              time.Duration // an access takes up to
	StoreFail, StoreLie    float64       // accesses that fail without, or in spite of, having been done
	Deaf                   float64       // deposed masters that do not hear of it for a while
	PlanLate               time.Duration // a plan takes up to
	PlanWrong              float64
	PlanForget             float64 // updates that the placer loses
	Prepare                time.Duration
	StartFail              float64
	Adopt                  float64       // workers whose launchers keep processes over a restart
	Skew                   time.Duration // clocks differ by up to
	Policy                 string
	Demand                 int // drawn load, 1 light to 3 more than fits
}

// drawProfile draws from the ranges that find most.
func drawProfile(r *rand.Rand) Profile {
	share := func(off, most float64) float64 {
		if r.Float64() < off {
			return 0
		}
		return r.Float64() * most
	}
	length := func(least, most time.Duration) time.Duration {
		return least + time.Duration(r.Int64N(int64(most-least)+1))
	}
	every := func(off float64, least, most time.Duration) time.Duration {
		if r.Float64() < off {
			return 0
		}
		return length(least, most)
	}
	const s = time.Second
	p := Profile{Faults: length(50*s, 120*s)}
	p.DelayMin, p.DelayMax = time.Millisecond, length(2*time.Millisecond, 300*time.Millisecond)
	p.Tail, p.TailMax = share(.4, .03), length(2*s, 40*s)
	p.InOrder, p.Loss, p.Dup = r.Float64() < .6, share(.4, .06), share(.4, .15)
	p.Late, p.OneSided = share(.2, 1), share(.4, .6)
	p.Break = every(.4, 500*time.Millisecond, 8*s)
	p.Partition, p.CutFor, p.OneWay = every(.4, 5*s, 30*s), length(2*s, 25*s), r.Float64()
	p.Unseat = every(.5, 5*s, 40*s)
	p.CrashMaster = every(.4, 10*s, 50*s)
	p.CrashWorker = every(.4, 4*s, 25*s)
	p.CrashApp = every(.5, 20*s, 60*s)
	p.Leave = every(.6, 20*s, 60*s)
	p.Reconfigure = every(.5, 8*s, 40*s)
	p.Down = length(100*time.Millisecond, 15*s)
	p.PauseMaster, p.PauseWorker = every(.5, 10*s, 50*s), every(.5, 5*s, 30*s)
	p.PauseFor = length(500*time.Millisecond, 20*s)
	p.StoreOutage = every(.6, 20*s, 60*s)
	p.StoreSlow = every(.3, time.Millisecond, 800*time.Millisecond)
	p.StoreFail, p.StoreLie = share(.6, .01), share(.6, .01)
	p.Deaf = share(.4, 1)
	p.PlanLate, p.PlanWrong, p.PlanForget = every(.4, time.Millisecond, 1500*time.Millisecond), share(.5, .3), share(.6, .1)
	p.Prepare, p.StartFail = every(.2, time.Millisecond, 4*s), share(.5, .3)
	p.Adopt = share(.4, 1.2)
	p.Policy = policyNames()[r.IntN(len(policyNames()))]
	p.Skew = every(.5, time.Second, 10*time.Minute)
	p.Demand = 1 + r.IntN(3)
	return p
}

// String gives one line per group, for a failing seed.
func (p Profile) String() string {
	return fmt.Sprintf(`faults for %s, demand %d, policy %s, launchers adopt: %.2f, clocks apart by %s
network: delay %s to %s, %.3f up to %s more, in order %t, loss %.3f, repeated %.3f, late %.2f, one-sided ends %.2f
every: break %s, partition %s (up to %s, one-way %.2f), unseated leader %s, store outage %s
every: crash of a master %s, worker %s, application %s (down up to %s), leave %s; scheduling changed %s; pause of a master %s, worker %s (up to %s)
store: slow up to %s, fails %.4f, lies %.4f; deposed and deaf %.2f
plans: late up to %s, wrong %.2f, forgotten %.2f; preparing up to %s, start fails %.2f`,
		p.Faults.Round(time.Second), p.Demand, p.Policy, p.Adopt, p.Skew.Round(time.Second),
		p.DelayMin, p.DelayMax, p.Tail, p.TailMax, p.InOrder, p.Loss, p.Dup, p.Late, p.OneSided,
		p.Break, p.Partition, p.CutFor, p.OneWay, p.Unseat, p.StoreOutage,
		p.CrashMaster, p.CrashWorker, p.CrashApp, p.Down, p.Leave, p.Reconfigure, p.PauseMaster, p.PauseWorker, p.PauseFor,
		p.StoreSlow, p.StoreFail, p.StoreLie, p.Deaf, p.PlanLate, p.PlanWrong, p.PlanForget, p.Prepare, p.StartFail)
}
