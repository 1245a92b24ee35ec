package task_test

import (
	"context"
	"os"
	"time"
)

// waitFor waits until file is there, and gives the process id.
func waitFor(ctx context.Context, file string) (int, error) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := os.Stat(file); err == nil {
			return os.Getpid(), nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}
