package scheduler

import "context"

// Pack fills a worker before it goes on to the next.
type Pack struct{ fifo fifo }

// NewPack gives the policy that packs.
func NewPack(o Options) *Pack { return &Pack{fifo{opts: o, pile: true}} }

// Place makes a plan. One at a time.
func (p *Pack) Place(ctx context.Context, v View) (Plan, error) { return p.fifo.run(ctx, v) }

// dealPiled gives each place what it has room for.
func dealPiled(spots []place, left int32) {
	for i := range spots {
		p := &spots[i]
		p.given = min(p.room, left)
		left -= p.given
	}
}
