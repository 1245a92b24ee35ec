package scheduler

import "context"

// Spread gives each worker one executor, or one core of a growing executor, before any gets the next.
type Spread struct{ fifo fifo }

// NewSpread gives the policy that spreads.
func NewSpread(o Options) *Spread { return &Spread{fifo{opts: o}} }

// Place makes a plan. One at a time.
func (p *Spread) Place(ctx context.Context, v View) (Plan, error) { return p.fifo.run(ctx, v) }

// dealEvenly goes around the places, a unit or a core each time. Rounds in which all get one are dealt together.
func dealEvenly(spots []place, left int32) {
	for left > 0 {
		open, least := int32(0), left
		for i := range spots {
			if rest := spots[i].room - spots[i].given; rest > 0 {
				open++
				least = min(least, rest)
			}
		}
		if open == 0 {
			return
		}
		rounds := max(1, min(least, left/open))
		if mutant == spreadsTwo {
			rounds = min(2, least, left)
		}
		for i := range spots {
			if p := &spots[i]; p.room > p.given && left > 0 {
				p.given += rounds
				left -= rounds
			}
		}
	}
}
