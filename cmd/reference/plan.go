package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/musterproject/muster/cmd/reference/settings"
	"github.com/musterproject/muster/pkg/deploy"
)

// Exit codes of plan. Its 2 says something of the cluster, so its bad usage has a code of its own.
const (
	exitWaits     = 1
	exitNever     = 2
	exitPlanUsage = 64
)

// planning is one use of `plan`.
type planning struct {
	app       *app
	driver    bool
	resources []string
}

func (a *app) planCommand() *cobra.Command {
	p := &planning{app: a}
	table := settings.NewTable(settings.Shared(), settings.SubmitOptions())
	cmd := &cobra.Command{
		Use:   "plan [flags]",
		Short: "Say whether executors or a driver would fit now, must wait or can never run; nothing is started",
		Long: "Say what would become of a submission with these flags: whether its executors, or with --driver its driver, would start now and on which\n" +
			"workers, must wait and for what, or can never run here. The flags and keys are those of submit. Nothing is started or kept for it.\n\n" +
			"Exit code: 0 all of it fits now, 1 some of it must wait, 2 some of it can never run, 64 for bad usage, 125 for a failure of ours.",
		Example: "  muster plan --num-executors 10 --executor-cores 4 --executor-memory 8g\n" +
			"  muster plan --num-executors 2 --executor-cores 1 --resource gpu=1 -o json\n" +
			"  muster plan --num-executors 4 --executor-cores 8 --gang --require zone=eu --apart host --queue prod.etl\n" +
			"  muster plan --driver --driver-cores 2 --driver-memory 4g && muster submit --deploy-mode cluster --driver-cores 2 --driver-memory 4g ./service",
		Args: args(cobra.NoArgs),
	}
	f := cmd.Flags()
	settings.AddFlags(f, table)
	f.BoolVar(&p.driver, "driver", false, "ask for the driver instead of the executors")
	f.StringArrayVar(&p.resources, "resource", nil, "custom resource of one executor, or of the driver: --resource gpu=1, repeatable")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := p.addResources(); err != nil {
			return usage(cmd, err)
		}
		set, err := a.load(cmd, table)
		if err != nil {
			return err
		}
		s := &submission{app: a, set: set}
		s.check()
		ask, err := p.question(s)
		if err = errors.Join(s.checkPlacement(), set.Err(), err); err != nil {
			return usage(cmd, err)
		}
		return a.withClient(cmd, set, func(ctx context.Context, c *client) error { return p.answer(ctx, cmd, c, ask) })
	}
	return cmd
}

// addResources writes --resource as the keys that submit reads.
func (p *planning) addResources() error {
	prefix := "executor.resource."
	if p.driver {
		prefix = "driver.resource."
	}
	for _, text := range p.resources {
		name, amount, ok := strings.Cut(text, "=")
		if !ok || name == "" || amount == "" {
			return fmt.Errorf("--resource %q: write NAME=AMOUNT, as in gpu=1: %w", text, deploy.ErrInvalid)
		}
		p.app.conf = append(p.app.conf, prefix+name+".amount="+amount)
	}
	return nil
}

// question is what the settings would submit.
func (p *planning) question(s *submission) (deploy.Plan, error) {
	if p.driver {
		need, err := s.driverNeed()
		return deploy.Plan{Driver: &deploy.DriverSpec{Need: need, Place: s.driverPlacement()}}, err
	}
	custom, err := s.amounts("executor.resource.")
	if err != nil {
		return deploy.Plan{}, err
	}
	spec := &deploy.AppSpec{
		CoresMax: s.set.Cores("cores.max"), Place: s.placement(),
		Profiles: []deploy.Profile{{
			Cores: s.set.Cores("executor.cores"), MemoryMiB: s.set.Memory("executor.memory"), Custom: custom, Gang: s.set.Bool("placement.gang"),
		}},
	}
	if s.set.Text("executor.instances") != "" {
		spec.Targets = []deploy.Target{{Total: int32(s.set.Int("executor.instances", 0, int64(deploy.NoLimit)))}}
	}
	return deploy.Plan{App: spec}, nil
}

// answer shows the outlook on out and ends with its code.
func (p *planning) answer(ctx context.Context, cmd *cobra.Command, c *client, ask deploy.Plan) error {
	o, err := question[deploy.Outlook](ctx, c, ask)
	if errors.Is(err, deploy.ErrInvalid) || errors.Is(err, deploy.ErrNotFound) {
		return usage(cmd, err)
	}
	if err != nil {
		return err
	}
	if err := p.app.showOutlook(&o); err != nil {
		return err
	}
	switch o.Verdict {
	case deploy.VerdictFits:
	case deploy.VerdictWaits:
		return &exitError{code: exitWaits, err: errors.New("")}
	case deploy.VerdictNever:
		return &exitError{code: exitNever, err: errors.New("")}
	}
	return nil
}

func (a *app) showOutlook(o *deploy.Outlook) error {
	if a.output != "table" {
		return a.show(sheet{data: o, names: []string{o.Verdict.String()}})
	}
	fmt.Fprintln(a.out, o.Text)
	starts := sheet{columns: []string{"PROFILE", "WORKER", "EXECUTORS", "CORES"}}
	causes := sheet{columns: []string{"PROFILE", "CAUSE", "WORKERS", "NEAREST", "HAS", "WHICH"}}
	ends := sheet{columns: []string{"PROFILE", "WORKER", "WHOSE END MAKES ROOM", "HOLDS"}}
	for i := range o.Parts {
		p := &o.Parts[i]
		for _, s := range p.Places {
			starts.cells = append(starts.cells, []any{p.Profile, s.Worker, s.Executors, s.Cores})
		}
		if more := p.Workers - len(p.Places); more > 0 {
			starts.cells = append(starts.cells, []any{p.Profile, fmt.Sprintf("and %d more", more), "", ""})
		}
		for _, row := range causeSheet(&deploy.Explanation{Causes: p.Decision.Causes}).cells {
			causes.cells = append(causes.cells, append([]any{p.Profile}, row...))
		}
		for _, h := range p.Frees {
			ends.cells = append(ends.cells, []any{p.Profile, h.Worker, h.Subject, h.Has})
		}
	}
	for _, s := range []sheet{starts, causes, ends} {
		if len(s.cells) == 0 {
			continue
		}
		if err := a.section("", s); err != nil {
			return err
		}
	}
	return nil
}
