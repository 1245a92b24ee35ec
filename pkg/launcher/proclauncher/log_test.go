//go:build linux

package proclauncher_test

import (
	"context"
	"errors"
	"fmt"
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

func openLog(t testing.TB, dir, name string) *proclauncher.LogReader {
	t.Helper()
	log, err := proclauncher.OpenLog(dir, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
	return log
}

// readAll reads a log from its oldest byte.
func readAll(t testing.TB, log *proclauncher.LogReader) string {
	t.Helper()
	var all []byte
	buf := make([]byte, 1000)
	for at := int64(0); ; {
		n, from, err := log.ReadAt(buf, at)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return string(all)
		}
		all, at = append(all, buf[:n]...), from+int64(n)
	}
}

// files makes a directory with the outputs of a process that has rolled them.
func files(t *testing.T, texts map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range texts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestLogReadsByLogicalOffset(t *testing.T) {
	whole := map[string]string{"stdout.0": "0123456789", "stdout.10": "abcde", "stdout": "XYZ", "stdout.old": "no", "stdout.007": "no", "stdout.-1": "no"}
	tail := map[string]string{"stdout.10": "abcde", "stdout": "XYZ"}
	mark := map[string]string{"stdout.15": "", "stdout": "XYZ"}
	for _, c := range []struct {
		name   string
		files  map[string]string
		off    int64
		size   int
		want   string
		wantAt int64
	}{
		{"from the beginning", whole, 0, 4, "0123", 0},
		{"to the end of a file", whole, 6, 100, "6789", 6},
		{"a middle file", whole, 11, 2, "bc", 11},
		{"the first byte of a file", whole, 10, 1, "a", 10},
		{"the live file", whole, 15, 100, "XYZ", 15},
		{"from the end", whole, -2, 100, "YZ", 16},
		{"from the end, across files", whole, -5, 100, "de", 13},
		{"from before the beginning", whole, -1000, 3, "012", 0},
		{"at the end", whole, 18, 10, "", 18},
		{"beyond the end", whole, 1000, 10, "", 1000},
		{"rolled away", tail, 0, 3, "abc", 10},
		{"rolled away, from the end", tail, -100, 3, "abc", 10},
		{"only a mark", mark, 0, 10, "XYZ", 15},
		{"no live file", map[string]string{"stdout.0": "abc"}, 1, 10, "bc", 1},
		{"empty", map[string]string{"stdout": ""}, 0, 10, "", 0},
		{"nothing asked", whole, 3, 0, "", 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			log := openLog(t, files(t, c.files), "stdout")
			p := make([]byte, c.size)
			n, at, err := log.ReadAt(p, c.off)
			if err != nil || string(p[:n]) != c.want || at != c.wantAt {
				t.Errorf("got %q at %d, %v; want %q at %d", p[:n], at, err, c.want, c.wantAt)
			}
		})
	}
	if first, end, err := openLog(t, files(t, tail), "stdout").Bounds(); first != 10 || end != 18 || err != nil {
		t.Errorf("bounds %d to %d, %v; want 10 to 18", first, end, err)
	}
}

func TestLogRefuses(t *testing.T) {
	dir := files(t, map[string]string{"stdout": "x"})
	if err := errors.Join(os.Symlink("/etc/passwd", filepath.Join(dir, "link")), os.Mkdir(filepath.Join(dir, "dir"), 0o700)); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]error{
		"stderr": os.ErrNotExist, "../stdout": deploy.ErrInvalid, "": deploy.ErrInvalid, "a/b": deploy.ErrInvalid, "..": deploy.ErrInvalid,
		"link": nil, "dir": deploy.ErrDenied,
	} {
		log, err := proclauncher.OpenLog(dir, name)
		if err == nil {
			t.Errorf("%q was opened", name)
			if err := log.Close(); err != nil {
				t.Error(err)
			}
		}
		if want != nil && !errors.Is(err, want) {
			t.Errorf("%q gave %v, want %v", name, err, want)
		}
	}
	if _, err := proclauncher.OpenLog(filepath.Join(dir, "none"), "stdout"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing directory gave %v", err)
	}
}

