package archtest

import (
	"fmt"
	"go/token"
	"testing"
)

// report takes one breach: where, and a sentence that says what is wrong and the way out.
type report func(at token.Pos, format string, args ...any)

type rule struct {
	name  string // of testdata/<name> too
	check func(t *tree, say report)
}

var rules = []rule{
	{"floors", checkFloors},
	{"homes", checkHomes},
	{"pure", checkPure},
	{"proof", checkProof},
	{"size", checkSize},
	{"contracts", checkContracts},
	{"names", checkNames},
	{"story", checkStory},
	{"documented", checkDocumented},
	{"promises", checkPromises},
	{"init", checkInit},
	{"state", checkState},
	{"exit", checkExit},
	{"sleep", checkSleep},
	{"skip", checkSkip},
}

type breach struct {
	at   token.Position
	text string
}

func (r rule) run(t *tree) []breach {
	var found []breach
	r.check(t, func(at token.Pos, format string, args ...any) {
		found = append(found, breach{t.fset.Position(at), fmt.Sprintf(format, args...)})
	})
	return found
}

// TestHouse holds the whole module to every rule.
func TestHouse(t *testing.T) {
	tree, err := load("../..", house)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			for _, b := range r.run(tree) {
				t.Errorf("%s: %s", b.at, b.text)
			}
		})
	}
}
