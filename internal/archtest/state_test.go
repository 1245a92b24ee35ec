package archtest

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// checkInit: nothing happens by being imported.
func checkInit(t *tree, say report) {
	t.all(func(f *file) {
		for _, fn := range f.funcs {
			if fn.Name.Name == "init" && fn.Recv == nil {
				say(fn.Pos(), "init runs by being imported: do it in a constructor or in main")
			}
		}
		for _, spec := range f.Imports {
			if spec.Name != nil && spec.Name.Name == "_" && !f.test && importPath(spec) != "embed" {
				say(spec.Pos(), "%s is imported for its side effects: call it where it is needed", importPath(spec))
			}
		}
	})
}

// checkExit: only a program ends the process.
func checkExit(t *tree, say report) {
	t.written(func(f *file) {
		if f.program() {
			return
		}
		ast.Inspect(f.File, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			name := f.qualified(sel)
			if name == "os.Exit" || name == "syscall.Exit" || strings.HasPrefix(name, "log.Fatal") {
				say(sel.Pos(), "%s outside a program: return an error and let main decide", name)
			}
			return true
		})
	})
}

// variable is a package-level variable, known by its folder and name.
type variable struct{ dir, name string }

// checkState: package-level variables are tables, sentinels and constants that Go has no word for, never state:
// two masters must live in one process.
func checkState(t *tree, say report) {
	vars := map[variable]bool{}
	t.written(func(f *file) {
		for _, spec := range f.decls[token.VAR] {
			checkVariable(f, spec.(*ast.ValueSpec), say)
			for _, name := range spec.(*ast.ValueSpec).Names {
				if name.Name != "_" {
					vars[variable{f.pkg.dir, name.Name}] = true
				}
			}
		}
	})
	t.all(func(f *file) {
		ast.Inspect(f.File, func(n ast.Node) bool {
			for _, e := range written(n) {
				if v, ok := f.global(e); ok && vars[v] {
					say(e.Pos(), "%s is a package-level variable and is changed here: make it a field of what owns it", v.name)
				}
			}
			return true
		})
	})
}

// checkVariable judges a variable by how it is declared.
func checkVariable(f *file, s *ast.ValueSpec, say report) {
	if s.Names[0].Name == "_" || f.imports["embed"] != "" && len(s.Values) == 0 && strings.HasPrefix(f.qualified(s.Type), "embed.") {
		return
	}
	why := ""
	if len(s.Values) == 0 {
		why = "has no value, so it can only be state"
	}
	for _, v := range s.Values {
		why = stateful(f, v, s.Names[0].Name)
		if why != "" {
			break
		}
	}
	if s.Type != nil && concurrent(f.qualified(s.Type)) {
		why = "is made to be shared and changed"
	}
	if why != "" {
		say(s.Pos(), "package-level variable %s %s: make it a field of what owns it", s.Names[0].Name, why)
	}
}

// stateful says why a value would be state, or "".
func stateful(f *file, v ast.Expr, name string) string {
	sentinel := strings.HasPrefix(strings.ToLower(name), "err")
	switch v := v.(type) {
	case *ast.CallExpr:
		if id, ok := v.Fun.(*ast.Ident); ok && f.free[id] && (id.Name == "make" || id.Name == "new") {
			return "is made empty, to be filled"
		}
		if strings.HasPrefix(f.qualified(v.Fun), "flag.") && !f.program() {
			return "is a flag outside a program"
		}
	case *ast.UnaryExpr:
		if _, ok := v.X.(*ast.CompositeLit); ok && v.Op == token.AND && !sentinel {
			return "points to something that can change"
		}
	case *ast.CompositeLit:
		if concurrent(f.qualified(v.Type)) {
			return "is made to be shared and changed"
		}
	}
	return ""
}

func concurrent(name string) bool {
	return strings.HasPrefix(name, "sync.") || strings.HasPrefix(name, "sync/atomic.")
}

// written gives the expressions that a node changes.
func written(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			return n.Lhs
		}
	case *ast.IncDecStmt:
		return []ast.Expr{n.X}
	case *ast.RangeStmt:
		if n.Tok == token.ASSIGN {
			return slices.DeleteFunc([]ast.Expr{n.Key, n.Value}, func(e ast.Expr) bool { return e == nil })
		}
	case *ast.UnaryExpr:
		if _, whole := n.X.(*ast.Ident); whole && n.Op == token.AND {
			return []ast.Expr{n.X}
		}
	case *ast.CallExpr:
		id, ok := n.Fun.(*ast.Ident)
		if ok && len(n.Args) > 0 && slices.Contains([]string{"delete", "clear", "copy"}, id.Name) {
			return n.Args[:1]
		}
	}
	return nil
}

// global finds the package-level variable at the root of an expression such as table[i].field.
func (f *file) global(e ast.Expr) (variable, bool) {
	for {
		switch x := e.(type) {
		case *ast.ParenExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		case *ast.SelectorExpr:
			if name := f.qualified(x); name != "" {
				dir, ours := strings.CutPrefix(strings.TrimSuffix(name, "."+x.Sel.Name), module+"/")
				return variable{dir, x.Sel.Name}, ours
			}
			e = x.X
		case *ast.Ident:
			outside := f.test && strings.HasSuffix(f.Name.Name, "_test") // another package in the same folder
			return variable{f.pkg.dir, x.Name}, !outside && (f.free[x] || topLevel(f, x))
		default:
			return variable{}, false
		}
	}
}

// topLevel tells whether an identifier is declared by a variable at the top of the same file.
func topLevel(f *file, id *ast.Ident) bool {
	if id.Obj == nil {
		return false
	}
	spec, ok := id.Obj.Decl.(*ast.ValueSpec)
	return ok && slices.Contains(f.decls[token.VAR], ast.Spec(spec))
}
