//go:build linux

package proclauncher_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
	"github.com/musterproject/muster/pkg/launcher/launchertest"
	"github.com/musterproject/muster/pkg/launcher/proclauncher"
)

// A worker that is killed takes everything along at once: children that are deaf to TERM, and daemons that left their session.
func TestWorkerKilled(t *testing.T) {
	bothWays(t, func(t *testing.T, use proclauncher.CgroupUse) {
		s := newScene(t, use)
		for range 5 {
			s.child(0, "family", "stubborn")
		}
		s.start(10)
		s.killWorker()
		dead := time.Now()
		launchertest.Eventually(t, "all are dead", func() bool { return len(launchertest.Alive(t, s.nonce)) == 0 })
		if took := time.Since(dead); took > time.Second {
			t.Errorf("children outlived their worker by %v", took)
		} else {
			t.Logf("10 processes outlived their worker by %v", took)
		}
		launchertest.Eventually(t, "the keeper has ended", func() bool { return gone(s.keeper) })
	})
}

// Children with an OrphanGrace wait for the next worker, and nothing else of the dead one is left: neither the rest of its children nor what
// was open in it.
func TestNextWorkerAdopts(t *testing.T) {
	bothWays(t, func(t *testing.T, use proclauncher.CgroupUse) {
		s := newScene(t, use)
		kept := s.child(time.Minute, "graceful")
		kept.Outputs.Rolling = launcher.Rolling{By: launcher.RollBySize, MaxBytes: 5, Retain: -1}
		s.child(0, "wait")
		read, write, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer read.Close()
		s.start(2, write, write)
		if err := write.Close(); err != nil {
			t.Fatal(err)
		}
		s.killWorker()
		launchertest.Eventually(t, "one is left", func() bool { return len(launchertest.Alive(t, s.nonce)) == 1 })
		if err := read.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := read.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("what the worker had open is still open in its keeper or child: %v", err)
		}

		l := s.open()
		if pid := proclauncher.KeeperPID(l); pid != s.keeper {
			t.Errorf("a new keeper %d beside %d", pid, s.keeper)
		}
		begun := startOf(t, l, kept.Launch)
		if alive := launchertest.Alive(t, s.nonce); len(alive) != 1 || alive[0] != begun.PID {
			t.Errorf("adopted %d, alive %v", begun.PID, alive)
		}
		if err := l.Control(t.Context(), kept.Launch, launcher.Stop{Grace: time.Minute}); err != nil {
			t.Fatal(err)
		}
		if end := exitOf(t, l, kept.Launch); end.Exit.Code != 5 || !end.Killed {
			t.Errorf("the adopted child ended as %+v", end)
		}
		log, err := proclauncher.OpenLog(kept.Dir, "stdout")
		if err != nil {
			t.Fatal(err)
		}
		defer log.Close()
		if got := readAll(t, log); got != "ready\nbye\n" {
			t.Errorf("its output through both workers is %q", got)
		}
	})
}

// Without a next worker the grace ends it, and the one after hears how.
func TestOrphanGraceEnds(t *testing.T) {
	bothWays(t, func(t *testing.T, use proclauncher.CgroupUse) {
		s := newScene(t, use)
		const grace = 500 * time.Millisecond
		short, shorter := s.child(grace, "graceful"), s.child(grace/2, "family", "stubborn")
		s.start(3)
		s.killWorker()
		dead := time.Now()
		launchertest.Eventually(t, "all are dead", func() bool { return len(launchertest.Alive(t, s.nonce)) == 0 })
		if lived := time.Since(dead); lived < grace || lived > grace+2*time.Second {
			t.Errorf("an OrphanGrace of %v lasted %v", grace, lived)
		}
		launchertest.Eventually(t, "the keeper has ended", func() bool { return gone(s.keeper) })
		list, err := s.open().List(t.Context())
		if err != nil || len(list) != 2 {
			t.Fatalf("listed %+v, %v", list, err)
		}
		for i, want := range []deploy.Exit{{Code: 5}, {Signal: 9}} {
			if h := list[i]; h.State != deploy.ExecutorKilled || h.Exit != want || !strings.Contains(h.Message, "worker was gone") {
				t.Errorf("%s is listed as %+v", []*launcher.Spec{short, shorter}[i].Launch, h)
			}
		}
	})
}

// The worker of a keeper that is killed kills what is left, says so, and goes on with another keeper.
func TestKeeperKilled(t *testing.T) {
	bothWays(t, func(t *testing.T, use proclauncher.CgroupUse) {
		s := newScene(t, use)
		plain, durable, over := s.child(0, "family", "stubborn"), s.child(time.Minute, "family", "stubborn"), s.child(time.Minute, "exit", "3")
		l := s.open()
		for _, spec := range s.specs {
			if _, err := l.Launch(t.Context(), spec); err != nil {
				t.Fatal(err)
			}
		}
		exitOf(t, l, over.Launch)
		s.up(4)
		old := proclauncher.KeeperPID(l)
		kill(t, old, syscall.SIGKILL)
		dead := time.Now()
		for _, spec := range []*launcher.Spec{plain, durable} {
			end := exitOf(t, l, spec.Launch)
			if !strings.Contains(end.Message, "keeper died") || end.Exit.OK() {
				t.Errorf("an end without a keeper was told as %+v", end)
			}
		}
		t.Logf("4 processes and their ends %v after the keeper's death", time.Since(dead))
		if left := launchertest.Alive(t, s.nonce); len(left) > 0 {
			t.Errorf("the ends were told while %v were alive", left)
		}
		again := s.child(0, "exit", "4")
		if _, err := l.Launch(t.Context(), *again); err != nil {
			t.Fatal(err)
		}
		if end := exitOf(t, l, again.Launch); end.Exit.Code != 4 {
			t.Errorf("with the next keeper a launch ended as %+v", end)
		}
		if now := proclauncher.KeeperPID(l); now == old || !gone(old) {
			t.Errorf("keeper %d after %d", now, old)
		}
		if err := l.Control(t.Context(), plain.Launch, launcher.Forget{}); err != nil {
			t.Error(err)
		}
		checkListed(t, l, map[deploy.LaunchID]string{durable.Launch: "KILLED", over.Launch: "EXITED", again.Launch: "EXITED"})
		shut(t, l)
		checkListed(t, s.open(), map[deploy.LaunchID]string{durable.Launch: "KILLED", over.Launch: "EXITED"})
	})
}

