package master

import (
	"context"
	"time"

	"github.com/musterproject/muster/internal/mastercore"
)

// loop owns the core. It steps it through whatever has arrived, hands placements to the placer at once and everything else to the committer
// as soon as that is free; until then the batch grows, which is the group commit.
func (t *term) loop(ctx context.Context, batch *mastercore.Effects) error {
	defer close(t.batches)
	timer := time.NewTimer(0)
	defer timer.Stop()
	var events []mastercore.Event
	t.place(batch)
	t.reconfigure(batch)
	for {
		t.arm(timer)
		var out chan<- *mastercore.Effects
		if !empty(batch) {
			out = t.batches
		}
		select {
		case <-ctx.Done():
			t.batches <- batch // the committer reads until the channel is closed
			return context.Cause(ctx)
		case out <- batch:
			batch = t.fresh()
		case <-t.inbox.ready:
			events = t.inbox.take(events)
			for _, ev := range events {
				t.core.Step(time.Now(), ev, batch)
				t.place(batch)
			}
		case <-t.reschedule:
			t.reconfigure(batch)
		case <-timer.C:
			t.core.Step(time.Now(), mastercore.Tick{}, batch)
			t.place(batch)
		}
	}
}

// arm sets the one timer to the core's next deadline.
func (t *term) arm(timer *time.Timer) {
	if at, ok := t.core.Deadline(); ok {
		timer.Reset(max(0, time.Until(at)))
		return
	}
	timer.Stop()
}

func (t *term) place(batch *mastercore.Effects) {
	if batch.Place != nil {
		t.placer.update(batch.Place)
		batch.Place = nil
	}
}

func (t *term) fresh() *mastercore.Effects {
	select {
	case e := <-t.spent:
		e.Reset()
		return e
	default:
		return &mastercore.Effects{}
	}
}

func empty(e *mastercore.Effects) bool {
	return len(e.Persist) == 0 && len(e.Send) == 0 && len(e.Acks) == 0 && len(e.Hangup) == 0 && len(e.Rows) == 0 && len(e.Facts) == 0
}
