package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// results are the medians of a `go test -bench` run: benchmark name to unit to value.
type results map[string]map[string]float64

var procs = regexp.MustCompile(`-\d+$`)

// gobench runs the benchmarks beside the code.
func (t *tools) gobench(ctx context.Context, pkg, pattern, benchtime string) (results, error) {
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", pattern, "-benchtime", benchtime, "-benchmem", "-count", strconv.Itoa(t.count), pkg)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	all := map[string]map[string][]float64{}
	for l := range strings.SplitSeq(string(out), "\n") {
		words := strings.Fields(l)
		if len(words) < 4 || !strings.HasPrefix(words[0], "Benchmark") {
			continue
		}
		name := procs.ReplaceAllString(words[0], "")
		if all[name] == nil {
			all[name] = map[string][]float64{}
		}
		for i := 2; i+1 < len(words); i += 2 {
			v, err := strconv.ParseFloat(words[i], 64)
			if err != nil {
				return nil, fmt.Errorf("%s: %q: %w", name, l, err)
			}
			all[name][words[i+1]] = append(all[name][words[i+1]], v)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s has no benchmark %s", pkg, pattern)
	}
	med := results{}
	for name, units := range all {
		med[name] = map[string]float64{}
		for unit, list := range units {
			med[name][unit] = median(list)
		}
	}
	return med, nil
}

// get gives one figure, or an error that names what is missing.
func (r results) get(name, unit string) (float64, error) {
	v, ok := r[name][unit]
	if !ok {
		return 0, fmt.Errorf("no %s of %s", unit, name)
	}
	return v, nil
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}

func quantile(list []float64, q float64) float64 {
	slices.Sort(list)
	return list[min(len(list)-1, int(q*float64(len(list))))]
}

func (t *tools) build(ctx context.Context, dir string) error {
	t.binary = filepath.Join(dir, "muster")
	out, err := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", t.binary, "./cmd/reference").CombinedOutput()
	if err != nil {
		return errors.Join(err, errors.New(string(out)))
	}
	return nil
}

func perSecond(v float64) string {
	switch {
	case v >= 1e6:
		return fmt.Sprintf("%.2f M/s", v/1e6)
	case v >= 1e3:
		return fmt.Sprintf("%.1f k/s", v/1e3)
	}
	return fmt.Sprintf("%.0f /s", v)
}

func nullTasks(ctx context.Context, t *tools) ([]line, error) {
	ours, err1 := t.gobench(ctx, "./pkg/task", "^BenchmarkNullTasks$", "300000x")
	raw, err2 := t.gobench(ctx, "./pkg/rpc/grpcrpc", "^BenchmarkRawStream$", "300000x")
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	best := 0.0
	for _, units := range ours {
		best = max(best, units["tasks/s"])
	}
	limit, err := raw.get("BenchmarkRawStream", "items/s")
	return []line{{"T5", "null tasks, driver to executor processes and back", perSecond(best), "raw stream " + perSecond(limit),
		fmt.Sprintf("%.2f", best/limit), "300 k/s", best >= 300e3}}, err
}

func oneTask(ctx context.Context, t *tools) ([]line, error) {
	r, err := t.gobench(ctx, "./pkg/task", "^(BenchmarkCall|BenchmarkPingPong)$", "20000x")
	if err != nil {
		return nil, err
	}
	ours, err1 := r.get("BenchmarkCall", "ns/op")
	raw, err2 := r.get("BenchmarkPingPong", "ns/op")
	return []line{{"T6", "one task there and back, p50", fmt.Sprintf("%.1f us", ours/1e3), fmt.Sprintf("raw stream %.1f us", raw/1e3),
		fmt.Sprintf("%.2f", ours/raw), "<= 2.0", ours <= 2*raw}}, errors.Join(err1, err2)
}

func launches(ctx context.Context, t *tools) ([]line, error) {
	r, err := t.gobench(ctx, "./pkg/launcher/proclauncher", "^BenchmarkLaunch$", "2000x")
	if err != nil {
		return nil, err
	}
	var lines []line
	for name, units := range r {
		lines = append(lines, line{"T7", "process launches, " + strings.TrimPrefix(name, "BenchmarkLaunch/"), perSecond(units["launches/s"]),
			"fork+exec " + perSecond(units["bare/s"]), fmt.Sprintf("%.2f", units["ratio"]), ">= 0.70", units["ratio"] >= 0.7})
	}
	slices.SortFunc(lines, func(a, b line) int { return strings.Compare(a.what, b.what) })
	return lines, nil
}

func heartbeats(ctx context.Context, t *tools) ([]line, error) {
	r, err := t.gobench(ctx, "./internal/mastercore", "^BenchmarkHeartbeat", "1s")
	if err != nil {
		return nil, err
	}
	var lines []line
	for name, units := range r {
		rate, ok := units["heartbeats/s"]
		if !ok {
			rate = 1e9 / units["ns/op"]
		}
		lines = append(lines, line{"T12", "heartbeats into the books, one core, " + strings.TrimPrefix(name, "Benchmark"), perSecond(rate), "", "", "500 k/s", rate >= 500e3})
	}
	slices.SortFunc(lines, func(a, b line) int { return strings.Compare(a.what, b.what) })
	return lines, nil
}

func allocations(ctx context.Context, t *tools) ([]line, error) {
	var lines []line
	for _, hot := range []struct{ pkg, pattern, what string }{
		{"./internal/mastercore", "^BenchmarkHeartbeat", "heartbeat in the master"},
		{"./internal/workercore", "^BenchmarkHeartbeat$", "heartbeat in the worker"},
		{"./internal/taskcore", "^BenchmarkDispatch$", "dispatch of a task"},
		{"./pkg/scheduler", "^BenchmarkPlace$", "place"},
	} {
		r, err := t.gobench(ctx, hot.pkg, hot.pattern, "200ms")
		if err != nil {
			return nil, err
		}
		worst := 0.0
		for _, units := range r {
			worst = max(worst, units["allocs/op"])
		}
		lines = append(lines, line{"T20", "allocations per operation: " + hot.what, fmt.Sprint(worst), "", "", "0", worst == 0})
	}
	return lines, nil
}
