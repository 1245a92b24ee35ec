package task_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/task"
)

// BenchmarkNullTasks is T5: tasks that do nothing, from one driver to executor processes and back. One operation is one task.
func BenchmarkNullTasks(b *testing.B) {
	for _, n := range []int{1, 2, 4} {
		b.Run(fmt.Sprintf("executors=%d", n), func(b *testing.B) {
			f := newFuncs()
			err := f.cluster(b, &processes{n: n, cores: 1}, func(ctx context.Context, s *task.Session) error {
				if err := f.nulls(ctx, s, 50_000); err != nil { // warm
					return err
				}
				b.ReportAllocs()
				b.ResetTimer()
				err := f.nulls(ctx, s, b.N)
				b.StopTimer()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tasks/s")
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
		})
	}
}

func (f funcs) nulls(ctx context.Context, s *task.Session, n int) error {
	got := 0
	for _, err := range task.Map(ctx, s, f.null, func(yield func([]byte) bool) {
		for range n {
			if !yield(nil) {
				return
			}
		}
	}) {
		if err != nil {
			return err
		}
		got++
	}
	if got != n {
		return fmt.Errorf("%d results of %d", got, n)
	}
	return nil
}

// median measures turns one by one.
func median(b *testing.B, turn func() error) error {
	took := make([]time.Duration, b.N)
	b.ResetTimer()
	for i := range took {
		began := time.Now()
		if err := turn(); err != nil {
			return err
		}
		took[i] = time.Since(began)
	}
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2]), "p50-ns")
	return nil
}

// BenchmarkCall is T6: one task at a time, to an executor process and back.
func BenchmarkCall(b *testing.B) {
	f := newFuncs()
	err := f.cluster(b, &processes{n: 1, cores: 1}, func(ctx context.Context, s *task.Session) error {
		for range 1000 {
			if _, err := task.Call(ctx, s, f.null, nil); err != nil {
				return err
			}
		}
		b.ReportAllocs()
		return median(b, func() error {
			_, err := task.Call(ctx, s, f.null, nil)
			return err
		})
	})
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkAhead shows what holding tasks ahead is worth: the choice of Rules.MaxAhead.
func BenchmarkAhead(b *testing.B) {
	for _, ahead := range []int32{0, 4, 16, 64, 256, 1024, 4096} {
		b.Run(fmt.Sprintf("tasks=%d", ahead), func(b *testing.B) {
			f := newFuncs()
			err := f.cluster(b, &processes{n: 2, cores: 1}, func(ctx context.Context, s *task.Session) error {
				if err := f.nulls(ctx, s, 5_000); err != nil { // warm
					return err
				}
				b.ResetTimer()
				err := f.nulls(ctx, s, b.N)
				b.StopTimer()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tasks/s")
				return err
			}, task.WithConfig(func(c *task.Config) { c.MaxAhead = ahead }))
			if err != nil {
				b.Fatal(err)
			}
		})
	}
}
