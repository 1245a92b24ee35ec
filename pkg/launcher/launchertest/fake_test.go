package launchertest_test

import (
	"context"
	"errors"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
	"github.com/musterproject/muster/pkg/launcher/launchertest"
)

func TestMain(m *testing.M) {
	if code, child := launchertest.ChildMain(); child {
		syscall.Exit(code)
	}
	os.Exit(m.Run())
}

func TestFakeKeepsTheContract(t *testing.T) {
	launchertest.RunContract(t, func(*testing.T) launchertest.Store {
		return launchertest.Store{
			Open:  func(testing.TB) launcher.ExecutorLauncher { return launchertest.NewFake() },
			Close: func(_ testing.TB, l launcher.ExecutorLauncher) { l.(*launchertest.Fake).Close() },
		}
	})
}

// The test decides what happens and when, in virtual time.
func TestFakeIsScripted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := launchertest.NewFake()
		f.Hold()
		ctx, cancel := context.WithCancel(t.Context())
		var heard []launcher.Event
		go func() {
			for e, err := range f.Watch(ctx, 0) {
				if err != nil {
					t.Error(err)
				}
				heard = append(heard, e)
			}
		}()
		ids := []deploy.LaunchID{{Epoch: 1, Seq: 1}, {Epoch: 1, Seq: 2}, {Epoch: 1, Seq: 3}}
		for _, id := range ids {
			if h, err := f.Launch(ctx, launcher.Spec{Launch: id, Owner: "app/1"}); err != nil || h.State != deploy.ExecutorLaunching {
				t.Fatalf("launch: %+v, %v", h, err)
			}
		}
		begun := time.Now()
		if !f.Start(ids[0]) || f.Start(ids[0]) || !f.Fail(ids[1], "no such file") || f.Exit(ids[2], deploy.Exit{}) {
			t.Error("starts, failures and ends are possible where they are not, or the reverse")
		}
		if err := f.Control(ctx, ids[0], launcher.Stop{Grace: time.Second}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second)
		if !f.Exit(ids[0], deploy.Exit{Code: 7}) || !f.Start(ids[2]) || !f.Exit(ids[2], deploy.Exit{Signal: 9, OOM: true}) {
			t.Error("no end where one was possible")
		}
		synctest.Wait()
		at := begun.Add(3 * time.Second)
		want := []launcher.Event{
			launcher.Started{Cursor: 1, Launch: ids[0], PID: 1000, At: begun},
			launcher.StartFailed{Cursor: 2, Launch: ids[1], Message: "no such file", At: begun},
			launcher.Exited{Cursor: 3, Launch: ids[0], Exit: deploy.Exit{Code: 7}, Killed: true, Lived: 3 * time.Second, At: at},
			launcher.Started{Cursor: 4, Launch: ids[2], PID: 1001, At: at},
			launcher.OOMKilled{Cursor: 5, Launch: ids[2], At: at},
			launcher.Exited{Cursor: 6, Launch: ids[2], Exit: deploy.Exit{Signal: 9, OOM: true}, At: at},
		}
		for i := range want {
			if i >= len(heard) || heard[i] != want[i] {
				t.Fatalf("heard %+v\nwant %+v", heard, want)
			}
		}
		if orders := f.Orders(); len(orders) != 1 || orders[0] != (launchertest.Order{Launch: ids[0], Control: launcher.Stop{Grace: time.Second}}) {
			t.Errorf("orders %+v", orders)
		}
		cancel()
	})
}

func TestFakeRefuses(t *testing.T) {
	f := launchertest.NewFake()
	why := errors.New("not today")
	f.Refuse(func(launcher.Spec) error { return why })
	id := deploy.LaunchID{Epoch: 1, Seq: 1}
	if _, err := f.Launch(t.Context(), launcher.Spec{Launch: id}); !errors.Is(err, why) {
		t.Errorf("launch gave %v", err)
	}
	f.Refuse(nil)
	if h, err := f.Launch(t.Context(), launcher.Spec{Launch: id, Owner: "app/1"}); err != nil || h.State != deploy.ExecutorRunning {
		t.Errorf("launch gave %+v, %v", h, err)
	}
	if s, ok := f.Spec(id); !ok || s.Owner != "app/1" {
		t.Errorf("launched %+v, %v", s, ok)
	}
}
