package launchertest

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
)

func testLife(t *testing.T, b *bench) {
	s := b.spec("wait")
	if h := b.launch(s); h.State.Terminal() {
		t.Fatalf("a new launch is %s", h.State)
	}
	news := b.follow(0)
	begun := news.started(t, s.Launch)
	h := b.handle(s.Launch)
	if h.State != deploy.ExecutorRunning || h.PID != begun.PID || h.PID <= 0 || !h.StartedAt.Equal(begun.At) || h.Cursor != begun.Cursor {
		t.Errorf("after %+v the handle is %+v", begun, h)
	}
	b.control(s.Launch, launcher.Stop{Grace: -1})
	end := news.exited(t, s.Launch)
	if !end.Killed || end.Lived < 0 || end.At.Before(begun.At) {
		t.Errorf("stopped launch %+v ended as %+v", begun, end)
	}
	h = b.handle(s.Launch)
	if h.State != deploy.ExecutorKilled || h.Exit != end.Exit || !h.EndedAt.Equal(end.At) || h.Cursor != end.Cursor {
		t.Errorf("after %+v the handle is %+v", end, h)
	}
	b.control(s.Launch, launcher.Forget{})
	if list := b.list(); len(list) != 0 {
		t.Errorf("a forgotten launch is listed: %+v", list)
	}
	story := news.of(s.Launch)
	if _, first := story[0].(launcher.Started); !first || story[len(story)-1] != launcher.Event(end) {
		t.Errorf("the story does not go from start to end: %s", told(story))
	}
}

func testRepeat(t *testing.T, b *bench) {
	s := b.spec("wait")
	b.launch(s)
	news := b.follow(0)
	begun := news.started(t, s.Launch)
	if again := b.launch(s); again.PID != begun.PID || again.State != deploy.ExecutorRunning {
		t.Errorf("a repeat gave %+v after %+v", again, begun)
	}
	b.control(s.Launch, launcher.Stop{Grace: -1})
	end := news.exited(t, s.Launch)
	if again := b.launch(s); again.State != deploy.ExecutorKilled || again.Cursor != end.Cursor {
		t.Errorf("a repeat after the end %+v gave %+v", end, again)
	}
	other := b.spec("wait")
	b.launch(other)
	news.started(t, other.Launch)
	starts := slices.DeleteFunc(slices.Clone(news.of(s.Launch)), func(e launcher.Event) bool { _, ok := e.(launcher.Started); return !ok })
	if len(starts) != 1 {
		t.Errorf("launched three times, started %d times", len(starts))
	}
}

func testConflict(t *testing.T, b *bench) {
	s := b.spec("wait")
	b.launch(s)
	for name, change := range map[string]func(*launcher.Spec){
		"owner":  func(s *launcher.Spec) { s.Owner = "driver-20261120223045-0001" },
		"args":   func(s *launcher.Spec) { s.Args = append(slices.Clone(s.Args), "more") },
		"env":    func(s *launcher.Spec) { s.Env = append(slices.Clone(s.Env), deploy.EnvVar{Name: "A", Value: "b"}) },
		"secret": func(s *launcher.Spec) { s.Secrets = []launcher.Secret{{Name: "key", Value: deploy.NewSecret("x")}} },
		"limits": func(s *launcher.Spec) { s.Limits.MemoryMiB++ },
	} {
		other := s
		change(&other)
		_, err := b.l.Launch(t.Context(), other)
		wantErr(t, "launch with another "+name, err, launcher.ErrConflict)
	}
}

func testControlErrors(t *testing.T, b *bench) {
	ctx := t.Context()
	unknown := deploy.LaunchID{Epoch: 9, Seq: 9}
	for _, c := range []launcher.Control{launcher.Stop{}, launcher.Signal{Number: 10}, launcher.Forget{}} {
		wantErr(t, fmt.Sprintf("%T of an unknown launch", c), b.l.Control(ctx, unknown, c), launcher.ErrUnknownLaunch)
	}
	s := b.spec("wait")
	b.launch(s)
	news := b.follow(0)
	news.started(t, s.Launch)
	wantErr(t, "forget a running launch", b.l.Control(ctx, s.Launch, launcher.Forget{}), deploy.ErrIllegalTransition)
	for _, n := range []int{-1, 0, 65, 1 << 20} {
		wantErr(t, fmt.Sprintf("signal %d", n), b.l.Control(ctx, s.Launch, launcher.Signal{Number: n}), deploy.ErrInvalid)
	}
	b.control(s.Launch, launcher.Stop{Grace: -1})
	b.control(s.Launch, launcher.Stop{Grace: -1})
	news.exited(t, s.Launch)
	b.control(s.Launch, launcher.Stop{})
	wantErr(t, "signal an ended launch", b.l.Control(ctx, s.Launch, launcher.Signal{Number: 10}), deploy.ErrAlreadyFinished)
	b.control(s.Launch, launcher.Forget{})
	wantErr(t, "forget twice", b.l.Control(ctx, s.Launch, launcher.Forget{}), launcher.ErrUnknownLaunch)
}

func testListOrder(t *testing.T, b *bench) {
	var want []deploy.LaunchID
	for _, id := range []deploy.LaunchID{{Epoch: 2, Seq: 1}, {Epoch: 1, Seq: 10}, {Epoch: 1, Seq: 9}, {Epoch: 10, Seq: 1}} {
		s := b.spec("exit", "0")
		s.Launch = id
		b.launch(s)
		want = append(want, id)
	}
	slices.SortFunc(want, deploy.LaunchID.Compare)
	var got []deploy.LaunchID
	for _, h := range b.list() {
		got = append(got, h.Launch)
	}
	if !slices.Equal(got, want) {
		t.Errorf("listed %v, want %v", got, want)
	}
}

