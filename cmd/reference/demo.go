package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/musterproject/muster/examples/wordcount/words"
)

func (a *app) demoCommand() *cobra.Command {
	var workers int
	var hold bool
	cmd := &cobra.Command{
		Use:   "demo [FILE|FOLDER...]",
		Short: "Start a cluster on this machine and count the words of real text on it",
		Long: "Start a master and three workers as processes of their own on free ports, count the words of all files named (of the Go\n" +
			"installation's sources if none is), print the twenty most frequent, and leave nothing behind.",
		Args: cobra.ArbitraryArgs,
	}
	cmd.Flags().IntVar(&workers, "workers", 3, "workers to start")
	cmd.Flags().BoolVar(&hold, "hold", os.Getenv("HOLD") == "1", "keep the cluster up afterwards until Ctrl-C")
	cmd.RunE = func(cmd *cobra.Command, names []string) error {
		if workers < 1 || workers > 64 {
			return usage(cmd, fmt.Errorf("--workers %d: start from 1 to 64", workers))
		}
		if len(names) == 0 {
			names = strings.Fields(os.Getenv("FILES"))
		}
		files, err := demoFiles(cmd.Context(), names)
		if err != nil {
			return usage(cmd, err)
		}
		return a.demo(cmd.Context(), files, workers, hold)
	}
	return cmd
}

// demoFiles gives the files named, folders with all they hold; the Go sources of the installation if nothing is named.
func demoFiles(ctx context.Context, names []string) ([]string, error) {
	only := func(string) bool { return true }
	if len(names) == 0 {
		root, err := goSources(ctx)
		if err != nil {
			return nil, err
		}
		names, only = []string{root}, func(path string) bool { return strings.HasSuffix(path, ".go") }
	}
	var files []string
	for _, name := range names {
		err := filepath.WalkDir(name, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() && only(path) {
				path, err = filepath.Abs(path)
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("text to count: %w", err)
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("there is no file in %s: name some text", strings.Join(names, ", "))
	}
	slices.Sort(files)
	return files, nil
}

func goSources(ctx context.Context) (string, error) {
	root := runtime.GOROOT() //nolint:staticcheck // the folder of the toolchain that runs the demo is asked for first
	if out, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output(); err == nil {
		root = strings.TrimSpace(string(out))
	}
	src := filepath.Join(root, "src")
	if _, err := os.Stat(src); err != nil {
		return "", fmt.Errorf("no Go sources to count (%w): name some text, such as muster demo ~/books", err)
	}
	return src, nil
}

func (a *app) demo(ctx context.Context, files []string, workers int, hold bool) (err error) {
	began := time.Now()
	nursery, err := newNursery()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, nursery.close()) }()
	url, pages, err := nursery.cluster(ctx, workers)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.err, "cluster %s with %d workers, up in %s; look at it on %s\n", url, workers, time.Since(began).Round(time.Millisecond), pages)
	total, err := a.countOn(ctx, url, int32(workers*demoCores), files)
	if err != nil {
		return fmt.Errorf("count words: %w", err)
	}
	a.printCount(total)
	fmt.Fprintf(a.out, "\nmaster %s\npages  %s\n", url, pages)
	if hold {
		fmt.Fprintln(a.err, "the cluster stays up; Ctrl-C ends it")
		<-ctx.Done()
	}
	return nil
}

func (a *app) printCount(c count) {
	t := c.total
	fmt.Fprintf(a.out, "\n%-20s %10s\n", "WORD", "COUNT")
	for _, w := range t.Top(20) {
		fmt.Fprintf(a.out, "%-20s %10d\n", w.Word, w.Count)
	}
	rate := float64(t.Bytes) / (1 << 20) / c.took.Seconds()
	fmt.Fprintf(a.out, "\n%d files, %d bytes, %d words (%d different) in %s on %d executors: %.1f MiB/s\n",
		t.Files, t.Bytes, t.Words, len(t.Counts), c.took.Round(time.Millisecond), c.executors, rate)
}

// count is the result of the demo's job.
type count struct {
	total     words.Total
	took      time.Duration
	executors int
}
