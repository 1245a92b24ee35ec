package archtest

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// checkFloors: imports go downward; inside a cell they may stay on the floor; a test may look at its floor, its cell
// and the suites.
func checkFloors(t *tree, say report) {
	for _, p := range t.pkgs {
		from, ok := roomOf(p.dir)
		if !ok {
			say(p.files[0].Package, "package %s has no floor: add it to rooms in internal/archtest/floors_test.go", p.dir)
			continue
		}
		for _, f := range p.files {
			for _, spec := range f.Imports {
				to, ours := strings.CutPrefix(importPath(spec), module+"/")
				if !ours || to == p.dir {
					continue
				}
				target, ok := roomOf(to)
				if !ok || mayImport(from, p.dir, target, to, f.proving()) {
					continue // an unknown target is reported where it stands
				}
				say(spec.Pos(), "%s (floor %d) imports %s (floor %d): imports go downward only; "+
					"move the shared part to a floor below, or write the exception with its reason into peers in internal/archtest/floors_test.go",
					p.dir, from.floor, to, target.floor)
			}
		}
	}
}

func mayImport(from room, fromDir string, to room, toDir string, proving bool) bool {
	sameCell := cellOf(fromDir) == cellOf(toDir)
	switch {
	case to.floor < from.floor, sameCell && to.floor == from.floor:
		return true
	case proving && (sameCell || to.floor == from.floor || to.kind == proof && to.floor <= 2):
		return true
	}
	for _, p := range peers {
		if p.from == fromDir && p.to == toDir {
			return true
		}
	}
	return false
}

// checkHomes: a third-party module is imported in its home only.
func checkHomes(t *tree, say report) {
	for _, p := range t.pkgs {
		for _, f := range p.files {
			for _, spec := range f.Imports {
				to := importPath(spec)
				if standard(to) || within(to, module) {
					continue
				}
				h, known := homeOf(to)
				switch {
				case !known:
					say(spec.Pos(), "%s imports %s, which has no home: use the standard library, or add a row to homes in internal/archtest/floors_test.go", p.dir, to)
				case !h.admits(f):
					say(spec.Pos(), "%s imports %s, whose home is %s: put the use there, behind a contract", p.dir, to, h)
				}
			}
		}
	}
}

func standard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}

// homeOf finds the row with the longest module path that fits.
func homeOf(importPath string) (home, bool) {
	best, found := home{}, false
	for _, h := range homes {
		if within(importPath, h.module) && len(h.module) > len(best.module) {
			best, found = h, true
		}
	}
	return best, found
}

func (h home) admits(f *file) bool {
	for _, r := range h.rooms {
		if within(f.pkg.dir, r) && (h.file == "" || h.file == f.base || f.test) {
			return true
		}
	}
	here, _ := roomOf(f.pkg.dir)
	if !f.proving() && here.floor < 7 || here.kind == pure || here.kind == contract {
		return f.test && len(h.rooms) == 0 // modules made for tests serve every test
	}
	return len(h.rooms) == 0 || slices.ContainsFunc(h.rooms, func(r string) bool {
		floor, ok := floorOf(r)
		return ok && floor <= here.floor
	})
}

func (h home) String() string {
	switch {
	case len(h.rooms) == 0:
		return "in tests"
	case h.file != "":
		return h.file + " of " + strings.Join(h.rooms, ", ")
	}
	return strings.Join(h.rooms, ", ")
}

// Packages that would let a decision depend on more than its arguments.
var impure = []string{"context", "sync", "os", "net", "log", "math/rand", "crypto/rand", "syscall", "runtime", "io/fs", "io/ioutil", "path/filepath", "unsafe"}

// Parts of net that only hold and parse values.
var pureParts = []string{"net/netip", "net/url"}

// Names of package time that ask the clock or wait for it.
var clock = []string{"Now", "Since", "Until", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer", "Sleep"}

// checkPure: the vocabulary and the cores decide from their arguments alone.
func checkPure(t *tree, say report) {
	t.written(func(f *file) {
		if r, ok := roomOf(f.pkg.dir); !ok || r.kind != pure {
			return
		}
		for _, spec := range f.Imports {
			to := importPath(spec)
			if !slices.Contains(pureParts, to) && slices.ContainsFunc(impure, func(p string) bool { return within(to, p) }) {
				say(spec.Pos(), "%s is pure and imports %s: take what you need as an argument", f.pkg.dir, to)
			}
		}
		ast.Inspect(f.File, func(n ast.Node) bool {
			if at, what := impurity(f, n); what != "" {
				say(at, "%s is pure and uses %s: time is an argument, and one caller at a time steps it", f.pkg.dir, what)
			}
			return true
		})
	})
}

func impurity(f *file, n ast.Node) (token.Pos, string) {
	switch n := n.(type) {
	case *ast.SelectorExpr:
		if name, ok := strings.CutPrefix(f.qualified(n), "time."); ok && slices.Contains(clock, name) {
			return n.Pos(), "time." + name
		}
	case *ast.GoStmt:
		return n.Pos(), "a goroutine"
	case *ast.SelectStmt:
		return n.Pos(), "select"
	case *ast.ChanType:
		return n.Pos(), "a channel"
	}
	return token.NoPos, ""
}

// checkProof: what is made for tests stays out of what is shipped.
func checkProof(t *tree, say report) {
	t.written(func(f *file) {
		if f.proving() {
			return
		}
		for _, spec := range f.Imports {
			to := importPath(spec)
			dir, ours := strings.CutPrefix(to, module+"/")
			r, known := roomOf(dir)
			if within(to, "testing") || ours && known && r.kind == proof {
				say(spec.Pos(), "%s imports %s, which is for tests: move the use into a test or into a suite named <x>test", f.pkg.dir, to)
			}
		}
	})
}
