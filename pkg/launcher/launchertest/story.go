package launchertest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
)

// patience bounds every wait of the suite, on a machine that is busy with others.
const patience = 60 * time.Second

// story follows a launcher from a cursor and keeps what it hears.
type story struct {
	mu     sync.Mutex
	events []launcher.Event
	err    error
	over   bool
	moved  chan struct{}
	stop   func()
}

// follow watches until the test ends.
func follow(t testing.TB, l launcher.ExecutorLauncher, after launcher.Cursor) *story {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s := &story{moved: make(chan struct{})}
	var watching sync.WaitGroup
	watching.Go(func() {
		for e, err := range l.Watch(ctx, after) {
			s.hear(e, err)
		}
		s.hear(nil, nil)
	})
	s.stop = func() { cancel(); watching.Wait() }
	t.Cleanup(s.stop)
	return s
}

func (s *story) hear(e launcher.Event, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err != nil:
		s.err = err
	case e == nil:
		s.over = true
	default:
		s.events = append(s.events, e)
	}
	close(s.moved)
	s.moved = make(chan struct{})
}

// chapter is what was heard up to a moment.
type chapter struct {
	events []launcher.Event
	err    error
	over   bool
	moved  <-chan struct{} // closed when there is more
}

func (s *story) all() chapter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return chapter{s.events, s.err, s.over, s.moved}
}

// until waits for an event that fits.
func (s *story) until(t testing.TB, what string, fits func(launcher.Event) bool) launcher.Event {
	t.Helper()
	late := time.After(patience)
	for {
		now := s.all()
		for _, e := range now.events {
			if fits(e) {
				return e
			}
		}
		if now.over {
			t.Fatalf("no %s: the watch ended with %v after %s", what, now.err, told(now.events))
		}
		select {
		case <-now.moved:
		case <-late:
			t.Fatalf("no %s within %v, only %s", what, patience, told(now.events))
		}
	}
}

func told(events []launcher.Event) string {
	text := fmt.Sprintf("%d events", len(events))
	for _, e := range events[max(0, len(events)-20):] {
		text += fmt.Sprintf("\n  %T%+v", e, e)
	}
	return text
}

func (s *story) started(t testing.TB, id deploy.LaunchID) launcher.Started {
	t.Helper()
	e := s.until(t, "start of "+id.String(), func(e launcher.Event) bool {
		if failed, ok := e.(launcher.StartFailed); ok && failed.Launch == id {
			t.Fatalf("launch %s failed: %s", id, failed.Message)
		}
		begun, ok := e.(launcher.Started)
		return ok && begun.Launch == id
	})
	return e.(launcher.Started)
}

func (s *story) exited(t testing.TB, id deploy.LaunchID) launcher.Exited {
	t.Helper()
	e := s.until(t, "end of "+id.String(), func(e launcher.Event) bool {
		if failed, ok := e.(launcher.StartFailed); ok && failed.Launch == id {
			t.Fatalf("launch %s failed: %s", id, failed.Message)
		}
		end, ok := e.(launcher.Exited)
		return ok && end.Launch == id
	})
	return e.(launcher.Exited)
}

func (s *story) failed(t testing.TB, id deploy.LaunchID) launcher.StartFailed {
	t.Helper()
	e := s.until(t, "failed start of "+id.String(), func(e launcher.Event) bool {
		if begun, ok := e.(launcher.Started); ok && begun.Launch == id {
			t.Fatalf("launch %s started", id)
		}
		failed, ok := e.(launcher.StartFailed)
		return ok && failed.Launch == id
	})
	return e.(launcher.StartFailed)
}

// of gives the events of one launch.
func (s *story) of(id deploy.LaunchID) []launcher.Event {
	var list []launcher.Event
	for _, e := range s.all().events {
		if launchOf(e) == id {
			list = append(list, e)
		}
	}
	return list
}

func launchOf(e launcher.Event) deploy.LaunchID {
	id, _ := place(e)
	return id
}

// place gives launch and cursor of an event.
func place(e launcher.Event) (deploy.LaunchID, launcher.Cursor) {
	switch e := e.(type) {
	case launcher.Started:
		return e.Launch, e.Cursor
	case launcher.StartFailed:
		return e.Launch, e.Cursor
	case launcher.Usage:
		return e.Launch, e.Cursor
	case launcher.OOMKilled:
		return e.Launch, e.Cursor
	case launcher.Exited:
		return e.Launch, e.Cursor
	}
	return deploy.LaunchID{}, 0
}

// Eventually looks until the fact holds, and fails the test if it never does.
func Eventually(t testing.TB, fact string, holds func() bool) {
	t.Helper()
	late := time.After(patience)
	look := time.NewTicker(2 * time.Millisecond)
	defer look.Stop()
	for !holds() {
		select {
		case <-look.C:
		case <-late:
			t.Fatalf("not within %v: %s", patience, fact)
		}
	}
}