func checkListed(t *testing.T, l *proclauncher.Launcher, want map[deploy.LaunchID]string) {
	t.Helper()
	list, err := l.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range list {
		if h.State.String() != want[h.Launch] {
			t.Errorf("%s is listed as %+v, want %q", h.Launch, h, want[h.Launch])
		}
	}
	if len(list) != len(want) {
		t.Errorf("listed %+v, want %v", list, want)
	}
}

// When worker and keeper die together, the next worker finds what is left.
func TestBothKilled(t *testing.T) {
	bothWays(t, func(t *testing.T, use proclauncher.CgroupUse) {
		s := newScene(t, use)
		s.child(0, "family", "stubborn")
		durable := s.child(time.Hour, "family", "stubborn")
		s.start(4)
		kill(t, s.keeper, syscall.SIGSTOP) // so that it cannot do its work before it dies
		s.killWorker()
		kill(t, s.keeper, syscall.SIGKILL)
		launchertest.Eventually(t, "the keeper is dead", func() bool { return gone(s.keeper) })
		if left := launchertest.Alive(t, s.nonce); len(left) != 4 {
			t.Fatalf("%v are alive: nobody was there to kill them", left)
		}
		l := s.open()
		if left := launchertest.Alive(t, s.nonce); len(left) != 0 {
			t.Errorf("%v are alive after the next worker opened", left)
		}
		checkListed(t, l, map[deploy.LaunchID]string{durable.Launch: "KILLED"})
	})
}

// A keeper that is told to end stops its children with grace, tells how they ended, and another one takes its place.
func TestKeeperToldToEnd(t *testing.T) {
	s := newScene(t, proclauncher.CgroupAuto)
	s.cfg.DefaultGrace = time.Minute
	gentle := s.child(0, "graceful")
	l := s.open()
	if _, err := l.Launch(t.Context(), *gentle); err != nil {
		t.Fatal(err)
	}
	s.up(1)
	old := proclauncher.KeeperPID(l)
	kill(t, old, syscall.SIGTERM)
	if end := exitOf(t, l, gentle.Launch); end.Exit.Code != 5 || !end.Killed || !strings.Contains(end.Message, "told to end") {
		t.Errorf("the child of a keeper that was told to end ended as %+v", end)
	}
	for { // what is on its way to the old keeper while that ends is reported as failed
		next := s.child(0, "exit", "6")
		if _, err := l.Launch(t.Context(), *next); err != nil {
			t.Fatal(err)
		}
		end := until(t, l, func(e launcher.Event) bool { return endOf(e) == next.Launch })
		if exited, ok := end.(launcher.Exited); ok && exited.Exit.Code == 6 {
			break
		}
		if text := fmt.Sprintf("%+v", end); !strings.Contains(text, "told to end") {
			t.Fatalf("the next launch ended as %s", text)
		}
	}
	if proclauncher.KeeperPID(l) == old {
		t.Error("the old keeper goes on")
	}
}

func endOf(e launcher.Event) deploy.LaunchID {
	switch e := e.(type) {
	case launcher.Exited:
		return e.Launch
	case launcher.StartFailed:
		return e.Launch
	}
	return deploy.LaunchID{}
}

func TestOneLauncherPerStateDirectory(t *testing.T) {
	cfg := proclauncher.DefaultConfig(t.TempDir())
	l := open(t, cfg)
	_, err := proclauncher.Open(context.Background(), cfg)
	if err == nil || !strings.Contains(err.Error(), "another state directory") {
		t.Errorf("a second launcher gave %v", err)
	}
	shut(t, l)
	shut(t, open(t, cfg))
}

// Nothing is left over: no cgroup, no file that says there is a keeper, no process.
func TestCloseCleansUp(t *testing.T) {
	s := newScene(t, proclauncher.CgroupAuto)
	s.child(0, "family", "stubborn")
	l := open(t, s.cfg)
	group, keeper := proclauncher.KeeperCgroup(l), proclauncher.KeeperPID(l)
	if _, err := l.Launch(t.Context(), s.specs[0]); err != nil {
		t.Fatal(err)
	}
	startOf(t, l, s.specs[0].Launch)
	shut(t, l)
	if left := launchertest.Alive(t, s.nonce); len(left) > 0 || !gone(keeper) {
		t.Errorf("alive after Close: %v, keeper gone: %v", left, gone(keeper))
	}
	if group != "" {
		if _, err := os.Stat(group); !os.IsNotExist(err) {
			t.Errorf("cgroup %s: %v", group, err)
		}
	}
	for _, name := range []string{"keeper.sock", "keeper.json"} {
		if _, err := os.Lstat(filepath.Join(s.cfg.StateDir, name)); !os.IsNotExist(err) {
			t.Errorf("%s is left in the state directory: %v", name, err)
		}
	}
}
