package deploy_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
)

func TestPlacementCheck(t *testing.T) {
	prefer := func(n int, weight int32) []deploy.Preference {
		return append(make([]deploy.Preference, 0, n), repeat(deploy.Preference{Requirement: in("zone", "eu"), Weight: weight}, n)...)
	}
	for _, ok := range []deploy.Placement{
		{}, {Queue: "prod.etl", Priority: -100}, {Priority: 100, Require: repeat(exists("gpu"), 16), Prefer: prefer(3, 100)},
		{Apart: deploy.ApartHost, MaxPerWorker: 1}, {Apart: "example.org/rack", MaxPerWorker: 1<<31 - 1},
	} {
		if err := ok.Check("application", false); err != nil {
			t.Errorf("%+v: %v", ok, err)
		}
		if err := ok.Check("driver", true); (err == nil) != (ok.Apart == "" && ok.MaxPerWorker == 0) {
			t.Errorf("of a driver, %+v: %v", ok, err)
		}
		if ok.IsZero() != reflect.ValueOf(ok).IsZero() {
			t.Errorf("%+v says something: %v", ok, ok.IsZero())
		}
	}
	for want, bad := range map[string]deploy.Placement{
		"queue \"a..b\"": {Queue: "a..b"}, "priority 101": {Priority: 101}, "priority -101": {Priority: -101},
		"17 required selectors": {Require: repeat(exists("gpu"), 17)}, "4 preferred selectors": {Prefer: prefer(4, 1)},
		"has the weight 0": {Prefer: prefer(1, 0)}, "has the weight 101": {Prefer: prefer(1, 101)}, "required selector": {Require: []deploy.Requirement{{Key: "a"}}},
		"preferred selector": {Prefer: []deploy.Preference{{Requirement: exists("a b"), Weight: 1}}}, "at most -1 executors": {MaxPerWorker: -1},
		"label to be apart by": {Apart: "a b"},
	} {
		checkRefusal(t, want, bad.Check("application", false), "application", want)
	}
	checkRefusal(t, "apart", (&deploy.Placement{Apart: "host"}).Check("driver", true), "single process")
}

func repeat[T any](v T, n int) []T {
	list := make([]T, n)
	for i := range list {
		list[i] = v
	}
	return list
}

// TestPlacementAsJSON: what readers and records hold; what says nothing is not there.
func TestPlacementAsJSON(t *testing.T) {
	want := deploy.Placement{Queue: "prod", Priority: -3, Require: []deploy.Requirement{notIn("rack", "r3")},
		Prefer: []deploy.Preference{{Requirement: exists("gpu"), Weight: 9}}, Apart: "host", MaxPerWorker: 2}
	b, err := json.Marshal(deploy.AppRow{Place: want})
	if err != nil {
		t.Fatal(err)
	}
	const text = `"place":{"queue":"prod","priority":-3,"require":[{"key":"rack","operator":"notin","values":["r3"]}],` +
		`"prefer":[{"key":"gpu","operator":"exists","weight":9}],"apart":"host","maxPerWorker":2}`
	if !strings.Contains(string(b), text) {
		t.Errorf("%s\nlacks\n%s", b, text)
	}
	var back deploy.AppRow
	if err := json.Unmarshal(b, &back); err != nil || !reflect.DeepEqual(back.Place, want) {
		t.Errorf("read again: %+v, %v", back.Place, err)
	}
	if b, err := json.Marshal(deploy.DriverSpec{}); err != nil || strings.Contains(string(b), "place") {
		t.Errorf("%s, %v", b, err)
	}
}
