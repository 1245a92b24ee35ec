package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.uber.org/fx"

	"github.com/musterproject/muster/cmd/reference/settings"
	"github.com/musterproject/muster/pkg/artifact"
	"github.com/musterproject/muster/pkg/clusterfx"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
	"github.com/musterproject/muster/pkg/launcher/proclauncher"
	"github.com/musterproject/muster/pkg/rpc"
	"github.com/musterproject/muster/pkg/rpc/grpcrpc"
	"github.com/musterproject/muster/pkg/worker"
)

func (a *app) workerCommand() *cobra.Command {
	table := settings.NewTable(settings.Shared(), settings.PeerOptions(), settings.WorkerOptions())
	cmd := &cobra.Command{
		Use:   "worker [MASTER-URL]",
		Short: "Run a worker in the foreground",
		Long: "Run a worker in the foreground. It registers with whichever of the masters leads, and never gives up unless told to.\n" +
			"SIGTERM ends what it runs (TERM, grace, KILL), reports the ends and leaves; a second one does not wait.",
		Example: "  muster worker muster://10.0.0.1:7077,10.0.0.2:7077\n  muster worker --cores 8 --memory 16g --labels zone=a,ssd=true muster://10.0.0.1:7077",
		Args:    args(cobra.MaximumNArgs(1)),
	}
	settings.AddFlags(cmd.Flags(), table)
	cmd.RunE = func(cmd *cobra.Command, words []string) error {
		if len(words) == 1 {
			if err := cmd.Flags().Set("master", words[0]); err != nil {
				return usage(cmd, err)
			}
		}
		s, err := a.load(cmd, table)
		if err != nil {
			return err
		}
		return a.runWorker(cmd.Context(), cmd, s)
	}
	return cmd
}

func (a *app) runWorker(ctx context.Context, cmd *cobra.Command, s *settings.Settings) error {
	log, err1 := a.logger(s)
	cfg, err2 := workerConfig(ctx, s)
	if err := errors.Join(err1, err2, s.Err()); err != nil {
		if errors.Is(err, worker.ErrDiscovery) {
			return err
		}
		return usage(cmd, err)
	}
	if err := cfg.Validate(); err != nil {
		return usage(cmd, err)
	}
	at, err := listen(ctx, s, "worker", "this is the RPC port of a Muster worker; its pages are at the address it printed at its start")
	if err != nil {
		return startError(cmd, err)
	}
	cfg.Worker.Address = at.advertise
	procs, err := proclauncher.Open(ctx, keeperOf(cfg))
	if err != nil {
		return errors.Join(err, at.door.Close())
	}
	cache, err := artifact.OpenCache(filepath.Join(cfg.StateDir, "cache"), artifact.Limits{MaxTotalBytes: s.Memory("worker.cache.size") << 20})
	if err != nil {
		return errors.Join(err, procs.Close(), at.door.Close())
	}
	pages, err := a.workerPages(ctx, s, &cfg)
	if err != nil {
		return errors.Join(err, procs.Close(), at.door.Close())
	}
	var w *worker.Worker
	ready := func() {
		fmt.Fprintf(a.out, "worker %s at %s\n", w.ID(), at.advertise)
		fmt.Fprintf(a.out, "pages  %s\n", pages.url)
	}
	err = runApp(ctx, ready, func() { w.Leave("asked twice to stop", false, true) },
		clusterfx.Worker, pages.module,
		fx.Supply(cfg, clusterfx.WorkerListener{Listener: at.door}, cache, log),
		fx.Provide(func() rpc.Transport { return grpcrpc.New(grpcrpc.DefaultConfig()) }, func() launcher.ExecutorLauncher { return procs }),
		fx.Populate(&w))
	return errors.Join(err, procs.Close())
}

// workerConfig turns settings and what the machine has into a worker's configuration.
func workerConfig(ctx context.Context, s *settings.Settings) (worker.Config, error) {
	c := worker.DefaultConfig()
	c.Version, c.Cluster, c.IDPattern = version, s.Text("cluster.name"), s.Text("worker.idPattern")
	c.Worker.Version = version
	c.Worker.ID = deploy.WorkerID(s.Text("worker.id"))
	c.Grace, c.OrphanGrace = s.Duration("worker.grace"), s.Duration("worker.orphanGrace")
	c.ExitWhenUnregistered = s.Duration("worker.exitWhenUnregistered")
	c.Seed = uint64(os.Getpid())
	url, err1 := mastersOf(s)
	c.Masters = url
	dirs, err2 := directories(s)
	c.WorkDir, c.StateDir = dirs[0], dirs[1]
	if c.Worker.Cores = s.Cores("worker.cores"); c.Worker.Cores == 0 {
		c.Worker.Cores = int32(runtime.NumCPU())
	}
	if c.Worker.MemoryMiB = s.Memory("worker.memory"); c.Worker.MemoryMiB == 0 {
		c.Worker.MemoryMiB = defaultMemory()
	}
	var err3, err4, err5 error
	c.Worker.Labels, err3 = labels(s)
	c.Env, err4 = childEnv(s)
	c.Rolling, err5 = rolling(s)
	if err := errors.Join(err1, err2, err3, err4, err5, s.Err()); err != nil {
		return c, err
	}
	wants, err := discoveries(s)
	if err != nil {
		return c, err
	}
	c.Worker.Custom, err = worker.Discover(ctx, s.Text("worker.resourcesFile"), wants, s.Duration("worker.discoveryTimeout"))
	return c, err
}

