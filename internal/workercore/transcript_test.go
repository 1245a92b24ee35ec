package workercore

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var rewrite = flag.Bool("rewrite", false, "write what the core does into the transcripts; expectations are kept, and still hold")

// TestTranscripts plays testdata/*.txt. A line "> event" is an input, an indented line is what the core did, and
//
//	expect text    some line of what it did has the text
//	never text     none has
//
// are judgements that -rewrite does not touch.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d transcripts: %v", len(files), err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) { playFile(t, name) })
	}
}

func playFile(t *testing.T, name string) {
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	got := play(t, name, string(text))
	if got == string(text) {
		return
	}
	if !*rewrite {
		t.Fatalf("%s tells another story; look at it with -rewrite and git diff:\n%s", name, firstDifference(string(text), got))
	}
	if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
		t.Fatal(err)
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			return fmt.Sprintf("line %d\n told: %s\n  now: %s", i+1, w[i], g[i])
		}
	}
	return fmt.Sprintf("%d lines told, %d now", len(w), len(g))
}

// play runs a script and gives it back with what the core does now.
func play(t *testing.T, name, text string) string {
	s := newStage()
	var out []string
	var did []string // by the last event
	for n, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		at := fmt.Sprintf("%s:%d", name, n+1)
		word, rest, _ := strings.Cut(line, " ")
		switch {
		case word == ">":
			out = append(out, did...)
			out = append(out, line)
			did = s.event(t, at, rest)
		case word == "expect" || word == "never":
			has := slices.ContainsFunc(did, func(l string) bool { return strings.Contains(l, rest) })
			if has != (word == "expect") {
				t.Errorf("%s: %s; it did:\n%s", at, line, strings.Join(did, "\n"))
			}
			out = append(out, line)
		case strings.HasPrefix(line, "  "):
		default:
			out, did = append(append(out, did...), line), nil
		}
	}
	return strings.Join(append(out, did...), "\n") + "\n"
}

// stage is a core and the virtual time it lives in.
type stage struct {
	cfg  Config
	core *Core
	now  time.Time
	out  Effects
}

func newStage() *stage {
	s := &stage{cfg: scriptConfig(), now: time.Unix(1_000_000, 0).UTC()}
	s.core = New(s.cfg)
	return s
}

func (s *stage) event(t *testing.T, at, line string) []string {
	ev, err := s.parse(line)
	if err != nil {
		t.Fatalf("%s: %v", at, err)
	}
	if ev == nil { // the configuration changed
		return nil
	}
	s.out.Reset()
	s.core.Step(s.now, ev, &s.out)
	if err := s.core.Check(); err != nil {
		t.Errorf("%s: %v", at, err)
	}
	lines := printEffects(&s.out)
	if next, ok := s.core.Deadline(); ok {
		lines = append(lines, "  next +"+next.Sub(s.now).String())
	}
	return lines
}
