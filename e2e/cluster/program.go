//go:build linux

package cluster

import (
	"archive/zip"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Build compiles one package of the module into dir and gives the program's path. pkg is relative to the test's folder.
func Build(dir, pkg string) (string, error) {
	path := filepath.Join(dir, filepath.Base(pkg))
	cmd := exec.Command("go", "build", "-o", path, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build %s: %w\n%s", pkg, err, out)
	}
	return path, nil
}

// Script writes an executable shell script and gives its path.
func Script(t testing.TB, body string) string {
	t.Helper()
	return File(t, "script.sh", "#!/bin/sh\n"+body+"\n", 0o755)
}

// File writes a file into a directory of its own and gives its path.
func File(t testing.TB, name, body string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(body), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// Jar compiles one class of Java and packs it.
func Jar(t testing.TB, class, source string) string {
	t.Helper()
	java := File(t, class+".java", source, 0o644)
	dir := filepath.Dir(java)
	if out, err := exec.Command("javac", "-d", dir, java).CombinedOutput(); err != nil {
		t.Fatalf("javac: %v\n%s", err, out)
	}
	code, err := os.ReadFile(filepath.Join(dir, class+".class"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "program.jar")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := zip.NewWriter(f)
	entry, err := w.Create(class + ".class")
	if err == nil {
		_, err = entry.Write(code)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}
