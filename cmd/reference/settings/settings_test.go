package settings

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/musterproject/muster/pkg/deploy"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func layers(t *testing.T, table *Table, args []string, conf []string, env map[string]string, props, file string) *Settings {
	t.Helper()
	set := pflag.NewFlagSet("test", pflag.ContinueOnError)
	AddFlags(set, table)
	if err := set.Parse(args); err != nil {
		t.Fatal(err)
	}
	flags, err1 := Flags(set, table)
	pairs, err2 := Pairs("--conf", conf)
	p, err3 := Properties(write(t, "p.conf", props), true)
	y, err4 := YAML(write(t, "m.yaml", file), true)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	return Load(table, flags, pairs, Environment(table, lookup), p, y)
}

// Every step of the precedence hides all below it, and the origin says file and line.
func TestPrecedenceAndOrigins(t *testing.T) {
	table := NewTable(Shared(), MasterOptions())
	file := "# a comment\nmaster:\n  port: 1001\n"
	props := "# more\n\nspark.master.port   1002\n"
	env := map[string]string{"MUSTER_MASTER_PORT": "1003"}
	steps := []struct {
		conf, args   []string
		env          map[string]string
		props, file  string
		want, origin string
	}{
		{want: "7077", origin: "default"},
		{file: file, want: "1001", origin: "m.yaml:3"},
		{file: file, props: props, want: "1002", origin: "p.conf:3"},
		{file: file, props: props, env: env, want: "1003", origin: "env MUSTER_MASTER_PORT"},
		{file: file, props: props, env: env, conf: []string{"master.port=1004"}, want: "1004", origin: "--conf master.port"},
		{file: file, props: props, env: env, conf: []string{"master.port=1004"}, args: []string{"--port", "1005"}, want: "1005", origin: "flag --port"},
	}
	for _, s := range steps {
		got := layers(t, table, s.args, s.conf, s.env, s.props, s.file)
		v := got.Get("master.port")
		if err := got.Err(); err != nil || v.Text != s.want || !strings.HasSuffix(v.Origin, s.origin) {
			t.Errorf("got %q from %q (%v), want %q from %q", v.Text, v.Origin, err, s.want, s.origin)
		}
	}
}

func TestUnknownKeysSuggest(t *testing.T) {
	table := NewTable(Shared(), MasterOptions())
	s := layers(t, table, nil, []string{"master.prot=1"}, nil, "", "")
	if err := s.Err(); !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), "did you mean master.port?") {
		t.Errorf("got %v", err)
	}
	s = layers(t, table, nil, []string{"spark.sql.shuffle.partitions=7"}, nil, "", "")
	if err := s.Err(); err != nil || len(s.Warnings()) != 1 || s.Foreign()["spark.sql.shuffle.partitions"].Text != "7" {
		t.Errorf("a key of the peer must be kept aside with one warning: %v, %q", err, s.Warnings())
	}
}

// a.b and a.b.c may both be set: nesting must not swallow either.
func TestKeyThatIsAPrefixOfAnother(t *testing.T) {
	table := NewTable([]Option{{Key: "a.b"}, {Key: "a.b.c"}})
	s := layers(t, table, nil, nil, nil, "a.b one\na.b.c two\n", "")
	if s.Text("a.b") != "one" || s.Text("a.b.c") != "two" || s.Err() != nil {
		t.Errorf("got %q and %q, %v", s.Text("a.b"), s.Text("a.b.c"), s.Err())
	}
}

func TestTypedFaultsNameKeyAndOrigin(t *testing.T) {
	table := NewTable(Shared(), MasterOptions(), WorkerOptions(), SubmitOptions())
	conf := []string{"worker.timeout=-5s", "worker.memory=lots", "worker.cores=0", "deploy.maxDrivers=0", "driver.supervise=perhaps", "master.port=70000"}
	s := layers(t, table, nil, conf, nil, "", "")
	s.Duration("worker.timeout")
	s.Memory("worker.memory")
	s.Cores("worker.cores")
	s.Limit("deploy.maxDrivers")
	s.Bool("driver.supervise")
	s.Int("master.port", 0, 65535)
	for _, c := range conf {
		key, _, _ := strings.Cut(c, "=")
		if err := s.Err(); err == nil || !strings.Contains(err.Error(), key+" (--conf "+key+")") {
			t.Errorf("the fault of %s is not named in %v", key, err)
		}
	}
}

func TestAFaultIsToldOnce(t *testing.T) {
	s := layers(t, All(), nil, []string{"executor.cores=zero"}, nil, "", "")
	s.Cores("executor.cores")
	s.Cores("executor.cores")
	if n := strings.Count(s.Err().Error(), "whole number"); n != 1 {
		t.Errorf("told %d times: %v", n, s.Err())
	}
}

func TestMemoryFlagNeedsAUnitButKeysDoNot(t *testing.T) {
	table := NewTable(WorkerOptions())
	set := pflag.NewFlagSet("test", pflag.ContinueOnError)
	AddFlags(set, table)
	if err := set.Parse([]string{"--memory", "1024"}); err != nil {
		t.Fatal(err)
	}
	if _, err := Flags(set, table); !errors.Is(err, deploy.ErrInvalid) || !strings.Contains(err.Error(), "1024") {
		t.Errorf("got %v", err)
	}
	s := layers(t, table, nil, []string{"worker.memory=1024"}, nil, "", "")
	if got := s.Memory("worker.memory"); got != 1024 || s.Err() != nil {
		t.Errorf("got %d MiB, %v", got, s.Err())
	}
}

func TestBareSecondsOfThePeer(t *testing.T) {
	table := NewTable(MasterOptions())
	s := layers(t, table, nil, nil, nil, "spark.worker.timeout 60\n", "")
	if got := s.Duration("worker.timeout"); got != time.Minute || s.Err() != nil {
		t.Errorf("got %s, %v", got, s.Err())
	}
}

func TestPatternsAndSecrets(t *testing.T) {
	table := NewTable(WorkerOptions(), []Option{{Key: "auth.secret", Secret: true}})
	s := layers(t, table, nil, []string{"worker.resource.gpu.amount=2", "worker.env.API_TOKEN=xyz", "auth.secret=pst"}, nil, "", "")
	if got := s.Below("worker.resource."); got["gpu.amount"] != "2" || s.Err() != nil {
		t.Errorf("got %v, %v", got, s.Err())
	}
	for _, r := range s.Rows() {
		if strings.Contains(r.Value, "pst") || strings.Contains(r.Value, "xyz") {
			t.Errorf("%s shows its secret", r.Key)
		}
	}
}

func TestFilesThatAreNotThere(t *testing.T) {
	if _, err := Properties("/no/such/file", true); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if l, err := YAML("/no/such/file", false); err != nil || len(l.Values) != 0 {
		t.Errorf("got %v, %v", l, err)
	}
	for _, bad := range []string{"- a\n- b\n", "a: [x, {y: z}]\n", "a: 1\na: 2\n", "a: *x\n", ": :\n\t"} {
		if _, err := YAML(write(t, "bad.yaml", bad), true); !errors.Is(err, ErrConfig) {
			t.Errorf("%q: got %v", bad, err)
		}
	}
}

func FuzzYAML(f *testing.F) {
	f.Add("a:\n  b: 1\n")
	f.Add("- x\n")
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := YAML(write(t, "f.yaml", text), true); err != nil && !errors.Is(err, ErrConfig) {
			t.Errorf("an error of another kind: %v", err)
		}
	})
}