// testWatchResumes goes on from every event and must hear the same rest each time.
func testWatchResumes(t *testing.T, b *bench) {
	news := b.follow(0)
	for range 4 {
		s := b.spec("wait")
		b.launch(s)
		news.started(t, s.Launch)
		b.control(s.Launch, launcher.Stop{Grace: -1})
		news.exited(t, s.Launch)
	}
	all := news.all().events
	var before launcher.Cursor
	for i, e := range all {
		_, at := place(e)
		if at <= before {
			t.Fatalf("cursors do not grow: %d after %d", at, before)
		}
		before = at
		if want := all[i+1:]; len(want) > 0 {
			if rest := heard(t, b.l, at, len(want)); !reflect.DeepEqual(rest, want) {
				t.Fatalf("after %d came %s\nwant %s", at, told(rest), told(want))
			}
		}
	}
}

// heard gives the next n events after a cursor.
func heard(t *testing.T, l launcher.ExecutorLauncher, after launcher.Cursor, n int) (list []launcher.Event) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for e, err := range l.Watch(ctx, after) {
		if err != nil {
			t.Fatalf("watch after %d: %v", after, err)
		}
		if list = append(list, e); len(list) == n {
			break
		}
	}
	return list
}

func testWrongCursor(t *testing.T, b *bench) {
	s := b.spec("exit", "0")
	b.launch(s)
	news := b.follow(0)
	end := news.until(t, "something", func(e launcher.Event) bool { return launchOf(e) == s.Launch })
	_, at := place(end)
	for _, wrong := range []launcher.Cursor{at + 1<<40, ^launcher.Cursor(0)} {
		heard := 0
		for _, err := range b.l.Watch(t.Context(), wrong) {
			heard++
			wantErr(t, fmt.Sprintf("watch after %d", wrong), err, launcher.ErrCursor)
		}
		if heard != 1 {
			t.Errorf("watch after %d gave %d pairs, want one error", wrong, heard)
		}
	}
}

func testWatchEnds(t *testing.T, b *bench) {
	s := b.spec("wait")
	b.launch(s)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for e, err := range b.l.Watch(ctx, 0) {
		if err != nil {
			t.Errorf("a watch whose context ended gave %v", err)
		}
		if _, ok := e.(launcher.Started); ok {
			cancel()
		}
	}
	for e, err := range b.l.Watch(ctx, 0) {
		t.Errorf("a watch with an ended context gave %v, %v", e, err)
	}
}

func testWatchClosed(t *testing.T, b *bench) {
	s := b.spec("wait")
	b.launch(s)
	news := b.follow(0)
	news.started(t, s.Launch)
	b.control(s.Launch, launcher.Stop{Grace: -1})
	b.close()
	Eventually(t, "the watch has ended", func() bool { return news.all().over })
	wantErr(t, "watch of a closed launcher", news.all().err, launcher.ErrClosed)
	news.exited(t, s.Launch)
}

func testCancelled(t *testing.T, b *bench) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := b.spec("wait")
	_, err := b.l.Launch(ctx, s)
	wantErr(t, "launch", err, context.Canceled)
	_, err = b.l.List(ctx)
	wantErr(t, "list", err, context.Canceled)
	wantErr(t, "control", b.l.Control(ctx, s.Launch, launcher.Stop{}), context.Canceled)
	if list := b.list(); len(list) != 0 {
		t.Errorf("taken over in spite of an ended context: %+v", list)
	}
}

// testMany launches from many goroutines, each launch from two, while others look, stop and forget.
func testMany(t *testing.T, b *bench) {
	const launches = 200
	news := b.follow(0)
	specs := make([]launcher.Spec, launches)
	for i := range specs {
		specs[i] = b.spec("exit", "0")
	}
	var all sync.WaitGroup
	for i := range 2 * launches {
		all.Go(func() {
			s := specs[i%launches]
			if _, err := b.l.Launch(t.Context(), s); err != nil {
				t.Errorf("launch %s: %v", s.Launch, err)
			}
			if i%4 == 0 {
				if err := b.l.Control(t.Context(), s.Launch, launcher.Stop{Grace: time.Millisecond}); err != nil {
					t.Errorf("stop %s: %v", s.Launch, err)
				}
			}
			if _, err := b.l.List(t.Context()); err != nil {
				t.Errorf("list: %v", err)
			}
		})
	}
	all.Wait()
	for i := range specs {
		b.control(specs[i].Launch, launcher.Stop{Grace: -1})
	}
	for i := range specs {
		id := specs[i].Launch
		news.exited(t, id)
		b.control(id, launcher.Forget{})
		starts, ends := 0, 0
		for _, e := range news.of(id) {
			switch e.(type) {
			case launcher.Started:
				starts++
			case launcher.Exited:
				ends++
			}
		}
		if starts > 1 || ends != 1 {
			t.Errorf("launch %s started %d times and ended %d times", id, starts, ends)
		}
	}
	if list := b.list(); len(list) != 0 {
		t.Errorf("%d launches are listed after all were forgotten", len(list))
	}
}

func testClosed(t *testing.T, b *bench) {
	l := b.l
	s := b.spec("wait")
	b.close()
	_, err := l.Launch(t.Context(), s)
	wantErr(t, "launch", err, launcher.ErrClosed)
	_, err = l.List(t.Context())
	wantErr(t, "list", err, launcher.ErrClosed)
	wantErr(t, "control", l.Control(t.Context(), s.Launch, launcher.Stop{}), launcher.ErrClosed)
	for _, err := range l.Watch(t.Context(), 0) {
		wantErr(t, "watch", err, launcher.ErrClosed)
	}
}
