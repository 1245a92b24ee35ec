package archtest

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strings"
)

// checkStory: a package begins by saying what it is.
func checkStory(t *tree, say report) {
	for _, p := range t.pkgs {
		told := slices.ContainsFunc(p.files, func(f *file) bool {
			if f.Doc == nil || f.generated {
				return false
			}
			return f.program() || strings.HasPrefix(f.Doc.Text(), "Package "+f.Name.Name+" ")
		})
		if !told {
			say(p.files[0].Package, "package %s has no story: add a doc.go that says what it is and what it promises", p.dir)
		}
	}
}

// Methods whose meaning the standard library has already told.
var wellKnown = []string{
	"Error", "Unwrap", "Is", "As", "String", "GoString", "Format", "LogValue", "Len", "Less", "Swap", "Read", "Write",
	"Close", "ServeHTTP", "MarshalJSON", "UnmarshalJSON", "MarshalText", "UnmarshalText", "MarshalBinary", "UnmarshalBinary",
}

// checkDocumented: every exported name has a comment.
func checkDocumented(t *tree, say report) {
	t.written(func(f *file) {
		if f.program() {
			return
		}
		for _, fn := range f.funcs {
			if fn.Name.IsExported() && empty(fn.Doc) && !excused(fn) {
				say(fn.Pos(), "%s has no comment: say why it is there, its units and its errors", fn.Name.Name)
			}
		}
		for _, d := range f.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok != token.IMPORT {
				checkGroup(g, say)
			}
		}
	})
}

func excused(fn *ast.FuncDecl) bool {
	if fn.Recv == nil {
		return false
	}
	return slices.Contains(wellKnown, fn.Name.Name) || !ast.IsExported(receiver(fn.Recv.List[0].Type))
}

// receiver gives the name of a method's type.
func receiver(e ast.Expr) string {
	for {
		switch t := e.(type) {
		case *ast.StarExpr:
			e = t.X
		case *ast.IndexExpr:
			e = t.X
		case *ast.IndexListExpr:
			e = t.X
		case *ast.Ident:
			return t.Name
		default:
			return ""
		}
	}
}

// checkGroup wants a comment on each exported type, constant and variable, or on their group.
func checkGroup(g *ast.GenDecl, say report) {
	for _, spec := range g.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			if s.Name.IsExported() && empty(s.Doc) && empty(s.Comment) && empty(g.Doc) {
				say(s.Pos(), "type %s has no comment: say what it stands for", s.Name.Name)
			}
			checkMethods(s, say)
		case *ast.ValueSpec:
			for _, name := range s.Names {
				if name.IsExported() && empty(s.Doc) && empty(s.Comment) && empty(g.Doc) {
					say(s.Pos(), "%s has no comment, and neither has its group", name.Name)
				}
			}
		}
	}
}

// checkMethods wants a comment on each method of an exported interface with several: the comments are the contract.
func checkMethods(s *ast.TypeSpec, say report) {
	it, ok := s.Type.(*ast.InterfaceType)
	if !ok || !s.Name.IsExported() || methods(it, nil) < 2 {
		return
	}
	for _, m := range it.Methods.List {
		if len(m.Names) == 1 && m.Names[0].IsExported() && empty(m.Doc) && empty(m.Comment) && !slices.Contains(wellKnown, m.Names[0].Name) {
			say(m.Pos(), "%s.%s has no comment: it is what implementations are held to", s.Name.Name, m.Names[0].Name)
		}
	}
}

func empty(c *ast.CommentGroup) bool { return c == nil || strings.TrimSpace(c.Text()) == "" }

// Words that promise to do later what should stand now.
var promise = regexp.MustCompile(`\b(TODO|FIXME|XXX|HACK)\b|(?i:\bfor now\b|\bnot (yet )?implemented\b|\bstub(s|bed)?\b)`)

// checkPromises: what stands is finished.
func checkPromises(t *tree, say report) {
	t.all(func(f *file) {
		if f.pkg.dir == "internal/archtest" {
			return // names the words it looks for
		}
		for _, group := range f.Comments {
			for _, c := range group.List {
				if word := promise.FindString(c.Text); word != "" {
					say(c.Pos(), "%q promises what does not stand: finish it, or leave it out and say so in an issue", word)
				}
			}
		}
		ast.Inspect(f.File, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if word := promise.FindString(lit.Value); word != "" {
					say(lit.Pos(), "%q promises what does not stand: finish it, or leave it out and say so in an issue", word)
				}
			}
			return true
		})
	})
}
