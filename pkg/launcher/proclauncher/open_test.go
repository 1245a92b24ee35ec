//go:build linux

package proclauncher_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
	"github.com/musterproject/muster/pkg/launcher/launchertest"
	"github.com/musterproject/muster/pkg/launcher/proclauncher"
)

func TestConfigFaultsAreToldAtOnce(t *testing.T) {
	if err := proclauncher.DefaultConfig("state").Validate(); err != nil {
		t.Errorf("the default: %v", err)
	}
	err := proclauncher.Config{KeeperPath: "a\x00", UsageEvery: time.Millisecond, UseCgroup: 9}.Validate()
	for _, field := range []string{"StateDir", "KeeperPath", "RetainEvents", "DefaultGrace", "UsageEvery", "UseCgroup"} {
		if err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s is missing in %v", field, err)
		}
	}
	if !errors.Is(err, deploy.ErrInvalid) {
		t.Errorf("%v is not ErrInvalid", err)
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*proclauncher.Config)
		words  []string
	}{
		"no program":      {func(c *proclauncher.Config) { c.KeeperPath = "/no/such/program" }, []string{"start keeper", "/no/such/program", "no such file"}},
		"no keeper":       {func(c *proclauncher.Config) { c.KeeperPath = "/bin/false" }, []string{"start keeper", "keeper.log"}},
		"state in a file": {func(c *proclauncher.Config) { c.StateDir = plain + "/state" }, []string{plain, "not a directory"}},
	} {
		cfg := proclauncher.DefaultConfig(filepath.Join(t.TempDir(), "state"))
		c.change(&cfg)
		l, err := proclauncher.Open(t.Context(), cfg)
		if err == nil {
			shut(t, l)
		}
		for _, w := range c.words {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %q is missing in %v", name, w, err)
			}
		}
	}
}

func TestOpenEndsWithItsContext(t *testing.T) {
	cfg := proclauncher.DefaultConfig(t.TempDir())
	cfg.KeeperPath, cfg.KeeperArgs = "/bin/sleep", []string{"1000"} // never greets
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begun := time.Now()
	if _, err := proclauncher.Open(ctx, cfg); err == nil || time.Since(begun) > 5*time.Second {
		t.Errorf("after %v: %v", time.Since(begun), err)
	}
	shut(t, open(t, proclauncher.DefaultConfig(cfg.StateDir)))
}

// A path of a socket has 108 bytes at most; a state directory may have more.
func TestLongStateDirectory(t *testing.T) {
	cfg := proclauncher.DefaultConfig(filepath.Join(t.TempDir(), strings.Repeat("long/", 50)+"state"))
	l := open(t, cfg)
	defer shut(t, l)
	s := newScene(t, proclauncher.CgroupAuto)
	spec := *s.child(0, "exit", "3")
	if _, err := l.Launch(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	if end := exitOf(t, l, spec.Launch); end.Exit.Code != 3 {
		t.Errorf("ended with %+v", end.Exit)
	}
}

// A watch that comes too late is told so, and goes on from what List gives.
func TestEventsAreBounded(t *testing.T) {
	s := newScene(t, proclauncher.CgroupAuto)
	s.cfg.RetainEvents = 4
	l := s.open()
	first := s.child(0, "wait")
	shell(first, "exit 0")
	if _, err := l.Launch(t.Context(), *first); err != nil {
		t.Fatal(err)
	}
	old := exitOf(t, l, first.Launch).Cursor
	newest := old
	for range 10 {
		spec := s.child(0, "wait")
		shell(spec, "exit 0")
		if _, err := l.Launch(t.Context(), *spec); err != nil {
			t.Fatal(err)
		}
		id := spec.Launch
		launchertest.Eventually(t, "it has ended", func() bool {
			list, err := l.List(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			h := list[len(list)-1]
			newest = max(newest, h.Cursor)
			return h.Launch == id && h.State.Terminal()
		})
	}
	late, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	for _, err := range l.Watch(late, old) {
		if !errors.Is(err, launcher.ErrCursor) {
			t.Errorf("a watch from %d gave %v", old, err)
		}
		break
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	for e, err := range l.Watch(ctx, newest) {
		t.Errorf("a watch from the newest cursor gave %+v, %v", e, err)
	}
}
