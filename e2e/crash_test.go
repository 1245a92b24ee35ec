//go:build linux

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/musterproject/muster/e2e/cluster"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// tree is a program of three processes, one of which has left its group.
const tree = `sleep 1000 & setsid sleep 1001 & echo up; wait`

// kill -9 of a worker: all it ran is gone within a second, what is supervised runs elsewhere under its id, what is not ends as ERROR.
func TestWorkerKilled(t *testing.T) {
	t.Parallel()
	c := start(t, 3, with("deploy.spreadOutDrivers", "false"))
	script := cluster.Script(t, tree)
	supervised, single := c.Submit(t, "--supervise", script), c.Submit(t, script)
	a, b := c.Driver(t, supervised, deploy.DriverRunning), c.Driver(t, single, deploy.DriverRunning)
	if a.Worker != b.Worker {
		t.Fatalf("drivers on %s and %s, want the same worker", a.Worker, b.Worker)
	}
	w := c.WorkerOf(t, a.Worker)
	cluster.Until(t, cluster.Patience, "all their processes", func() bool { return len(cluster.Marked(t, w.Nonce)) == 6 })
	keepers := cluster.Children(t, w.PID())
	if len(keepers) != 1 {
		t.Errorf("the worker has children %v, want its keeper alone", keepers)
	}
	w.Kill(t)
	began := time.Now()
	cluster.Gone(t, time.Second, w.Nonce)
	cluster.Until(t, time.Second, "the keeper to be gone", func() bool { return len(keepers) == 0 || !cluster.Alive(keepers[0].PID) })
	t.Logf("all processes of the worker were gone after %s", time.Since(began))

	b = c.Driver(t, single, deploy.DriverError)
	if !strings.Contains(b.Message, w.ID) {
		t.Errorf("the reason does not name the worker: %q", b.Message)
	}
	a = c.DriverWhere(t, supervised, "running elsewhere", func(d deploy.DriverRow) bool { return d.State == deploy.DriverRunning && d.Worker != b.Worker })
	if a.Attempt != 2 || a.Restarts != 0 {
		t.Errorf("relaunched as attempt %d after %d restarts, want 2 and 0: it did not fail", a.Attempt, a.Restarts)
	}
	dead := c.WorkerState(t, w.ID, deploy.WorkerDead)
	c.Muster(t, "logs", string(single)).Want(t, 4, w.ID, "DEAD") // nobody is there who could show them
	if dead.Reason == "" || dead.Used.Cores != 0 {
		t.Errorf("the dead worker: %+v", dead)
	}
	again := c.RestartWorker(t, w)
	if again.ID != w.ID {
		t.Errorf("the worker came back as %s, was %s", again.ID, w.ID)
	}
	c.Registered(t, 3)
	c.Muster(t, "logs", string(single)).Want(t, 0, "up\n") // at its new address
	c.Muster(t, "kill", string(supervised)).Want(t, 0)
	c.Driver(t, supervised, deploy.DriverKilled)
	c.Quiet(t)
}

// With a lease a supervised driver is never run twice at a time: whoever is cut off from every master ends it in time, the master waits for that.
func TestLease(t *testing.T) {
	t.Parallel()
	c := start(t, 2, with("driver.lease", "4s"), with("deploy.spreadOutDrivers", "false"), with("worker.grace", "500ms"))
	supervised, single := c.Submit(t, "--supervise", "/bin/sleep", "1000"), c.Submit(t, "/bin/sleep", "1001")
	w := c.WorkerOf(t, c.Driver(t, supervised, deploy.DriverRunning).Worker)
	c.Driver(t, single, deploy.DriverRunning)
	w.Kill(t)
	lost := time.Now()
	c.DriverWhere(t, supervised, "waiting for the lease", func(d deploy.DriverRow) bool { return d.State == deploy.DriverRelaunching })
	c.DriverWhere(t, supervised, "running again", func(d deploy.DriverRow) bool { return d.State == deploy.DriverRunning && d.Attempt == 2 })
	if waited := time.Since(lost); waited < 3*time.Second {
		t.Errorf("run again after %s, while the lease of the first attempt could still last", waited)
	}
	single = c.Submit(t, "/bin/sleep", "1001")
	c.Driver(t, single, deploy.DriverRunning)
	c.Master.Kill(t)
	cluster.Gone(t, 6*time.Second, "MUSTER_DRIVER_ID="+string(supervised)+"\x00", c.Nonce)
	if n := len(cluster.Marked(t, c.Nonce)); n != 1 {
		t.Errorf("%d processes outlive the lease, want the one that has none", n)
	}
	c.Restart(t)
	c.Registered(t, 1)
	c.Quiet(t)
}

