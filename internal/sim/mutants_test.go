package sim

import (
	"errors"
	"flag"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/musterproject/muster/internal/need"
)

var mutants = flag.Bool("sim.mutants", false, "build every mutant and let the simulator find it")

// bred is a mistake built in by the tag mutant_<tag>.
type bred struct {
	tag   string
	seeds int // within which it must be found
}

// The mutants of mastercore, then those of workercore.
func allMutants() []bred {
	return []bred{
		{"report_ignores_launch", 200}, {"kill_frees_at_once", 200}, {"duplicate_registration_resets", 200}, {"old_incarnation_accepted", 600},
		{"lease_ignored", 200}, {"answer_forgotten", 200}, {"executor_numbers_reused", 200},
		{"quota_not_checked", 200}, {"half_gang", 200}, {"reservation_forgotten", 200},
		{"stale_epoch", 400}, {"old_session", 200}, {"duplicate_launch", 200}, {"kill_tombstone", 200}, {"inventory", 200},
	}
}

var foundBy = regexp.MustCompile(`seed (\d+): (\S+( books)?) after ([^:]*): .*`)

// TestMutants: every mistake is found, so that a run without findings means something.
func TestMutants(t *testing.T) {
	need.Or(t, "mutants", *mutants, "builds 15 mutants and hunts each, which takes minutes: run with -sim.mutants")
	for _, m := range allMutants() {
		t.Run(m.tag, func(t *testing.T) {
			binary := filepath.Join(t.TempDir(), m.tag+".test")
			if out, err := exec.Command("go", "test", "-c", "-tags", "mutant_"+m.tag, "-o", binary, ".").CombinedOutput(); err != nil {
				t.Fatalf("build: %v\n%s", err, out)
			}
			out, err := exec.Command(binary, "-test.run=^TestSeeds$", "-sim.hunt", fmt.Sprintf("-sim.seeds=%d", m.seeds)).CombinedOutput()
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			found := foundBy.FindSubmatch(out)
			if err == nil || found == nil {
				t.Fatalf("not found in %d seeds: %v\n%s", m.seeds, err, out[:min(len(out), 2000)])
			}
			t.Logf("found by %s", found[0])
		})
	}
}
