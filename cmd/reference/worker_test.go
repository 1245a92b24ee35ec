package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/musterproject/muster/cmd/reference/settings"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
	"github.com/musterproject/muster/pkg/worker"
)

// with gives settings of the pairs.
func with(t *testing.T, pairs ...string) *settings.Settings {
	t.Helper()
	l, err := settings.Pairs("--conf", pairs)
	if err != nil {
		t.Fatal(err)
	}
	s := settings.Load(settings.All(), l)
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestReadEnvFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "env.sh")
	text := "# comment\n\nexport JAVA_HOME=/opt/java\n  NAME = \"with spaces\"\nEMPTY=\nEQ=a=b\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	vars := map[string]string{"NAME": "old"}
	if err := readEnvFile(path, true, vars); err != nil {
		t.Fatal(err)
	}
	if want := (map[string]string{"JAVA_HOME": "/opt/java", "NAME": "with spaces", "EMPTY": "", "EQ": "a=b"}); !reflect.DeepEqual(vars, want) {
		t.Errorf("%q; want %q", vars, want)
	}
	if err := os.WriteFile(path, []byte("A=1\nsource other.sh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := readEnvFile(path, true, vars); !errors.Is(err, deploy.ErrInvalid) || !strings.Contains(err.Error(), path+":2") {
		t.Errorf("a line that is no assignment: %v", err)
	}
	if err := readEnvFile("nowhere", true, vars); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that was asked for is missing: %v", err)
	}
	if err := readEnvFile("nowhere", false, vars); err != nil {
		t.Errorf("the default file is missing: %v", err)
	}
}

// TestChildEnvDoesNotLeak: children get what is named, never what else the worker's own environment holds.
func TestChildEnvDoesNotLeak(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, value := range map[string]string{"AWS_SECRET_ACCESS_KEY": "hunter2", "MUSTER_AUTH_SECRET": "hunter2", "PATH": "/bin", "HOME": "/root", "LANG": "C", "TZ": "UTC"} {
		t.Setenv(name, value)
	}
	got, err := childEnv(with(t, "worker.env.LANG=de", "spark.worker.env.EXTRA=1"))
	want := []deploy.EnvVar{{Name: "EXTRA", Value: "1"}, {Name: "HOME", Value: "/root"}, {Name: "LANG", Value: "de"}, {Name: "PATH", Value: "/bin"}, {Name: "TZ", Value: "UTC"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v %v; want %v", got, err, want)
	}
	if _, err := childEnv(with(t, "worker.env.A/B=1")); !errors.Is(err, deploy.ErrInvalid) {
		t.Errorf("a name that is none: %v", err)
	}
}

func TestLabels(t *testing.T) {
	got, err := labels(with(t, "worker.labels=zone=b, ssd=true,empty="))
	if want := []deploy.Label{{Key: "empty"}, {Key: "ssd", Value: "true"}, {Key: "zone", Value: "b"}}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v %v; want %v", got, err, want)
	}
	for _, bad := range []string{"fast", "=x", "a b=1"} {
		if _, err := labels(with(t, "worker.labels="+bad)); !errors.Is(err, deploy.ErrInvalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestDiscoveries(t *testing.T) {
	got, err := discoveries(with(t, "worker.resource.gpu.amount=2", "spark.worker.resource.gpu.discoveryScript=/bin/gpus", "worker.resource.fpga.amount=1"))
	want := []worker.Discovery{{Name: "fpga", Amount: 1}, {Name: "gpu", Amount: 2, Script: "/bin/gpus"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v %v; want %+v", got, err, want)
	}
	for _, bad := range []string{"worker.resource.gpu=1", "worker.resource.gpu.amount=none", "worker.resource.gpu.vendor=x"} {
		if _, err := discoveries(with(t, bad)); !errors.Is(err, deploy.ErrInvalid) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestRolling(t *testing.T) {
	for _, tt := range []struct {
		pairs []string
		want  launcher.Rolling
	}{
		{nil, launcher.Rolling{Retain: -1}},
		{[]string{"worker.log.rolling.strategy=size", "worker.log.rolling.maxSize=3m", "worker.log.rolling.maxRetainedFiles=5"},
			launcher.Rolling{By: launcher.RollBySize, MaxBytes: 3 << 20, Retain: 5}},
		{[]string{"worker.log.rolling.strategy=time", "worker.log.rolling.interval=2h"}, launcher.Rolling{By: launcher.RollByTime, Every: 2 * time.Hour, Retain: -1}},
	} {
		if got, err := rolling(with(t, tt.pairs...)); err != nil || got != tt.want {
			t.Errorf("%q: %+v %v; want %+v", tt.pairs, got, err, tt.want)
		}
	}
}

// TestMasterRules: settings reach the rules, and a policy is found by our key and by the peer's.
func TestMasterRules(t *testing.T) {
	s := with(t, "worker.timeout=20", "deploy.defaultCores=4", "deploy.maxDrivers=unlimited", "deploy.maxExecutorRetries=-1", "spark.deploy.retainedDrivers=7", "driver.lease=0s")
	c := masterRules(s)
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	if c.WorkerTimeout != 20*time.Second || c.DefaultCores != 4 || c.MaxDrivers != deploy.NoLimit || c.MaxExecutorRetries != -1 || c.RetainedDrivers != 7 || c.DriverLease != 0 {
		t.Errorf("%+v", c)
	}
	names := map[string]string{}
	for _, pair := range []string{"scheduler.policy=Spread", "scheduler.policy=pack", "spark.deploy.spreadOutApps=false", "deploy.spreadOutApps=true"} {
		_, p, err := policyOf(with(t, pair))
		if err != nil {
			t.Fatalf("%s: %v", pair, err)
		}
		names[pair] = fmt.Sprintf("%T %+v", p, p)
	}
	if names["scheduler.policy=pack"] != names["spark.deploy.spreadOutApps=false"] || names["scheduler.policy=Spread"] != names["deploy.spreadOutApps=true"] ||
		names["scheduler.policy=pack"] == names["scheduler.policy=Spread"] {
		t.Errorf("%q", names)
	}
}
