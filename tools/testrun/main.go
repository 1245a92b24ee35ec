package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"syscall"

	"github.com/musterproject/muster/internal/need"
)

const ledgerName = ".ci/skips.txt"

func main() {
	args := os.Args[1:]
	strict := slices.Contains(args, "-strict")
	args = slices.DeleteFunc(args, func(a string) bool { return a == "-strict" })
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, strict, args, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "testrun:", err)
		os.Exit(1)
	}
}

// run returns an error if a test, a build or, in strict mode, a skip is against the rules.
func run(ctx context.Context, strict bool, args []string, out io.Writer) error {
	ledger, err := readLedger(ledgerName)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-json"}, args...)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.Stderr = os.Stderr
	if strict {
		cmd.Env = append(os.Environ(), need.Env+"="+ledger.Require())
	}
	events, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("run go test: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("run go test: %w", err)
	}
	sum := newSummary(out)
	readErr := sum.read(events)
	testErr := cmd.Wait()
	sum.print()
	if testErr != nil {
		testErr = fmt.Errorf("go test: %w", testErr)
	}
	if strict {
		return errors.Join(readErr, testErr, sum.against(ledger))
	}
	return errors.Join(readErr, testErr)
}

func readLedger(name string) (need.Ledger, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open the skip ledger (run from the root of the checkout): %w", err)
	}
	defer f.Close()
	ledger, err := need.ParseLedger(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return ledger, nil
}
