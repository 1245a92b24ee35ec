// Command bench prints the table of benchmarks: each figure beside the physical limit or the aim it is held against, measured in the same run.
//
//	go run ./bench              all of it
//	go run ./bench -only T7,T18 some of it
//	go run ./bench -limits      what this machine can do at most
//
// Machines are shared and noisy: compare the ratios of one run, never absolute figures of two.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
)

// line is one figure of the table.
type line struct {
	id, what string
	value    string
	against  string // the limit measured beside it
	ratio    string
	gate     string
	ok       bool
}

// measure makes the lines of one or more ids.
type measure struct {
	ids []string
	run func(context.Context, *tools) ([]line, error)
}

// tools are what measures share.
type tools struct {
	count  int    // repetitions; medians are shown
	binary string // the program, built once
}

func main() {
	limits := flag.Bool("limits", false, "measure what this machine can do at most")
	only := flag.String("only", "", "comma separated ids, such as T7,T18")
	count := flag.Int("count", 5, "repetitions of each benchmark; medians are shown")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *limits, *only, *count); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, limits bool, only string, count int) error {
	fmt.Printf("%d processors, %s, median of %d\n\n", runtime.NumCPU(), runtime.Version(), count)
	t := &tools{count: count}
	if limits {
		return printLimits(ctx, t)
	}
	dir, err := os.MkdirTemp("", "muster-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := t.build(ctx, dir); err != nil {
		return err
	}
	fmt.Printf("%-4s  %-52s  %14s  %22s  %8s  %-14s\n", "", "", "ours", "measured beside it", "ratio", "gate")
	for _, m := range measures() {
		if only != "" && !slices.ContainsFunc(m.ids, func(id string) bool { return slices.Contains(strings.Split(only, ","), id) }) {
			continue
		}
		lines, err := m.run(ctx, t)
		if err != nil {
			return fmt.Errorf("%s: %w", strings.Join(m.ids, " "), err)
		}
		for _, l := range lines {
			verdict := "met"
			if !l.ok {
				verdict = "MISSED"
			}
			fmt.Printf("%-4s  %-52s  %14s  %22s  %8s  %-14s %s\n", l.id, l.what, l.value, l.against, l.ratio, l.gate, verdict)
		}
	}
	return nil
}

func measures() []measure {
	return []measure{
		{[]string{"T1", "T2", "T17"}, placement}, {[]string{"G"}, growth},
		{[]string{"T5"}, nullTasks}, {[]string{"T6"}, oneTask}, {[]string{"T7"}, launches}, {[]string{"T10"}, workerDeath},
		{[]string{"T12"}, heartbeats}, {[]string{"T18"}, masterStart}, {[]string{"T19"}, memory}, {[]string{"T20"}, allocations},
	}
}
