package clusterfx_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/musterproject/muster/pkg/launcher/proclauncher"
)

// The test program is its own keeper, as every program that embeds a worker is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == proclauncher.KeeperArg {
		if err := proclauncher.KeeperMain(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}
