package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"

	"github.com/musterproject/muster/examples/wordcount/words"
	"github.com/musterproject/muster/pkg/task"
)

// demoProgram is the demo's job: this very program is its driver and, started by a worker, its executor.
func demoProgram() (*task.Program, words.Job) {
	p := task.NewProgram("wordcount")
	return p, words.Define(p)
}

// executorOfDemo runs an executor's life in a process that a worker has started as one.
func executorOfDemo() int {
	p, _ := demoProgram()
	return task.Main(context.Background(), p, func(context.Context, *task.Session) error {
		return errors.New("an executor was to be run, not a driver")
	})
}

// countOn counts the words of files as an application of the cluster at url.
func (a *app) countOn(ctx context.Context, url string, executors int32, files []string) (count, error) {
	bytes := int64(0)
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil {
			return count{}, err
		}
		bytes += info.Size()
	}
	p, job := demoProgram()
	cfg := task.DefaultConfig()
	cfg.Master, cfg.Name, cfg.Version = url, "word count of the demo", version
	cfg.ExecutorCores, cfg.ExecutorMemoryMiB, cfg.Executors = 1, 256, executors
	var c count
	shown := a.newBar(bytes)
	began := time.Now()
	err := task.Run(ctx, p, cfg, func(ctx context.Context, s *task.Session) error {
		total, err := job.Count(ctx, s, files, func(p words.Progress) { shown.at(p.Bytes) })
		c.total, c.executors = total, total.Executors
		return err
	}, task.WithLog(slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: slog.LevelWarn}))))
	c.took = time.Since(began)
	shown.end(err)
	return c, err
}

// bar shows how far a job has come: a line that moves in a terminal, one line per tenth elsewhere.
type bar struct {
	err     io.Writer
	total   int64
	tenths  int64
	writer  progress.Writer
	tracker *progress.Tracker
	drawn   chan struct{}
}

func (a *app) newBar(total int64) *bar {
	b := &bar{err: a.err, total: max(1, total)}
	if !isTerminal(a.err) {
		return b
	}
	b.writer, b.drawn = progress.NewWriter(), make(chan struct{})
	b.writer.SetOutputWriter(a.err)
	b.writer.SetUpdateFrequency(100 * time.Millisecond)
	b.writer.SetAutoStop(false)
	b.tracker = &progress.Tracker{Message: "counting words", Total: b.total, Units: progress.UnitsBytes}
	b.writer.AppendTracker(b.tracker)
	go func() {
		defer close(b.drawn)
		b.writer.Render()
	}()
	return b
}

func (b *bar) at(done int64) {
	if b.tracker != nil {
		b.tracker.SetValue(done)
		return
	}
	if tenths := 10 * done / b.total; tenths > b.tenths {
		b.tenths = tenths
		fmt.Fprintf(b.err, "counting words: %d %%\n", 10*tenths)
	}
}

func (b *bar) end(err error) {
	if b.tracker == nil {
		return
	}
	if err != nil {
		b.tracker.MarkAsErrored()
	} else {
		b.tracker.MarkAsDone()
	}
	for b.writer.LengthActive() > 0 && b.writer.IsRenderInProgress() {
		t := time.NewTimer(10 * time.Millisecond)
		<-t.C
	}
	b.writer.Stop()
	<-b.drawn
}