func mastersOf(s *settings.Settings) ([]deploy.Address, error) {
	text := s.Text("master")
	if text == "" {
		return nil, errors.New("no master is named: give its URL, such as muster://10.0.0.1:7077, or set MUSTER_MASTER")
	}
	url, err := deploy.ParseMasterURL(text)
	if err != nil {
		return nil, fmt.Errorf("master (%s): %w", s.Get("master").Origin, err)
	}
	if url.Kind != deploy.KindStandalone {
		return nil, fmt.Errorf("master %q: a worker needs a cluster's URL, such as muster://10.0.0.1:7077: %w", text, deploy.ErrInvalid)
	}
	return url.Hosts, nil
}

func directories(s *settings.Settings) ([2]string, error) {
	work, err := filepath.Abs(s.Text("worker.dir"))
	if err != nil {
		return [2]string{}, err
	}
	state := filepath.Join(work, ".worker")
	if own := s.Text("worker.stateDir"); own != "" {
		if state, err = filepath.Abs(own); err != nil {
			return [2]string{}, err
		}
	}
	return [2]string{work, state}, nil
}

// defaultMemory is the machine's memory less 1 GiB, at least 1 GiB; 2 GiB less 1 where it cannot be known.
func defaultMemory() int64 {
	b, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 1024
	}
	var kib int64
	if _, err := fmt.Sscanf(string(b), "MemTotal: %d kB", &kib); err != nil {
		return 1024
	}
	return max(1024, kib>>10-1024)
}

func labels(s *settings.Settings) ([]deploy.Label, error) {
	var out []deploy.Label
	for _, word := range s.List("worker.labels") {
		key, value, ok := strings.Cut(word, "=")
		if !ok {
			return nil, fmt.Errorf("worker.labels (%s): %q: write labels as key=value, comma separated: %w", s.Get("worker.labels").Origin, word, deploy.ErrInvalid)
		}
		if err := deploy.CheckLabelKey("label", key); err != nil {
			return nil, err
		}
		out = append(out, deploy.Label{Key: key, Value: value})
	}
	slices.SortFunc(out, func(a, b deploy.Label) int { return strings.Compare(a.Key, b.Key) })
	return out, nil
}

// childEnv is what every child gets besides what was asked for: PATH, HOME, LANG, TZ and JAVA_HOME of the worker unless worker.env or its file
// say otherwise.
func childEnv(s *settings.Settings) ([]deploy.EnvVar, error) {
	vars := map[string]string{}
	for _, name := range []string{"PATH", "HOME", "LANG", "TZ"} {
		if v, ok := os.LookupEnv(name); ok {
			vars[name] = v
		}
	}
	if err := readEnvFile(s.Text("worker.envFile"), s.Set("worker.envFile"), vars); err != nil {
		return nil, err
	}
	for name, v := range s.Below("worker.env.") {
		vars[name] = v
	}
	var out []deploy.EnvVar
	for _, name := range sortedStrings(vars) {
		if err := deploy.CheckEnvKey("worker.env", name); err != nil {
			return nil, err
		}
		out = append(out, deploy.EnvVar{Name: name, Value: vars[name]})
	}
	return out, nil
}

func readEnvFile(path string, asked bool, vars map[string]string) (err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) && !asked {
		return nil
	}
	if err != nil {
		return fmt.Errorf("worker.envFile: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimPrefix(strings.TrimSpace(lines.Text()), "export ")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok {
			return fmt.Errorf("%s:%d: %q: write NAME=value: %w", path, n, line, deploy.ErrInvalid)
		}
		vars[strings.TrimSpace(name)] = strings.Trim(strings.TrimSpace(value), `"'`)
	}
	return lines.Err()
}

func rolling(s *settings.Settings) (launcher.Rolling, error) {
	r := launcher.Rolling{Retain: int(s.Int("worker.log.rolling.maxRetainedFiles", -1, 1<<20))}
	switch by := s.Text("worker.log.rolling.strategy"); by {
	case "":
	case "size":
		r.By, r.MaxBytes = launcher.RollBySize, s.Memory("worker.log.rolling.maxSize")<<20
	case "time":
		r.By, r.Every = launcher.RollByTime, s.Duration("worker.log.rolling.interval")
	default:
		return r, fmt.Errorf("worker.log.rolling.strategy (%s): %q is neither size nor time, nor empty: %w", s.Get("worker.log.rolling.strategy").Origin, by, deploy.ErrInvalid)
	}
	return r, nil
}

// discoveries groups worker.resource.NAME.amount and .discoveryScript by resource.
func discoveries(s *settings.Settings) ([]worker.Discovery, error) {
	found := map[string]*worker.Discovery{}
	below := s.Below("worker.resource.")
	for _, key := range sortedStrings(below) {
		i := strings.LastIndexByte(key, '.')
		if i < 0 {
			return nil, fmt.Errorf("key worker.resource.%s: write worker.resource.NAME.amount or .discoveryScript: %w", key, deploy.ErrInvalid)
		}
		name, what := key[:i], key[i+1:]
		if found[name] == nil {
			found[name] = &worker.Discovery{Name: name}
		}
		switch what {
		case "amount":
			n, err := deploy.ParseCores(below[key])
			if err != nil {
				return nil, fmt.Errorf("worker.resource.%s: %w", key, err)
			}
			found[name].Amount = n
		case "discoveryScript":
			found[name].Script = below[key]
		default:
			return nil, fmt.Errorf("key worker.resource.%s: write worker.resource.NAME.amount or .discoveryScript: %w", key, deploy.ErrInvalid)
		}
	}
	var out []worker.Discovery
	for _, name := range sortedStrings(found) {
		out = append(out, *found[name])
	}
	return out, nil
}