func TestLogFollows(t *testing.T) {
	dir := files(t, map[string]string{"stdout": "ab"})
	log := openLog(t, dir, "stdout")
	if err := log.Wait(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	heard := make(chan error, 1)
	go func() { heard <- log.Wait(t.Context(), 2) }()
	if err := errors.Join(os.Rename(filepath.Join(dir, "stdout"), filepath.Join(dir, "stdout.0")),
		os.WriteFile(filepath.Join(dir, "stdout"), []byte("c"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := <-heard; err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := log.Wait(ctx, 3); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting for what does not come gave %v", err)
	}
}

// rolled launches a child that pours bytes and gives its directory.
func rolled(t *testing.T, rules launcher.Rolling, bytes int) string {
	t.Helper()
	s := newScene(t, proclauncher.CgroupAuto)
	spec := s.child(0, "pour", fmt.Sprint(bytes))
	spec.Outputs.Rolling = rules
	l := s.open()
	if _, err := l.Launch(t.Context(), *spec); err != nil {
		t.Fatal(err)
	}
	if end := exitOf(t, l, spec.Launch); !end.Exit.OK() {
		t.Fatalf("the child ended with %+v", end.Exit)
	}
	return spec.Dir
}

func poured(from, bytes int) string {
	var b strings.Builder
	for n := 0; b.Len() < bytes; n++ {
		fmt.Fprintf(&b, "%099d\n", n)
	}
	return b.String()[from:bytes]
}

func TestRollingBySize(t *testing.T) {
	const bytes, most = 100_050, 1000
	for _, c := range []struct{ retain, wantFiles, wantFirst int }{
		{-1, 101, 0},    // all
		{3, 4, 97_000},  // the live one has 50 bytes
		{1, 2, 99_000},  //
		{0, 2, 100_000}, // the mark and the live one
		{1000, 101, 0},  // more than there are
	} {
		t.Run(fmt.Sprintf("retain %d", c.retain), func(t *testing.T) {
			dir := rolled(t, launcher.Rolling{By: launcher.RollBySize, MaxBytes: most, Retain: c.retain}, bytes)
			log := openLog(t, dir, "stdout")
			first, end, err := log.Bounds()
			if err != nil || first != int64(c.wantFirst) || end != bytes {
				t.Errorf("bounds %d to %d, %v; want %d to %d", first, end, err, c.wantFirst, bytes)
			}
			if got := readAll(t, log); got != poured(c.wantFirst, bytes) {
				t.Errorf("read %d bytes, not those that were written", len(got))
			}
			names, err := filepath.Glob(filepath.Join(dir, "stdout*"))
			if err != nil || len(names) != c.wantFiles {
				t.Errorf("%d files, want %d: %v", len(names), c.wantFiles, err)
			}
			for _, name := range names {
				if info, err := os.Stat(name); err != nil || info.Size() > most {
					t.Errorf("%s: %v, %v; no file has more than %d bytes", name, info, err, most)
				}
			}
		})
	}
}

// A second process in the same directory goes on with the offsets of the first.
func TestRollingGoesOn(t *testing.T) {
	s := newScene(t, proclauncher.CgroupAuto)
	l := s.open()
	dir := ""
	for range 3 {
		spec := s.child(0, "pour", "2550")
		spec.Outputs.Rolling = launcher.Rolling{By: launcher.RollBySize, MaxBytes: 1000, Retain: -1}
		if dir == "" {
			dir = spec.Dir
		}
		spec.Dir = dir
		if _, err := l.Launch(t.Context(), *spec); err != nil {
			t.Fatal(err)
		}
		exitOf(t, l, spec.Launch)
	}
	if got, one := readAll(t, openLog(t, dir, "stdout")), poured(0, 2550); got != one+one+one {
		t.Errorf("read %d bytes of %d", len(got), 3*len(one))
	}
}

func TestRollingByTime(t *testing.T) {
	s := newScene(t, proclauncher.CgroupAuto)
	spec := s.child(0, "wait")
	spec.Program, spec.Args = "/bin/sh", []string{"-c", "for i in 1 2 3 4 5 6; do echo line $i; sleep 0.1; done"}
	spec.Env = append(spec.Env, deploy.EnvVar{Name: "PATH", Value: "/usr/bin:/bin"})
	spec.Outputs.Rolling = launcher.Rolling{By: launcher.RollByTime, Every: 150 * time.Millisecond, Retain: -1}
	l := s.open()
	if _, err := l.Launch(t.Context(), *spec); err != nil {
		t.Fatal(err)
	}
	exitOf(t, l, spec.Launch)
	if got := readAll(t, openLog(t, spec.Dir, "stdout")); got != "line 1\nline 2\nline 3\nline 4\nline 5\nline 6\n" {
		t.Errorf("read %q", got)
	}
	names, err := filepath.Glob(filepath.Join(spec.Dir, "stdout*"))
	if err != nil || len(names) < 3 || len(names) > 6 {
		t.Errorf("half a second made the files %v, %v", names, err)
	}
	if names, err := filepath.Glob(filepath.Join(spec.Dir, "stderr*")); err != nil || len(names) != 1 {
		t.Errorf("an output without a byte was rolled: %v, %v", names, err)
	}
}

// A reader that follows while files are rolled under it misses nothing that is retained, and never reads a byte at a wrong offset.
func TestFollowWhileRolling(t *testing.T) {
	s := newScene(t, proclauncher.CgroupAuto)
	const bytes = 20_000_000
	spec := s.child(0, "pour", fmt.Sprint(bytes))
	spec.Outputs.Rolling = launcher.Rolling{By: launcher.RollBySize, MaxBytes: 64 << 10, Retain: 5}
	l := s.open()
	if _, err := l.Launch(t.Context(), *spec); err != nil {
		t.Fatal(err)
	}
	startOf(t, l, spec.Launch)
	log := openLog(t, spec.Dir, "stdout")
	want, buf, skipped := poured(0, bytes), make([]byte, 40_000), int64(0)
	for at := int64(0); at < bytes; {
		if err := log.Wait(t.Context(), at); err != nil {
			t.Fatal(err)
		}
		n, from, err := log.ReadAt(buf, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(buf[:n]); got != want[from:from+int64(n)] {
			t.Fatalf("at %d stands %.200q", from, got)
		}
		skipped += from - at
		at = from + int64(n)
	}
	t.Logf("%d of %d bytes had been rolled away", skipped, bytes)
}

// One that writes as fast as it can does not keep others from being started and ended.
func TestLoudChildHurtsNobody(t *testing.T) {
	s := newScene(t, proclauncher.CgroupAuto)
	loud := s.child(0, "pour", "100000000000")
	loud.Outputs.Rolling = launcher.Rolling{By: launcher.RollBySize, MaxBytes: 1 << 20, Retain: 1}
	l := s.open()
	if _, err := l.Launch(t.Context(), *loud); err != nil {
		t.Fatal(err)
	}
	launchertest.Eventually(t, "it is loud", func() bool {
		rolled, err := filepath.Glob(filepath.Join(loud.Dir, "stdout.*"))
		return err == nil && len(rolled) > 0 && !strings.HasSuffix(rolled[0], ".0")
	})
	begun := time.Now()
	const quiet = 10
	for range quiet {
		spec := s.child(0, "wait")
		shell(spec, "exit 0")
		if _, err := l.Launch(t.Context(), *spec); err != nil {
			t.Fatal(err)
		}
		exitOf(t, l, spec.Launch)
	}
	if each := time.Since(begun) / quiet; each > time.Second {
		t.Errorf("a quiet child took %v beside a loud one", each)
	}
	if err := l.Control(t.Context(), s.specs[0].Launch, launcher.Stop{Grace: -1}); err != nil {
		t.Fatal(err)
	}
	exitOf(t, l, s.specs[0].Launch)
	dir, sum := s.specs[0].Dir, int64(0)
	names, err := filepath.Glob(filepath.Join(dir, "stdout*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		sum += info.Size()
	}
	if sum > 2<<20 {
		t.Errorf("%d bytes are kept of an output that is bounded to 2 MiB", sum)
	}
}

// FuzzLogRange asks for any range of an output with rolled files.
func FuzzLogRange(f *testing.F) {
	dir := f.TempDir()
	for name, text := range map[string]string{"stdout.5": "abcde", "stdout.10": "fghij", "stdout": "klm"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			f.Fatal(err)
		}
	}
	const whole, first = "abcdefghijklm", 5
	f.Add(int64(0), 10)
	f.Add(int64(-3), 1)
	f.Add(int64(1<<62), 0)
	f.Fuzz(func(t *testing.T, off int64, size int) {
		log := openLog(t, dir, "stdout")
		p := make([]byte, max(0, min(size, 100)))
		n, at, err := log.ReadAt(p, off)
		if err != nil {
			t.Fatal(err)
		}
		if n > 0 && (at < first || string(p[:n]) != whole[at-first:at-first+int64(n)]) {
			t.Fatalf("%d at %d: %q at %d", size, off, p[:n], at)
		}
		if n == 0 && len(p) > 0 && off < first+int64(len(whole)) && off >= 0 {
			t.Fatalf("nothing at %d", off)
		}
	})
}
