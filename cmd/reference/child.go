package main

import (
	"context"
	"fmt"
	"os"

	"github.com/musterproject/muster/pkg/launcher/proclauncher"
	"github.com/musterproject/muster/pkg/task"
	"github.com/musterproject/muster/pkg/worker"
)

// keeperOf makes this very program the keeper of a worker's processes.
func keeperOf(cfg worker.Config) proclauncher.Config {
	c := proclauncher.DefaultConfig(cfg.StateDir + "/launcher")
	c.DefaultGrace = cfg.Grace
	return c
}

// becomeChild takes over when this program was started by a worker: as its keeper, or as an executor of the demo. It tells whether it did.
func becomeChild() bool {
	if len(os.Args) > 1 && os.Args[1] == proclauncher.KeeperArg {
		if err := proclauncher.KeeperMain(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, "muster: "+err.Error())
			os.Exit(exitOurs)
		}
		return true
	}
	if task.IsExecutor() {
		os.Exit(executorOfDemo())
	}
	return false
}
