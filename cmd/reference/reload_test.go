package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/musterproject/muster/cmd/reference/settings"
	"github.com/musterproject/muster/pkg/master"
)

// reloading is a reloader that reads what the test puts into next, and what it has applied and said.
type reloading struct {
	reloader
	next    *settings.Settings
	err     error // of reading
	refuse  error // of applying
	applied []master.Scheduling
	said    bytes.Buffer
}

func newReloading(s *settings.Settings) *reloading {
	r := &reloading{}
	r.reloader = reloader{
		log: slog.New(slog.NewTextHandler(&r.said, nil)), table: settings.NewTable(settings.PeerOptions(), settings.MasterOptions()), began: s, last: s,
		read: func() (*settings.Settings, error) { return r.next, r.err },
	}
	return r
}

// hangup gives what was said by one reload, and how often something was applied.
func (r *reloading) hangup(next *settings.Settings) (string, int) {
	r.next = next
	r.said.Reset()
	before := len(r.applied)
	r.reload(context.Background(), func(_ context.Context, s master.Scheduling) error {
		if r.refuse == nil {
			r.applied = append(r.applied, s)
		}
		return r.refuse
	})
	return r.said.String(), len(r.applied) - before
}

func want(t *testing.T, said string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(said, w) {
			t.Errorf("not said: %q in\n%s", w, said)
		}
	}
}

func TestReload(t *testing.T) {
	r := newReloading(fromYAML(t, "scheduler: {policy: spread}\nmaster: {port: 7000}\n"))

	said, n := r.hangup(fromYAML(t, "scheduler: {policy: spread}\nmaster: {port: 7000}\nworker: {cores: 3}\n"))
	want(t, said, "stays as it is")
	if n != 0 || strings.Contains(said, "worker.cores") {
		t.Errorf("%d times: %s", n, said)
	}

	said, n = r.hangup(fromYAML(t, tree+"deploy: {workerSelectionPolicy: WORKER_ID, maxDrivers: 3}\nmaster: {port: 7001}\n"))
	want(t, said, "need a restart", "deploy.maxDrivers (", "master.port (", "m.yaml:", "scheduler.policy (", "scheduler.queue.prod.etl.weight", "deploy.workerSelectionPolicy")
	if n != 1 || r.applied[0].Name != "fair" || len(r.applied[0].Queues) != 4 {
		t.Fatalf("%d times: %+v", n, r.applied)
	}
	if restart, _, _ := strings.Cut(said, "\n"); strings.Contains(restart, "scheduler.") || strings.Contains(restart, "workerSelectionPolicy") {
		t.Errorf("what changes at once is said to need a restart: %s", restart)
	}

	// Back again: queues that are gone are a change too, and the port is no longer another one than at the start.
	said, n = r.hangup(fromYAML(t, "scheduler: {policy: fair}\nmaster: {port: 7000}\n"))
	want(t, said, "scheduler.queue.prod.weight (gone)", "scheduler.reserve.after")
	if n != 1 || len(r.applied[1].Queues) != 0 || strings.Contains(said, "restart") {
		t.Errorf("%d times: %s", n, said)
	}
}

// TestFaultyReloadChangesNothing: whatever is wrong, also with a key that would need a restart, nothing is applied, and the next reload compares
// with what is in force.
func TestFaultyReloadChangesNothing(t *testing.T) {
	start := fromYAML(t, "scheduler: {policy: spread}\n")
	r := newReloading(start)
	for text, says := range map[string][]string{
		"scheduler:\n  policy: fair\n  queue: {a: {weight: 0}}\n":      {"scheduler.queue.a.weight (", "m.yaml:3", "weight 0"},
		"scheduler: {policy: fair}\nworker:\n  timeout: soon\n":        {"worker.timeout (", "m.yaml:3"},
		"scheduler: {policy: fair, reserve: {for: x}}\n":               {"scheduler.reserve.for (", "m.yaml:1"},
		"scheduler:\n  policy: fair\n\n  defaultQueue: nowhere\n":      {"scheduler.defaultQueue (", "m.yaml:4"},
		"scheduler: {policy: fair}\ndeploy: {appNumberModulo: many}\n": {"deploy.appNumberModulo (", "m.yaml:2"},
	} {
		said, n := r.hangup(fromYAML(t, text))
		want(t, said, append(says, "as it was", "ERROR")...)
		if n != 0 || r.last != start {
			t.Errorf("%s: something was applied", text)
		}
	}
	r.err = errors.New("configuration file m.yaml: line 3: did not find expected key")
	if said, n := r.hangup(nil); n != 0 || !strings.Contains(said, "line 3") {
		t.Errorf("unreadable: %d, %s", n, said)
	}
	r.err, r.refuse = nil, errors.New("the loop is busy")
	if said, n := r.hangup(fromYAML(t, "scheduler: {policy: fair}\n")); n != 0 || !strings.Contains(said, "the loop is busy") || r.last != start {
		t.Errorf("refused: %d, %s", n, said)
	}
}
