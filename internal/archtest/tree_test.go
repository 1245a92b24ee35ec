package archtest

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// tree is all Go source of a module, parsed and not type-checked.
type tree struct {
	fset   *token.FileSet
	limits limits
	pkgs   []*pkg // by folder
}

// pkg is one folder: its package and the external tests beside it.
type pkg struct {
	dir   string // from the module's root, with slashes
	files []*file
}

type file struct {
	*ast.File
	pkg       *pkg
	base      string
	test      bool
	generated bool
	lines     int
	imports   map[string]string          // local name to import path
	free      map[*ast.Ident]bool        // identifiers that nothing in the file declares
	funcs     []*ast.FuncDecl            // top-level functions and methods
	decls     map[token.Token][]ast.Spec // top-level specs by IMPORT, CONST, TYPE, VAR
}

// load parses all Go files below root that belong to root's own module.
func load(root string, l limits) (*tree, error) {
	t := &tree{fset: token.NewFileSet(), limits: l}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if name != root && notOurs(name, d.Name()) {
			return fs.SkipDir
		}
		dir, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		return t.loadDir(name, filepath.ToSlash(dir))
	})
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", root, err)
	}
	if len(t.pkgs) == 0 {
		return nil, fmt.Errorf("load %s: no Go files", root)
	}
	return t, nil
}

// notOurs tells whether the go command would leave a folder out, or take it for another module.
func notOurs(name, base string) bool {
	if base == "testdata" || base == "vendor" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") {
		return true
	}
	_, err := os.Stat(filepath.Join(name, "go.mod"))
	return !errors.Is(err, fs.ErrNotExist)
}

func (t *tree) loadDir(name, dir string) error {
	sources, err := filepath.Glob(filepath.Join(name, "*.go"))
	if err != nil || len(sources) == 0 {
		return err
	}
	p := &pkg{dir: dir}
	for _, source := range sources {
		text, err := os.ReadFile(source)
		if err != nil {
			return err
		}
		f, err := t.parse(path.Join(dir, filepath.Base(source)), text)
		if err != nil {
			return err
		}
		f.pkg = p
		p.files = append(p.files, f)
	}
	t.pkgs = append(t.pkgs, p)
	return nil
}

func (t *tree) parse(name string, text []byte) (*file, error) {
	syntax, err := parser.ParseFile(t.fset, name, text, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	f := &file{
		File:      syntax,
		base:      path.Base(name),
		test:      strings.HasSuffix(name, "_test.go"),
		generated: ast.IsGenerated(syntax),
		lines:     t.fset.File(syntax.FileStart).LineCount(),
		imports:   map[string]string{},
		free:      map[*ast.Ident]bool{},
		decls:     map[token.Token][]ast.Spec{},
	}
	for _, spec := range syntax.Imports {
		to := importPath(spec)
		local := path.Base(to)
		if isVersion(local) {
			local = path.Base(path.Dir(to))
		}
		if spec.Name != nil {
			local = spec.Name.Name
		}
		f.imports[local] = to
	}
	for _, id := range syntax.Unresolved {
		f.free[id] = true
	}
	for _, d := range syntax.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			f.funcs = append(f.funcs, d)
		case *ast.GenDecl:
			f.decls[d.Tok] = append(f.decls[d.Tok], d.Specs...)
		}
	}
	return f, nil
}

func importPath(spec *ast.ImportSpec) string {
	to, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return spec.Path.Value // the parser has accepted it as a string
	}
	return to
}

// isVersion tells whether an element of an import path is a major version, which is not the package's name.
func isVersion(element string) bool {
	digits, ok := strings.CutPrefix(element, "v")
	_, err := strconv.Atoi(digits)
	return ok && err == nil
}

// qualified gives "path.Name" for an expression that names something of an imported package, else "".
func (f *file) qualified(e ast.Expr) string {
	sel, ok := e.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	id, ok := sel.X.(*ast.Ident)
	if !ok || !f.free[id] || f.imports[id.Name] == "" {
		return ""
	}
	return f.imports[id.Name] + "." + sel.Sel.Name
}

// program tells whether the file belongs to a package main.
func (f *file) program() bool { return f.Name.Name == "main" }

// proving tells whether the file is a test or part of a room made for proof.
func (f *file) proving() bool {
	r, ok := roomOf(f.pkg.dir)
	return f.test || ok && r.kind == proof
}

// written calls each for every file that people wrote and that is shipped: neither tests nor generated code.
func (t *tree) written(each func(f *file)) {
	for _, p := range t.pkgs {
		for _, f := range p.files {
			if !f.test && !f.generated {
				each(f)
			}
		}
	}
}

// all calls each for every file that is not generated.
func (t *tree) all(each func(f *file)) {
	for _, p := range t.pkgs {
		for _, f := range p.files {
			if !f.generated {
				each(f)
			}
		}
	}
}
