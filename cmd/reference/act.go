package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/musterproject/muster/cmd/reference/settings"
	"github.com/musterproject/muster/pkg/deploy"
)

// addMasterFlag gives a command the shared flags.
func addMasterFlag(cmd *cobra.Command) {
	settings.AddFlags(cmd.Flags(), settings.NewTable(settings.Shared()))
}

func (a *app) killCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "kill ID...",
		Short:   "End applications, drivers or executors",
		Example: "  muster kill app-20261120223045-0007\n  muster kill driver-20261120223045-0001\n  muster kill app-20261120223045-0007/3",
		Args:    args(cobra.MinimumNArgs(1)),
	}
	addMasterFlag(cmd)
	cmd.RunE = a.withCluster(func(ctx context.Context, _ *cobra.Command, c *client, words []string) error {
		var errs []error
		for _, id := range words {
			errs = append(errs, a.killOne(ctx, c, id))
		}
		return errors.Join(errs...)
	})
	return cmd
}

func (a *app) killOne(ctx context.Context, c *client, id string) error {
	if e, err := deploy.ParseExecutorID(id); err == nil {
		got, err := c.send(ctx, deploy.KillExecutors{Request: newRequest(), App: e.App, Nums: []int32{e.Num}})
		if err == nil && len(got.Unknown) > 0 {
			err = fmt.Errorf("executor %q: %w", id, deploy.ErrNotFound)
		}
		return a.done(err, id, "is being ended")
	}
	_, err := c.send(ctx, deploy.KillDriver{Request: newRequest(), Driver: deploy.DriverID(id)})
	if errors.Is(err, deploy.ErrNotFound) {
		_, err = c.send(ctx, deploy.KillApp{Request: newRequest(), App: deploy.AppID(id), Reason: "killed by " + userName()})
	}
	return a.done(err, id, "is being ended")
}

// done says what happened on err, so that out stays for data.
func (a *app) done(err error, id, what string) error {
	if err == nil {
		_, err = fmt.Fprintf(a.err, "%s %s\n", id, what)
	}
	return err
}

func (a *app) holdCommand(off bool) *cobra.Command {
	use, short, what := "hold ID...", "Let an application or a queued driver get nothing new", "is held"
	if off {
		use, short, what = "release ID...", "Take a hold back", "is released"
	}
	cmd := &cobra.Command{Use: use, Short: short, Args: args(cobra.MinimumNArgs(1))}
	addMasterFlag(cmd)
	cmd.RunE = a.withCluster(func(ctx context.Context, _ *cobra.Command, c *client, words []string) error {
		var errs []error
		for _, id := range words {
			_, err := c.send(ctx, deploy.Hold{Request: newRequest(), ID: id, By: userName(), Off: off})
			errs = append(errs, a.done(err, id, what))
		}
		return errors.Join(errs...)
	})
	return cmd
}

func (a *app) targetCommand() *cobra.Command {
	var profile int32
	cmd := &cobra.Command{
		Use:     "target APP COUNT",
		Short:   "Set how many executors an application may have in all",
		Long:    "Set how many executors an application may have in all. Lowering the count ends none: use kill for that.",
		Example: "  muster target app-20261120223045-0007 10\n  muster target app-20261120223045-0007 unlimited",
		Args:    args(cobra.ExactArgs(2)),
	}
	cmd.Flags().Int32Var(&profile, "profile", 0, "resource profile")
	addMasterFlag(cmd)
	cmd.RunE = a.withCluster(func(ctx context.Context, cmd *cobra.Command, c *client, words []string) error {
		total := deploy.NoLimit
		if words[1] != "unlimited" {
			n, err := strconv.ParseInt(words[1], 10, 32)
			if err != nil || n < 0 {
				return usage(cmd, fmt.Errorf("count %q: give a number of executors from 0, or unlimited", words[1]))
			}
			total = int32(n)
		}
		_, err := c.send(ctx, deploy.SetTargets{Request: newRequest(), App: deploy.AppID(words[0]),
			Targets: []deploy.Target{{Profile: profile, Total: total}}})
		return a.done(err, words[0], "may have "+words[1]+" executors")
	})
	return cmd
}
