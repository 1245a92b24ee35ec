package main

import (
	"reflect"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/task"
)

// TestSDKReadsWhatSubmitPasses: every setting that is the program's to heed reaches its configuration.
func TestSDKReadsWhatSubmitPasses(t *testing.T) {
	s := &submission{set: with(t, "master=muster://h:7077", "cluster.name=c", "app.name=n", "cores.max=8", "executor.cores=2", "executor.memory=2g",
		"executor.instances=3", "driver.host=h", "driver.bindAddress=0.0.0.0", "driver.port=7001", "task.maxFailures=6", "executorEnv.A={{X}}",
		"executor.resource.gpu.amount=1")}
	env, err := s.driverEnv([]string{"/a/words", "stop"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := task.DefaultConfig().FromEnv(func(name string) (string, bool) {
		for _, v := range env {
			if v.Name == name {
				return v.Value, true
			}
		}
		return "", false
	})
	if err != nil {
		t.Fatal(err)
	}
	want := task.DefaultConfig()
	want.Master, want.Cluster, want.Name, want.CoresMax, want.ExecutorCores, want.ExecutorMemoryMiB = "muster://h:7077", "c", "n", 8, 2, 2048
	want.Executors, want.DriverHost, want.BindAddress, want.DriverPort, want.Attempts = 3, "h", "0.0.0.0", 7001, 6
	want.Env, want.ExecutorResources = []deploy.EnvVar{{Name: "A", Value: "{{X}}"}}, []deploy.Amount{{Name: "gpu", Count: 1}}
	want.Files = []string{"/a/words", "stop"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the program reads\n%+v\nwant\n%+v", got, want)
	}
}
