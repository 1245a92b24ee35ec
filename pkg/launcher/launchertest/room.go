package launchertest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/musterproject/muster/internal/need"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
)

// run launches a child, waits for a good end and gives what it said.
func (b *bench) run(s launcher.Spec) []string {
	b.t.Helper()
	news := b.follow(0)
	b.launch(s)
	if end := news.exited(b.t, s.Launch); !end.Exit.OK() {
		b.t.Fatalf("the child ended with %+v and said %q", end.Exit, b.read(s, "stderr"))
	}
	return strings.Split(strings.TrimSuffix(b.read(s, "stdout"), "\n"), "\n")
}

func testEnvironment(t *testing.T, b *bench) {
	t.Setenv("OF_THE_WORKER", "secret")
	s := b.spec("env")
	s.Env = append(s.Env, deploy.EnvVar{Name: "EMPTY"}, deploy.EnvVar{Name: "a.b-c", Value: "x=y \t\"z\""})
	got := b.run(s)
	want := []string{"SUITE=" + b.nonce, "EMPTY=", "a.b-c=x=y \t\"z\""}
	nonces := slices.DeleteFunc(slices.Clone(got), func(v string) bool { return !strings.HasPrefix(v, launcher.NonceEnv+"=") })
	rest := slices.DeleteFunc(got, func(v string) bool { return strings.HasPrefix(v, launcher.NonceEnv+"=") })
	if !slices.Equal(rest, want) {
		t.Errorf("environment %q\nwant %q", rest, want)
	}
	again := b.run(b.spec("env"))
	if len(nonces) != 1 || len(nonces[0]) < len(launcher.NonceEnv)+8 || slices.Contains(again, nonces[0]) {
		t.Errorf("nonces %q and then %q: want one, different for each launch", nonces, again)
	}
}

func testArguments(t *testing.T, b *bench) {
	args := []string{"", "a b", "-x", "$HOME", "'\"", "*", "ä\n", strings.Repeat("long", 10000)}
	got := b.run(b.spec("say", args...))
	for i, a := range args {
		if i >= len(got) || got[i] != fmt.Sprintf("%q", a) {
			t.Fatalf("argument %d arrived as %.100s", i, got[min(i, len(got)-1)])
		}
	}
}

func testDescriptors(t *testing.T, b *bench) {
	held, err := os.Open("/proc/self/status") // something of the worker's that must not be seen
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	s := b.spec("a shell, because the runtime of Go opens files of its own")
	s.Program, s.Env = "/bin/sh", append(s.Env, deploy.EnvVar{Name: "PATH", Value: "/usr/bin:/bin"})
	s.Args = []string{"-c", `for f in /proc/$$/fd/*; do test -L "$f" || continue; echo "${f##*/}"; readlink "$f"; done`}
	want := []string{"0", "/dev/null", "1", filepath.Join(s.Dir, "stdout"), "2", filepath.Join(s.Dir, "stderr")}
	if got := b.run(s); !slices.Equal(got, want) {
		t.Errorf("descriptors %q\nwant %q", got, want)
	}
}

func testSession(t *testing.T, b *bench) {
	s := b.spec("ids")
	want := []string{"leads group true", "leads session true", "dir " + s.Dir, "umask 0022", fmt.Sprintf("uid %d", os.Getuid()), "hup ignored false"}
	if got := b.run(s); !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	info, err := os.Stat(s.Dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("working directory: %v, %v, want mode 0700", info, err)
	}
}

func (b *bench) file(name, text string, mode os.FileMode) string {
	b.t.Helper()
	path := filepath.Join(b.dirs, name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		b.t.Fatal(err)
	}
	return path
}

func testFiles(t *testing.T, b *bench) {
	s := b.spec("cat", "data", "tool", "key")
	s.Files = []launcher.File{
		{Source: b.file("blob1", "some data", 0o444), Name: "data"},
		{Source: b.file("blob2", "a tool", 0o444), Name: "tool", Executable: true},
	}
	s.Secrets = []launcher.Secret{{Name: "key", Value: deploy.NewSecret("open sesame")}}
	want := []string{"data -r--r--r-- some data", "tool -r-xr--r-- a tool", "key -r-------- open sesame"}
	if got := b.run(s); !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if info, err := os.Stat(filepath.Join(b.dirs, "blob2")); err != nil || info.Mode().Perm() != 0o444 {
		t.Errorf("the source of an executable file is %v now (%v)", info.Mode(), err)
	}
}

