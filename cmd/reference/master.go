package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/fx"

	"github.com/musterproject/muster/cmd/reference/settings"
	"github.com/musterproject/muster/pkg/artifact"
	"github.com/musterproject/muster/pkg/clusterfx"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/election"
	"github.com/musterproject/muster/pkg/master"
	"github.com/musterproject/muster/pkg/recovery"
	"github.com/musterproject/muster/pkg/rpc"
	"github.com/musterproject/muster/pkg/rpc/grpcrpc"
	"github.com/musterproject/muster/pkg/scheduler"
)

func (a *app) masterCommand() *cobra.Command {
	table := settings.NewTable(settings.PeerOptions(), settings.MasterOptions())
	cmd := &cobra.Command{
		Use:   "master",
		Short: "Run a master in the foreground",
		Long: "Run a master in the foreground. It binds to loopback unless told --host. SIGTERM ends it; running executors and drivers go on.\n" +
			"SIGHUP makes it read its configuration again: what concerns scheduling changes at once.\n" +
			"Its addresses are printed on standard output once it serves.",
		Example: "  muster master\n  muster master --host 10.0.0.1 --insecure --port 7077 --webui-port 8080",
		Args:    args(cobra.NoArgs),
	}
	settings.AddFlags(cmd.Flags(), table)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		s, err := a.load(cmd, table)
		if err != nil {
			return err
		}
		return a.runMaster(cmd, table, s)
	}
	return cmd
}

func (a *app) runMaster(cmd *cobra.Command, table *settings.Table, s *settings.Settings) error {
	ctx := cmd.Context()
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP) // from the first moment on: it must not end the process
	defer signal.Stop(hangups)
	log, err1 := a.logger(s)
	rules := masterRules(s)
	first, err2 := schedulingOf(s)
	if err := errors.Join(err1, err2, s.Err()); err != nil {
		return usage(cmd, err)
	}
	at, err := listen(ctx, s, "master", "this is the RPC port of a Muster master; the pages are at the address it printed at its start")
	if err != nil {
		return startError(cmd, err)
	}
	rules.Policy, rules.Queues, rules.DefaultQueue, rules.ReserveFor = first.Name, first.Queues, first.DefaultQueue, first.ReserveFor
	rules.Address = at.advertise
	rules.Masters = []deploy.Address{at.advertise}
	if rules.Name == "" {
		rules.Name = at.advertise.String()
	}
	if err := rules.Validate(); err != nil {
		return usage(cmd, errors.Join(err, at.door.Close()))
	}
	mode, err := recovery.Open(ctx, s.Text("recovery.mode"), modes(at.advertise))
	if err != nil {
		return usage(cmd, errors.Join(fmt.Errorf("recovery.mode (%s): %w", s.Get("recovery.mode").Origin, err), at.door.Close()))
	}
	dir, err := filepath.Abs(s.Text("master.dir"))
	if err != nil {
		return err
	}
	blobs, err := artifact.OpenFileStore(filepath.Join(dir, "blobs"), artifact.Limits{MaxBlobBytes: s.Memory("artifact.maxBytes") << 20})
	if err != nil {
		return errors.Join(err, at.door.Close())
	}
	pages, err := a.masterPages(ctx, s, &rules)
	if err != nil {
		return errors.Join(err, at.door.Close())
	}
	ready := func() {
		fmt.Fprintf(a.out, "master %s\n", "muster://"+at.advertise.String())
		fmt.Fprintf(a.out, "pages  %s\n", pages.url)
	}
	return runApp(ctx, ready, func() { os.Exit(exitOurs) },
		clusterfx.Master, pages.module,
		fx.Supply(rules, clusterfx.MasterListener{Listener: at.door}, mode, log),
		fx.Provide(func() rpc.Transport { return grpcrpc.New(grpcrpc.DefaultConfig()) },
			func() scheduler.SchedulerPolicy { return first.Policy }, func() artifact.Store { return blobs }),
		onHangup(hangups, &reloader{log: log, began: s, last: s, table: table, read: func() (*settings.Settings, error) { return a.read(cmd, table) }}))
}

// modes are the recovery modes this program knows.
func modes(self deploy.Address) recovery.Factories {
	return recovery.Factories{
		"NONE": func(context.Context) (*recovery.Mode, error) {
			return recovery.NewNone(time.Now, election.NewMonarchy(self)), nil
		},
	}
}

// masterRules turns settings into what the deciding core goes by; faults are kept in s.
func masterRules(s *settings.Settings) master.Config {
	c := master.DefaultConfig()
	c.Version = version
	c.Cluster, c.Name = s.Text("cluster.name"), s.Text("master.name")
	c.Recovery, c.RecoveryTimeout = s.Text("recovery.mode"), s.Duration("recovery.timeout")
	c.DefaultCores, c.MaxDrivers = s.Limit("deploy.defaultCores"), s.Limit("deploy.maxDrivers")
	c.MaxExecutorRetries = int32(s.Int("deploy.maxExecutorRetries", -1, int64(deploy.NoLimit)))
	c.RetainedApps = int(s.Int("deploy.retainedApplications", 0, 1<<20))
	c.RetainedDrivers = int(s.Int("deploy.retainedDrivers", 0, 1<<20))
	c.AppIDPattern, c.DriverIDPattern = s.Text("deploy.appIdPattern"), s.Text("deploy.driverIdPattern")
	c.AppNumberModulo = uint64(s.Int("deploy.appNumberModulo", 0, 1<<40))
	c.Heartbeat, c.SuspectAfter, c.WorkerTimeout = s.Duration("worker.heartbeat"), s.Duration("worker.suspectAfter"), s.Duration("worker.timeout")
	c.ReconnectGrace, c.WorkerRetention = s.Duration("worker.reconnectGrace"), s.Duration("worker.retention")
	c.AppReconnectGrace, c.DriverLease = s.Duration("app.reconnectGrace"), s.Duration("driver.lease")
	c.LaunchTimeout, c.ReachAfter = s.Duration("launch.timeout"), s.Duration("app.reachAfter")
	c.Zone = time.Local
	return c
}
