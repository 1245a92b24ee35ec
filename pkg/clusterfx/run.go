package clusterfx

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"go.uber.org/fx"
)

// bridge is the one way from Run(ctx) to the lifecycle of fx: it starts run beside the application, ends the application when run ends by
// itself, and on stop asks politely before it cancels.
func bridge(lc fx.Lifecycle, down fx.Shutdowner, name string, run func(context.Context) error, leave func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	var stopping atomic.Bool // the application is going down already: nobody needs to be told
	lc.Append(fx.Hook{
		OnStart: func(context.Context) error {
			go func() {
				err := run(ctx)
				ended <- err
				if stopping.Load() {
					return
				}
				code := 0
				if err != nil {
					code = 1
				}
				if err := down.Shutdown(fx.ExitCode(code)); err != nil {
					cancel() // it never started: nothing waits for us
				}
			}()
			return nil
		},
		OnStop: func(stop context.Context) error {
			defer cancel()
			stopping.Store(true)
			leave()
			select {
			case err := <-ended:
				return named(name, err)
			case <-stop.Done():
			}
			cancel()
			return errors.Join(stop.Err(), named(name, <-ended))
		},
	})
}

func named(name string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
