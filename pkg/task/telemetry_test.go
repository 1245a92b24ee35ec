package task

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/musterproject/muster/pkg/backend"
	"github.com/musterproject/muster/pkg/deploy"
)

// TestWaitingIsAWarningOnlyWhenItMatters: none at all, or fewer than were asked for.
func TestWaitingIsAWarningOnlyWhenItMatters(t *testing.T) {
	view := func(num int32, s deploy.ExecutorState) deploy.ExecutorView {
		return deploy.ExecutorView{Executor: deploy.ExecutorID{App: "app-1", Num: num}, State: s}
	}
	changed := func(num int32, s deploy.ExecutorState) backend.Event {
		return backend.ExecutorChanged{Executor: view(num, s)}
	}
	two := []deploy.ExecutorView{view(0, deploy.ExecutorRunning), view(1, deploy.ExecutorRunning)}
	for _, tt := range []struct {
		name   string
		target int32
		before []backend.Event
		level  string
	}{
		{"none", 0, nil, "WARN"},
		{"some of as many as there is room for", 0, []backend.Event{changed(0, deploy.ExecutorLaunching)}, "DEBUG"},
		{"fewer than asked for", 3, []backend.Event{backend.Registered{Executors: two}}, "WARN"},
		{"as many as asked for", 2, []backend.Event{backend.Registered{Executors: two}}, "DEBUG"},
		{"all have ended", 0, []backend.Event{changed(0, deploy.ExecutorRunning), changed(0, deploy.ExecutorExited)}, "WARN"},
		{"the next leader knows none", 0, []backend.Event{changed(0, deploy.ExecutorRunning), backend.Registered{}}, "WARN"},
	} {
		var log bytes.Buffer
		cfg := DefaultConfig()
		cfg.Executors = tt.target
		d := newDriver(cfg, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})), nil)
		for _, ev := range tt.before {
			d.tellEvent(ev)
		}
		log.Reset()
		d.tellEvent(backend.Waiting{Decision: deploy.Decision{Code: deploy.ReasonInsufficientCores}})
		if line := log.String(); !strings.Contains(line, "level="+tt.level+" ") || !strings.Contains(line, "INSUFFICIENT_CORES") {
			t.Errorf("%s: %s", tt.name, line)
		}
	}
}
