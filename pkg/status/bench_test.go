package status_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/status"
)

func filled(n int) (*status.Store, []deploy.Row) {
	rows := make([]deploy.Row, n)
	for i := range rows {
		rows[i] = executor(fmt.Sprintf("app-20261120223045-%04d", i/100), int32(i%100), deploy.ExecutorRunning)
	}
	return store(rows...), rows
}

func sizes(b *testing.B, bench func(b *testing.B, n int)) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprintf("rows=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			bench(b, n)
		})
	}
}

// BenchmarkChange replaces a row of a table.
func BenchmarkChange(b *testing.B) {
	sizes(b, func(b *testing.B, n int) {
		s, rows := filled(n)
		for i := 0; b.Loop(); i++ {
			at := i * 7919 % n
			s.Apply(rows[at : at+1])
		}
	})
}

// BenchmarkComeAndGo removes a row in the middle and puts it back.
func BenchmarkComeAndGo(b *testing.B) {
	sizes(b, func(b *testing.B, n int) {
		s, rows := filled(n)
		for i := 0; b.Loop(); i++ {
			row := rows[i*7919%n]
			s.Apply([]deploy.Row{deploy.GoneRow{Gone: row.RowKey()}, row})
		}
	})
}

// BenchmarkWatched replaces a row that ten watchers follow.
func BenchmarkWatched(b *testing.B) {
	sizes(b, func(b *testing.B, n int) {
		s, rows := filled(n)
		ctx, cancel := context.WithCancel(b.Context())
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				for range s.Watch(ctx, status.Query{Kind: deploy.RowExecutor}) {
				}
			})
		}
		for i := 0; b.Loop(); i++ {
			at := i * 7919 % n
			s.Apply(rows[at : at+1])
		}
		cancel()
		wg.Wait()
	})
}

// BenchmarkPage lists 50 rows somewhere in the table.
func BenchmarkPage(b *testing.B) {
	sizes(b, func(b *testing.B, n int) {
		s, rows := filled(n)
		for i := 0; b.Loop(); i++ {
			if p := s.List(status.Query{Kind: deploy.RowExecutor, Limit: 50, After: rows[i*7919%(n-60)].RowKey().ID}); len(p.Rows) != 50 {
				b.Fatal(len(p.Rows))
			}
		}
	})
}

// BenchmarkCounts is what a scrape costs.
func BenchmarkCounts(b *testing.B) {
	sizes(b, func(b *testing.B, n int) {
		s, _ := filled(n)
		for b.Loop() {
			if s.Counts().Executors[deploy.ExecutorRunning] != n {
				b.Fatal("lost count")
			}
		}
	})
}
