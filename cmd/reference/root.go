package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/musterproject/muster/cmd/reference/settings"
	"github.com/musterproject/muster/pkg/deploy"
)

// stdio is where a command reads and writes: data on out, talk on err.
type stdio struct {
	in       io.Reader
	out, err io.Writer
}

// app is what all commands share.
type app struct {
	stdio
	output     string   // -o
	conf       []string // --conf
	properties string   // --properties-file
	file       string   // --config
	lenient    bool
}

func newRoot(io stdio) *cobra.Command {
	a := &app{stdio: io}
	root := &cobra.Command{
		Use:   "muster",
		Short: "A standalone cluster manager",
		Long: "Muster runs applications on a cluster of its own: a master places executors and drivers on workers, workers run them.\n\n" +
			"Start a cluster:   muster master   and on each machine   muster worker muster://HOST:7077\n" +
			"Run a program:     muster submit --master muster://HOST:7077 ./program ARGS...\n" +
			"See it at work:    muster demo",
		SilenceUsage: true, SilenceErrors: true, Version: version,
	}
	root.SetOut(io.out)
	root.SetErr(io.err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usage(cmd, suggestFlag(cmd, err)) })
	p := root.PersistentFlags()
	p.StringVarP(&a.output, "output", "o", "table", "output: table, json, yaml or name")
	p.StringArrayVar(&a.conf, "conf", nil, "set a configuration key: --conf key=value, repeatable")
	p.StringVar(&a.properties, "properties-file", "", "properties file in the peer's form (default conf/muster-defaults.conf if it exists)")
	p.StringVar(&a.file, "config", "", "configuration file in YAML (default conf/muster.yaml if it exists)")
	p.BoolVar(&a.lenient, "lenient", false, "warn of unknown keys instead of refusing them")
	root.AddCommand(a.masterCommand(), a.workerCommand(), a.submitCommand(), a.killCommand(), a.statusCommand(), a.getCommand(),
		a.explainCommand(), a.planCommand(), a.logsCommand(), a.holdCommand(false), a.holdCommand(true), a.targetCommand(), a.demoCommand(),
		a.configCommand(), a.versionCommand())
	group(root)
	return root
}

// group lets a command that only holds others answer an unknown one as bad usage, and nothing at all with its help.
func group(cmd *cobra.Command) {
	cmd.Args, cmd.SuggestionsMinimumDistance = cobra.ArbitraryArgs, 2
	cmd.RunE = func(cmd *cobra.Command, words []string) error {
		if len(words) == 0 {
			return cmd.Help()
		}
		err := fmt.Errorf("unknown command %q", words[0])
		if near := cmd.SuggestionsFor(words[0]); len(near) > 0 {
			err = fmt.Errorf("%w: did you mean %s?", err, strings.Join(near, " or "))
		}
		return usage(cmd, err)
	}
}

// usage marks an error as the caller's: exit code 2, or that of plan, and a way to the help.
func usage(cmd *cobra.Command, err error) error {
	code := exitUsage
	if cmd.Name() == "plan" {
		code = exitPlanUsage
	}
	return &exitError{code: code, err: fmt.Errorf("%w\nsee `%s --help`", err, cmd.CommandPath())}
}

func suggestFlag(cmd *cobra.Command, err error) error {
	word, ok := strings.CutPrefix(err.Error(), "unknown flag: --")
	if !ok {
		return err
	}
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	if near, ok := deploy.Suggest(word, known); ok {
		return fmt.Errorf("unknown flag --%s: did you mean --%s?", word, near)
	}
	return err
}

// args wraps cobra's check of positional arguments so that it ends with the usage code.
func args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, words []string) error {
		if err := check(cmd, words); err != nil {
			return usage(cmd, err)
		}
		return nil
	}
}

// load is read at the start of a command: its faults are bad usage.
func (a *app) load(cmd *cobra.Command, t *settings.Table) (*settings.Settings, error) {
	if !slices.Contains(outputs, a.output) {
		return nil, usage(cmd, fmt.Errorf("output %q is none of %s", a.output, strings.Join(outputs, ", ")))
	}
	s, err := a.read(cmd, t)
	if err != nil {
		return nil, usage(cmd, err)
	}
	return s, nil
}

// read joins all layers, strongest first, and shows warnings. t holds the options that have flags here; files may set any daemon's.
func (a *app) read(cmd *cobra.Command, t *settings.Table) (*settings.Settings, error) {
	flags, err1 := settings.Flags(cmd.Flags(), t)
	conf, err2 := settings.Pairs("--conf", a.conf)
	props, err3 := settings.Properties(orDefault(a.properties, "conf/muster-defaults.conf"), a.properties != "")
	file, err4 := settings.YAML(orDefault(a.file, "conf/muster.yaml"), a.file != "")
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	s := settings.Load(settings.All(), flags, conf, settings.Environment(settings.All(), os.LookupEnv), props, file)
	for _, w := range s.Warnings() {
		fmt.Fprintln(a.err, "muster: warning: "+w)
	}
	if err := s.Err(); err != nil {
		if !a.lenient {
			return nil, err
		}
		fmt.Fprintln(a.err, "muster: warning: "+err.Error())
		s.Forgive()
	}
	return s, nil
}

func orDefault(s, or string) string {
	if s == "" {
		return or
	}
	return s
}

// logger writes to err as configured.
func (a *app) logger(s *settings.Settings) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.Text("log.level"))); err != nil {
		return nil, fmt.Errorf("%w: log.level (%s): %q is none of debug, info, warn, error", settings.ErrConfig, s.Get("log.level").Origin, s.Text("log.level"))
	}
	opts := &slog.HandlerOptions{Level: level}
	switch f := s.Text("log.format"); f {
	case "text":
		return slog.New(slog.NewTextHandler(a.err, opts)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(a.err, opts)), nil
	default:
		return nil, fmt.Errorf("%w: log.format (%s): %q is neither text nor json", settings.ErrConfig, s.Get("log.format").Origin, f)
	}
}
