package mastercore

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

var rewrite = flag.Bool("rewrite", false, "write what the core did into testdata; the expect and never lines must hold all the same")

// A script in testdata tells a core what happens, one event a line, and holds what it did, indented below. The language:
//
//	config KEY=VALUE...        before the first event, failover or reconfigure: fields of Config
//	queue PATH [weight=N] [min=QUANTITIES] [quota=QUANTITIES] [dynamic]   the same: one of Config.Queues; the path of the root is root
//	queue PATH gone            takes it out again
//	@12.5s                     the clock, from the start
//	expect TEXT                some effect of the event above contains TEXT
//	never TEXT                 none does
//
// and the events of script_events_test.go. Lines that -rewrite writes are indented; it touches no other.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { runScript(t, file) })
	}
}

func runScript(t *testing.T, file string) {
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s := newScript(t, file)
	var after bytes.Buffer
	var last []string
	for i, line := range strings.Split(strings.TrimRight(string(before), "\n"), "\n") {
		s.line = i + 1
		word, rest, _ := strings.Cut(line, " ")
		switch {
		case strings.HasPrefix(line, "    "):
			continue
		case word == "expect" || word == "never":
			s.judge(word, rest, last)
		case line == "" || strings.HasPrefix(line, "#"):
		case word == "config":
			s.configure(strings.Fields(rest))
		case word == "queue":
			s.queue(strings.Fields(rest))
		case word[0] == '@':
			s.clock(word[1:])
		default:
			last = s.event(strings.Fields(line))
			line += strings.ReplaceAll("\n"+strings.Join(last, "\n"), "\n", "\n    ")
			line = strings.TrimRight(line, " \n")
		}
		after.WriteString(line + "\n")
	}
	switch {
	case bytes.Equal(before, after.Bytes()):
	case *rewrite && !t.Failed():
		if err := os.WriteFile(file, after.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s: the core does something else now; look at the difference, then run with -rewrite:\n%s", file, firstDifference(before, after.Bytes()))
	}
}

func firstDifference(a, b []byte) string {
	x, y := strings.Split(string(a), "\n"), strings.Split(string(b), "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return fmt.Sprintf("line %d\n  was %s\n  is  %s", i+1, x[i], y[i])
		}
	}
	return fmt.Sprintf("%d lines became %d", len(x), len(y))
}

// script is a core and its surroundings while a script runs.
type script struct {
	t     *testing.T
	file  string
	line  int
	cfg   Config
	start time.Time
	now   time.Time
	c     *Core
	out   Effects
	saved map[string]deploy.Change
	epoch deploy.Epoch
	r     replica

	orders  map[deploy.LaunchID]deploy.Launch
	workers map[deploy.PeerID]deploy.RegisterWorker
	tokens  map[deploy.AppID]deploy.Secret
	seq     uint64
	calls   deploy.CallID
}

func newScript(t *testing.T, file string) *script {
	cfg := testConfig()
	cfg.AppIDPattern, cfg.DriverIDPattern = "app-%2$d", "driver-%2$d"
	start := time.Date(2026, 11, 20, 22, 30, 45, 0, time.UTC)
	return &script{t: t, file: file, cfg: cfg, start: start, now: start, saved: map[string]deploy.Change{},
		orders: map[deploy.LaunchID]deploy.Launch{}, workers: map[deploy.PeerID]deploy.RegisterWorker{}, tokens: map[deploy.AppID]deploy.Secret{}}
}

// testConfig is the default with a token seed, as every master has one.
func testConfig() Config {
	cfg := DefaultConfig()
	cfg.TokenSeed = []byte("0123456789abcdef")
	return cfg
}

func (s *script) fail(format string, args ...any) {
	s.t.Helper()
	s.t.Fatalf("%s:%d: %s", s.file, s.line, fmt.Sprintf(format, args...))
}

// judge holds an expectation, which -rewrite cannot touch.
func (s *script) judge(word, text string, effects []string) {
	found := false
	for _, e := range effects {
		found = found || strings.Contains(e, text)
	}
	if found != (word == "expect") {
		s.t.Errorf("%s:%d: %s %s; the event gave\n%s", s.file, s.line, word, text, strings.Join(effects, "\n"))
	}
}

func (s *script) clock(text string) {
	d, err := time.ParseDuration(text)
	if err != nil {
		s.fail("%v", err)
	}
	if s.now = s.start.Add(d); s.c != nil && s.now.Before(s.c.now) {
		s.fail("the clock goes back")
	}
}

// configure sets fields of Config by name.
func (s *script) configure(fields []string) {
	for _, f := range fields {
		key, value, _ := strings.Cut(f, "=")
		v := reflect.ValueOf(&s.cfg).Elem().FieldByName(key)
		if !v.IsValid() {
			s.fail("Config has no field %s", key)
		}
		switch {
		case v.Type() == reflect.TypeFor[time.Duration]():
			d, err := time.ParseDuration(value)
			if err != nil {
				s.fail("%v", err)
			}
			v.SetInt(int64(d))
		case v.CanInt():
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				s.fail("%v", err)
			}
			v.SetInt(n)
		case v.CanUint():
			n, err := strconv.ParseUint(value, 10, 64)
			if err != nil {
				s.fail("%v", err)
			}
			v.SetUint(n)
		case v.Kind() == reflect.String:
			v.SetString(value)
		default:
			s.fail("%s cannot be set here", key)
		}
	}
	if err := s.cfg.Validate(); err != nil {
		s.fail("%v", err)
	}
}

// takeOver begins a term with what was persisted.
func (s *script) takeOver() []string {
	if s.c != nil {
		s.ticks() // of the last term, until its end
	}
	s.epoch++
	s.r = replica{}
	s.out.Reset()
	s.c = New(s.cfg, deploy.ClusterID{1}, s.epoch, recordsOf(s.saved), s.now, &s.out)
	return s.done()
}

// step gives the core an event, after the ticks that were due until now.
func (s *script) step(ev Event) []string {
	if s.c == nil {
		s.takeOver()
	}
	return append(s.ticks(), s.stepAt(s.now, ev)...)
}

func (s *script) ticks() (lines []string) {
	for at, ok := s.c.Deadline(); ok && at.Before(s.now); at, ok = s.c.Deadline() {
		lines = append(lines, s.stepAt(at, Tick{})...)
	}
	return lines
}

func (s *script) stepAt(at time.Time, ev Event) []string {
	s.out.Reset()
	s.c.Step(at, ev, &s.out)
	return s.done()
}

// done checks the books after a step and writes down what it did.
func (s *script) done() []string {
	if err := s.c.Check(); err != nil {
		s.fail("%v", err)
	}
	for _, ch := range s.out.Persist {
		fold(s.saved, ch)
	}
	if s.out.Place != nil {
		if err := s.r.apply(s.out.Place); err != nil {
			s.fail("%v", err)
		}
	}
	for _, e := range s.out.Send {
		switch m := e.Msg.(type) {
		case deploy.LaunchOrder:
			s.orders[m.Launch.ID] = m.Launch
		case deploy.AppRegistered:
			s.tokens[m.App] = m.Token
		}
	}
	return s.print()
}
