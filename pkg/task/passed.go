package task

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/musterproject/muster/pkg/backend"
	"github.com/musterproject/muster/pkg/deploy"
)

// executorVars adds the variables of a JSON object of strings to env, by name; what env has already is replaced.
func executorVars(env []deploy.EnvVar, text string) ([]deploy.EnvVar, error) {
	var given map[string]string
	if err := json.Unmarshal([]byte(text), &given); err != nil {
		return env, fmt.Errorf("%w: write a JSON object of strings, such as {\"NAME\":\"value\"}", deploy.ErrInvalid) // the text may hold secrets
	}
	out := slices.DeleteFunc(slices.Clone(env), func(v deploy.EnvVar) bool { _, again := given[v.Name]; return again })
	for _, name := range slices.Sorted(maps.Keys(given)) {
		out = append(out, deploy.EnvVar{Name: name, Value: given[name]})
	}
	return out, nil
}

// amounts reads counts of custom resources, such as gpu=2,fpga=1, and sorts them by name.
func amounts(text string) ([]deploy.Amount, error) {
	var out []deploy.Amount
	for word := range strings.SplitSeq(text, ",") {
		name, count, ok := strings.Cut(word, "=")
		n, err := deploy.ParseCores(count)
		if !ok || err != nil {
			return nil, fmt.Errorf("%q is %w: write name=count, such as gpu=2, comma separated", word, deploy.ErrInvalid)
		}
		out = append(out, deploy.Amount{Name: name, Count: n})
	}
	slices.SortFunc(out, func(a, b deploy.Amount) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// placed reads what says where executors may run, and when it is their turn.
func (c *Config) placed(e *environment) {
	e.text("MUSTER_QUEUE", &c.Place.Queue)
	e.text("MUSTER_PLACEMENT_APART", &c.Place.Apart)
	number(e, "MUSTER_PLACEMENT_MAXPERWORKER", 31, &c.Place.MaxPerWorker)
	e.parse("MUSTER_PRIORITY", func(text string) error {
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			return fmt.Errorf("%q is %w: write a whole number from -100 to 100, more is earlier", text, deploy.ErrInvalid)
		}
		c.Place.Priority = int32(n)
		return nil
	})
	e.parse("MUSTER_PLACEMENT_REQUIRE", func(text string) (err error) {
		c.Place.Require, err = deploy.ParseSelector(text)
		return err
	})
	e.parse("MUSTER_PLACEMENT_PREFER", func(text string) (err error) {
		c.Place.Prefer, err = deploy.ParsePreferences(text)
		return err
	})
	e.parse("MUSTER_PLACEMENT_GANG", func(text string) (err error) {
		if c.Gang, err = strconv.ParseBool(text); err != nil {
			return fmt.Errorf("%q is %w: write true or false", text, deploy.ErrInvalid)
		}
		return nil
	})
}

// checkPassed reports faults of what is passed on to executors.
func (c Config) checkPassed() (faults []error) {
	for _, v := range c.Env {
		if err := deploy.CheckEnvKey("variable of the executors", v.Name); err != nil {
			faults = append(faults, err)
		}
	}
	last := ""
	for _, a := range c.ExecutorResources {
		if a.Name <= last || a.Count < 1 {
			faults = append(faults, fmt.Errorf("application: %w: %d of resource %q: take 1 or more, and every resource once, sorted by name", deploy.ErrInvalid, a.Count, a.Name))
		}
		last = a.Name
	}
	seen := map[string]string{}
	for _, path := range c.Files {
		name := filepath.Base(path)
		if err := deploy.CheckName("file of the executors", name, 255); err != nil {
			faults = append(faults, err)
		} else if seen[name] != "" {
			faults = append(faults, fmt.Errorf("application: %w: files %q and %q would have the same name in working directories: rename one", deploy.ErrInvalid, seen[name], path))
		}
		seen[name] = path
	}
	return faults
}

// files are what executors find beside the program.
func files(c Config) []backend.File {
	var out []backend.File
	for _, path := range c.Files {
		out = append(out, backend.File{Path: path, Name: filepath.Base(path)})
	}
	return out
}
