package need

import (
	"fmt"
	"strings"
	"testing"
)

// witness stands in for the test that asks, so that its skip or failure can be looked at.
type witness struct {
	testing.TB
	skipped, failed string
}

func (w *witness) Helper() {}

func (w *witness) Skipf(format string, args ...any) { w.skipped = fmt.Sprintf(format, args...) }

func (w *witness) Fatalf(format string, args ...any) { w.failed = fmt.Sprintf(format, args...) }

func TestOr(t *testing.T) {
	for _, c := range []struct {
		setting, name string
		ok            bool
		want          string // "", "skip" or "fail"
	}{
		{"", "root", true, ""},
		{"all", "root", true, ""},
		{"", "root", false, "skip"},
		{"java", "root", false, "skip"},
		{"rooted", "root", false, "skip"},
		{"root", "root", false, "fail"},
		{"java, root", "root", false, "fail"},
		{"all", "root", false, "fail"},
		{"all,-java", "root", false, "fail"},
		{"all,-root", "root", false, "skip"},
		{"-root,all", "root", false, "skip"},
	} {
		t.Run(fmt.Sprintf("%s/%s/%v", c.setting, c.name, c.ok), func(t *testing.T) {
			t.Setenv(Env, c.setting)
			w := &witness{}
			Or(w, c.name, c.ok, "changes owners")
			got := ""
			switch {
			case w.failed != "":
				got = "fail"
			case w.skipped != "":
				got = "skip"
			}
			if got != c.want {
				t.Fatalf("got %q (skip %q, failure %q), want %q", got, w.skipped, w.failed, c.want)
			}
		})
	}
}

func TestOrRefusesNamesNoLedgerCouldHold(t *testing.T) {
	for _, name := range []string{"", "Root", "a b", "a:b", "-root", "a,b"} {
		w := &witness{}
		Or(w, name, true, "why")
		if !strings.Contains(w.failed, "a name is made of") {
			t.Errorf("name %q: got %q, want a refusal", name, w.failed)
		}
	}
}

func TestParseReadsWhatOrSkipsWith(t *testing.T) {
	name, why, ok := Parse("    run_test.go:12: " + skipText("cgroup-v2", "kills\n a whole  tree") + "\n")
	if !ok || name != "cgroup-v2" || why != "kills a whole tree" {
		t.Fatalf("got %q, %q, %v", name, why, ok)
	}
	if _, _, ok := Parse("    run_test.go:12: too slow today"); ok {
		t.Fatal("a skip without a need was taken for one")
	}
}

func TestLedger(t *testing.T) {
	ledger, err := ParseLedger(strings.NewReader("# kept short\n\nroot: CI runs as a user\n cgroup : no: such mount\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := ledger["cgroup"]; got != "no: such mount" {
		t.Errorf("reason: got %q", got)
	}
	if got, want := ledger.Require(), "all,-cgroup,-root"; got != want {
		t.Errorf("Require: got %q, want %q", got, want)
	}
	if got, want := (Ledger{}).Require(), "all"; got != want {
		t.Errorf("Require of an empty ledger: got %q, want %q", got, want)
	}
}

func TestLedgerReportsAllFaults(t *testing.T) {
	_, err := ParseLedger(strings.NewReader("root\nroot: a\nroot: b\nBad Name: c\n"))
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"line 1", "no reason", "line 3", "stands twice", "line 4"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q:\n%v", want, err)
		}
	}
}
