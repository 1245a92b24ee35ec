package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"

	"github.com/musterproject/muster/cmd/reference/settings"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc/door"
)

const (
	startTimeout = 30 * time.Second
	stopTimeout  = time.Minute // graces of processes included
)

// runApp starts an fx application, waits for its end or a signal, and stops it: the first signal with grace, the second at once.
func runApp(ctx context.Context, ready func(), now func(), opts ...fx.Option) error {
	fxApp := fx.New(append(opts, fx.WithLogger(func() fxevent.Logger { return fxevent.NopLogger }))...)
	if err := fxApp.Err(); err != nil {
		return plainCause(err)
	}
	start, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := fxApp.Start(start); err != nil {
		return plainCause(err)
	}
	ready()
	var code int
	select {
	case <-ctx.Done():
	case sig := <-fxApp.Wait():
		code = sig.ExitCode
	}
	again := make(chan os.Signal, 1)
	signal.Notify(again, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(again)
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	stopped := make(chan error, 1)
	go func() { stopped <- fxApp.Stop(stop) }()
	select {
	case err := <-stopped:
		return stopError(err, code)
	case <-again:
		now()
	}
	return stopError(<-stopped, code)
}

func stopError(err error, code int) error {
	if err == nil && code != 0 {
		return errors.New("ended by its own failure; see the log")
	}
	return err
}

// plainCause takes the container's own words off an error: people want the reason.
func plainCause(err error) error {
	text := err.Error()
	if i := strings.LastIndex(text, "received non-nil error from function"); i >= 0 {
		if _, rest, ok := strings.Cut(text[i:], "): "); ok {
			return errors.New(rest)
		}
	}
	return err
}

// startError tells a bad setting, which is the caller's to mend, from what the machine says against a start.
func startError(cmd *cobra.Command, err error) error {
	if errors.Is(err, settings.ErrConfig) || errors.Is(err, deploy.ErrInvalid) || errors.Is(err, deploy.ErrDenied) {
		return usage(cmd, err)
	}
	return err
}

// endpoint is where a daemon listens and what it tells others.
type endpoint struct {
	door      *door.Door
	advertise deploy.Address
}

// listen opens the RPC port as the options under prefix say.
func listen(ctx context.Context, s *settings.Settings, prefix string, hint string) (endpoint, error) {
	host := s.Text(prefix + ".host")
	port := s.Int(prefix+".port", 0, 65535)
	insecure := s.Bool(prefix + ".insecure")
	if err := s.Err(); err != nil {
		return endpoint{}, err
	}
	opts := door.DefaultOptions()
	opts.Insecure = insecure
	opts.HTTPHint = hint
	d, err := door.Listen(ctx, net.JoinHostPort(host, strconv.FormatInt(port, 10)), opts)
	if err != nil {
		return endpoint{}, err
	}
	bound, err := deploy.ParseAddress(d.Addr().String())
	if err != nil {
		return endpoint{}, errors.Join(err, d.Close())
	}
	e := endpoint{door: d, advertise: deploy.Address{Host: host, Port: bound.Port}}
	if ad := s.Text(prefix + ".advertise"); ad != "" {
		if e.advertise, err = advertised(ad, bound.Port); err != nil {
			return e, errors.Join(fmt.Errorf("%s.advertise (%s): %w", prefix, s.Get(prefix+".advertise").Origin, err), d.Close())
		}
	} else if host == "0.0.0.0" || host == "::" || host == "" {
		if e.advertise.Host, err = os.Hostname(); err != nil {
			return e, errors.Join(err, d.Close())
		}
	}
	return e, nil
}

func advertised(text string, port uint16) (deploy.Address, error) {
	if a, err := deploy.ParseAddress(text); err == nil {
		return a, nil
	}
	return deploy.ParseAddress(net.JoinHostPort(text, strconv.Itoa(int(port))))
}
