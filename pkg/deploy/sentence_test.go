package deploy_test

import (
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
)

func TestCauseOfAGang(t *testing.T) {
	c := deploy.Cause{Code: deploy.ReasonInsufficientCores, Resource: deploy.ResourceGang, Workers: 2, Have: 6, Want: 7}
	if got, want := c.String(), "2 workers with room for 6 of the 7 executors that start together (INSUFFICIENT_CORES)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
