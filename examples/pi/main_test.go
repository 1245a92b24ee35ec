package main

import (
	"context"
	"math"
	"testing"

	"github.com/musterproject/muster/pkg/task"
)

func TestEstimateIsTheSameOnAnyNumberOfThreads(t *testing.T) {
	var first float64
	for _, url := range []string{"local", "local[3]"} {
		p := task.NewProgram("pi")
		count := task.Define(p, "hits", hits)
		cfg := task.DefaultConfig()
		cfg.Master = url
		err := task.Run(t.Context(), p, cfg, func(ctx context.Context, s *task.Session) error {
			pi, err := estimate(ctx, s, count, 20, 50_000)
			if math.Abs(pi-math.Pi) > 0.01 {
				t.Errorf("%s: pi is about %f", url, pi)
			}
			if first == 0 {
				first = pi
			}
			if pi != first {
				t.Errorf("%s: %v, and %v on one thread", url, pi, first)
			}
			if _, err := estimate(ctx, s, count, 0, 1); err == nil {
				t.Error("no tasks are no error")
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
