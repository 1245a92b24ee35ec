//go:build linux

package e2e

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/musterproject/muster/e2e/cluster"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// 200 submissions at once, each request id used five times by different clients: exactly one driver per id, which runs exactly once.
func TestRepeatedSubmissions(t *testing.T) {
	t.Parallel()
	c := start(t, 3, func(o *cluster.Options) { o.Cores, o.Memory = 16, "16g" })
	const ids, repeats, lines = 40, 5, 40 // of the 200, so many through the command line
	dir := t.TempDir()
	script := cluster.Script(t, `set -o noclobber; echo "$MUSTER_DRIVER_ID" > "$1/$2" || echo "$MUSTER_DRIVER_ID" > "$1/$2.again.$MUSTER_DRIVER_ID"`)
	spec := programSpec(t, c, script)

	got := make([][]string, ids)
	var mu sync.Mutex
	var all sync.WaitGroup
	for n := range ids * repeats {
		all.Go(func() {
			k := n % ids
			var id string
			if n < lines {
				id = strings.TrimSpace(c.Muster(t, "submit", "--deploy-mode", "cluster", "--driver-memory", "64m", "--request-id", fmt.Sprint("request-", k), script, dir, fmt.Sprint(k)).Out)
			} else {
				s := spec
				s.Command.Args = []string{dir, fmt.Sprint(k)}
				answer, err := cluster.Dial(t, c.Master.Addr).Call(t.Context(), deploy.SubmitDriver{Request: deploy.RequestID(fmt.Sprint("request-", k)), Spec: s})
				if err != nil {
					t.Errorf("submission %d: %v", n, err)
					return
				}
				id = answer.(deploy.Accepted).ID
			}
			mu.Lock()
			defer mu.Unlock()
			got[k] = append(got[k], id)
		})
	}
	all.Wait()
	known := map[string]bool{}
	for k, list := range got {
		for _, id := range list {
			if id != list[0] || id == "" {
				t.Errorf("request %d was answered with %q and %q", k, list[0], id)
			}
		}
		known[list[0]] = true
	}
	if len(known) != ids {
		t.Errorf("%d drivers for %d requests", len(known), ids)
	}
	for id := range known {
		c.Driver(t, deploy.DriverID(id), deploy.DriverFinished)
	}
	if rows := cluster.Rows[deploy.DriverRow](t, c, rpc.Query{Kind: deploy.RowDriver}); len(rows) != ids {
		t.Errorf("the master knows %d drivers, want %d", len(rows), ids)
	}
	witnesses, err := os.ReadDir(dir)
	if err != nil || len(witnesses) != ids {
		t.Errorf("%d jobs left a witness, want %d (%v): %v", len(witnesses), ids, err, witnesses)
	}
	c.Quiet(t)
}

// programSpec is what the command line submits for the script.
func programSpec(t *testing.T, c *cluster.Cluster, script string) deploy.DriverSpec {
	t.Helper()
	blobs, err := c.Client(t).Blobs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(script)
	if err != nil {
		t.Fatal(err)
	}
	digest, size, err := blobs.Put(t.Context(), "", f)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return deploy.DriverSpec{Name: "witness", Need: deploy.Resources{Cores: 1, MemoryMiB: 64}, Command: deploy.Command{
		Program: "script.sh", Artifacts: []deploy.Artifact{{Digest: digest, Name: "script.sh", Size: size, Executable: true}},
	}}
}
