package master

import (
	"context"
	"sync"

	"github.com/musterproject/muster/internal/mastercore"
)

// inbox hands events to the loop in groups. A sender beyond the limit waits: a flood slows its senders, not the memory.
type inbox struct {
	slots chan struct{}
	ready chan struct{} // holds one token while events wait

	mu     *sync.Mutex
	events *[]mastercore.Event
}

func newInbox(limit int) inbox {
	return inbox{slots: make(chan struct{}, limit), ready: make(chan struct{}, 1), mu: new(sync.Mutex), events: new([]mastercore.Event)}
}

// put adds an event, or gives up when ctx ends.
func (b inbox) put(ctx context.Context, ev mastercore.Event) error {
	select {
	case b.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	b.mu.Lock()
	*b.events = append(*b.events, ev)
	b.mu.Unlock()
	select {
	case b.ready <- struct{}{}:
	default: // the token is there already
	}
	return nil
}

// take swaps the waiting events for the emptied slice into.
func (b inbox) take(into []mastercore.Event) []mastercore.Event {
	clear(into)
	b.mu.Lock()
	got := *b.events
	*b.events = into[:0]
	b.mu.Unlock()
	for range got {
		<-b.slots
	}
	return got
}
