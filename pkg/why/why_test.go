package why_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
	"github.com/musterproject/muster/pkg/status"
	"github.com/musterproject/muster/pkg/why"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// worker is an ALIVE one on a host of its own.
func worker(id string, cores int32, memory int64, change ...func(*deploy.WorkerRow)) deploy.WorkerRow {
	r := deploy.WorkerRow{State: deploy.WorkerAlive, Spec: deploy.WorkerSpec{
		ID: deploy.WorkerID(id), Address: deploy.Address{Host: "host-" + id, Port: 1}, Cores: cores, MemoryMiB: memory,
	}}
	for _, c := range change {
		c(&r)
	}
	return r
}

func used(cores int32, memory int64) func(*deploy.WorkerRow) {
	return func(r *deploy.WorkerRow) { r.Used = deploy.Resources{Cores: cores, MemoryMiB: memory} }
}

func in(state deploy.WorkerState) func(*deploy.WorkerRow) {
	return func(r *deploy.WorkerRow) { r.State = state }
}

func label(key, value string) func(*deploy.WorkerRow) {
	return func(r *deploy.WorkerRow) { r.Spec.Labels = append(r.Spec.Labels, deploy.Label{Key: key, Value: value}) }
}

func gpus(n int) func(*deploy.WorkerRow) {
	return func(r *deploy.WorkerRow) {
		units := make([]string, n)
		for i := range units {
			units[i] = fmt.Sprint(i)
		}
		r.Spec.Custom = []deploy.Addresses{{Name: "gpu", Units: units}}
	}
}

func keptFor(id string) func(*deploy.WorkerRow) {
	return func(r *deploy.WorkerRow) { r.ReservedFor = id }
}

func store(rows ...deploy.Row) *status.Store {
	s := status.NewStore()
	s.Apply(rows)
	return s
}

func app(id string, place deploy.Placement, profiles ...deploy.Profile) deploy.AppRow {
	return deploy.AppRow{ID: deploy.AppID(id), State: deploy.AppWaiting, CoresMax: deploy.NoLimit, Connected: true, Profiles: profiles, Place: place}
}

func decided(subject string, profile int32, code deploy.ReasonCode, missing int32) deploy.DecisionRow {
	return deploy.DecisionRow{Decision: deploy.Decision{Subject: subject, Profile: profile, Code: code, Text: "so it is", Missing: missing, Times: 1}}
}

