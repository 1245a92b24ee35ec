//go:build linux

package proclauncher_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/musterproject/muster/internal/need"
	"github.com/musterproject/muster/pkg/launcher"
	"github.com/musterproject/muster/pkg/launcher/launchertest"
	"github.com/musterproject/muster/pkg/launcher/proclauncher"
)

// TestMain plays the part this process was started for. syscall.Exit, because the race detector makes os.Exit wait a second.
func TestMain(m *testing.M) {
	if code, child := launchertest.ChildMain(); child {
		syscall.Exit(code)
	}
	if len(os.Args) > 1 && os.Args[1] == proclauncher.KeeperArg {
		if err := proclauncher.KeeperMain(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			syscall.Exit(1)
		}
		syscall.Exit(0)
	}
	if len(os.Args) > 1 && os.Args[1] == workerArg {
		syscall.Exit(workerMain(os.Args[2:]))
	}
	os.Exit(m.Run())
}

func TestLauncherWithCgroups(t *testing.T) {
	needCgroup(t)
	launchertest.Run(t, store(proclauncher.CgroupAlways))
}

func TestLauncherWithoutCgroups(t *testing.T) {
	launchertest.Run(t, store(proclauncher.CgroupNever))
}

func needCgroup(t testing.TB) {
	t.Helper()
	need.Or(t, "cgroup", proclauncher.CgroupUsable() == nil, "kills process trees through a cgroup v2 of its own")
}

func store(use proclauncher.CgroupUse) func(t *testing.T) launchertest.Store {
	return func(t *testing.T) launchertest.Store {
		cfg := proclauncher.DefaultConfig(t.TempDir())
		cfg.UseCgroup = use
		return launchertest.Store{
			Keeps: true,
			Open:  func(t testing.TB) launcher.ExecutorLauncher { return open(t, cfg) },
			Close: func(t testing.TB, l launcher.ExecutorLauncher) { shut(t, l.(*proclauncher.Launcher)) },
		}
	}
}

func open(t testing.TB, cfg proclauncher.Config) *proclauncher.Launcher {
	t.Helper()
	l, err := proclauncher.Open(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func shut(t testing.TB, l *proclauncher.Launcher) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	log, err := os.ReadFile(filepath.Join(proclauncher.StateDir(l), "keeper.log"))
	if err != nil || bytes.Contains(log, []byte("DATA RACE")) || bytes.Contains(log, []byte("panic")) {
		t.Errorf("the keeper wrote (%v):\n%s", err, log)
	}
}
