// Command muster is the reference program: master, worker, and everything a person does with a cluster.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// version is set by the linker.
var version = "dev"

// Exit codes besides a waited-for driver's own.
const (
	exitUsage  = 2   // bad usage or configuration
	exitOurs   = 125 // our own failure
	exitAbsent = 4   // what was asked for does not exist
)

// exitError carries the code a command ends with.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

func main() {
	if becomeChild() {
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], stdio{in: os.Stdin, out: os.Stdout, err: os.Stderr}))
}

// run executes one command line and gives the exit code.
func run(ctx context.Context, args []string, io stdio) int {
	root := newRoot(io)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	var coded *exitError
	if !errors.As(err, &coded) {
		coded = &exitError{code: exitOurs, err: err}
	}
	if text := coded.Error(); text != "" {
		fmt.Fprintln(io.err, "muster: "+text)
	}
	return coded.code
}
