//go:build linux

package e2e

import (
	"flag"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/musterproject/muster/e2e/cluster"
)

// What this test process builds, each once and only when a scenario wants it.
var (
	builtIn   string // made by TestMain
	muster    = sync.OnceValues(func() (string, error) { return cluster.Build(builtIn, "../cmd/reference") })
	wordcount = sync.OnceValues(func() (string, error) { return cluster.Build(builtIn, "../examples/wordcount") })
	steps     = sync.OnceValues(func() (string, error) { return cluster.Build(builtIn, "./testdata/steps") })
)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "muster-e2e-bin-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	builtIn = dir
	// Scenarios mostly wait: more of them than cores may run at a time.
	if err := flag.Set("test.parallel", "6"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// program gives what was built, or fails the test.
func program(t testing.TB, build func() (string, error)) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// start starts a cluster of the built program.
func start(t *testing.T, workers int, more ...func(*cluster.Options)) *cluster.Cluster {
	t.Helper()
	o := cluster.Options{Program: program(t, muster), Workers: workers}
	for _, f := range more {
		f(&o)
	}
	return cluster.Start(t, o)
}

// with sets one configuration key of all daemons.
func with(key, value string) func(*cluster.Options) {
	return func(o *cluster.Options) {
		if o.Conf == nil {
			o.Conf = map[string]string{}
		}
		o.Conf[key] = value
	}
}
