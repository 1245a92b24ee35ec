//go:build linux

package e2e

import (
	"testing"
	"time"

	"github.com/musterproject/muster/e2e/cluster"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// A driver that advertises an address where nobody listens: explain says so while its executors run, and after they have given up.
func TestUnreachableDriver(t *testing.T) {
	t.Parallel()
	c := start(t, 2, with("app.reachAfter", "1s"))
	wrong := begin(t, c, small("wrong", "--total-executor-cores", "2", "--conf", "driver.host=127.0.0.9", "--conf", "driver.bindAddress=127.0.0.1")...)
	row := appNamed(t, c, "wrong", "said to be out of reach", func(a deploy.AppRow) bool { return a.Waiting == deploy.ReasonNotRegistered })
	id := string(row.ID)
	if row.Driver.Host != "127.0.0.9" {
		t.Errorf("the driver is said to be at %s", row.Driver)
	}
	c.Muster(t, "explain", id).Want(t, 0, "NOT_REGISTERED", "not reached the driver at "+row.Driver.String(), "driver.host", "driver.bindAddress")
	row = appNamed(t, c, "wrong", "said to be out of reach though executors have ended", func(a deploy.AppRow) bool {
		return a.Removed >= 2 && a.Waiting == deploy.ReasonNotRegistered
	})
	c.Muster(t, "explain", id).Want(t, 0, "NOT_REGISTERED", "not reached the driver at "+row.Driver.String())
	ended := cluster.Rows[deploy.ExecutorRow](t, c, rpc.Query{Kind: deploy.RowExecutor, App: row.ID, State: "EXITED"})
	if len(ended) == 0 || ended[0].Message != "it could not reach the driver at "+row.Driver.String() {
		t.Errorf("ended are %+v", ended)
	}
	c.Muster(t, "kill", id).Want(t, 0)
	wrong.Wait(t)

	right := begin(t, c, small("right", "--total-executor-cores", "2", "--conf", "driver.host=127.0.0.1")...)
	list := c.Executors(t, right.id(t), 2)
	cluster.Until(t, cluster.Patience, "executors to be old enough to be late", func() bool { return time.Since(list[1].StartedAt) > 3*time.Second })
	right.open(t)
	right.right(t)
	history := cluster.Decode[[]deploy.Explanation](t, c.Muster(t, "explain", "-o", "json", "--history", string(right.id(t))).Want(t, 0))[0].History
	if len(history) == 0 {
		t.Error("no history")
	}
	for i := range history {
		if history[i].Code == deploy.ReasonNotRegistered {
			t.Errorf("an application whose driver is in reach was told %s", &history[i])
		}
	}
	c.Quiet(t)
}
