package worker

import (
	"strings"
	"testing"

	"github.com/musterproject/muster/internal/workercore"
	"github.com/musterproject/muster/pkg/deploy"
)

func epochsSeen(c deploy.ClusterID, e deploy.Epoch) []workercore.EpochSeen {
	return []workercore.EpochSeen{{Cluster: c, Epoch: e}}
}

func testWorker() *Worker {
	cfg := DefaultConfig()
	cfg.WorkDir = "/srv/muster"
	cfg.Worker.Address = deploy.Address{Host: "10.0.0.7", Port: 4000}
	cfg.Env = []deploy.EnvVar{{Name: "PATH", Value: "/bin"}, {Name: "TZ", Value: "UTC"}}
	return &Worker{cfg: cfg, me: &identity{ID: "worker-1"}}
}

func TestEnvironmentIsBuiltFromNothing(t *testing.T) {
	t.Setenv("LEAK", "of the daemon")
	w := testWorker()
	spec := w.spec(deploy.Launch{
		ID: deploy.LaunchID{Epoch: 2, Seq: 7}, Executor: deploy.ExecutorID{App: "app-1", Num: 3}, Need: deploy.Resources{Cores: 2, MemoryMiB: 512},
		Command: deploy.Command{Program: "run-{{EXECUTOR_ID}}", Args: []string{"--at={{HOSTNAME}}", "{{APP_ID}}/{{EXECUTOR_ID}} {{CORES}} {{MEMORY_MB}} {{WORKER_ID}} {{OTHER}}"},
			Env: []deploy.EnvVar{{Name: "TZ", Value: "CET"}, {Name: "HERE", Value: "{{USER_DIR}}"}}},
		Token: deploy.NewSecret("s3cret"),
	})
	got := map[string]string{}
	for _, v := range spec.Env {
		if _, twice := got[v.Name]; twice {
			t.Errorf("%s is set twice", v.Name)
		}
		got[v.Name] = v.Value
	}
	for name, want := range map[string]string{
		"PATH": "/bin", "TZ": "CET", "HERE": "/srv/muster/app-1/3", "MUSTER_LAUNCH_ID": "2-7", "MUSTER_EXECUTOR_ID": "3", "MUSTER_APP_ID": "app-1",
		"MUSTER_CORES": "2", "MUSTER_MEMORY_MB": "512", "MUSTER_WORKER_ID": "worker-1", "MUSTER_HOST": "10.0.0.7", "MUSTER_APP_TOKEN_FILE": "/srv/muster/app-1/3/.muster-token",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	for name, value := range got {
		if strings.Contains(value, "s3cret") {
			t.Errorf("%s shows the token", name)
		}
	}
	if _, leaked := got["LEAK"]; leaked || got["MUSTER_DRIVER_ID"] != "" {
		t.Errorf("the environment holds what it should not: %v", got)
	}
	if spec.Program != "run-3" || strings.Join(spec.Args, "|") != "--at=10.0.0.7|app-1/3 2 512 worker-1 {{OTHER}}" {
		t.Errorf("program %q, arguments %q", spec.Program, spec.Args)
	}
}

func TestDriverDirectoriesDoNotOverwriteEachOther(t *testing.T) {
	w := testWorker()
	first, third := w.driverDir("driver-1", 1), w.driverDir("driver-1", 3)
	if first != "/srv/muster/driver-1" || third != "/srv/muster/driver-1/attempt-3" {
		t.Errorf("got %s and %s", first, third)
	}
}
