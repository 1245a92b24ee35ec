package launchertest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
)

// testBadSpecs: what can never be started is refused with the field, and nothing is taken over.
func testBadSpecs(t *testing.T, b *bench) {
	for _, c := range []struct {
		field  string
		change func(*launcher.Spec)
	}{
		{"Launch", func(s *launcher.Spec) { s.Launch = deploy.LaunchID{} }},
		{"Owner", func(s *launcher.Spec) { s.Owner = "app\nforged" }},
		{"Dir", func(s *launcher.Spec) { s.Dir = "" }},
		{"Dir", func(s *launcher.Spec) { s.Dir = "work/1" }},
		{"Dir", func(s *launcher.Spec) { s.Dir = "/" }},
		{"Dir", func(s *launcher.Spec) { s.Dir = "/tmp/../etc" }},
		{"Program", func(s *launcher.Spec) { s.Program = "" }},
		{"Env", func(s *launcher.Spec) { s.Env = []deploy.EnvVar{{Name: "", Value: "x"}} }},
		{"Env", func(s *launcher.Spec) { s.Env = []deploy.EnvVar{{Name: "A=B", Value: "x"}} }},
		{"Env", func(s *launcher.Spec) { s.Env = []deploy.EnvVar{{Name: "A\x00", Value: "x"}} }},
		{"Env", func(s *launcher.Spec) { s.Env = []deploy.EnvVar{{Name: "A", Value: "1"}, {Name: "A", Value: "2"}} }},
		{"Env", func(s *launcher.Spec) { s.Env = []deploy.EnvVar{{Name: launcher.NonceEnv, Value: "mine"}} }},
		{"Files", func(s *launcher.Spec) { s.Files = []launcher.File{{Source: "/bin/sh", Name: "a/b"}} }},
		{"Files", func(s *launcher.Spec) { s.Files = []launcher.File{{Source: "/bin/sh", Name: ".."}} }},
		{"Files", func(s *launcher.Spec) { s.Files = []launcher.File{{Source: "/bin/sh", Name: ""}} }},
		{"Files", func(s *launcher.Spec) { s.Files = []launcher.File{{Source: "sh", Name: "sh"}} }},
		{"Files", func(s *launcher.Spec) {
			s.Files = []launcher.File{{Source: "/bin/sh", Name: "x"}, {Source: "/bin/ls", Name: "x"}}
		}},
		{"Files", func(s *launcher.Spec) {
			s.Files = []launcher.File{{Source: "/bin/sh", Name: "x\ny"}}
		}},
		{"Secrets", func(s *launcher.Spec) { s.Secrets = []launcher.Secret{{Name: "../key"}} }},
		{"Secrets", func(s *launcher.Spec) {
			s.Files, s.Secrets = []launcher.File{{Source: "/bin/sh", Name: "k"}}, []launcher.Secret{{Name: "k"}}
		}},
		{"Outputs", func(s *launcher.Spec) { s.Outputs.Stdout = "/etc/passwd" }},
		{"Outputs", func(s *launcher.Spec) { s.Outputs.Stderr = strings.Repeat("x", 300) }},
		{"Outputs", func(s *launcher.Spec) { s.Files = []launcher.File{{Source: "/bin/sh", Name: "stdout"}} }},
		{"Rolling", func(s *launcher.Spec) { s.Outputs.Rolling = launcher.Rolling{By: launcher.RollBySize} }},
		{"Rolling", func(s *launcher.Spec) { s.Outputs.Rolling = launcher.Rolling{By: launcher.RollByTime, Every: -1} }},
		{"Rolling", func(s *launcher.Spec) { s.Outputs.Rolling = launcher.Rolling{By: 77} }},
		{"User", func(s *launcher.Spec) { s.User = "root\n" }},
		{"Limits", func(s *launcher.Spec) { s.Limits.PIDs = -1 }},
		{"Grace", func(s *launcher.Spec) { s.Grace = -time.Second }},
		{"OrphanGrace", func(s *launcher.Spec) { s.OrphanGrace = -1 }},
		{"Isolation", func(s *launcher.Spec) { s.Isolation.Required = "virtual-machine" }},
		{"Args", func(s *launcher.Spec) { s.Args = []string{strings.Repeat("x", 100<<20)} }},
	} {
		s := b.spec("exit", "0")
		c.change(&s)
		_, err := b.l.Launch(t.Context(), s)
		if !errors.Is(err, launcher.ErrBadSpec) || !strings.Contains(err.Error(), c.field) {
			t.Errorf("a spec with a bad %s gave %.300v", c.field, err)
		}
		if err != nil && len(err.Error()) > 2000 {
			t.Errorf("bad %s: the error has %d bytes", c.field, len(err.Error()))
		}
	}
	if list := b.list(); len(list) != 0 {
		t.Errorf("refused and taken over: %+v", list)
	}
}

