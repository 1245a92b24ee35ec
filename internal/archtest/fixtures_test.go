package archtest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestRulesAreSeenToFail runs each rule on its small tree and compares what it reports with the marks in the tree.
func TestRulesAreSeenToFail(t *testing.T) {
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			tree, err := load(filepath.Join("testdata", r.name), limits{fileLines: 24, funcLines: 6, methods: 4})
			if err != nil {
				t.Fatal(err)
			}
			wanted := marks(tree)
			if len(wanted) == 0 {
				t.Fatalf("testdata/%s shows no breach of the rule", r.name)
			}
			for _, b := range r.run(tree) {
				line := fmt.Sprintf("%s:%d", b.at.Filename, b.at.Line)
				i := slices.IndexFunc(wanted, func(m mark) bool { return m.line == line && strings.Contains(b.text, m.text) })
				if i < 0 {
					t.Errorf("%s: reported without a mark: %s", line, b.text)
					continue
				}
				wanted = slices.Delete(wanted, i, i+1)
			}
			for _, m := range wanted {
				t.Errorf("%s: not reported: %q", m.line, m.text)
			}
		})
	}
}

// TestEveryFixtureHasARule finds trees that no rule reads.
func TestEveryFixtureHasARule(t *testing.T) {
	entries, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !slices.ContainsFunc(rules, func(r rule) bool { return r.name == e.Name() }) {
			t.Errorf("testdata/%s belongs to no rule", e.Name())
		}
	}
}

// TestTablesAgree finds rows that can never be used.
func TestTablesAgree(t *testing.T) {
	for _, p := range peers {
		from, okFrom := roomOf(p.from)
		to, okTo := roomOf(p.to)
		if !okFrom || !okTo || from.floor != to.floor || p.why == "" {
			t.Errorf("peers: %s and %s must be two rooms on one floor, with a reason", p.from, p.to)
		}
	}
	for _, h := range homes {
		for _, dir := range h.rooms {
			if _, ok := floorOf(dir); !ok {
				t.Errorf("homes: %s lives in %s, which is no room", h.module, dir)
			}
			if r, ok := roomOf(dir); ok && (r.kind == pure || r.kind == contract) {
				t.Errorf("homes: %s cannot live in %s, which has the standard library only", h.module, dir)
			}
		}
	}
	for i, r := range rooms {
		if first, _ := roomOf(r.path); first != r {
			t.Errorf("rooms: row %d (%s) is hidden by the row of %s", i, r.path, first.path)
		}
	}
}

type mark struct{ line, text string }

// marks reads the comments of the form //want:here text; the text may be empty.
func marks(t *tree) []mark {
	var found []mark
	for _, p := range t.pkgs {
		for _, f := range p.files {
			for _, group := range f.Comments {
				for _, c := range group.List {
					_, text, ok := strings.Cut(c.Text, "//want:here")
					at := t.fset.Position(c.Pos())
					for part := range strings.SplitSeq(text, "|") { // several on one line
						if ok {
							found = append(found, mark{fmt.Sprintf("%s:%d", at.Filename, at.Line), strings.TrimSpace(part)})
						}
					}
				}
			}
		}
	}
	return found
}
