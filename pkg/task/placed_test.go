package task_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/task"
)

// TestPlacementFromEnv: what submit passes on becomes the placement of the application, and each fault names its variable.
func TestPlacementFromEnv(t *testing.T) {
	c, err := task.DefaultConfig().FromEnv(lookup(map[string]string{
		"MUSTER_QUEUE": "prod.etl", "MUSTER_PRIORITY": "-7", "MUSTER_PLACEMENT_REQUIRE": "zone=eu, gpu exists", "MUSTER_PLACEMENT_PREFER": "5:disk=ssd",
		"MUSTER_PLACEMENT_APART": "rack", "MUSTER_PLACEMENT_MAXPERWORKER": "3", "MUSTER_PLACEMENT_GANG": "true",
	}))
	want := deploy.Placement{
		Queue: "prod.etl", Priority: -7, Require: []deploy.Requirement{{Key: "zone", Values: []string{"eu"}}, {Key: "gpu", Operator: deploy.OpExists}},
		Prefer: []deploy.Preference{{Requirement: deploy.Requirement{Key: "disk", Values: []string{"ssd"}}, Weight: 5}}, Apart: "rack", MaxPerWorker: 3,
	}
	if err != nil || !reflect.DeepEqual(c.Place, want) || !c.Gang {
		t.Errorf("%+v, %v, %v", c.Place, c.Gang, err)
	}
	bad := map[string]string{
		"MUSTER_PRIORITY": "high", "MUSTER_PLACEMENT_REQUIRE": "zone", "MUSTER_PLACEMENT_PREFER": "0:zone=eu", "MUSTER_PLACEMENT_MAXPERWORKER": "-1",
		"MUSTER_PLACEMENT_GANG": "perhaps",
	}
	_, err = task.DefaultConfig().FromEnv(lookup(bad))
	for name := range bad {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named: %v", name, err)
		}
	}
}
