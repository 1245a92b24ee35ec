package scheduler_test

import (
	"bytes"
	"errors"
	"flag"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/musterproject/muster/internal/need"
)

var mutants = flag.Bool("scheduler.mutants", false, "build every mutant and let the tests find it")

// TestMutants builds each mistake of mutant.go in and demands that the tests named find it, so that tests that pass mean something.
func TestMutants(t *testing.T) {
	need.Or(t, "mutants", *mutants, "builds 13 mutants and runs the tests that tell: run with -scheduler.mutants")
	for _, m := range []struct{ tag, tests string }{
		{"unweighted", "TestFairShares"},
		{"no_minimum", "TestFairShares"},
		{"parent_quota", "TestFairShares"},
		{"avoid", "TestFairEqualsFilling"},
		{"apart", "TestFairEqualsFilling"},
		{"gang", "TestGangs"},
		{"reservation", "TestReservations"},
		{"quota_wake", "TestFairEqualsFilling"},
		{"spread", "TestVectorTables"},
		{"memory_order", "TestWorkerSelection"},
		{"tie", "TestFairEqualsFilling"},
		{"tries", "TestReservationsGoOn"},
		{"grow", "TestFairEqualsFilling"},
	} {
		t.Run(m.tag, func(t *testing.T) {
			binary := filepath.Join(t.TempDir(), m.tag+".test")
			if out, err := exec.Command("go", "test", "-c", "-tags", "mutant_"+m.tag, "-o", binary, ".").CombinedOutput(); err != nil {
				t.Fatalf("build: %v\n%s", err, out)
			}
			out, err := exec.Command(binary, "-test.failfast", "-test.timeout=2m", "-test.run=^("+m.tests+")$").CombinedOutput()
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			if err == nil || !bytes.Contains(out, []byte("--- FAIL")) {
				t.Fatalf("%s did not find it: %v\n%s", m.tests, err, out[:min(len(out), 2000)])
			}
		})
	}
}
