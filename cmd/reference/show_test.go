package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// TestCells: every row fills the columns of its kind, and says what people look for.
func TestCells(t *testing.T) {
	now := time.Now().Add(-90 * time.Second)
	exec := deploy.ExecutorID{App: "app-1", Num: 3}
	for _, tt := range []struct {
		row  deploy.Row
		says []string
	}{
		{deploy.MasterRow{Name: "m", Since: now}, []string{"m", "1m30s"}},
		{deploy.WorkerRow{Spec: deploy.WorkerSpec{ID: "w", Cores: 8, MemoryMiB: 2048}, Used: deploy.Resources{Cores: 2, MemoryMiB: 512}}, []string{"2/8", "512.0 MiB/2.0 GiB"}},
		{deploy.WorkerRow{ReservedFor: "app-7"}, []string{" app-7 "}},
		{deploy.QueueRow{Queue: deploy.Queue{Weight: 1}}, []string{"root 1 - - - 0.0% 0 0 -"}},
		{deploy.QueueRow{Queue: deploy.Queue{Name: "prod.etl", Weight: 0.5, Min: []deploy.Quantity{{Resource: "cores", Amount: 2}}, Dynamic: true},
			Used: []deploy.Quantity{{Resource: "cores", Amount: 3}, {Resource: "memory", Amount: 512}}, Share: 1.0 / 3, Apps: 4, Drivers: 1},
			[]string{"prod.etl 0.5 cores=2 - cores=3, memory=512m 33.3% 4 1 dynamic"}},
		{deploy.QueueRow{Queue: deploy.Queue{Name: "old", Weight: 1, Dynamic: true}, Closing: true}, []string{"closing"}},
		{deploy.AppRow{ID: "app-1", Cores: 2, CoresMax: deploy.NoLimit, Running: 1}, []string{"2/all", "app-1", " - "}},
		{deploy.AppRow{ID: "app-1", CoresMax: 4, Waiting: deploy.ReasonHeld}, []string{"0/4", "HELD"}},
		{deploy.DriverRow{ID: "d", State: deploy.DriverRunning, Worker: "w"}, []string{"RUNNING w 0 - -"}},
		{deploy.DriverRow{ID: "d", State: deploy.DriverFailed, Exit: deploy.Exit{Code: 3}}, []string{"FAILED - 0 3"}},
		{deploy.ExecutorRow{ID: exec, State: deploy.ExecutorKilled, Exit: deploy.Exit{Signal: 9}}, []string{"app-1/3", "signal 9"}},
		{deploy.ExecutorRow{ID: exec, State: deploy.ExecutorExited, Exit: deploy.Exit{OOM: true, Signal: 9}}, []string{"out of memory"}},
	} {
		got := cells(tt.row)
		if want := columns[tt.row.RowKey().Kind]; len(got) != len(want) {
			t.Errorf("%T: %d cells under %d columns", tt.row, len(got), len(want))
		}
		line := strings.TrimSuffix(fmt.Sprintln(got...), "\n")
		for _, want := range tt.says {
			if !strings.Contains(line, want) {
				t.Errorf("%T: %q is missing in %q", tt.row, want, line)
			}
		}
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		1500 * time.Millisecond: "1s", 90 * time.Second: "1m30s", 3*time.Hour + 59*time.Second: "3h0m0s", 50 * time.Hour: "2d",
	} {
		if got := span(d); got != want {
			t.Errorf("%s is shown as %s; want %s", d, got, want)
		}
	}
	if ago(time.Time{}) != "-" {
		t.Error("never is not shown as -")
	}
}

// TestDetailsShowPlacement: the rules that say something, and the queue always.
func TestDetailsShowPlacement(t *testing.T) {
	place := deploy.Placement{Queue: "prod", Priority: -5, Require: []deploy.Requirement{{Key: "disk", Values: []string{"ssd"}}, {Key: "rack", Operator: deploy.OpNotIn, Values: []string{"a", "b"}}},
		Prefer: []deploy.Preference{{Requirement: deploy.Requirement{Key: "gpu", Operator: deploy.OpExists}, Weight: 7}}, Apart: "host", MaxPerWorker: 2}
	for _, tt := range []struct {
		row  deploy.Row
		says []string
	}{
		{deploy.AppRow{ID: "a", Place: place, Profiles: []deploy.Profile{{}, {ID: 1, Gang: true}}},
			[]string{"queue prod", "priority -5", "requires disk=ssd", "requires rack notin (a, b)", "prefers 7:gpu exists", "apart by host", "per worker at most 2", "gangs profile 1"}},
		{deploy.DriverRow{ID: "d"}, []string{"queue root"}},
		{deploy.WorkerRow{ReservedFor: "app-1", ReservedUntil: time.Date(2026, 11, 21, 4, 0, 0, 0, time.UTC)}, []string{"reserved app-1", "reserved until 2026-11-21 04:00:00"}},
	} {
		var out bytes.Buffer
		if err := (&app{stdio: stdio{out: &out}, output: "table"}).details(tt.row); err != nil {
			t.Fatal(err)
		}
		text := strings.Join(strings.Fields(out.String()), " ")
		for _, want := range tt.says {
			if !strings.Contains(text, want) {
				t.Errorf("%T: missing %q in\n%s", tt.row, want, out.String())
			}
		}
		if _, driver := tt.row.(deploy.DriverRow); driver && strings.Contains(text, "priority") {
			t.Errorf("a rule that says nothing is shown:\n%s", out.String())
		}
	}
	rows := []deploy.Row{deploy.QueueRow{Queue: deploy.Queue{Name: "a"}}, deploy.QueueRow{}, deploy.QueueRow{Queue: deploy.Queue{Name: "b"}}}
	slices.SortStableFunc(rows, rootFirst)
	if rows[0].RowKey().ID != "root" || rows[1].RowKey().ID != "a" {
		t.Errorf("%+v", rows)
	}
}

