package launchertest

import (
	"context"
	"strings"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
)

// testReopen: without an OrphanGrace nothing outlives the launcher.
func testReopen(t *testing.T, b *bench) {
	s := b.spec("family", "stubborn")
	b.launch(s)
	b.ready(b.follow(0), s)
	b.daemonReady(s)
	b.close()
	if left := Alive(t, b.nonce); len(left) > 0 {
		t.Errorf("%v are alive after their launcher was closed", left)
	}
	b.open()
	for _, h := range b.list() {
		if !h.State.Terminal() {
			t.Errorf("listed as alive: %+v", h)
		}
	}
	again := b.spec("exit", "3")
	b.launch(again)
	if end := b.follow(0).exited(t, again.Launch); end.Exit.Code != 3 {
		t.Errorf("after reopening a launch ended with %+v", end)
	}
}

// testAdopt: what has an OrphanGrace is found by the next launcher, alive or ended, with its story going on.
func testAdopt(t *testing.T, b *bench) {
	if !b.store.Keeps {
		return
	}
	alive, ended, forgotten := b.spec("graceful"), b.spec("exit", "7"), b.spec("exit", "0")
	for _, s := range []*launcher.Spec{&alive, &ended, &forgotten} {
		s.OrphanGrace, s.Grace = patience, patience
		b.launch(*s)
	}
	news := b.follow(0)
	begun := b.ready(news, alive)
	end := news.exited(t, ended.Launch)
	news.exited(t, forgotten.Launch)
	b.control(forgotten.Launch, launcher.Forget{})
	newest := b.newest()
	b.close()
	if left := Alive(t, b.nonce); len(left) != 1 || left[0] != begun.PID {
		t.Fatalf("after closing %v are alive, want %d", left, begun.PID)
	}

	b.open()
	if list := b.list(); len(list) != 2 {
		t.Fatalf("listed after reopening: %+v", list)
	}
	if h := b.handle(ended.Launch); h.State != deploy.ExecutorExited || h.Exit != end.Exit {
		t.Errorf("after %+v it is listed as %+v", end, h)
	}
	testAdopted(t, b, alive, begun)
	testStoryGoesOn(t, b, alive, newest)

	b.close()
	b.open()
	if h := b.handle(alive.Launch); h.State != deploy.ExecutorKilled || h.Exit.Code != 5 {
		t.Errorf("its end is listed as %+v after another reopening", h)
	}
	b.control(alive.Launch, launcher.Forget{})
	b.control(ended.Launch, launcher.Forget{})
	b.close()
	b.open()
	if list := b.list(); len(list) != 0 {
		t.Errorf("forgotten and listed again: %+v", list)
	}
	testOldCursor(t, b, newest)
}

// testAdopted looks at a launch that lived through the reopening.
func testAdopted(t *testing.T, b *bench, s launcher.Spec, begun launcher.Started) {
	if h := b.handle(s.Launch); h.State != deploy.ExecutorRunning || h.PID != begun.PID || !h.StartedAt.Equal(begun.At) || h.Owner != s.Owner {
		t.Errorf("after %+v it was adopted as %+v", begun, h)
	}
	if again := b.launch(s); again.PID != begun.PID {
		t.Errorf("a repeat gave %+v", again)
	}
	other := s
	other.Args = nil
	_, err := b.l.Launch(t.Context(), other)
	wantErr(t, "launch of another spec", err, launcher.ErrConflict)
}

// testStoryGoesOn stops an adopted launch and hears of it from the cursor of before.
func testStoryGoesOn(t *testing.T, b *bench, s launcher.Spec, newest launcher.Cursor) {
	later := b.follow(newest)
	b.control(s.Launch, launcher.Stop{})
	if end := later.exited(t, s.Launch); !end.Killed || end.Exit.Code != 5 {
		t.Errorf("the adopted child ended as %+v", end)
	}
	for _, e := range later.of(s.Launch) {
		if _, old := e.(launcher.Started); old {
			t.Error("a watch that goes on from the newest cursor hears of the start again")
		}
	}
	if got := b.read(s, "stdout"); !strings.HasSuffix(got, "bye\n") {
		t.Errorf("the adopted child said %q", got)
	}
}

// testOldCursor: nobody goes on from what another stream was, not knowing what was missed.
func testOldCursor(t *testing.T, b *bench, old launcher.Cursor) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var gave error
	for _, err := range b.l.Watch(ctx, old) {
		gave = err
		break
	}
	wantErr(t, "watch from the cursor of another stream", gave, launcher.ErrCursor)
}

// newest is where a watch goes on after List.
func (b *bench) newest() (c launcher.Cursor) {
	for _, h := range b.list() {
		c = max(c, h.Cursor)
	}
	return c
}