// A supervised driver that fails is run again after 1, 2, ... seconds, under the same id, each attempt with its own output.
func TestSupervisedDriver(t *testing.T) {
	t.Parallel()
	c := start(t, 2)
	dir := t.TempDir()
	script := cluster.Script(t, `date +%s.%N > "$1/$MUSTER_ATTEMPT"; echo "attempt $MUSTER_ATTEMPT"; [ "$MUSTER_ATTEMPT" = 3 ] || exit 7`)
	r := c.Wait(t, "--supervise", script, dir).Want(t, 0, "RELAUNCHING", "attempt 2", "attempt 3", "FINISHED")
	id := strings.TrimSpace(r.Out)
	d := c.Driver(t, deploy.DriverID(id), deploy.DriverFinished)
	if d.Attempt != 3 || d.Restarts != 2 {
		t.Errorf("attempt %d after %d restarts, want 3 and 2", d.Attempt, d.Restarts)
	}
	var at [3]time.Time
	for i := range at {
		info, err := os.Stat(filepath.Join(dir, string(rune('1'+i))))
		if err != nil {
			t.Fatal(err)
		}
		at[i] = info.ModTime()
	}
	if first, second := at[1].Sub(at[0]), at[2].Sub(at[1]); first < time.Second || second < 2*time.Second || second > 10*time.Second {
		t.Errorf("restarted after %s and %s, want at least 1 s and 2 s", first, second)
	}
	c.Muster(t, "logs", id).Want(t, 0, "attempt 3\n")
	c.Quiet(t)
}

func TestMaxRestarts(t *testing.T) {
	t.Parallel()
	c := start(t, 2)
	script := cluster.Script(t, `exit 9`)
	r := c.Wait(t, "--supervise", "--max-restarts", "1", script).Want(t, 9, "FAILED")
	d := c.Driver(t, deploy.DriverID(strings.TrimSpace(r.Out)), deploy.DriverFailed)
	if d.Attempt != 2 || d.Restarts != 1 || d.Exit.Code != 9 {
		t.Errorf("got %+v", d)
	}
	c.Quiet(t)
}

// kill -9 of a driver's process: a supervised one runs again, another one FAILED by the signal.
func TestDriverKilled(t *testing.T) {
	t.Parallel()
	c := start(t, 2)
	single := c.Submit(t, "/bin/sleep", "1000")
	c.Driver(t, single, deploy.DriverRunning)
	shoot(t, c, single)
	d := c.Driver(t, single, deploy.DriverFailed)
	if d.Exit.Signal != int32(syscall.SIGKILL) || d.Attempt != 1 {
		t.Errorf("got %+v", d)
	}
	supervised := c.Submit(t, "--supervise", "/bin/sleep", "1000")
	c.Driver(t, supervised, deploy.DriverRunning)
	shoot(t, c, supervised)
	d = c.DriverWhere(t, supervised, "running again", func(d deploy.DriverRow) bool { return d.State == deploy.DriverRunning && d.Attempt == 2 })
	shoot(t, c, supervised)
	c.Driver(t, supervised, deploy.DriverRelaunching)
	c.Muster(t, "kill", string(supervised)).Want(t, 0)
	d = c.Driver(t, supervised, deploy.DriverKilled)
	if d.Attempt != 2 {
		t.Errorf("killed while it waited for its next attempt, but got %+v", d)
	}
	c.Quiet(t)
}

// shoot is kill -9 of the one process of a driver.
func shoot(t *testing.T, c *cluster.Cluster, id deploy.DriverID) {
	t.Helper()
	p := cluster.Await(t, cluster.Patience, "the process of "+string(id), func() (p []cluster.Process, ok bool) {
		p = cluster.Marked(t, c.Nonce, "MUSTER_DRIVER_ID="+string(id))
		return p, len(p) == 1
	})[0]
	if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// kill -9 of a master that keeps nothing: what runs goes on until the next one says that it does not know it.
func TestMasterKilled(t *testing.T) {
	t.Parallel()
	c := start(t, 2)
	id := c.Submit(t, "--supervise", cluster.Script(t, tree))
	c.Driver(t, id, deploy.DriverRunning)
	waiting := c.Begin(t, "submit", "--deploy-mode", "cluster", "--wait", "/bin/sleep", "1000")
	second := cluster.Await(t, cluster.Patience, "the second driver to be shown as running", func() (string, bool) {
		return strings.TrimSpace(waiting.Out()), strings.Contains(waiting.Err(), "RUNNING")
	})
	before := masterRow(t, c)
	cluster.Until(t, cluster.Patience, "all processes", func() bool { return len(cluster.Marked(t, c.Nonce)) == 4 })
	c.Master.Kill(t)
	for _, w := range c.Workers {
		cluster.Until(t, cluster.Patience, w.Name+" to miss its leader", func() bool { return strings.Contains(w.Log(), "without a leader") })
	}
	if n := len(cluster.Marked(t, c.Nonce)); n != 4 {
		t.Errorf("%d processes outlive the master, want 4", n)
	}
	c.Restart(t)
	c.Registered(t, 2)
	if after := masterRow(t, c); after.ClusterID == before.ClusterID {
		t.Errorf("a master that keeps nothing came back as the same cluster %s", after.ClusterID)
	}
	c.Muster(t, "status", string(id)).Want(t, 4)
	if r := waiting.Wait(t); r.Code != 125 && r.Code != 4 || !strings.Contains(r.Err, second) || !strings.Contains(r.Err, "not found") {
		t.Errorf("who waited for a driver that nobody knows any more was told: %+v", r)
	}
	c.Wait(t, cluster.Script(t, "exit 0")).Want(t, 0)
	c.Quiet(t)
}

func masterRow(t *testing.T, c *cluster.Cluster) deploy.MasterRow {
	t.Helper()
	return cluster.Await(t, cluster.Patience, "a leader", func() (m deploy.MasterRow, ok bool) {
		for _, m = range cluster.Rows[deploy.MasterRow](t, c, rpc.Query{Kind: deploy.RowMaster}) {
		}
		return m, m.State == deploy.MasterAlive
	})
}
