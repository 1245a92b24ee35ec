package mastercore

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/musterproject/muster/pkg/deploy"
)

// What a spec may hold at most. Larger numbers are mistakes, and sums of these stay far from overflow.
const (
	mostCores    = 1 << 20 // of one worker, executor or driver
	mostMemory   = 1 << 40 // MiB
	mostUnits    = 1 << 12 // of one custom resource
	mostKinds    = 64      // of custom resources
	mostLabels   = 256
	mostProfiles = 1000
	mostArgs     = 10_000
	mostEnv      = 10_000
	mostFiles    = 10_000
	mostNumbers  = 10_000  // executors named in one request
	mostLaunches = 100_000 // in one inventory
	mostTitle    = 256     // bytes of a name shown to people
	mostRequest  = 200     // bytes of a request id
	mostProgram  = 4096    // bytes of a path
	mostReason   = 1000    // bytes kept of a reason that a peer gives
)

// brief shortens a text from outside that is kept, to whole characters.
func brief(s string) string {
	if len(s) <= mostReason {
		return s
	}
	return strings.ToValidUTF8(s[:mostReason], "") + "..."
}

func checkRequest(id deploy.RequestID) error {
	if id == "" {
		return fmt.Errorf("request id: it is empty; every request carries one, drawn by the client, so that a repeat is known: %w", deploy.ErrInvalid)
	}
	return deploy.CheckTitle("request id", string(id), mostRequest)
}

// checkNamed judges the id of what a request is about; that it names nothing is found out later.
func checkNamed(id string) error {
	if len(id) > mostTitle {
		return fmt.Errorf("id %.40q...: it has %d bytes and no id has more than %d; copy it from a list: %w", id, len(id), mostTitle, deploy.ErrInvalid)
	}
	return nil
}

// checkSize refuses what would make a record over the limit.
func (c *Core) checkSize(what string, bytes int) error {
	if limit := c.cfg.MaxRecordBytes; limit > 0 && bytes > limit {
		return fmt.Errorf("%s: its record takes about %d bytes and the limit is %d; ship long inputs as a file: %w", what, bytes, limit, deploy.ErrTooLarge)
	}
	return nil
}

// checkWorker judges what a worker says of itself.
func (c *Core) checkWorker(w *deploy.WorkerSpec, launches int) error {
	if err := deploy.CheckID("worker id", string(w.ID)); err != nil {
		return err
	}
	what := "worker " + string(w.ID)
	if err := c.checkSize(what, workerBytes(w)); err != nil {
		return err
	}
	if err := checkAddress(what+": address", w.Address); err != nil {
		return err
	}
	if err := checkAmounts(what, int64(w.Cores), w.MemoryMiB, 1); err != nil {
		return err
	}
	if launches > mostLaunches {
		return fmt.Errorf("%s: its inventory lists %d launches; at most %d are taken: %w", what, launches, mostLaunches, deploy.ErrTooLarge)
	}
	if err := checkUnits(what, w.Custom); err != nil {
		return err
	}
	return checkLabels(what, w.Labels)
}

