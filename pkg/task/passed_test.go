package task

import (
	"reflect"
	"strings"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
)

// TestPassedOn: what submit says about executors reaches what the cluster is asked for.
func TestPassedOn(t *testing.T) {
	env := map[string]string{
		"MUSTER_EXECUTOR_ENV": `{"B":"2","A":"x=1,y"}`, "MUSTER_EXECUTOR_RESOURCES": "gpu=2,fpga=1", "MUSTER_FILES": "/data/words.txt,/etc/stop list",
	}
	c := DefaultConfig()
	c.Env = []deploy.EnvVar{{Name: "B", Value: "old"}, {Name: "C", Value: "3"}}
	c, err := c.FromEnv(func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	s := spec(c, "program", deploy.Address{Host: "h", Port: 1})
	if got, want := s.Executor.Env[:3], []deploy.EnvVar{{Name: "C", Value: "3"}, {Name: "A", Value: "x=1,y"}, {Name: "B", Value: "2"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("variables %v; want %v", got, want)
	}
	if got, want := s.Profiles[0].Custom, []deploy.Amount{{Name: "fpga", Count: 1}, {Name: "gpu", Count: 2}}; !reflect.DeepEqual(got, want) {
		t.Errorf("resources %v; want %v", got, want)
	}
	got := files(c)
	if len(got) != 2 || got[0].Path != "/data/words.txt" || got[0].Name != "words.txt" || got[0].Executable || got[1].Name != "stop list" {
		t.Errorf("files %+v", got)
	}
}

// TestBadPassedOn: what cannot be passed on is refused with the name of the variable or setting, and never with its value.
func TestBadPassedOn(t *testing.T) {
	for _, tt := range []struct{ name, value, says string }{
		{"MUSTER_EXECUTOR_ENV", `{"PASSWORD":"hunter2"`, "JSON object"},
		{"MUSTER_EXECUTOR_ENV", `{"A":1}`, "JSON object"},
		{"MUSTER_EXECUTOR_ENV", `{"A B":"1"}`, "A B"},
		{"MUSTER_EXECUTOR_RESOURCES", "gpu", "name=count"},
		{"MUSTER_EXECUTOR_RESOURCES", "gpu=0", "name=count"},
		{"MUSTER_EXECUTOR_RESOURCES", "gpu=1,gpu=2", "once"},
		{"MUSTER_FILES", "/a/x,/b/x", "rename one"},
	} {
		c, err := DefaultConfig().FromEnv(func(name string) (string, bool) { return tt.value, name == tt.name })
		if err == nil {
			err = c.Validate()
		}
		if err == nil || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s=%s: %v", tt.name, tt.value, err)
		}
	}
}
