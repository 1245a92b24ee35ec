package localcluster_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/musterproject/muster/pkg/localcluster"
)

// TestMain makes the test's own binary the keeper, as every program with a local cluster is.
func TestMain(m *testing.M) {
	if took, err := localcluster.Become(context.Background()); took {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}
