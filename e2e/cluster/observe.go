//go:build linux

package cluster

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// Rows gives all rows of one kind as the leader has them now; none while no master answers.
func Rows[R deploy.Row](t testing.TB, c *Cluster, q rpc.Query) []R {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	q.Ended = true
	var all []R
	for {
		next := ""
		for page, err := range c.Client(t).Watch(ctx, q) {
			if errors.Is(err, deploy.ErrUnavailable) {
				return nil
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range page.Rows {
				all = append(all, r.(R))
			}
			next = page.Next
		}
		if next == "" {
			return all
		}
		q.After = next
	}
}

// Registered waits until exactly n workers are alive.
func (c *Cluster) Registered(t testing.TB, n int) []deploy.WorkerRow {
	t.Helper()
	return Await(t, Patience, "all workers to be alive", func() ([]deploy.WorkerRow, bool) {
		rows := Rows[deploy.WorkerRow](t, c, rpc.Query{Kind: deploy.RowWorker})
		alive := 0
		for _, w := range rows {
			if w.State == deploy.WorkerAlive {
				alive++
			}
		}
		return rows, alive == n
	})
}

// WorkerState waits until the worker is in the state.
func (c *Cluster) WorkerState(t testing.TB, id string, want deploy.WorkerState) deploy.WorkerRow {
	t.Helper()
	return Await(t, Patience, "worker "+id+" to be "+want.String(), func() (w deploy.WorkerRow, ok bool) {
		for _, w = range Rows[deploy.WorkerRow](t, c, rpc.Query{Kind: deploy.RowWorker, ID: id}) {
		}
		return w, w.State == want && w.Spec.ID != ""
	})
}

// DriverWhere waits until the driver is as wanted.
func (c *Cluster) DriverWhere(t testing.TB, id deploy.DriverID, what string, ok func(deploy.DriverRow) bool) deploy.DriverRow {
	t.Helper()
	return Await(t, Patience, "driver "+string(id)+" to be "+what, func() (d deploy.DriverRow, _ bool) {
		for _, d = range Rows[deploy.DriverRow](t, c, rpc.Query{Kind: deploy.RowDriver, ID: string(id)}) {
		}
		return d, d.ID != "" && ok(d)
	})
}

// Driver waits until the driver is in the state. An end that is not the one wanted fails the test at once.
func (c *Cluster) Driver(t testing.TB, id deploy.DriverID, want deploy.DriverState) deploy.DriverRow {
	t.Helper()
	return c.DriverWhere(t, id, want.String(), func(d deploy.DriverRow) bool {
		if d.State != want && d.State.Terminal() {
			t.Fatalf("driver %s is %s, want %s: %+v", id, d.State, want, d)
		}
		return d.State == want
	})
}

// App waits until the application is in the state.
func (c *Cluster) App(t testing.TB, id deploy.AppID, want deploy.AppState) deploy.AppRow {
	t.Helper()
	return Await(t, Patience, "application "+string(id)+" to be "+want.String(), func() (a deploy.AppRow, ok bool) {
		for _, a = range Rows[deploy.AppRow](t, c, rpc.Query{Kind: deploy.RowApp, ID: string(id)}) {
		}
		return a, a.State == want && a.ID != ""
	})
}

// Executors waits until n executors of the application run, and gives them.
func (c *Cluster) Executors(t testing.TB, app deploy.AppID, n int) []deploy.ExecutorRow {
	t.Helper()
	return Await(t, Patience, "executors of "+string(app)+" to run", func() ([]deploy.ExecutorRow, bool) {
		var running []deploy.ExecutorRow
		for _, e := range Rows[deploy.ExecutorRow](t, c, rpc.Query{Kind: deploy.RowExecutor, App: app}) {
			if e.State == deploy.ExecutorRunning {
				running = append(running, e)
			}
		}
		return running, len(running) == n
	})
}

// WorkerOf gives the daemon of a worker's id.
func (c *Cluster) WorkerOf(t testing.TB, id deploy.WorkerID) *Daemon {
	t.Helper()
	for _, w := range c.Workers {
		if w.ID == string(id) {
			return w
		}
	}
	t.Fatalf("no worker %s among those of this test", id)
	return nil
}

// Quiet is what every scenario ends with: within ten seconds nothing that the workers started is alive, and `muster get workers` says that
// every live worker has all it offers.
func (c *Cluster) Quiet(t testing.TB) {
	t.Helper()
	began := time.Now()
	Gone(t, grace, c.Nonce)
	Await(t, max(grace-time.Since(began), time.Second), "the resources of all workers to be free", func() ([]deploy.WorkerRow, bool) {
		rows := Decode[[]deploy.WorkerRow](t, c.Muster(t, "get", "workers", "-o", "json").Want(t, 0))
		for _, w := range rows {
			taken := w.Used.Cores != 0 || w.Used.MemoryMiB != 0 || len(w.Used.Custom) != 0 || w.Executors != 0 || w.Drivers != 0
			if taken && w.State != deploy.WorkerDead {
				return rows, false
			}
		}
		return rows, true
	})
}
