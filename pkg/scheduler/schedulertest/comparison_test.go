package schedulertest_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/musterproject/muster/pkg/scheduler"
	"github.com/musterproject/muster/pkg/scheduler/schedulertest"
)

var update = flag.Bool("update", false, "write the comparison in docs/design anew")

const (
	page     = "../../../docs/design/scheduling.md"
	pictures = "../../../docs/design/scheduling"
)

// contestants are the policies of the comparison: as they come, and fair as tight as it can be.
func contestants() map[string]scheduler.SchedulerPolicy {
	tight := scheduler.FairOptions()
	tight.Order = scheduler.ByCoresFreeAsc
	return map[string]scheduler.SchedulerPolicy{
		"spread": scheduler.NewSpread(scheduler.DefaultOptions()), "pack": scheduler.NewPack(scheduler.DefaultOptions()),
		"fair": scheduler.NewFair(scheduler.FairOptions()), "fair, tight": scheduler.NewFair(tight),
	}
}

// TestComparison holds the tables and pictures of the page on scheduling to what the policies do on the synthetic traces. After a change of
// a policy: go test ./pkg/scheduler/schedulertest -run TestComparison -update, and read the page again.
func TestComparison(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, trace := range traces() {
		reports := compete(t, trace)
		name := strings.ReplaceAll(trace.Name, " ", "-")
		text = setTable(t, text, name, schedulertest.Compare(reports...))
		hold(t, filepath.Join(pictures, name+".svg"), schedulertest.Picture(reports...))
	}
	hold(t, page, text)
}

func compete(t *testing.T, trace schedulertest.Trace) []schedulertest.Report {
	t.Helper()
	var reports []schedulertest.Report
	policies := contestants()
	for _, name := range []string{"spread", "pack", "fair", "fair, tight"} {
		r, err := schedulertest.Simulate(t.Context(), policies[name], trace)
		if err != nil {
			t.Fatal(err)
		}
		r.Policy = name
		reports = append(reports, r)
	}
	return reports
}

// setTable replaces what stands between the marks of a table.
func setTable(t *testing.T, text []byte, name, table string) []byte {
	t.Helper()
	before, rest, found := bytes.Cut(text, []byte("<!-- table "+name+" -->\n"))
	_, after, closed := bytes.Cut(rest, []byte("<!-- end -->\n"))
	if !found || !closed {
		t.Fatalf("%s has no place for the table %q", page, name)
	}
	return []byte(string(before) + "<!-- table " + name + " -->\n" + table + "<!-- end -->\n" + string(after))
}

func hold(t *testing.T, path string, want []byte) {
	t.Helper()
	got, err := os.ReadFile(path)
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the policies do now: look at it after go test ./pkg/scheduler/schedulertest -run TestComparison -update", path)
	}
}

// TestEverybodyIsServed replays other seeds: large ones and gangs begin at last, and all end, whatever the policy.
func TestEverybodyIsServed(t *testing.T) {
	for seed := range uint64(2) {
		for _, trace := range []schedulertest.Trace{schedulertest.FewLarge(seed + 2), schedulertest.MixedGangs(seed + 2)} {
			for _, r := range compete(t, trace) {
				if all := r.Waits[0]; all.Apps != len(trace.Apps) || len(r.Never) > 0 {
					t.Errorf("%s, seed %d, %s: %d of %d applications began, never: %v", trace.Name, seed+2, r.Policy, all.Apps, len(trace.Apps), r.Never)
				}
				if last := r.Samples[len(r.Samples)-1]; last.Used[0] > 0 || last.Waiting > 0 {
					t.Errorf("%s, seed %d, %s: at the end %.0f%% of the cores are in use and %d wait", trace.Name, seed+2, r.Policy, 100*last.Used[0], last.Waiting)
				}
			}
		}
	}
}
