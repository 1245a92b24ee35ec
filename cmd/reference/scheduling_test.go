package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/musterproject/muster/cmd/reference/settings"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// fromYAML loads a configuration file of this text.
func fromYAML(t *testing.T, text string) *settings.Settings {
	t.Helper()
	path := filepath.Join(t.TempDir(), "m.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := settings.YAML(path, true)
	if err != nil {
		t.Fatal(err)
	}
	s := settings.Load(settings.All(), l)
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return s
}

const tree = `scheduler:
  policy: fair
  defaultQueue: users.guest
  queue:
    root:
      quota: cores=100
    prod:
      weight: 2.5
      min: [cores=10, memory=20g]
      quota: {cores: 40, gpu: 2}
      etl:
        weight: 3
    users:
      dynamic: true
  reserve: {after: 5s, max: 7, for: 1m}
`

// TestQueuesFromYAML: nested, as lists and as maps, with dots in paths.
func TestQueuesFromYAML(t *testing.T) {
	got, err := schedulingOf(fromYAML(t, tree))
	if err != nil {
		t.Fatal(err)
	}
	amount := func(resource string, n int64) deploy.Quantity { return deploy.Quantity{Resource: resource, Amount: n} }
	want := []deploy.Queue{
		{Weight: 1, Quota: []deploy.Quantity{amount("cores", 100)}},
		{Name: "prod", Weight: 2.5, Min: []deploy.Quantity{amount("cores", 10), amount("memory", 20480)}, Quota: []deploy.Quantity{amount("cores", 40), amount("gpu", 2)}},
		{Name: "prod.etl", Weight: 3},
		{Name: "users", Weight: 1, Dynamic: true},
	}
	if got.Name != "fair" || got.DefaultQueue != "users.guest" || got.ReserveFor != time.Minute || !reflect.DeepEqual(got.Queues, want) {
		t.Errorf("%+v", got)
	}
	if _, ok := got.Policy.(*scheduler.Fair); !ok {
		t.Errorf("the policy is %T", got.Policy)
	}
	flat := with(t, "spark.scheduler.queue.prod.etl.weight=3", "scheduler.queue.prod.quota.gpu=2", "scheduler.queue.prod.quota=cores=40",
		"scheduler.queue.prod.min=memory=20g,cores=10", "scheduler.queue.prod.weight=2.5", "scheduler.queue.root.quota.cores=100", "scheduler.queue.users.dynamic=true")
	if same, err := queuesOf(flat); err != nil || !reflect.DeepEqual(same, want) {
		t.Errorf("in one line each: %+v, %v", same, err)
	}
}

// TestReservationDefaults: never under spread and pack, after a minute for four under fair, unless something else is said.
func TestReservationDefaults(t *testing.T) {
	for pairs, want := range map[string]scheduler.Options{
		"scheduler.policy=spread":                                                        {SpreadDrivers: true, Reserve: scheduler.ReserveOptions{Max: 4}},
		"scheduler.policy=pack":                                                          {SpreadDrivers: true, Reserve: scheduler.ReserveOptions{Max: 4}},
		"scheduler.policy=FAIR":                                                          {SpreadDrivers: true, Reserve: scheduler.ReserveOptions{After: time.Minute, Max: 4}},
		"scheduler.policy=fair scheduler.reserve.after=0s":                               {SpreadDrivers: true, Reserve: scheduler.ReserveOptions{Max: 4}},
		"scheduler.reserve.after=3s scheduler.reserve.max=9":                             {SpreadDrivers: true, Reserve: scheduler.ReserveOptions{After: 3 * time.Second, Max: 9}},
		"scheduler.policy=fair deploy.workerSelectionPolicy=worker_id":                   {Order: scheduler.ByWorkerID, SpreadDrivers: true, Reserve: scheduler.ReserveOptions{After: time.Minute, Max: 4}},
		"deploy.spreadOutApps=false deploy.spreadOutDrivers=no scheduler.reserve.for=1s": {Reserve: scheduler.ReserveOptions{Max: 4}},
	} {
		got, err := schedulingOf(with(t, strings.Fields(pairs)...))
		if err != nil {
			t.Fatalf("%s: %v", pairs, err)
		}
		same, err := scheduler.Open(got.Name, want)
		if err != nil || fmt.Sprintf("%T %+v", got.Policy, got.Policy) != fmt.Sprintf("%T %+v", same, same) {
			t.Errorf("%s: %T %+v, want %+v; %v", pairs, got.Policy, got.Policy, same, err)
		}
	}
}

// TestSchedulingFaults: each names its key, the file and the line, and all are told together.
func TestSchedulingFaults(t *testing.T) {
	_, err := schedulingOf(fromYAML(t, `scheduler:
  policy: fare
  defaultQueue: a..b
  reserve: {max: none}
  queue:
    prod:
      weight: much
      quota: [cores=-1]
    etl:
      wieght: 2
      min: {memory: lots}
    "a b": {weight: 1}
    dev: {min: cores=5, quota: cores=4}
    root: {team: {weight: 1}}
    weight: 3
`))
	if !errors.Is(err, settings.ErrConfig) {
		t.Fatal(err)
	}
	for _, want := range []string{
		"scheduler.policy (", "m.yaml:2): policy \"fare\"", "did you mean fair?", "scheduler.defaultQueue (", "m.yaml:3)", "scheduler.reserve.max (", "m.yaml:4)",
		"scheduler.queue.prod.weight (", "m.yaml:7): \"much\" is no number", "scheduler.queue.prod.quota (", "m.yaml:8)", "use 0 or more",
		"scheduler.queue.etl.wieght (", "m.yaml:10)", "did you mean weight?", "scheduler.queue.etl.min.memory (", "m.yaml:11)", "scheduler.queue.a b.weight (", "m.yaml:12)",
		"scheduler.queue.dev.quota (", "m.yaml:13)", "could never have", "m.yaml:14)", "leave root away", "scheduler.queue.weight (", "m.yaml:15)",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("not told %q:\n%v", want, err)
		}
	}
	if n := strings.Count(err.Error(), "m.yaml:7"); n != 1 {
		t.Errorf("one fault is told %d times", n)
	}
	_, err = schedulingOf(with(t, "scheduler.queue.p.quota=cores=1", "scheduler.queue.p.quota.cores=2"))
	if err == nil || !strings.Contains(err.Error(), "keep one") {
		t.Errorf("set both ways: %v", err)
	}
	_, err = schedulingOf(fromYAML(t, "scheduler:\n  defaultQueue: prd\n  queue: {prod: {weight: 1}}\n"))
	if err == nil || !strings.Contains(err.Error(), "m.yaml:2): default: queue") || !strings.Contains(err.Error(), "did you mean prod?") {
		t.Errorf("an unknown default queue: %v", err)
	}
}
