package main

import (
	"reflect"
	"strings"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
)

// TestDriverPlacement: a driver stands in its application's queue unless it has its own, and runs where it is asked to, not where executors are.
func TestDriverPlacement(t *testing.T) {
	ssd := []deploy.Requirement{{Key: "disk", Values: []string{"ssd"}}}
	app := []string{"queue=prod", "priority=5", "placement.require=zone=eu", "placement.apart=host", "placement.maxPerWorker=1"}
	for _, tt := range []struct {
		more []string
		want deploy.Placement
	}{
		{nil, deploy.Placement{Queue: "prod", Priority: 5}},
		{[]string{"driver.queue=drivers", "driver.priority=0"}, deploy.Placement{Queue: "drivers"}},
		{[]string{"driver.require=disk=ssd", "driver.prefer=disk=ssd"}, deploy.Placement{Queue: "prod", Priority: 5, Require: ssd,
			Prefer: []deploy.Preference{{Requirement: ssd[0], Weight: 1}}}},
	} {
		s := &submission{set: with(t, append(tt.more, app...)...)}
		if got := s.driverPlacement(); !reflect.DeepEqual(got, tt.want) || s.checkPlacement() != nil || s.set.Err() != nil {
			t.Errorf("%v: %+v, %v, %v", tt.more, got, s.checkPlacement(), s.set.Err())
		}
	}
}

// TestSubmitRefusesBadPlacement: with 2, before the program is started, naming where it was set.
func TestSubmitRefusesBadPlacement(t *testing.T) {
	p := executable(t, "p", "echo started")
	for line, says := range map[string][]string{
		"--queue a..b":                         {"queue (flag --queue)", "a..b", "names between dots"},
		"--queue root.prod":                    {"leave root away"},
		"--priority 101":                       {"priority (flag --priority)", "-100 to 100"},
		"--require zone":                       {"placement.require (flag --require)", "key=value"},
		"--prefer 0:zone=eu":                   {"placement.prefer (flag --prefer)", "1 to 100"},
		"--prefer a=1,b=1,c=1,d=1":             {"4 preferred selectors", "at most 3"},
		"--apart a,b":                          {"label to be apart by"},
		"--max-per-worker -1":                  {"placement.maxPerWorker (flag --max-per-worker)"},
		"--gang":                               {"placement.gang (flag --gang)", "--num-executors", "--executor-cores"},
		"--conf driver.require=disk":           {"driver.require (--conf driver.require)"},
		"--conf driver.queue=x/y":              {"driver.queue (--conf driver.queue)"},
		"--require zone=eu --require gpu":      {"placement.require (flag --require)", "zone=eu, gpu"},
		"--priority 1000 --conf driver.queue=": {"priority (flag --priority)"},
	} {
		words := append(append([]string{"submit"}, strings.Fields(line)...), p)
		code, out, talk := muster(t, words...)
		if code != exitUsage || out != "" {
			t.Errorf("%s: ended with %d, printed %q", line, code, out)
		}
		for _, want := range says {
			if !strings.Contains(talk, want) {
				t.Errorf("%s: not told %q:\n%s", line, want, talk)
			}
		}
	}
	code, out, talk := musterHere(t, "submit", "--priority", "-50", "--require", "zone=eu", "--require", "rack in (a, b)", executable(t, "p", "env"))
	for _, want := range []string{"MUSTER_PRIORITY=-50\n", "MUSTER_PLACEMENT_REQUIRE=zone=eu, rack in (a, b)\n"} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("%d: %s\nlacks %q; %s", code, out, want, talk)
		}
	}
}
