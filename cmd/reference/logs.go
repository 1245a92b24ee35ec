package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

func (a *app) logsCommand() *cobra.Command {
	var follow, stderr bool
	var tail int64
	var attempt uint32
	cmd := &cobra.Command{
		Use:     "logs APP/EXECUTOR|DRIVER",
		Short:   "Show the output of an executor or a driver",
		Example: "  muster logs -f app-20261120223045-0007/0\n  muster logs --stderr driver-20261120223045-0001",
		Args:    args(cobra.ExactArgs(1)),
	}
	f := cmd.Flags()
	f.BoolVarP(&follow, "follow", "f", false, "go on until the process ends")
	f.BoolVar(&stderr, "stderr", false, "standard error instead of standard output")
	f.Int64Var(&tail, "tail-bytes", 0, "only the last bytes")
	f.Uint32Var(&attempt, "attempt", 0, "attempt of a driver; the newest if 0")
	addMasterFlag(cmd)
	cmd.RunE = a.withCluster(func(ctx context.Context, cmd *cobra.Command, c *client, words []string) error {
		q := rpc.LogQuery{Stream: "stdout", Follow: follow, Attempt: deploy.Attempt(attempt)}
		if stderr {
			q.Stream = "stderr"
		}
		if tail < 0 {
			return usage(cmd, fmt.Errorf("--tail-bytes %d: give a number of bytes from 1", tail))
		}
		q.Offset = -tail
		if e, err := deploy.ParseExecutorID(words[0]); err == nil {
			q.Executor = e
		} else {
			q.Driver = deploy.DriverID(words[0])
		}
		return a.copyLog(ctx, c, q)
	})
	return cmd
}

// copyLog prints an output file; a broken stream is taken up again at the same byte.
func (a *app) copyLog(ctx context.Context, c *client, q rpc.LogQuery) error {
	for {
		err := a.copyOnce(ctx, c, &q)
		if ctx.Err() != nil {
			err = nil // whoever reads has had enough
		}
		if err == nil {
			return nil
		}
		if !q.Follow || !errors.Is(err, deploy.ErrUnavailable) {
			return err
		}
		fmt.Fprintf(a.err, "-- %v; reconnecting --\n", err)
		t := time.NewTimer(time.Second)
		select {
		case <-ctx.Done():
			t.Stop()
			return nil
		case <-t.C:
		}
	}
}

func (a *app) copyOnce(ctx context.Context, c *client, q *rpc.LogQuery) error {
	for piece, err := range c.Logs(ctx, *q) {
		if err != nil {
			return err
		}
		if q.Offset >= 0 && piece.Offset > q.Offset {
			fmt.Fprintf(a.err, "-- %d bytes have been rolled away --\n", piece.Offset-q.Offset)
		}
		if _, err := a.out.Write(piece.Data); err != nil {
			return err
		}
		q.Offset = piece.Offset + int64(len(piece.Data))
	}
	return nil
}
