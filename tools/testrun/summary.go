package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/musterproject/muster/internal/need"
)

// event is one line of go test -json.
type event struct {
	Action     string
	Package    string
	ImportPath string // of build output
	Test       string
	Elapsed    float64
	Output     string
}

type testID struct{ pkg, name string }

// skip is a test that did not run; need is empty if it did not say by name what it lacks.
type skip struct {
	testID
	need, why string
}

// summary follows a run of go test. What a passing test says is dropped, what a failing one says is printed.
type summary struct {
	out    io.Writer
	said   map[testID][]string
	skips  []skip
	passed int
	failed []testID
}

func newSummary(out io.Writer) *summary {
	return &summary{out: out, said: map[testID][]string{}}
}

// read takes the events until their end.
func (s *summary) read(events io.Reader) error {
	lines := bufio.NewReader(events)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			s.line(line)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read go test -json: %w", err)
		}
	}
}

func (s *summary) line(line []byte) {
	var e event
	if json.Unmarshal(line, &e) != nil {
		fmt.Fprintf(s.out, "%s", line) // the go command's own words
		return
	}
	s.take(e)
}

func (s *summary) take(e event) {
	id := testID{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		fmt.Fprint(s.out, e.Output)
	case "output":
		s.said[id] = append(s.said[id], e.Output)
	case "skip":
		if e.Test != "" {
			s.skipped(id)
		}
		delete(s.said, id)
	case "pass":
		if e.Test == "" {
			fmt.Fprintf(s.out, "ok    %s  %.1fs\n", e.Package, e.Elapsed)
		} else {
			s.passed++
		}
		delete(s.said, id)
	case "fail":
		s.fail(id, e.Elapsed)
	}
}

func (s *summary) fail(id testID, elapsed float64) {
	if id.name != "" {
		s.failed = append(s.failed, id)
		s.flush(id)
		return
	}
	var left []testID // tests that a panic or a time-out cut off
	for other := range s.said {
		if other.pkg == id.pkg {
			left = append(left, other)
		}
	}
	slices.SortFunc(left, func(a, b testID) int { return strings.Compare(a.name, b.name) })
	for _, other := range left {
		s.flush(other)
	}
	fmt.Fprintf(s.out, "FAIL  %s  %.1fs\n", id.pkg, elapsed)
}

func (s *summary) flush(id testID) {
	for _, text := range s.said[id] {
		fmt.Fprint(s.out, text)
	}
	delete(s.said, id)
}

func (s *summary) skipped(id testID) {
	found := skip{testID: id}
	for _, text := range s.said[id] {
		if name, why, ok := need.Parse(text); ok {
			found.need, found.why = name, why
			break
		}
		if line := strings.TrimSpace(text); line != "" && !strings.HasPrefix(line, "---") && !strings.HasPrefix(line, "===") {
			found.why = line
		}
	}
	s.skips = append(s.skips, found)
}

// print gives the totals, the failures again by name, and every skip.
func (s *summary) print() {
	fmt.Fprintf(s.out, "\n%d passed, %d failed, %d skipped\n", s.passed, len(s.failed), len(s.skips))
	for _, id := range s.failed {
		fmt.Fprintf(s.out, "  failed   %s %s\n", id.pkg, id.name)
	}
	slices.SortStableFunc(s.skips, func(a, b skip) int { return strings.Compare(a.need, b.need) })
	for _, sk := range s.skips {
		fmt.Fprintf(s.out, "  skipped  %-12s %s %s: %s\n", sk.need, sk.pkg, sk.name, sk.why)
	}
}

// against reports the skips that the ledger does not allow.
func (s *summary) against(ledger need.Ledger) error {
	var faults []error
	for _, sk := range s.skips {
		switch {
		case sk.need == "":
			faults = append(faults, fmt.Errorf("%s %s was skipped without need.Or (%s)", sk.pkg, sk.name, sk.why))
		case ledger[sk.need] == "":
			faults = append(faults, fmt.Errorf("%s %s was skipped for %q, which is not in %s: %s", sk.pkg, sk.name, sk.need, ledgerName, sk.why))
		}
	}
	return errors.Join(faults...)
}
