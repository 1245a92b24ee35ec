package main

import (
	"strings"
	"testing"

	"github.com/musterproject/muster/internal/need"
)

const story = `{"Action":"start","Package":"m/a"}
{"Action":"run","Package":"m/a","Test":"TestGood"}
{"Action":"output","Package":"m/a","Test":"TestGood","Output":"chatter\n"}
{"Action":"pass","Package":"m/a","Test":"TestGood","Elapsed":0}
{"Action":"output","Package":"m/a","Test":"TestRoot","Output":"=== RUN   TestRoot\n"}
{"Action":"output","Package":"m/a","Test":"TestRoot","Output":"    a_test.go:7: needs root: changes owners\n"}
{"Action":"output","Package":"m/a","Test":"TestRoot","Output":"--- SKIP: TestRoot (0.00s)\n"}
{"Action":"skip","Package":"m/a","Test":"TestRoot","Elapsed":0}
{"Action":"output","Package":"m/a","Test":"TestBare","Output":"    a_test.go:9: not today\n"}
{"Action":"skip","Package":"m/a","Test":"TestBare","Elapsed":0}
{"Action":"output","Package":"m/a","Output":"PASS\n"}
{"Action":"pass","Package":"m/a","Elapsed":0.3}
{"Action":"output","Package":"m/b","Test":"TestBad","Output":"    b_test.go:7: got 1, want 2\n"}
{"Action":"fail","Package":"m/b","Test":"TestBad","Elapsed":0}
{"Action":"output","Package":"m/b","Test":"TestCutOff","Output":"panic: boom\n"}
{"Action":"fail","Package":"m/b","Elapsed":0.2}
{"ImportPath":"m/c","Action":"build-output","Output":"c.go:3: undefined: x\n"}
{"Action":"fail","Package":"m/c","Elapsed":0,"FailedBuild":"m/c"}
{"Action":"output","Package":"m/d","Output":"?   \tm/d\t[no test files]\n"}
{"Action":"skip","Package":"m/d","Elapsed":0}
go: some words of its own
`

func TestSummary(t *testing.T) {
	var out strings.Builder
	s := newSummary(&out)
	if err := s.read(strings.NewReader(story)); err != nil {
		t.Fatal(err)
	}
	s.print()
	for _, want := range []string{
		"ok    m/a  0.3s\n", "got 1, want 2\n", "panic: boom\n", "FAIL  m/b  0.2s\n", "c.go:3: undefined: x\n", "FAIL  m/c",
		"1 passed, 1 failed, 2 skipped\n", "failed   m/b TestBad\n", "root         m/a TestRoot: changes owners\n",
		"m/a TestBare: a_test.go:9: not today\n", "go: some words of its own\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, &out)
		}
	}
	for _, not := range []string{"chatter", "no test files", "PASS"} {
		if strings.Contains(out.String(), not) {
			t.Errorf("the output has %q", not)
		}
	}
}

func TestSkipsAgainstTheLedger(t *testing.T) {
	s := newSummary(&strings.Builder{})
	if err := s.read(strings.NewReader(story)); err != nil {
		t.Fatal(err)
	}
	err := s.against(need.Ledger{})
	if err == nil || !strings.Contains(err.Error(), `"root"`) || !strings.Contains(err.Error(), "TestBare was skipped without need.Or") {
		t.Errorf("empty ledger: got %v", err)
	}
	err = s.against(need.Ledger{"root": "CI runs as a user"})
	if err == nil || strings.Contains(err.Error(), "TestRoot") {
		t.Errorf("ledger with root: got %v", err)
	}
	s.skips = s.skips[:1]
	if err := s.against(need.Ledger{"root": "CI runs as a user"}); err != nil {
		t.Errorf("only allowed skips: got %v", err)
	}
}

func TestReadLedgerNamesTheFile(t *testing.T) {
	if _, err := readLedger("nowhere/skips.txt"); err == nil || !strings.Contains(err.Error(), "nowhere/skips.txt") {
		t.Errorf("got %v", err)
	}
	if _, err := readLedger("../../" + ledgerName); err != nil {
		t.Errorf("the committed ledger: %v", err)
	}
}
