package worker

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
)

// ResourcesFile is the name of the file in the working directory that lists the granted addresses of custom resources.
const ResourcesFile = "resources.json"

// TokenFile is the name of the file in the working directory that holds the application's token: readable by the process alone, and in no
// environment that tools may show.
const TokenFile = ".muster-token"

// placeholders fills in what a command may refer to, with the peer's names.
func (w *Worker) placeholders(l deploy.Launch, dir string) *strings.Replacer {
	return strings.NewReplacer(
		"{{APP_ID}}", string(l.Executor.App),
		"{{EXECUTOR_ID}}", strconv.Itoa(int(l.Executor.Num)),
		"{{DRIVER_ID}}", string(l.Driver),
		"{{CORES}}", strconv.Itoa(int(l.Need.Cores)),
		"{{MEMORY_MB}}", strconv.FormatInt(l.Need.MemoryMiB, 10),
		"{{HOSTNAME}}", w.cfg.Worker.Address.Host,
		"{{WORKER_ID}}", string(w.me.ID),
		"{{WORKER_URL}}", "muster://Worker@"+w.cfg.Worker.Address.String(),
		"{{RESOURCE_PROFILE_ID}}", strconv.Itoa(int(l.Profile)),
		"{{ATTEMPT}}", strconv.Itoa(int(l.Attempt)),
		"{{USER_DIR}}", dir,
	)
}

// environment is all that a process gets: worker.env, what its command asks for, and the MUSTER_ variables of the launch, later ones winning.
// Nothing of the daemon's own environment is in it.
func (w *Worker) environment(l deploy.Launch, dir string, fill *strings.Replacer) []deploy.EnvVar {
	env := slices.Clone(w.cfg.Env)
	for _, v := range l.Command.Env {
		env = append(env, deploy.EnvVar{Name: v.Name, Value: fill.Replace(v.Value)})
	}
	add := func(name, value string) {
		if value != "" {
			env = append(env, deploy.EnvVar{Name: name, Value: value})
		}
	}
	add("MUSTER_LAUNCH_ID", l.ID.String())
	add("MUSTER_WORKER_ID", string(w.me.ID))
	add("MUSTER_HOST", w.cfg.Worker.Address.Host)
	add("MUSTER_CORES", strconv.Itoa(int(l.Need.Cores)))
	add("MUSTER_MEMORY_MB", strconv.FormatInt(l.Need.MemoryMiB, 10))
	add("MUSTER_APP_ID", string(l.Executor.App))
	if l.Driver != "" {
		add("MUSTER_DRIVER_ID", string(l.Driver))
		add("MUSTER_ATTEMPT", strconv.Itoa(int(l.Attempt)))
	} else {
		add("MUSTER_EXECUTOR_ID", strconv.Itoa(int(l.Executor.Num)))
		add("MUSTER_PROFILE_ID", strconv.Itoa(int(l.Profile)))
	}
	if !l.Token.IsZero() {
		add("MUSTER_APP_TOKEN_FILE", dir+"/"+TokenFile)
	}
	if len(l.Addresses) > 0 {
		add("MUSTER_RESOURCES_FILE", dir+"/"+ResourcesFile)
	}
	return lastWins(env)
}

func lastWins(env []deploy.EnvVar) []deploy.EnvVar {
	at := make(map[string]int, len(env))
	out := env[:0]
	for _, v := range env {
		if i, ok := at[v.Name]; ok {
			out[i] = v
			continue
		}
		at[v.Name] = len(out)
		out = append(out, v)
	}
	return out
}

// writeSecrets gives the process its token, and the granted units in a file of its own: a list of {name, addresses}.
func writeSecrets(s *launcher.Spec, l deploy.Launch) error {
	if !l.Token.IsZero() {
		s.Secrets = append(s.Secrets, launcher.Secret{Name: TokenFile, Value: l.Token})
	}
	if len(l.Addresses) == 0 {
		return nil
	}
	b, err := json.Marshal(l.Addresses)
	if err != nil {
		return fmt.Errorf("granted resources of %s: %w", s.Owner, err)
	}
	s.Secrets = append(s.Secrets, launcher.Secret{Name: ResourcesFile, Value: deploy.NewSecret(string(b))})
	return nil
}