// TestForms: one list as a table, as data and by name; no list is an empty one.
func TestForms(t *testing.T) {
	rows := []deploy.Row{deploy.DriverRow{ID: "driver-1", Name: "n"}}
	for form, want := range map[string]string{"table": "driver-1   n", "name": "driver-1\n", "json": `"id": "driver-1"`, "yaml": "id: driver-1\n"} {
		var out bytes.Buffer
		a := &app{stdio: stdio{out: &out}, output: form}
		if err := a.show(sheetOf(deploy.RowDriver, rows)); err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("%s: %v %q", form, err, out.String())
		}
	}
	var out bytes.Buffer
	if err := (&app{stdio: stdio{out: &out}, output: "json"}).show(sheetOf(deploy.RowDriver, nil)); err != nil || out.String() != "[]\n" {
		t.Errorf("no rows: %v %q", err, out.String())
	}
}

// TestExplainShowsTheReasonFirst: the main reason and its sentence, the counts, each worker grouped by cause, the decisions before.
func TestExplainShowsTheReasonFirst(t *testing.T) {
	long := strings.Repeat("a sentence that is long ", 20)
	e := deploy.Explanation{
		Subject: "app-1", State: "WAITING", Waiting: []int32{0}, Need: deploy.Resources{Cores: 4, MemoryMiB: 1024}, Total: 24, Fits: 1,
		Decision: deploy.Decision{Code: deploy.ReasonInsufficientCores, Text: long, Missing: 3, Position: 2, Ahead: "app-0", Policy: "fair"},
		Causes: []deploy.Cause{
			{Code: deploy.ReasonInsufficientCores, Workers: 22, Nearest: "w1", Have: 1, Want: 4, Examples: []deploy.WorkerID{"w1", "w2", "w4", "w5"}},
			{Code: deploy.ReasonFilteredLabel, Resource: "zone=eu", Workers: 1, Examples: []deploy.WorkerID{"w3"}},
		},
		Workers: []deploy.Obstacle{{Worker: "w3", Code: deploy.ReasonFilteredLabel, Resource: "zone=eu"}, {Worker: "w1", Code: deploy.ReasonInsufficientMemory, Have: 512, Want: 1024}, {Worker: "w9"}},
		History: []deploy.Decision{{Code: deploy.ReasonNoWorkers, Text: "older", Times: 7}, {Code: deploy.ReasonInsufficientCores, Text: "newer", Times: 1}},
	}
	var out bytes.Buffer
	a := &app{stdio: stdio{out: &out}, output: "table"}
	if err := a.showExplanations([]deploy.Explanation{e}, &explanation{workers: true, history: true}); err != nil {
		t.Fatal(err)
	}
	from := 0
	for _, want := range []string{
		"app-1 WAITING, profile 0 wants 4 cores, 1.0 GiB\n", "INSUFFICIENT_CORES (3 missing, place 2 behind app-0, by fair): " + long + "\n",
		"INSUFFICIENT_CORES            22   w1        1 of 4   w1 w2 w4 and 19 more", "FILTERED_LABEL:zone=eu         1   -", "fits                           1 ",
		"fits                     w9", "INSUFFICIENT_MEMORY      w1       512.0 MiB of 1.0 GiB", "FILTERED_LABEL:zone=eu   w3",
		"newer", "older",
	} {
		at := strings.Index(out.String()[from:], want)
		if at < 0 {
			t.Fatalf("missing behind what stands before it: %q in\n%s", want, out.String())
		}
		from += at
	}
	out.Reset()
	a.output = "json"
	if err := a.showExplanations([]deploy.Explanation{e}, &explanation{}); err != nil {
		t.Fatal(err)
	}
	var back []deploy.Explanation
	if err := json.Unmarshal(out.Bytes(), &back); err != nil || !reflect.DeepEqual(back, []deploy.Explanation{e}) {
		t.Errorf("%v %+v", err, back)
	}
}
