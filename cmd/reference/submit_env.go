package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/musterproject/muster/cmd/reference/settings"
	"github.com/musterproject/muster/pkg/deploy"
)

// driverEnv passes the settings of the submission on to the driver, by the names the SDK reads. files are the paths at which the driver finds
// what is brought along.
func (s *submission) driverEnv(files []string) ([]deploy.EnvVar, error) {
	var env []deploy.EnvVar
	for _, o := range slices.Concat(settings.Shared(), settings.PeerOptions(), settings.SubmitOptions()) {
		if o.Pattern || o.Secret || !s.set.Set(o.Key) || o.Key == "files" || o.Key == "jars" {
			continue
		}
		env = append(env, deploy.EnvVar{Name: o.EnvName(), Value: s.set.Text(o.Key)})
	}
	if vars := s.set.Below("executorEnv."); len(vars) > 0 {
		text, err := json.Marshal(vars)
		if err != nil {
			return nil, err
		}
		// What looks like a placeholder is for the executors' workers, not for the driver's.
		env = append(env, deploy.EnvVar{Name: "MUSTER_EXECUTOR_ENV", Value: strings.ReplaceAll(string(text), "{{", `\u007b\u007b`)})
	}
	custom, err := s.amounts("executor.resource.")
	if err != nil {
		return nil, err
	}
	if len(custom) > 0 {
		words := make([]string, len(custom))
		for i, a := range custom {
			words[i] = fmt.Sprintf("%s=%d", a.Name, a.Count)
		}
		env = append(env, deploy.EnvVar{Name: "MUSTER_EXECUTOR_RESOURCES", Value: strings.Join(words, ",")})
	}
	if len(files) > 0 {
		env = append(env, deploy.EnvVar{Name: "MUSTER_FILES", Value: strings.Join(files, ",")})
	}
	return env, nil
}

// filesHere are the paths of the files for a driver in client mode.
func (s *submission) filesHere() ([]string, error) {
	var out []string
	for _, f := range s.files() {
		abs, err := filepath.Abs(f)
		if err != nil {
			return nil, fmt.Errorf("file %q: %w", f, err)
		}
		out = append(out, abs)
	}
	return out, nil
}

// amounts reads PREFIX.NAME.amount, sorted by name.
func (s *submission) amounts(prefix string) ([]deploy.Amount, error) {
	var out []deploy.Amount
	below := s.set.Below(prefix)
	for _, key := range sortedStrings(below) {
		name, ok := strings.CutSuffix(key, ".amount")
		if !ok || name == "" {
			return nil, fmt.Errorf("key %s%s (%s): write %sNAME.amount: %w", prefix, key, s.set.Get(prefix+key).Origin, prefix, deploy.ErrInvalid)
		}
		n, err := deploy.ParseCores(below[key])
		if err != nil {
			return nil, fmt.Errorf("%s%s (%s): %w", prefix, key, s.set.Get(prefix+key).Origin, err)
		}
		out = append(out, deploy.Amount{Name: name, Count: n})
	}
	slices.SortFunc(out, func(a, b deploy.Amount) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// checkPassed finds the faults of variables and custom resources before anything is started or sent.
func (s *submission) checkPassed() error {
	_, err1 := s.amounts("executor.resource.")
	_, err2 := s.amounts("driver.resource.")
	errs := []error{err1, err2}
	for _, prefix := range []string{"executorEnv.", "driver.env."} {
		for _, name := range sortedStrings(s.set.Below(prefix)) {
			errs = append(errs, deploy.CheckEnvKey("key "+prefix+name, name))
		}
	}
	return errors.Join(errs...)
}

// inherited is this command's own environment less what proves who somebody is: a submission made by a driver or an executor is not that one.
func inherited() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		secret := slices.ContainsFunc(settings.All().Options(), func(o settings.Option) bool { return o.Secret && o.EnvName() == name })
		return secret || strings.HasPrefix(name, "MUSTER_APP_TOKEN")
	})
}