func checkAddress(what string, a deploy.Address) error {
	if a.Port == 0 {
		return fmt.Errorf("%s %q: it has no port; name the one it listens on: %w", what, a.String(), deploy.ErrInvalid)
	}
	if _, err := deploy.ParseAddress(a.String()); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// checkAmounts judges cores and memory.
func checkAmounts(what string, cores, memory, leastCores int64) error {
	switch {
	case cores < leastCores:
		return fmt.Errorf("%s: %d cores; give it at least %d: %w", what, cores, leastCores, deploy.ErrInvalid)
	case cores > mostCores:
		return fmt.Errorf("%s: %d cores is more than any machine has; use at most %d: %w", what, cores, mostCores, deploy.ErrInvalid)
	case memory < 1:
		return fmt.Errorf("%s: %d MiB of memory; give it at least 1 MiB: %w", what, memory, deploy.ErrInvalid)
	case memory > mostMemory:
		return fmt.Errorf("%s: %d MiB of memory is more than any machine has; use at most %d: %w", what, memory, int64(mostMemory), deploy.ErrInvalid)
	}
	return nil
}

// checkCustom judges the custom resources of a need: sorted by name, none twice, none zero.
func checkCustom(what string, custom []deploy.Amount) error {
	if len(custom) > mostKinds {
		return fmt.Errorf("%s: %d kinds of custom resources; use at most %d: %w", what, len(custom), mostKinds, deploy.ErrInvalid)
	}
	for i, a := range custom {
		if err := checkResourceName(what, a.Name); err != nil {
			return err
		}
		if a.Count < 1 || a.Count > mostUnits {
			return fmt.Errorf("%s: %d of %s; use 1 to %d, or leave it out: %w", what, a.Count, a.Name, mostUnits, deploy.ErrInvalid)
		}
		if i > 0 && custom[i-1].Name >= a.Name {
			return fmt.Errorf("%s: %s stands after %s; name each custom resource once, sorted by name: %w", what, a.Name, custom[i-1].Name, deploy.ErrInvalid)
		}
	}
	return nil
}

func checkResourceName(what, name string) error {
	if name == sizeCores || name == sizeMemory {
		return fmt.Errorf("%s: a custom resource cannot be called %s; choose another name, such as gpu: %w", what, name, deploy.ErrInvalid)
	}
	return deploy.CheckID(what+": custom resource", name)
}

// checkUnits judges the addresses of a worker's custom resources.
func checkUnits(what string, custom []deploy.Addresses) error {
	if len(custom) > mostKinds {
		return fmt.Errorf("%s: %d kinds of custom resources; use at most %d: %w", what, len(custom), mostKinds, deploy.ErrInvalid)
	}
	for i, a := range custom {
		if err := checkResourceName(what, a.Name); err != nil {
			return err
		}
		if i > 0 && custom[i-1].Name >= a.Name {
			return fmt.Errorf("%s: %s stands after %s; name each custom resource once, sorted by name: %w", what, a.Name, custom[i-1].Name, deploy.ErrInvalid)
		}
		if len(a.Units) > mostUnits {
			return fmt.Errorf("%s: %d addresses of %s; use at most %d: %w", what, len(a.Units), a.Name, mostUnits, deploy.ErrInvalid)
		}
		for _, unit := range a.Units {
			if err := deploy.CheckTitle(what+": address of "+a.Name, unit, mostTitle); err != nil {
				return err
			}
		}
		units := slices.Sorted(slices.Values(a.Units))
		if len(slices.Compact(units)) != len(a.Units) {
			return fmt.Errorf("%s: an address of %s stands there twice; name each one once: %w", what, a.Name, deploy.ErrInvalid)
		}
	}
	return nil
}

func checkLabels(what string, labels []deploy.Label) error {
	if len(labels) > mostLabels {
		return fmt.Errorf("%s: %d labels; use at most %d: %w", what, len(labels), mostLabels, deploy.ErrInvalid)
	}
	for i, l := range labels {
		if err := deploy.CheckLabelKey(what+": label", l.Key); err != nil {
			return err
		}
		if l.Value != "" {
			if err := deploy.CheckTitle(what+": label "+l.Key, l.Value, mostTitle); err != nil {
				return err
			}
		}
		if i > 0 && labels[i-1].Key >= l.Key {
			return fmt.Errorf("%s: label %s stands after %s; name each key once, sorted: %w", what, l.Key, labels[i-1].Key, deploy.ErrInvalid)
		}
	}
	return nil
}

// checkApp judges a registration, and names the queue where it does not.
func (c *Core) checkApp(s *deploy.AppSpec) (err error) {
	if err := deploy.CheckTitle("application name", s.Name, mostTitle); err != nil {
		return err
	}
	what := fmt.Sprintf("application %q", s.Name)
	if err := c.checkSize(what, appBytes(s)); err != nil {
		return err
	}
	if err := checkUser(what, s.User); err != nil {
		return err
	}
	if s.CoresMax < 0 {
		return fmt.Errorf("%s: a maximum of %d cores; use 0 for the cluster's default, or a positive number: %w", what, s.CoresMax, deploy.ErrInvalid)
	}
	if s.Driver != (deploy.Address{}) {
		if err := checkAddress(what+": driver address", s.Driver); err != nil {
			return err
		}
	} else if s.Reports {
		return fmt.Errorf("%s: it reports who has reached its driver and does not say where that is; name the driver's address: %w", what, deploy.ErrInvalid)
	}
	if s.Place.Queue, err = c.checkPlace(what, &s.Place, false); err != nil {
		return err
	}
	if len(s.Profiles) == 0 || s.Profiles[0].ID != 0 {
		return fmt.Errorf("%s: it has no profile 0; describe its executors in the first one: %w", what, deploy.ErrInvalid)
	}
	if err := checkProfiles(what, s.Profiles); err != nil {
		return err
	}
	if err := checkTargets(what, s.Profiles, s.Targets); err != nil {
		return err
	}
	if err := checkGangs(what, s.Profiles, s.Targets, cmp.Or(s.CoresMax, c.cfg.DefaultCores)); err != nil {
		return err
	}
	return checkCommand(what, &s.Executor)
}

// checkPlace judges where and when something may run, and gives the queue that it is in from now on.
func (c *Core) checkPlace(what string, p *deploy.Placement, driver bool) (queue string, err error) {
	if err := p.Check(what, driver); err != nil {
		return "", err
	}
	return c.queueFor(what, p.Queue)
}

func checkUser(what, user string) error {
	if user == "" {
		return nil
	}
	return deploy.CheckTitle(what+": user", user, mostTitle)
}

func checkProfiles(what string, profiles []deploy.Profile) error {
	if len(profiles) > mostProfiles {
		return fmt.Errorf("%s: %d profiles; use at most %d: %w", what, len(profiles), mostProfiles, deploy.ErrInvalid)
	}
	for i := range profiles {
		p := &profiles[i]
		if i > 0 && profiles[i-1].ID >= p.ID {
			return fmt.Errorf("%s: profile %d stands after profile %d; number them in ascending order: %w", what, p.ID, profiles[i-1].ID, deploy.ErrInvalid)
		}
		each := fmt.Sprintf("%s: an executor of profile %d", what, p.ID)
		if err := checkAmounts(each, int64(p.Cores), p.MemoryMiB, 0); err != nil {
			return err
		}
		if err := checkCustom(each, p.Custom); err != nil {
			return err
		}
	}
	return nil
}

func checkTargets(what string, profiles []deploy.Profile, targets []deploy.Target) error {
	if len(targets) > mostProfiles {
		return fmt.Errorf("%s: %d targets; use at most %d: %w", what, len(targets), mostProfiles, deploy.ErrInvalid)
	}
	for i, t := range targets {
		if t.Total < 0 {
			return fmt.Errorf("%s: a target of %d executors for profile %d; use 0 or more: %w", what, t.Total, t.Profile, deploy.ErrInvalid)
		}
		if !slices.ContainsFunc(profiles, func(p deploy.Profile) bool { return p.ID == t.Profile }) {
			return fmt.Errorf("%s: a target for profile %d, which it does not have; send the profile along: %w", what, t.Profile, deploy.ErrNotFound)
		}
		if slices.ContainsFunc(targets[:i], func(o deploy.Target) bool { return o.Profile == t.Profile }) {
			return fmt.Errorf("%s: two targets for profile %d; name each profile once: %w", what, t.Profile, deploy.ErrInvalid)
		}
	}
	return nil
}

// checkGangs refuses gangs of unknown size, and those that could never start together.
func checkGangs(what string, profiles []deploy.Profile, targets []deploy.Target, coresMax int32) error {
	for i := range profiles {
		p := &profiles[i]
		if !p.Gang {
			continue
		}
		total := deploy.NoLimit
		for _, t := range targets {
			if t.Profile == p.ID {
				total = t.Total
			}
		}
		switch all := int64(p.Cores) * int64(total); {
		case p.Cores < 1:
			return fmt.Errorf("%s: profile %d starts all at once, and its executors grow as cores come; say how many cores each of them takes: %w", what, p.ID, deploy.ErrInvalid)
		case total == deploy.NoLimit:
			return fmt.Errorf("%s: profile %d starts all at once, and has no target; say how many executors that is: %w", what, p.ID, deploy.ErrInvalid)
		case coresMax != deploy.NoLimit && all > int64(coresMax):
			return fmt.Errorf("%s: profile %d starts %s of %s at once, and %d is the maximum of the application: it could never start; ask for fewer, or raise the maximum: %w",
				what, p.ID, deploy.Count(int64(total), "executor"), deploy.Count(int64(p.Cores), "core"), coresMax, deploy.ErrInvalid)
		}
	}
	return nil
}

// checkDriver judges a submission, and names the queue where it does not.
func (c *Core) checkDriver(s *deploy.DriverSpec) (err error) {
	if err := deploy.CheckTitle("driver name", s.Name, mostTitle); err != nil {
		return err
	}
	what := fmt.Sprintf("driver %q", s.Name)
	if err := c.checkSize(what, driverBytes(s)); err != nil {
		return err
	}
	if err := checkUser(what, s.User); err != nil {
		return err
	}
	if err := checkAmounts(what, int64(s.Need.Cores), s.Need.MemoryMiB, 1); err != nil {
		return err
	}
	if err := checkCustom(what, s.Need.Custom); err != nil {
		return err
	}
	if s.Place.Queue, err = c.checkPlace(what, &s.Place, true); err != nil {
		return err
	}
	return checkCommand(what, &s.Command)
}

// checkCommand judges what is to be run.
func checkCommand(what string, cmd *deploy.Command) error {
	if err := deploy.CheckTitle(what+": program", cmd.Program, mostProgram); err != nil {
		return err
	}
	switch {
	case len(cmd.Args) > mostArgs:
		return fmt.Errorf("%s: %d arguments; use at most %d, or a file: %w", what, len(cmd.Args), mostArgs, deploy.ErrTooLarge)
	case len(cmd.Env) > mostEnv:
		return fmt.Errorf("%s: %d environment variables; use at most %d: %w", what, len(cmd.Env), mostEnv, deploy.ErrTooLarge)
	case len(cmd.Artifacts) > mostFiles:
		return fmt.Errorf("%s: %d files; use at most %d, or an archive: %w", what, len(cmd.Artifacts), mostFiles, deploy.ErrTooLarge)
	}
	for i, arg := range cmd.Args {
		if strings.IndexByte(arg, 0) >= 0 {
			return fmt.Errorf("%s: argument %d has a zero byte, which no program can be given; take it out: %w", what, i+1, deploy.ErrInvalid)
		}
	}
	for _, v := range cmd.Env {
		if err := deploy.CheckEnvKey(what+": environment variable", v.Name); err != nil {
			return err
		}
		if strings.IndexByte(v.Value, 0) >= 0 {
			return fmt.Errorf("%s: the environment variable %s has a zero byte, which no program can be given; take it out: %w", what, v.Name, deploy.ErrInvalid)
		}
	}
	return checkArtifacts(what, cmd.Artifacts)
}

func checkArtifacts(what string, files []deploy.Artifact) error {
	for _, f := range files {
		if err := deploy.CheckName(what+": file", f.Name, 255); err != nil {
			return err
		}
		if len(f.Digest) != 64 || strings.Trim(string(f.Digest), "0123456789abcdef") != "" {
			return fmt.Errorf("%s: file %s has the digest %.80q; a sha256 has 64 digits of 0-9 and a-f: %w", what, f.Name, f.Digest, deploy.ErrInvalid)
		}
		if f.Size < 0 {
			return fmt.Errorf("%s: file %s has %d bytes; give its size, 0 or more: %w", what, f.Name, f.Size, deploy.ErrInvalid)
		}
	}
	return nil
}
