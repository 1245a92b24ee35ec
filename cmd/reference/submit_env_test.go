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
		"executor.resource.gpu.amount=1", "queue=prod.etl", "priority=-5", "placement.require=zone=eu, rack notin (a, b)", "placement.prefer=10:disk=ssd",
		"placement.apart=host", "placement.maxPerWorker=2", "placement.gang=true", "driver.queue=drivers", "driver.require=zone=us")}
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
	require := []deploy.Requirement{{Key: "zone", Values: []string{"eu"}}, {Key: "rack", Operator: deploy.OpNotIn, Values: []string{"a", "b"}}}
	want.Gang, want.Place = true, deploy.Placement{Queue: "prod.etl", Priority: -5, Require: require,
		Prefer: []deploy.Preference{{Requirement: deploy.Requirement{Key: "disk", Values: []string{"ssd"}}, Weight: 10}}, Apart: "host", MaxPerWorker: 2}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the program reads\n%+v\nwant\n%+v", got, want)
	}
}
