package main

import (
	"context"
	"errors"
	"fmt"
)

// placement is T1, T2 and T17: decisions behind the contract of a policy, and launches that come out of the core's Step.
func placement(ctx context.Context, t *tools) ([]line, error) {
	place, err1 := t.gobench(ctx, "./pkg/scheduler", "^BenchmarkPlace$", "100000x")
	slow, err2 := t.gobench(ctx, "./pkg/scheduler", "^BenchmarkPeer$", "100x")
	decide, err3 := t.gobench(ctx, "./internal/mastercore", "^BenchmarkDecide$", "50000x")
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	peer, err := slow.get("BenchmarkPeer/5k", "ns/op")
	if err != nil {
		return nil, err
	}
	var lines []line
	for _, p := range []string{"spread", "pack", "fair"} {
		for _, kind := range []string{"one", "many"} {
			name := "BenchmarkPlace/" + p + "/" + kind
			one, err1 := place.get(name+"/1k", "own-ns/op")
			five, err2 := place.get(name+"/5k", "own-ns/op")
			hundred, err3 := place.get(name+"/100k", "own-ns/op")
			if err := errors.Join(err1, err2, err3); err != nil {
				return nil, err
			}
			what := p + ", 256 executors of one application"
			if kind == "many" {
				what = p + ", 256 applications of one executor"
			}
			lines = append(lines,
				line{"T1", what, perSecond(1e9 / five), "peer's way " + perSecond(1e9/peer), fmt.Sprintf("%.0f", peer/five), "1 M/s", five <= 1000},
				line{"T2", what + ", 100 000 to 1 000", fmt.Sprintf("%.0f ns", hundred), fmt.Sprintf("%.0f ns", one), fmt.Sprintf("%.2f", hundred/one), "<= 2.5", hundred <= 2.5*one},
				line{"T17", what + ", in process", fmt.Sprintf("%.0f ns", five), "", "", "<= 1 us", five <= 1000})
		}
	}
	more, err := launchesOfCore(decide)
	return append(lines, more...), err
}

// launchesOfCore are T1 and T2 with all that the core does besides: the wish taken in, each grant re-checked, booked, numbered and ordered.
func launchesOfCore(r results) (lines []line, err error) {
	for _, p := range []string{"mixed/spread", "mixed/pack", "memory/spread", "memory/pack"} {
		name := "BenchmarkDecide/" + p
		one, err1 := r.get(name+"/1000", "decisions/s")
		five, err2 := r.get(name+"/5000", "decisions/s")
		hundred, err3 := r.get(name+"/100000", "decisions/s")
		if err := errors.Join(err1, err2, err3); err != nil {
			return nil, err
		}
		lines = append(lines,
			line{"T1", "launches out of Step, " + p, perSecond(five), "", "", "1 M/s", five >= 1e6},
			line{"T2", "launches out of Step, " + p + ", 100 000 to 1 000", perSecond(hundred), perSecond(one), fmt.Sprintf("%.2f", one/hundred), "<= 2.5", one <= 2.5*hundred})
	}
	return lines, nil
}

// growth holds the costs of events at 100 000 workers against those at 1 000.
func growth(ctx context.Context, t *tools) ([]line, error) {
	sched, err1 := t.gobench(ctx, "./pkg/scheduler", "^(BenchmarkFree|BenchmarkSkewed)$", "20000x")
	core, err2 := t.gobench(ctx, "./internal/mastercore", "^(BenchmarkLoseAndRegister|BenchmarkExecutorCycle)$", "20000x")
	mass, err3 := t.gobench(ctx, "./internal/mastercore", "^BenchmarkMassLoss$", "3x")
	loss, err4 := t.gobench(ctx, "./pkg/scheduler", "^BenchmarkLoss$", "3x")
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	var lines []line
	for _, g := range []struct {
		what, small, large string
		r                  results
		gate               float64
	}{
		{"a worker frees a core, 10 000 wait that cannot fit", "BenchmarkFree/1k", "BenchmarkFree/100k", sched, 2},
		{"no memory on 99 of 100 workers, CORES_FREE_DESC", "BenchmarkSkewed/no_memory/CORES_FREE_DESC/1k", "BenchmarkSkewed/no_memory/CORES_FREE_DESC/100k", sched, 2.5},
		{"no cores on 99 of 100 workers, MEMORY_FREE_ASC", "BenchmarkSkewed/no_cores/MEMORY_FREE_ASC/1k", "BenchmarkSkewed/no_cores/MEMORY_FREE_ASC/100k", sched, 2.5},
		{"half without cores, half without memory, WORKER_ID", "BenchmarkSkewed/half_and_half/WORKER_ID/1k", "BenchmarkSkewed/half_and_half/WORKER_ID/100k", sched, 2.5},
		{"a worker lost and registered again", "BenchmarkLoseAndRegister/1000", "BenchmarkLoseAndRegister/100000", core, 2.5},
		{"an executor placed, started, ended", "BenchmarkExecutorCycle/1000", "BenchmarkExecutorCycle/100000", core, 2.5},
	} {
		small, err1 := g.r.get(g.small, "ns/op")
		large, err2 := g.r.get(g.large, "ns/op")
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		lines = append(lines, line{"G", g.what, fmt.Sprintf("%.0f ns", large), fmt.Sprintf("1 000: %.0f ns", small), fmt.Sprintf("%.2f", large/small),
			fmt.Sprintf("<= %.1f", g.gate), large <= g.gate*small})
	}
	books, err1 := mass.get("BenchmarkMassLoss", "ns/op")
	again, err2 := loss.get("BenchmarkLoss/100k", "ns/op")
	total := (books + again) / 1e9
	return append(lines, line{"G", "10 000 of 100 000 workers lost, books and places anew", fmt.Sprintf("%.0f ms", total*1e3), "", "", "<= 1 s", total <= 1}), errors.Join(err1, err2)
}
