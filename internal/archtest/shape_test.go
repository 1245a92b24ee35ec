package archtest

import (
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strings"
)

// checkSize: short files, short functions.
func checkSize(t *tree, say report) {
	t.written(func(f *file) {
		if f.lines >= t.limits.fileLines {
			say(f.Package, "%s has %d lines, a file stays under %d: split it by the nouns inside", f.base, f.lines, t.limits.fileLines)
		}
		for _, fn := range f.funcs {
			lines := t.fset.Position(fn.End()).Line - t.fset.Position(fn.Pos()).Line + 1
			if lines >= t.limits.funcLines {
				say(fn.Pos(), "%s has %d lines, a function stays under %d: split it by its steps", fn.Name.Name, lines, t.limits.funcLines)
			}
		}
	})
}

// checkContracts: an interface of a contract is small enough for somebody else to implement.
func checkContracts(t *tree, say report) {
	for _, p := range t.pkgs {
		if r, ok := roomOf(p.dir); !ok || r.kind != contract {
			continue
		}
		interfaces := map[string]*ast.InterfaceType{}
		for _, f := range p.files {
			if f.test || f.generated {
				continue
			}
			for _, spec := range f.decls[token.TYPE] {
				if it, ok := spec.(*ast.TypeSpec).Type.(*ast.InterfaceType); ok {
					interfaces[spec.(*ast.TypeSpec).Name.Name] = it
				}
			}
		}
		for name, it := range interfaces {
			if n := methods(it, interfaces); n > t.limits.methods {
				say(it.Pos(), "interface %s has %d methods, a contract's has at most %d: make the rest a concrete type above it", name, n, t.limits.methods)
			}
		}
	}
}

// methods counts what an implementation outside the package must write; an embedded interface of elsewhere counts one.
func methods(it *ast.InterfaceType, known map[string]*ast.InterfaceType) int {
	n := 0
	for _, field := range it.Methods.List {
		id, embedded := field.Type.(*ast.Ident)
		switch {
		case embedded && known[id.Name] != nil:
			n += methods(known[id.Name], known)
		case len(field.Names) == 0:
			n++
		case field.Names[0].IsExported():
			n++
		}
	}
	return n
}

// Names that say nothing about what is inside.
var emptyWords = []string{"util", "utils", "common", "helper", "helpers", "types", "manager", "managers", "misc", "base"}

// checkNames: packages and files are named after the noun inside.
func checkNames(t *tree, say report) {
	for _, p := range t.pkgs {
		for element := range strings.SplitSeq(p.dir, "/") {
			if word := emptyWord(element, true); word != "" {
				say(p.files[0].Package, "folder %s: %q says nothing about what is inside; name it after its noun", p.dir, word)
			}
		}
		for _, f := range p.files {
			if name := f.Name.Name; name != path.Base(p.dir) && emptyWord(name, true) != "" {
				say(f.Package, "package %s: %q says nothing about what is inside; name it after its noun", name, emptyWord(name, true))
			}
			if word := emptyWord(f.base, false); word != "" {
				say(f.Package, "file %s: %q says nothing about what is inside; name it after its noun", f.base, word)
			}
		}
	}
}

// emptyWord finds an empty word among the words of a name; of a package, whose name joins words, also at its end.
func emptyWord(name string, joined bool) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return r == '_' || r == '-' || r == '.' })
	for _, w := range words {
		if slices.Contains(emptyWords, w) {
			return w
		}
		for _, empty := range emptyWords {
			if joined && len(empty) > 4 && strings.HasSuffix(w, empty) {
				return empty
			}
		}
	}
	return ""
}
