package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/user"
	"sync"

	"github.com/musterproject/muster/pkg/backend"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// Run runs drive as the driver of an application: it registers the application, hands drive a session, and when drive returns gives everything back,
// executors first. Its error is drive's, or says why there could be no session, or why it ended under way (backend.ErrEnded).
// The context of drive ends with ctx, and when the cluster ends the application.
func Run(ctx context.Context, p *Program, cfg Config, drive func(ctx context.Context, s *Session) error, opts ...Option) error {
	o := collectOptions(opts)
	for _, change := range o.change {
		change(&cfg)
	}
	if o.log == nil {
		o.log = slog.New(slog.DiscardHandler)
	}
	if err := errors.Join(p.Validate(), cfg.Validate()); err != nil {
		return err
	}
	if cfg.Name == "" {
		cfg.Name = p.name
	}
	if cfg.User == "" {
		cfg.User = account()
	}
	at, err := open(ctx, p, cfg, o)
	if err != nil {
		return err
	}
	err = at.run(ctx, cfg, o.log, drive)
	return errors.Join(err, at.close())
}

// run holds the parts of a session together. They end in this order: the user's function, the application (its executors are given back), the
// sessions of executors that are left, the driver's loop.
func (o *place) run(ctx context.Context, cfg Config, log *slog.Logger, drive func(context.Context, *Session) error) error {
	url, err := deploy.ParseMasterURL(cfg.Master)
	if err != nil {
		return err
	}
	d := newDriver(cfg, log, o.backend)
	var service sync.WaitGroup
	defer service.Wait()
	base, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	served := make(chan error, 1)
	service.Go(func() { d.run(base) })
	service.Go(func() {
		served <- o.transport.Serve(base, o.listener, rpc.Server{Hello: d.hello, Session: d.session})
	})

	user, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	held, release := context.WithCancelCause(base)
	defer release(errors.New("the driver panicked")) // unless it has ended before
	ended := make(chan error, 1)
	service.Go(func() {
		err := o.backend.Run(held, o.spec, d.hear)
		if err != nil {
			cancel(err)
			d.endJobs(err)
		}
		ended <- err
	})
	err = drive(user, &Session{d: d, attempts: o.attempts, url: url, address: o.address})
	release(verdict(ctx, err))
	backendErr := <-ended
	if parted := make(chan struct{}); d.post(incoming{farewell: parted}) {
		<-parted
	}
	stop(nil)
	return summary(err, backendErr, <-served, log)
}

// verdict is what the cluster is told of the application's end, in words alone: a cancelled driver has failed too. nil is a good end.
func verdict(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return errors.New("the driver was interrupted: " + context.Cause(ctx).Error())
	}
	return errors.New("the driver failed: " + err.Error())
}

// summary joins what has gone wrong. An application that could not be unregistered has still done its work: the cluster ends it by itself.
func summary(err, backendErr, served error, log *slog.Logger) error {
	if errors.Is(backendErr, backend.ErrLeftBehind) {
		log.Warn("the cluster was not told of the end and will find out by itself", "reason", backendErr)
		backendErr = nil
	}
	if backendErr != nil && !errors.Is(err, backendErr) {
		err = errors.Join(err, backendErr)
	}
	if served != nil {
		err = errors.Join(err, fmt.Errorf("the driver's door: %w", served))
	}
	return err
}

// account is who runs this process, empty where the system cannot say.
func account() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return ""
}
