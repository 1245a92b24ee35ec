package task

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/musterproject/muster/pkg/backend"
	"github.com/musterproject/muster/pkg/deploy"
)

// Exit codes of Main besides the program's own 0 and 1.
const (
	ExitUsage  = 2   // the configuration is wrong
	ExitMuster = 125 // the cluster did not take the application in, or ended it
	exitSignal = 128 // and the signal's number
)

// Main runs the program in its role: as the driver, or, if a worker has started the process as one, as an executor. It returns the exit code.
// The configuration is the default, then the environment (Config.FromEnv), then the options. SIGINT and SIGTERM end the driver's context, and the
// application with it; a second one ends the process at once. Main says on standard error why it failed.
func Main(ctx context.Context, p *Program, drive func(ctx context.Context, s *Session) error, opts ...Option) int {
	o := collectOptions(opts)
	if o.stderr == nil {
		o.stderr = os.Stderr
	}
	for _, b := range o.openers {
		if b.Become == nil {
			continue
		}
		if took, err := b.Become(ctx); err != nil {
			fmt.Fprintln(o.stderr, err)
			return ExitMuster
		} else if took {
			return 0
		}
	}
	if IsExecutor() {
		return executorMain(ctx, p, o)
	}
	return driverMain(ctx, p, drive, o, opts)
}

func driverMain(ctx context.Context, p *Program, drive func(context.Context, *Session) error, o options, opts []Option) int {
	cfg, err := DefaultConfig().FromEnv(os.LookupEnv)
	if o.log == nil {
		var logErr error
		o.log, logErr = logger(o.stderr, os.LookupEnv, slog.LevelWarn)
		opts, err = append(opts, WithLog(o.log)), errors.Join(err, logErr)
	}
	if err != nil {
		fmt.Fprintln(o.stderr, err)
		return ExitUsage
	}
	ctx, caught, stop := signals(ctx)
	defer stop()
	began := false
	err = Run(ctx, p, cfg, func(ctx context.Context, s *Session) error {
		began = true
		return drive(ctx, s)
	}, opts...)
	if err != nil {
		fmt.Fprintln(o.stderr, err)
	}
	switch sig := caught(); {
	case sig != 0:
		return exitSignal + int(sig)
	case err == nil:
		return 0
	case errors.Is(err, backend.ErrEnded):
		return ExitMuster
	case !began:
		return ExitUsage
	}
	return 1
}

// signals ends the context returned with the first SIGINT or SIGTERM; from then on they act as if nobody listened. caught gives the one that came.
func signals(ctx context.Context) (_ context.Context, caught func() syscall.Signal, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGINT, syscall.SIGTERM)
	got := make(chan syscall.Signal, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case s := <-c:
			signal.Stop(c)
			if sig, ok := s.(syscall.Signal); ok {
				got <- sig
			}
			cancel(&signalError{s})
		case <-ctx.Done():
		}
	}()
	caught = func() syscall.Signal {
		select {
		case s := <-got:
			return s
		default:
			return 0
		}
	}
	return ctx, caught, func() {
		signal.Stop(c)
		cancel(nil)
		<-ended
	}
}

type signalError struct{ signal os.Signal }

func (e *signalError) Error() string { return "signal " + e.signal.String() }

// logger writes as MUSTER_LOG_LEVEL and MUSTER_LOG_FORMAT say.
func logger(to io.Writer, lookup func(string) (string, bool), level slog.Level) (*slog.Logger, error) {
	e, json := environment{lookup: lookup}, false
	e.parse("MUSTER_LOG_LEVEL", func(text string) error {
		if err := level.UnmarshalText([]byte(text)); err != nil {
			return fmt.Errorf("%q is %w: write debug, info, warn or error", text, deploy.ErrInvalid)
		}
		return nil
	})
	e.parse("MUSTER_LOG_FORMAT", func(text string) error {
		if json = text == "json"; !json && text != "text" {
			return fmt.Errorf("%q is %w: write text or json", text, deploy.ErrInvalid)
		}
		return nil
	})
	opts := &slog.HandlerOptions{Level: level}
	if json {
		return slog.New(slog.NewJSONHandler(to, opts)), errors.Join(e.faults...)
	}
	return slog.New(slog.NewTextHandler(to, opts)), errors.Join(e.faults...)
}
