package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
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
		return a.runMaster(cmd.Context(), cmd, s)
	}
	return cmd
}

func (a *app) runMaster(ctx context.Context, cmd *cobra.Command, s *settings.Settings) error {
	log, err1 := a.logger(s)
	rules := masterRules(s)
	policy, err2 := policyOf(s)
	if err := errors.Join(err1, err2, s.Err()); err != nil {
		return usage(cmd, err)
	}
	at, err := listen(ctx, s, "master", "this is the RPC port of a Muster master; the pages are at the address it printed at its start")
	if err != nil {
		return startError(cmd, err)
	}
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
			func() scheduler.SchedulerPolicy { return policy }, func() artifact.Store { return blobs }))
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
	c.LaunchTimeout = s.Duration("launch.timeout")
	c.Zone = time.Local
	return c
}

// policyOf makes the built-in policy the settings name, by our key or the peer's.
func policyOf(s *settings.Settings) (scheduler.SchedulerPolicy, error) {
	name := s.Text("scheduler.policy")
	if s.Set("deploy.spreadOutApps") && !s.Set("scheduler.policy") {
		name = "pack"
		if s.Bool("deploy.spreadOutApps") {
			name = "spread"
		}
	}
	var order scheduler.By
	if err := order.UnmarshalText([]byte(s.Text("deploy.workerSelectionPolicy"))); err != nil {
		return nil, fmt.Errorf("deploy.workerSelectionPolicy (%s): %w", s.Get("deploy.workerSelectionPolicy").Origin, err)
	}
	opts := scheduler.Options{Order: order, SpreadDrivers: s.Bool("deploy.spreadOutDrivers")}
	switch strings.ToLower(name) {
	case "spread":
		return scheduler.NewSpread(opts), nil
	case "pack":
		return scheduler.NewPack(opts), nil
	}
	return nil, fmt.Errorf("scheduler.policy (%s): %s is neither spread nor pack: %w", s.Get("scheduler.policy").Origin, strconv.Quote(name), deploy.ErrInvalid)
}