// testFailedStarts: what the operating system has against a start is said in its words.
func testFailedStarts(t *testing.T, b *bench) {
	news := b.follow(0)
	for _, c := range []struct {
		name   string
		change func(*launcher.Spec)
		words  []string
	}{
		{"word not in PATH", func(s *launcher.Spec) {
			s.Program, s.Env = "no-such-program", append(s.Env, deploy.EnvVar{Name: "PATH", Value: "/usr/bin:/bin"})
		}, []string{`exec: "no-such-program": executable file not found in PATH=/usr/bin:/bin`}},
		{"word without PATH", func(s *launcher.Spec) { s.Program = "sh" }, []string{`exec: "sh": executable file not found in PATH=`}},
		{"missing path", func(s *launcher.Spec) { s.Program = "/no/such/program" }, []string{"/no/such/program", "no such file or directory"}},
		{"not executable", func(s *launcher.Spec) { s.Program = b.file("text", "text", 0o644) }, []string{"text", "permission denied"}},
		{"not a program", func(s *launcher.Spec) { s.Program = b.file("noise", "\x01\x02", 0o755) }, []string{"noise", "exec format error"}},
		{"a directory", func(s *launcher.Spec) { s.Program = "/tmp" }, []string{"/tmp", "permission denied"}},
		{"missing interpreter", func(s *launcher.Spec) { s.Program = b.file("script", "#!/no/python\n", 0o755) }, []string{"script", "no such file or directory"}},
		{"argument list too long", func(s *launcher.Spec) { s.Args = manyArguments(10 << 20) }, []string{"argument list too long"}},
		{"one long argument", func(s *launcher.Spec) { s.Args = []string{strings.Repeat("x", 10<<20)} }, []string{"argument list too long"}},
		{"NUL in an argument", func(s *launcher.Spec) { s.Args = []string{"a", "b\x00c"} }, []string{"argument 2", "NUL", "invalid argument"}},
		{"NUL in the environment", func(s *launcher.Spec) { s.Env = append(s.Env, deploy.EnvVar{Name: "ZERO", Value: "\x00"}) }, []string{"ZERO", "NUL", "invalid argument"}},
		{"directory below a file", func(s *launcher.Spec) { s.Dir = filepath.Join(b.file("plain", "", 0o644), "work") }, []string{"plain", "not a directory"}},
		{"directory is a file", func(s *launcher.Spec) { s.Dir = b.file("flat", "", 0o644) }, []string{"flat", "not a directory"}},
		{"directory is a link", func(s *launcher.Spec) { s.Dir = b.link("/tmp", "tmp") }, []string{"tmp", "not a directory"}},
		{"missing file", func(s *launcher.Spec) { s.Files = []launcher.File{{Source: "/no/such/blob", Name: "jar"}} }, []string{"jar", "/no/such/blob", "no such file or directory"}},
		{"output is a link", func(s *launcher.Spec) {
			s.Dir = filepath.Join(b.dirs, "trap")
			b.link("/dev/null", "trap/stdout")
		}, []string{"stdout", "too many levels of symbolic links"}},
	} {
		s := b.spec("exit", "0")
		c.change(&s)
		b.launch(s)
		failed := news.failed(t, s.Launch)
		for _, w := range c.words {
			if !strings.Contains(failed.Message, w) {
				t.Errorf("%s: the message lacks %q: %s", c.name, w, failed.Message)
			}
		}
		if h := b.handle(s.Launch); h.State != deploy.ExecutorFailed || h.Message != failed.Message || h.PID != 0 {
			t.Errorf("%s: listed as %+v", c.name, h)
		}
		b.control(s.Launch, launcher.Forget{})
	}
}

func manyArguments(bytes int) []string {
	args := make([]string, bytes/1000)
	for i := range args {
		args[i] = strings.Repeat("x", 999)
	}
	return args
}

func (b *bench) link(to, name string) string {
	b.t.Helper()
	path := filepath.Join(b.dirs, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.Symlink(to, path)); err != nil {
		b.t.Fatal(err)
	}
	return path
}

func testUnknownUser(t *testing.T, b *bench) {
	s := b.spec("exit", "0")
	s.User = "nobody-of-this-name"
	news := b.follow(0)
	b.launch(s)
	if failed := news.failed(t, s.Launch); !strings.Contains(failed.Message, "unknown user nobody-of-this-name") {
		t.Errorf("the message is %q", failed.Message)
	}
}
