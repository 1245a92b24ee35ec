package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/musterproject/muster/cmd/reference/settings"
	"github.com/musterproject/muster/pkg/deploy"
)

// submission is one use of `submit`.
type submission struct {
	app     *app
	set     *settings.Settings
	words   []string // program and its arguments
	class   string
	request string
	wait    bool
	detach  bool
	verbose bool
}

func (a *app) submitCommand() *cobra.Command {
	s := &submission{app: a}
	table := settings.NewTable(settings.Shared(), settings.PeerOptions(), settings.SubmitOptions())
	var kill, status string
	cmd := &cobra.Command{
		Use:   "submit [flags] PROGRAM [ARGS...]",
		Short: "Run a program as a driver, here or on a worker",
		Long: "Run a program as a driver: in client mode here, in cluster mode on a worker.\n" +
			"PROGRAM is an executable, a .jar (with --class) or a .py file; what follows it are its own arguments.\n\n" +
			"Exit code: the driver's own where it was waited for, 128+n if signal n ended it, 125 for a failure of ours, 2 for bad usage.",
		Example: "  muster submit --master muster://10.0.0.1:7077 ./wordcount /data\n" +
			"  muster submit --deploy-mode cluster --supervise --wait ./service --port 8000\n" +
			"  muster submit --deploy-mode cluster --class org.example.Main app.jar 10",
		Args: cobra.ArbitraryArgs,
	}
	f := cmd.Flags()
	f.SetInterspersed(false)
	settings.AddFlags(f, table)
	f.StringVar(&s.class, "class", "", "main class of a .jar")
	f.StringVar(&s.request, "request-id", "", "makes the submission idempotent: the same id is the same driver")
	f.BoolVar(&s.wait, "wait", false, "cluster mode: wait for the driver's end and exit with its code")
	f.BoolVar(&s.detach, "detach", false, "cluster mode: return once accepted, also in a terminal")
	f.BoolVar(&s.verbose, "verbose", false, "show every setting in force and its origin first")
	f.StringVar(&kill, "kill", "", "end the driver of this id instead")
	f.StringVar(&status, "status", "", "show the driver of this id instead")
	f.String("packages", "", "not supported: see its error")
	cmd.RunE = func(cmd *cobra.Command, words []string) (err error) {
		if cmd.Flags().Changed("packages") {
			return usage(cmd, errors.New("--packages is not supported: Muster resolves no Maven coordinates; build one jar with its dependencies, or bring the files with --jars"))
		}
		if s.set, err = a.load(cmd, table); err != nil {
			return err
		}
		s.words = words
		switch {
		case kill != "":
			return a.withClient(cmd, s.set, func(ctx context.Context, c *client) error { return a.killOne(ctx, c, kill) })
		case status != "":
			return a.withClient(cmd, s.set, func(ctx context.Context, c *client) error { return a.statusOf(ctx, c, status) })
		case len(words) == 0:
			return usage(cmd, errors.New("no program is named: put it after the flags"))
		}
		return s.run(cmd)
	}
	return cmd
}

// withClient is withCluster for settings that are loaded already.
func (a *app) withClient(cmd *cobra.Command, set *settings.Settings, do func(context.Context, *client) error) (err error) {
	c, err := a.clientOf(cmd, set)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.transport.Close()) }()
	return coded(do(cmd.Context(), c))
}

func (s *submission) run(cmd *cobra.Command) error {
	if s.verbose {
		for _, r := range s.set.Rows() {
			fmt.Fprintf(s.app.err, "%s = %s (%s)\n", r.Key, r.Value, r.Origin)
		}
	}
	s.check()
	program, err := resolve(s.words[0], s.class)
	if err = errors.Join(s.checkPlacement(), s.set.Err(), err, s.checkFiles(), s.checkPassed()); err != nil {
		return usage(cmd, err)
	}
	switch mode := s.set.Text("submit.deployMode"); mode {
	case "client":
		return s.here(cmd.Context(), program)
	case "cluster":
		return s.app.withClient(cmd, s.set, func(ctx context.Context, c *client) error { return s.onWorker(ctx, c, program) })
	default:
		return usage(cmd, fmt.Errorf("deploy mode %q (%s) is neither client nor cluster", mode, s.set.Get("submit.deployMode").Origin))
	}
}

// files are what the program brings along.
func (s *submission) files() []string { return append(s.set.List("files"), s.set.List("jars")...) }

func (s *submission) checkFiles() error {
	var errs []error
	for _, path := range s.files() {
		info, err := os.Stat(path)
		if err == nil && !info.Mode().IsRegular() {
			err = fmt.Errorf("it is not a file: %w", deploy.ErrInvalid)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("file %q cannot be brought along: %w", path, err))
		}
	}
	return errors.Join(errs...)
}

// check reads every typed option once, so that all faults are told together.
func (s *submission) check() {
	for _, o := range settings.SubmitOptions() {
		switch {
		case o.Pattern:
		case o.Kind == settings.Memory:
			s.set.Memory(o.Key)
		case o.Kind == settings.Cores:
			s.set.Cores(o.Key)
		case o.Kind == settings.Bool:
			s.set.Bool(o.Key)
		case o.Kind == settings.Int && !strings.HasSuffix(o.Key, "priority"):
			s.set.Int(o.Key, -1, int64(deploy.NoLimit))
		}
	}
}

func (s *submission) name(p program) string {
	if n := s.set.Text("app.name"); n != "" {
		return n
	}
	return p.title
}

// isTerminal tells whether somebody looks on. The null device is a character device too, and nobody does.
func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
