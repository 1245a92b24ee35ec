package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestSubmitLeavesTheProgramItsFlags: what follows the program is its own, also what looks like ours.
func TestSubmitLeavesTheProgramItsFlags(t *testing.T) {
	p := executable(t, "p", `for a in "$@"; do echo "$a"; done`)
	code, out, talk := muster(t, "submit", p, "--master", "x", "-o", "weird", "--", "--files", "")
	if want := "--master\nx\n-o\nweird\n--\n--files\n\n"; code != 0 || out != want {
		t.Errorf("%d %q, want %q; %s", code, out, want, talk)
	}
}

// TestSubmitEndsAsTheDriver: its exit code, or 128 and the signal, and no words of ours.
func TestSubmitEndsAsTheDriver(t *testing.T) {
	for script, want := range map[string]int{"exit 0": 0, "exit 7": 7, "kill -9 $$": 137} {
		if code, _, talk := muster(t, "submit", executable(t, "p", script)); code != want || talk != "" {
			t.Errorf("%s: %d %q; want %d", script, code, talk, want)
		}
	}
}

// TestSubmitPassesSettingsOn: what a program of the SDK reads, and nothing that proves who somebody else is.
func TestSubmitPassesSettingsOn(t *testing.T) {
	t.Setenv("MUSTER_APP_TOKEN", "hunter2")
	t.Setenv("MUSTER_APP_TOKEN_FILE", "/tmp/hunter2")
	t.Setenv("KEPT", "1")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "words.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	code, out, talk := musterHere(t, "submit", "--master", "muster://h:7077", "--executor-cores", "2", "--files", "words.txt", "--log-format", "json",
		"--conf", "executorEnv.B={{CORES}}", "--conf", "spark.executorEnv.A=x,y", "--conf", "executor.resource.gpu.amount=2",
		"--conf", "spark.executor.resource.fpga.amount=1", "--conf", "driver.port=7001", executable(t, "p", "env"))
	if code != 0 {
		t.Fatalf("%d %s", code, talk)
	}
	lines := strings.Split(out, "\n")
	for _, want := range []string{
		"MUSTER_MASTER=muster://h:7077", "MUSTER_EXECUTOR_CORES=2", "MUSTER_LOG_FORMAT=json", "MUSTER_DRIVER_PORT=7001", "MUSTER_APP_NAME=p",
		"MUSTER_EXECUTOR_RESOURCES=fpga=1,gpu=2", "MUSTER_FILES=" + filepath.Join(dir, "words.txt"), "KEPT=1",
		`MUSTER_EXECUTOR_ENV={"A":"x,y","B":"\u007b\u007bCORES}}"}`,
	} {
		if !slices.Contains(lines, want) {
			t.Errorf("missing %s in\n%s", want, out)
		}
	}
	if strings.Contains(out, "hunter2") || strings.Contains(out, "MUSTER_LOG_LEVEL") {
		t.Errorf("passed on what it should not:\n%s", out)
	}
}

// TestResolve: how a program is run by its kind.
func TestResolve(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	jar, py, bin, plain := file("a.jar", 0o600), file("a.py", 0o600), file("a", 0o700), file("b", 0o600)
	for _, tt := range []struct {
		path, class, want, title string
	}{
		{jar, "org.Main", "java -Dspark.x=1 -cp " + jar + " org.Main 10", "org.Main"},
		{py, "", "python3 " + py + " 10", "a.py"},
		{bin, "", bin + " 10", "a"},
	} {
		p, err := resolve(tt.path, tt.class)
		if err != nil {
			t.Fatal(err)
		}
		name, args := p.command(p.file, []string{"-Dspark.x=1"}, []string{"10"})
		if got := strings.Join(append([]string{name}, args...), " "); got != tt.want || p.title != tt.title {
			t.Errorf("%s, titled %s; want %s", got, p.title, tt.want)
		}
	}
	for path, says := range map[string]string{jar: "--class", plain: "chmod +x", dir: "is not a file", filepath.Join(dir, "none"): "exists here"} {
		if _, err := resolve(path, ""); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestNullIsNoTerminal: a submission whose output is thrown away returns once it is accepted.
func TestNullIsNoTerminal(t *testing.T) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if isTerminal(null) {
		t.Error("the null device passes for a terminal")
	}
	if err := null.Close(); err != nil {
		t.Fatal(err)
	}
}