func selector(t *testing.T, text string) []deploy.Requirement {
	t.Helper()
	list, err := deploy.ParseSelector(text)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// show writes causes in one line.
func show(causes []deploy.Cause) string {
	var out []string
	for _, c := range causes {
		text := fmt.Sprintf("%s %s×%d", c.Code, c.Resource, c.Workers)
		if c.Nearest != "" {
			text += fmt.Sprintf(" %s %d/%d", c.Nearest, c.Have, c.Want)
		}
		out = append(out, text+fmt.Sprint(c.Examples))
	}
	return strings.Join(out, "; ")
}

func TestExplainJudgesEveryWorkerOnce(t *testing.T) {
	place := deploy.Placement{Require: selector(t, "disk=ssd"), MaxPerWorker: 1}
	s := store(
		worker("w1", 8, 8000, label("disk", "ssd"), used(6, 0)),
		worker("w2", 8, 8000, label("disk", "ssd"), used(5, 0)),
		worker("w3", 8, 8000, label("disk", "ssd"), used(0, 7900)),
		worker("w4", 8, 8000),
		worker("w5", 8, 8000, label("disk", "ssd"), in(deploy.WorkerDecommissioned)),
		worker("w6", 8, 8000, label("disk", "ssd"), in(deploy.WorkerUnreachable)),
		worker("w7", 8, 8000, label("disk", "ssd"), func(r *deploy.WorkerRow) { r.PutAsideUntil = noon.Add(time.Minute) }),
		worker("w8", 8, 8000, label("disk", "ssd"), keptFor("app-2")),
		worker("w9", 8, 8000, label("disk", "ssd"), in(deploy.WorkerDead)),
		worker("w10", 8, 8000, label("disk", "ssd")),
		worker("w11", 8, 8000, label("disk", "ssd"), keptFor("app-1")),
		app("app-1", place, deploy.Profile{Cores: 4, MemoryMiB: 1000}),
		deploy.ExecutorRow{ID: deploy.ExecutorID{App: "app-1", Num: 1}, Worker: "w10", State: deploy.ExecutorRunning, Need: deploy.Resources{Cores: 4, MemoryMiB: 1000}},
		decided("app-1", 0, deploy.ReasonInsufficientCores, 3),
	)
	x, err := why.Explain(t.Context(), s, noon, deploy.Explain{ID: "app-1", Profile: deploy.FirstWaiting, Workers: 100})
	if err != nil {
		t.Fatal(err)
	}
	const want = "INSUFFICIENT_CORES ×2 w2 3/4[w1 w2]; INSUFFICIENT_MEMORY ×1 w3 100/1000[w3]; FILTERED_LABEL disk=ssd×1[w4]; WORKER_DRAINING ×1[w5]; " +
		"WORKER_UNHEALTHY ×1[w6]; BLACKLISTED ×1[w7]; RESERVED ×1[w8]; FILTERED_RULE maxPerWorker×1 w10 1/1[w10]"
	if got := show(x.Causes); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if x.Total != 10 || x.Fits != 1 || len(x.Workers) != 10 || x.Workers[9] != (deploy.Obstacle{Worker: "w11"}) || x.Next != "" {
		t.Errorf("total %d, fits %d, workers %+v", x.Total, x.Fits, x.Workers)
	}
	if !slices.Equal(x.Waiting, []int32{0}) || x.Decision.Text != "so it is" || x.Need.Cores != 4 || x.State != "WAITING" {
		t.Errorf("got %+v", x)
	}
}

func TestExplainPages(t *testing.T) {
	rows := []deploy.Row{app("app-1", deploy.Placement{}, deploy.Profile{Cores: 4, MemoryMiB: 1}), decided("app-1", 0, deploy.ReasonInsufficientCores, 1)}
	for i := range 55 {
		rows = append(rows, worker(fmt.Sprintf("w%d", i), 2, 100))
	}
	s := store(rows...)
	var all []deploy.WorkerID
	for q := (deploy.Explain{ID: "app-1", Workers: 10}); ; {
		x, err := why.Explain(t.Context(), s, noon, q)
		if err != nil {
			t.Fatal(err)
		}
		if len(x.Causes) != 1 || x.Causes[0].Workers != 55 || len(x.Causes[0].Examples) != deploy.MostExamples {
			t.Fatalf("a page tells only of itself: %s", show(x.Causes))
		}
		for _, o := range x.Workers {
			all = append(all, o.Worker)
		}
		if q.After = x.Next; q.After == "" {
			break
		}
	}
	if len(all) != 55 || all[0] != "w0" || all[54] != "w54" {
		t.Errorf("listed %v", all)
	}
}

func TestExplainKeepsApart(t *testing.T) {
	for by, want := range map[string]string{
		deploy.ApartHost: "FILTERED_RULE host×2[w1 w2]",
		"rack":           "FILTERED_RULE rack×2[w1 w3]", // w4 has no rack: nothing is kept apart there
	} {
		onHost := func(r *deploy.WorkerRow) { r.Spec.Address.Host = "one" }
		s := store(
			worker("w1", 8, 8000, onHost, label("rack", "a")), worker("w2", 8, 8000, onHost, label("rack", "b")),
			worker("w3", 8, 8000, label("rack", "a")), worker("w4", 8, 8000),
			app("app-1", deploy.Placement{Apart: by}, deploy.Profile{Cores: 1, MemoryMiB: 1}),
			deploy.ExecutorRow{ID: deploy.ExecutorID{App: "app-1"}, Worker: "w1", State: deploy.ExecutorRunning},
			deploy.ExecutorRow{ID: deploy.ExecutorID{App: "app-1", Num: 1}, Worker: "w4", State: deploy.ExecutorFailed},
		)
		x, err := why.Explain(t.Context(), s, noon, deploy.Explain{ID: "app-1"})
		if err != nil || show(x.Causes) != want || x.Fits != 2 {
			t.Errorf("apart by %s: %s, %d fit, %v", by, show(x.Causes), x.Fits, err)
		}
	}
}

func TestExplainFindsTheProfile(t *testing.T) {
	s := store(worker("w1", 8, 8000, used(0, 0)),
		app("app-1", deploy.Placement{}, deploy.Profile{ID: 0, Cores: 1}, deploy.Profile{ID: 3, Cores: 2}, deploy.Profile{ID: 4, Cores: 16}),
		decided("app-1", 0, deploy.ReasonExecutorLimit, 0), decided("app-1", 4, deploy.ReasonInfeasible, 1),
		deploy.DriverRow{ID: "driver-1", State: deploy.DriverRunning, Worker: "w1", Need: deploy.Resources{Cores: 1}},
		deploy.DriverRow{ID: "driver-2", State: deploy.DriverSubmitted, Need: deploy.Resources{Cores: 9}},
	)
	for _, k := range []struct {
		q     deploy.Explain
		want  int32
		code  deploy.ReasonCode
		have  int64
		total int
	}{
		{deploy.Explain{ID: "app-1", Profile: deploy.FirstWaiting}, 4, deploy.ReasonInfeasible, 8, 1},
		{deploy.Explain{ID: "app-1", Profile: 3}, 3, deploy.ReasonNone, 0, 1},
		{deploy.Explain{ID: "app-1"}, 0, deploy.ReasonExecutorLimit, 0, 1},
		{deploy.Explain{ID: "driver-1", Profile: deploy.FirstWaiting}, 0, deploy.ReasonNone, 0, 0},
		{deploy.Explain{ID: "driver-2", Profile: deploy.FirstWaiting}, 0, deploy.ReasonNone, 8, 1},
	} {
		x, err := why.Explain(t.Context(), s, noon, k.q)
		if err != nil || x.Profile != k.want || x.Decision.Code != k.code || x.Total != k.total {
			t.Errorf("%+v gave %+v, %v", k.q, x, err)
		}
		if k.have > 0 && (len(x.Causes) != 1 || x.Causes[0].Have != k.have) {
			t.Errorf("%+v gave the causes %s", k.q, show(x.Causes))
		}
	}
	for q, word := range map[deploy.Explain]string{
		{ID: "app-9"}:                  "no application or driver has this id",
		{ID: "app-1", Profile: 2}:      "it has 0, 3, 4",
		{ID: "driver-2", Profile: 1}:   "a driver has none",
		{ID: "app-1", Workers: 10_001}: "0 to 10000",
	} {
		if _, err := why.Explain(t.Context(), s, noon, q); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%+v gave %v, want %q", q, err, word)
		}
	}
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("the caller hung up"))
	if _, err := why.Explain(ended, s, noon, deploy.Explain{ID: "app-1"}); err == nil || !strings.Contains(err.Error(), "the caller hung up") {
		t.Errorf("a caller that is gone got %v", err)
	}
}

func terms() why.Terms {
	return why.Terms{Policy: scheduler.NewSpread(scheduler.DefaultOptions()), Name: "spread", DefaultCores: deploy.NoLimit, MaxDrivers: deploy.NoLimit}
}
