// Command pi estimates pi by throwing darts on executors. Every task has a seed of its own, so that the estimate is the same on any cluster, however
// many executors there are and whatever fails on the way.
//
//	pi --master local[*] --tasks 64 --darts 1000000
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"

	"github.com/musterproject/muster/pkg/task"
)

// throw is the input of a task.
type throw struct {
	Seed  uint64
	Darts int
}

// hits counts the darts of a throw that land within the circle.
func hits(ctx context.Context, t throw) (n int, err error) {
	dice := rand.New(rand.NewPCG(t.Seed, 0))
	for i := range t.Darts {
		if i%(1<<20) == 0 && ctx.Err() != nil { // nobody waits for it any more
			return 0, ctx.Err()
		}
		if x, y := dice.Float64(), dice.Float64(); x*x+y*y < 1 {
			n++
		}
	}
	return n, nil
}

func main() {
	master := flag.String("master", "", "master URL; MUSTER_MASTER if empty, and local[*] without either")
	tasks := flag.Int("tasks", 64, "tasks to run")
	darts := flag.Int("darts", 1_000_000, "darts of one task")
	flag.Parse()
	p := task.NewProgram("pi")
	count := task.Define(p, "hits", hits)
	os.Exit(task.Main(context.Background(), p, func(ctx context.Context, s *task.Session) error {
		pi, err := estimate(ctx, s, count, *tasks, *darts)
		if err == nil {
			fmt.Printf("pi is about %.6f, after %d darts\n", pi, *tasks**darts)
		}
		return err
	}, task.WithMaster(*master)))
}

// estimate throws all darts.
func estimate(ctx context.Context, s *task.Session, count task.Func[throw, int], tasks, darts int) (float64, error) {
	if tasks < 1 || darts < 1 {
		return 0, fmt.Errorf("%d tasks of %d darts: throw at least one", tasks, darts)
	}
	inside := 0
	for r, err := range task.Map(ctx, s, count, func(yield func(throw) bool) {
		for seed := range uint64(tasks) {
			if !yield(throw{Seed: seed, Darts: darts}) {
				return
			}
		}
	}) {
		if err != nil {
			return 0, err
		}
		inside += r.Value
	}
	return 4 * float64(inside) / float64(tasks*darts), nil
}
