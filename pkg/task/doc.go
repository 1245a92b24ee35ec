// Package task runs functions of a Go program on the executors of a cluster.
//
//	func main() {
//		p := task.NewProgram("wordcount")
//		count := task.Define(p, "count", func(ctx context.Context, text []byte) (map[string]int, error) { ... })
//		os.Exit(task.Main(context.Background(), p, func(ctx context.Context, s *task.Session) error {
//			for r, err := range task.Map(ctx, s, count, inputs) { ... }
//		}))
//	}
//
// The same binary is the driver and, started by a worker, the executor: what a function is called is all that both have to agree on. Where the
// executors come from is the master URL's business, and nothing else of the program changes with it:
//
//	local[4]                 goroutines of this process
//	local-cluster[2,1,1024]  a master and two workers in this process, executors processes of their own (WithBackend(localcluster.Backend()))
//	muster://host:7077       a cluster; the program is shipped to its workers
//
//	driver: Map -> feeder -> loop (internal/taskcore) -> session -> executor: queue -> as many goroutines as cores -> results -> session -> Map
//
// A result reaches Map once, as soon as it is there. A failed task is tried again, an executor's loss moves its tasks elsewhere; a function must
// therefore bear being called again for the same input.
package task
