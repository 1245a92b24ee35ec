package archtest

import (
	"go/ast"
	"slices"
)

// checkSleep: a test waits for a fact or lives in virtual time. Inside a synctest bubble sleeping is virtual; a function
// that calls synctest.Wait can run nowhere else.
func checkSleep(t *tree, say report) {
	t.all(func(f *file) {
		if !f.proving() {
			return
		}
		for _, fn := range f.funcs {
			if fn.Body != nil && !callsWait(f, fn.Body) {
				findSleeps(f, fn.Body, say)
			}
		}
	})
}

func callsWait(f *file, body ast.Node) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.CallExpr:
			found = found || f.qualified(n.Fun) == "testing/synctest.Wait"
		}
		return !found
	})
	return found
}

func findSleeps(f *file, body ast.Node, say report) {
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			switch f.qualified(n.Fun) {
			case "testing/synctest.Test":
				return false
			case "time.Sleep":
				say(n.Pos(), "a test sleeps: wait for the fact it waits for, or run it under testing/synctest")
			}
		case *ast.ExprStmt:
			receive, ok := n.X.(*ast.UnaryExpr)
			if !ok {
				return true
			}
			if call, ok := receive.X.(*ast.CallExpr); ok && f.qualified(call.Fun) == "time.After" {
				say(n.Pos(), "a test sleeps: wait for the fact it waits for, or run it under testing/synctest")
			}
		case *ast.CommClause:
			for _, s := range n.Body { // the case itself may wait for time.After
				findSleeps(f, s, say)
			}
			return false
		}
		return true
	})
}

// checkSkip: a test that does not run says by name what it lacks.
func checkSkip(t *tree, say report) {
	t.all(func(f *file) {
		if !f.proving() || f.pkg.dir == "internal/need" {
			return
		}
		ast.Inspect(f.File, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if ok && slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, sel.Sel.Name) && isTest(f, sel.X) {
				say(call.Pos(), "a bare %s is seen by nobody: call need.Or of internal/need, or return where there is nothing to test", sel.Sel.Name)
			}
			return true
		})
	})
}

// isTest tells whether an expression is a *testing.T or the like, by its declaration or, of a field, by its name.
func isTest(f *file, e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.SelectorExpr:
		return slices.Contains([]string{"t", "tb", "b", "f", "T", "TB", "B"}, e.Sel.Name)
	case *ast.Ident:
		if e.Obj == nil {
			return false
		}
		field, ok := e.Obj.Decl.(*ast.Field)
		if !ok {
			return false
		}
		kind := field.Type
		if star, ok := kind.(*ast.StarExpr); ok {
			kind = star.X
		}
		return slices.Contains([]string{"testing.T", "testing.B", "testing.F", "testing.TB"}, f.qualified(kind))
	}
	return false
}
