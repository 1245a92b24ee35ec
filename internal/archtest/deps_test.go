package archtest

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write deps.txt anew")

const (
	root    = "../.."
	depsTxt = "deps.txt"
)

const depsHead = `# Modules that the shipped packages and programs link (cmd, pkg, plugins), one per line.
# A new line here is a decision: it has a row in homes of internal/archtest/floors_test.go.
# Written anew by: go test ./internal/archtest -run TestDependencies -update
`

// TestDependencies compares deps.txt with what the go command says is linked.
func TestDependencies(t *testing.T) {
	linked := linkedModules(t, "cmd", "pkg", "plugins")
	name := filepath.Join(root, depsTxt)
	if *update {
		if err := os.WriteFile(name, []byte(depsHead+strings.Join(linked, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if d := difference(lines(string(text)), linked); d != "" {
		t.Errorf("%s is not what is linked:\n%sIf that is wanted: go test ./internal/archtest -run TestDependencies -update", depsTxt, d)
	}
}

// TestLinks holds programs to what they may not link.
func TestLinks(t *testing.T) {
	for _, l := range links {
		t.Run(l.program, func(t *testing.T) {
			if !exists(l.program) {
				t.Logf("%s does not stand", l.program)
				return
			}
			deps := goList(t, "-deps", "-f", "{{.ImportPath}}", "./"+l.program)
			for _, dep := range unwanted(deps, l.without) {
				t.Errorf("%s links %s: %s (ask go mod why -m, or go list -deps)", l.program, dep, l.why)
			}
		})
	}
}

func TestDifference(t *testing.T) {
	for _, c := range []struct {
		have, want []string
		out        string
	}{
		{[]string{"a", "b"}, []string{"a", "b"}, ""},
		{[]string{"a"}, []string{"a", "b"}, "  + b\n"},
		{[]string{"a", "b"}, []string{"b"}, "  - a\n"},
		{[]string{"a"}, []string{"b"}, "  - a\n  + b\n"},
	} {
		if got := difference(c.have, c.want); got != c.out {
			t.Errorf("difference(%v, %v): got %q, want %q", c.have, c.want, got, c.out)
		}
	}
}

func TestUnwanted(t *testing.T) {
	deps := []string{"fmt", "go.uber.org/fx/fxevent", "go.uber.org/fxtra", module + "/pkg/masterly"}
	got := unwanted(deps, []string{"go.uber.org/fx", module + "/pkg/master"})
	if !slices.Equal(got, []string{"go.uber.org/fx/fxevent"}) {
		t.Errorf("got %v", got)
	}
}

func unwanted(deps, without []string) []string {
	return slices.DeleteFunc(slices.Clone(deps), func(dep string) bool {
		return !slices.ContainsFunc(without, func(w string) bool { return within(dep, w) })
	})
}

// difference lists what have has too much (-) and too little (+); "" if nothing.
func difference(have, want []string) string {
	var out strings.Builder
	for _, l := range have {
		if !slices.Contains(want, l) {
			fmt.Fprintf(&out, "  - %s\n", l)
		}
	}
	for _, l := range want {
		if !slices.Contains(have, l) {
			fmt.Fprintf(&out, "  + %s\n", l)
		}
	}
	return out.String()
}

// linkedModules gives the modules linked by the packages below the folders, without our own.
func linkedModules(t *testing.T, dirs ...string) []string {
	t.Helper()
	args := []string{"-deps", "-f", "{{with .Module}}{{.Path}}{{end}}"}
	for _, dir := range dirs {
		if exists(dir) {
			args = append(args, "./"+dir+"/...")
		}
	}
	modules := slices.DeleteFunc(goList(t, args...), func(m string) bool { return m == module })
	slices.Sort(modules)
	return slices.Compact(modules)
}

func exists(dir string) bool {
	sources, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
	if err == nil && len(sources) > 0 {
		return true
	}
	below, err := filepath.Glob(filepath.Join(root, dir, "*", "*.go"))
	return err == nil && len(below) > 0
}

// goList asks for linux, so that the answer is the same on every machine.
func goList(t *testing.T, args ...string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	return lines(string(out))
}

// lines gives the lines of a text without blank ones and comments.
func lines(text string) []string {
	return slices.DeleteFunc(strings.Split(text, "\n"), func(l string) bool {
		return strings.TrimSpace(l) == "" || strings.HasPrefix(l, "#")
	})
}
