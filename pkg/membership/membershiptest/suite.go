package membershiptest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/musterproject/muster/pkg/membership"
)

// Detector is the membership under test.
type Detector struct {
	// Open makes one member, which knows itself or a list. The case leaves.
	Open func(t *testing.T) membership.Membership
	// Bubble: all is in this process, so that virtual time can be used.
	Bubble bool
}

// Run runs the suite; each case opens its own membership.
func Run(t *testing.T, d Detector) {
	for _, c := range cases {
		run := func(t *testing.T) {
			m := d.Open(t)
			c.run(t, m)
			for range 2 {
				if err := m.Leave(context.Background()); err != nil {
					t.Errorf("leave: %v", err)
				}
			}
		}
		t.Run(c.name, func(t *testing.T) {
			if d.Bubble {
				synctest.Test(t, run)
			} else {
				run(t)
			}
		})
	}
}

var cases = []struct {
	name string
	run  func(*testing.T, membership.Membership)
}{
	{"MembersAreSortedAndTheCallers", membersAreTheCallers},
	{"JoinAgain", joinAgain},
	{"EndedContext", endedContext},
	{"WatchClosesWithItsContext", watchCloses},
	{"ManyReaders", manyReaders},
}

func membersAreTheCallers(t *testing.T, m membership.Membership) {
	join(t, m)
	got := m.Members()
	if len(got) == 0 {
		t.Fatal("no members, not even itself")
	}
	for i := 1; i < len(got); i++ {
		if got[i-1].Name >= got[i].Name {
			t.Errorf("%q stands before %q", got[i-1].Name, got[i].Name)
		}
	}
	before := slices.Clone(got)
	clear(got)
	if after := m.Members(); !slices.Equal(after, before) {
		t.Errorf("a caller's change of its list changed the members to %v", after)
	}
}

func joinAgain(t *testing.T, m membership.Membership) {
	join(t, m)
	join(t, m)
}

func join(t *testing.T, m membership.Membership) {
	t.Helper()
	if err := m.Join(context.Background()); err != nil {
		t.Fatalf("join: %v", err)
	}
}

func endedContext(t *testing.T, m membership.Membership) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := m.Join(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("join under an ended context: %v", err)
	}
	if err := m.Leave(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("leave under an ended context: %v", err)
	}
	closes(t, m.Watch(ctx))
}

// watchCloses: each watch ends with its own context, and before it only with news.
func watchCloses(t *testing.T, m membership.Membership) {
	join(t, m)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	longer, stop := context.WithCancel(context.Background())
	defer stop()
	first, second := m.Watch(ctx), m.Watch(longer)
	cancel()
	closes(t, first)
	select {
	case _, ok := <-second:
		if !ok {
			t.Error("a watch was closed with another's context")
		}
	default:
	}
	stop()
	closes(t, second)
}

func closes(t *testing.T, events <-chan membership.Event) {
	t.Helper()
	late := time.After(30 * time.Second)
	for {
		select {
		case _, ok := <-events:
			if !ok {
				return
			}
		case <-late:
			t.Fatal("the channel of a watch was not closed after its context ended")
		}
	}
}

func manyReaders(t *testing.T, m membership.Membership) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range m.Watch(ctx) {
				_ = m.Members()
			}
		})
		wg.Go(func() {
			if err := m.Join(ctx); err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("join: %v", err)
			}
			_ = m.Members()
		})
	}
	cancel()
	wg.Wait()
}
