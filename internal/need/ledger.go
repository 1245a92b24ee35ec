package need

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Ledger holds the needs that CI may leave unmet, each with the reason.
type Ledger map[string]string

// ParseLedger reads one need per line, "name: reason"; blank lines and lines that begin with # are left out.
// All faults are reported at once, each with its line.
func ParseLedger(r io.Reader) (Ledger, error) {
	ledger := Ledger{}
	var faults []error
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := ledger.add(line); err != nil {
			faults = append(faults, fmt.Errorf("skip ledger line %d: %w", n, err))
		}
	}
	if err := lines.Err(); err != nil {
		faults = append(faults, fmt.Errorf("read skip ledger: %w", err))
	}
	return ledger, errors.Join(faults...)
}

func (l Ledger) add(line string) error {
	name, reason, _ := strings.Cut(line, ":")
	name, reason = strings.TrimSpace(name), strings.TrimSpace(reason)
	switch {
	case !namePattern.MatchString(name):
		return fmt.Errorf("%q: want \"name: reason\" with the name of a need.Or call", line)
	case reason == "":
		return fmt.Errorf("%q gives no reason: write why CI cannot meet this need after a colon", name)
	case l[name] != "":
		return fmt.Errorf("%q stands twice: keep one", name)
	}
	l[name] = reason
	return nil
}

// Require gives the value of MUSTER_REQUIRE under which everything but the ledger's needs must be met.
func (l Ledger) Require() string {
	words := make([]string, 0, len(l)+1)
	for name := range l {
		words = append(words, "-"+name)
	}
	slices.Sort(words)
	return strings.Join(append([]string{"all"}, words...), ",")
}
