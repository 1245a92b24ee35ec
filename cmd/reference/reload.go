package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"go.uber.org/fx"

	"github.com/musterproject/muster/cmd/reference/settings"
	"github.com/musterproject/muster/pkg/master"
)

// reloader reads a running master's configuration again. What concerns scheduling changes at once; other keys are named, and wait for a restart.
type reloader struct {
	log   *slog.Logger
	table *settings.Table // of the keys that concern a master
	read  func() (*settings.Settings, error)
	began *settings.Settings // in force since the start
	last  *settings.Settings // whose scheduling is in force
}

// onHangup lets each signal of hangups reload, one after the other, while the application runs.
func onHangup(hangups <-chan os.Signal, r *reloader) fx.Option {
	return fx.Invoke(func(lc fx.Lifecycle, m *master.Master) {
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan struct{})
		lc.Append(fx.Hook{
			OnStart: func(context.Context) error {
				go func() {
					defer close(ended)
					for {
						select {
						case <-ctx.Done():
							return
						case <-hangups:
							r.reload(ctx, m.Reconfigure)
						}
					}
				}()
				return nil
			},
			OnStop: func(context.Context) error {
				cancel()
				<-ended
				return nil
			},
		})
	})
}

// reload takes over what may change. A fault anywhere changes nothing and is told.
func (r *reloader) reload(ctx context.Context, apply func(context.Context, master.Scheduling) error) {
	now, err := r.read()
	if err == nil {
		err = r.take(ctx, now, apply)
	}
	if err != nil {
		r.log.Error("the configuration is as it was", "error", err)
	}
}

func (r *reloader) take(ctx context.Context, now *settings.Settings, apply func(context.Context, master.Scheduling) error) error {
	masterRules(now) // for its faults: a file that a restart would refuse is not taken over by halves
	next, err := schedulingOf(now)
	if err := errors.Join(err, now.Err()); err != nil {
		return err
	}
	if late := r.changed(r.began, now, func(key string) bool { return !ofScheduling(key) }); len(late) > 0 {
		r.log.Warn("these keys have changed and need a restart", "keys", strings.Join(late, ", "))
	}
	changes := r.changed(r.last, now, ofScheduling)
	if len(changes) == 0 {
		r.log.Info("configuration read again: scheduling stays as it is")
		return nil
	}
	if err := apply(ctx, next); err != nil {
		return fmt.Errorf("configuration read again: %w", err)
	}
	r.last = now
	r.log.Info("configuration read again", "changed", strings.Join(changes, ", "))
	return nil
}

// changed names the keys of a master whose values differ, and where the newer ones were set.
func (r *reloader) changed(old, now *settings.Settings, concerns func(string) bool) []string {
	was, is := old.Values(), now.Values()
	keys := map[string]bool{}
	for key := range was {
		keys[key] = true
	}
	for key := range is {
		keys[key] = true
	}
	var out []string
	for _, key := range sortedStrings(keys) {
		if r.table.Knows(key) && concerns(key) && was[key].Text != is[key].Text {
			where := is[key].Origin
			if where == "" {
				where = "gone"
			}
			out = append(out, key+" ("+where+")")
		}
	}
	return out
}

// ofScheduling tells whether a key may change while a master runs: ours, and the peer's names for the same.
func ofScheduling(key string) bool {
	switch key {
	case "deploy.spreadOutApps", "deploy.spreadOutDrivers", "deploy.workerSelectionPolicy":
		return true
	}
	return strings.HasPrefix(key, "scheduler.")
}