// testProgramOfFiles runs a program that was shipped, in all the ways a program can be named.
func testProgramOfFiles(t *testing.T, b *bench) {
	tool := b.file("tool", "#!/bin/sh\necho \"tool $1\"\n", 0o755)
	for name, change := range map[string]func(*launcher.Spec){
		"file":     func(s *launcher.Spec) { s.Program = "tool.sh" },
		"relative": func(s *launcher.Spec) { s.Program = "./tool.sh" },
		"absolute": func(s *launcher.Spec) { s.Program = tool },
		"word": func(s *launcher.Spec) {
			s.Program, s.Env = "tool", append(s.Env, deploy.EnvVar{Name: "PATH", Value: "/nowhere::.:" + b.dirs + ":/bin"})
		},
	} {
		s := b.spec("exit", "9")
		s.Args = []string{name}
		s.Files = []launcher.File{{Source: tool, Name: "tool.sh", Executable: true}}
		change(&s)
		if got := b.run(s); !slices.Equal(got, []string{"tool " + name}) {
			t.Errorf("program named by %s said %q", name, got)
		}
	}
}

func testOutputs(t *testing.T, b *bench) {
	s := b.spec("pour", "3000000")
	b.run(s)
	text := b.read(s, "stdout")
	if len(text) != 3000000 {
		t.Fatalf("wrote 3000000 bytes, kept %d", len(text))
	}
	for n := range len(text) / 100 {
		if line := text[100*n : 100*n+100]; line != fmt.Sprintf("%099d\n", n) {
			t.Fatalf("line %d is %q", n, line)
		}
	}
	none := b.spec("say", "hello")
	none.Outputs = launcher.Outputs{Stderr: "only"}
	news := b.follow(0)
	b.launch(none)
	if end := news.exited(t, none.Launch); !end.Exit.OK() || b.read(none, "only") != "said\n" || b.read(none, "stdout") != "" {
		t.Errorf("without a name for stdout: %+v, stderr %q, stdout %q", end, b.read(none, "only"), b.read(none, "stdout"))
	}
}

func testSharedOutput(t *testing.T, b *bench) {
	s := b.spec("say", "one", "two")
	s.Outputs = launcher.Outputs{Stdout: "log", Stderr: "log"}
	news := b.follow(0)
	b.launch(s)
	news.exited(t, s.Launch)
	if got := b.read(s, "log"); got != "\"one\"\n\"two\"\nsaid\n" {
		t.Errorf("the shared output is %q", got)
	}
}

// testDirectoryTwice: a second launch in a directory goes on with its outputs and replaces its files.
func testDirectoryTwice(t *testing.T, b *bench) {
	first := b.spec("cat", "data", "key")
	first.Files = []launcher.File{{Source: b.file("v1", "old", 0o444), Name: "data"}}
	first.Secrets = []launcher.Secret{{Name: "key", Value: deploy.NewSecret("old")}}
	b.run(first)
	second := b.spec("cat", "data", "key")
	second.Dir = first.Dir
	second.Files = []launcher.File{{Source: b.file("v2", "new", 0o444), Name: "data"}}
	second.Secrets = []launcher.Secret{{Name: "key", Value: deploy.NewSecret("new")}}
	got := b.run(second)
	want := []string{"data -r--r--r-- old", "key -r-------- old", "data -r--r--r-- new", "key -r-------- new"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func testUser(t *testing.T, b *bench) {
	need.Or(t, "root", os.Geteuid() == 0, "starts a process as another user")
	s := b.spec("ids")
	s.User = "nobody"
	// The other user must be able to reach the directory and the program, and nothing of it is his otherwise.
	s.Dir = filepath.Join("/tmp", "launchertest-"+b.nonce)
	t.Cleanup(func() {
		if err := os.RemoveAll(s.Dir); err != nil {
			t.Error(err)
		}
	})
	s.Program, s.Args = "/bin/sh", []string{"-c", "id -u; cat key; touch mine; ls -ld . | cut -c1-10"}
	s.Env = append(s.Env, deploy.EnvVar{Name: "PATH", Value: "/usr/bin:/bin"})
	s.Secrets = []launcher.Secret{{Name: "key", Value: deploy.NewSecret("of nobody\n")}}
	if got, want := b.run(s), []string{"65534", "of nobody", "drwx------"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
