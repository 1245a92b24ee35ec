package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/localcluster"
	"github.com/musterproject/muster/pkg/task"
)

// mainEnv makes the test's binary the example itself.
const mainEnv = "WORDCOUNT_TEST_MAIN"

func TestMain(m *testing.M) {
	if took, err := localcluster.Become(context.Background()); took {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if os.Getenv(mainEnv) != "" || task.IsExecutor() {
		main()
	}
	os.Exit(m.Run())
}

func wordcount(t *testing.T, env string, args ...string) (string, error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = []string{mainEnv + "=1", env}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// The same program on threads and on a cluster, by flag and by environment.
func TestWordcount(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a": "the cat and the dog", "b": "the fox"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	check := func(out string, err error) {
		t.Helper()
		if err != nil || !strings.HasPrefix(out, "the                           3\n") || !strings.Contains(out, "2 files, 26 bytes, 7 words, 5 different") {
			t.Errorf("%v: %s", err, out)
		}
	}
	check(wordcount(t, "X=", "--master", "local[2]", "--top", "1", dir))
	err := localcluster.Run(t.Context(), localcluster.DefaultConfig(), func(_ context.Context, at deploy.Address) error {
		check(wordcount(t, "MUSTER_MASTER=muster://"+at.String(), "--top", "1", dir))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestNothingToCount(t *testing.T) {
	if out, err := wordcount(t, "X="); err == nil || !strings.Contains(out, "name files or folders") {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := wordcount(t, "X=", "/nowhere"); err == nil || !strings.Contains(out, "/nowhere") {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := wordcount(t, "X=", "--master", "local-cluster[1,1,512]", "/etc/hostname"); err == nil || !strings.Contains(out, "localcluster.Backend()") {
		t.Errorf("%v: %s", err, out)
	}
}
