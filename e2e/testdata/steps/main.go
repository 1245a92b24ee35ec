// Command steps is an application whose tasks wait for files, so that a test decides what happens while it runs.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"time"

	"github.com/musterproject/muster/pkg/localcluster"
	"github.com/musterproject/muster/pkg/task"
)

// step is the input of one task.
type step struct {
	N       int
	Gate    string // the task waits until this file exists; empty: it does not wait
	Witness string // folder that gets a file for each attempt
	Mode    string // square, fail (an error), die (the executor exits with 3)
}

func main() {
	p := task.NewProgram("steps")
	square := task.Define(p, "square", run)
	steps := flag.Int("steps", 40, "number of tasks")
	gate := flag.String("gate", "", "file that lets tasks go on")
	witness := flag.String("witness", "", "folder for witness files")
	mode := flag.String("mode", "square", "square, fail or die")
	master := flag.String("master", "", "master URL")
	if !task.IsExecutor() {
		flag.Parse()
	}
	os.Exit(task.Main(context.Background(), p, func(ctx context.Context, s *task.Session) error {
		inputs := func(yield func(step) bool) {
			for n := range *steps {
				if !yield(step{N: n, Gate: *gate, Witness: *witness, Mode: *mode}) {
					return
				}
			}
		}
		return drive(ctx, s, square, inputs)
	}, task.WithMaster(*master), task.WithBackend(localcluster.Backend())))
}

// drive sums the squares and says how often each executor has worked.
func drive(ctx context.Context, s *task.Session, square task.Func[step, int], inputs iter.Seq[step]) error {
	sum, results := 0, 0
	by := map[string]bool{}
	said := false
	for r, err := range task.Map(ctx, s, square, inputs) {
		if err != nil {
			return err
		}
		if !said {
			said = true
			fmt.Printf("app %s\n", s.App())
		}
		sum, results = sum+r.Value, results+1
		by[r.Executor.String()] = true
	}
	fmt.Printf("sum %d of %d results from %d executors\n", sum, results, len(by))
	return nil
}

func run(ctx context.Context, in step) (int, error) {
	c, _ := task.FromContext(ctx)
	if in.Witness != "" {
		name := fmt.Sprintf("%d.%d.%d", in.N, c.Executor.Num, c.Attempt)
		if err := os.WriteFile(filepath.Join(in.Witness, name), nil, 0o644); err != nil {
			return 0, err
		}
	}
	switch in.Mode {
	case "fail":
		return 0, errors.New("this step always fails")
	case "die":
		fmt.Fprintln(os.Stderr, "this executor dies of its task")
		os.Exit(3)
	}
	fmt.Printf("step %d on executor %d\n", in.N, c.Executor.Num)
	if in.N == 0 {
		return 0, nil // lets the driver say who it is
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for in.Gate != "" {
		if _, err := os.Stat(in.Gate); err == nil {
			break
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-tick.C:
		}
	}
	return in.N * in.N, nil
}
