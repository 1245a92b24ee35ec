//go:build linux

package e2e

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/musterproject/muster/e2e/cluster"
	"github.com/musterproject/muster/pkg/deploy"
)

// A worker that stands still is written off; when it wakes up, what it ran is superseded and ended, and it serves again.
func TestWorkerPaused(t *testing.T) {
	t.Parallel()
	c := start(t, 2, with("deploy.spreadOutDrivers", "false"))
	script := cluster.Script(t, tree)
	supervised, single := c.Submit(t, "--supervise", script), c.Submit(t, script)
	w := c.WorkerOf(t, c.Driver(t, supervised, deploy.DriverRunning).Worker)
	c.Driver(t, single, deploy.DriverRunning)
	cluster.Until(t, cluster.Patience, "all their processes", func() bool { return len(cluster.Marked(t, w.Nonce)) == 6 })
	w.Signal(t, syscall.SIGSTOP)
	c.WorkerState(t, w.ID, deploy.WorkerDead)
	c.Driver(t, single, deploy.DriverError)
	again := c.DriverWhere(t, supervised, "running elsewhere", func(d deploy.DriverRow) bool {
		return d.State == deploy.DriverRunning && string(d.Worker) != w.ID
	})
	if again.Attempt != 2 {
		t.Errorf("relaunched as attempt %d, want 2", again.Attempt)
	}
	w.Signal(t, syscall.SIGCONT)
	c.WorkerState(t, w.ID, deploy.WorkerAlive)
	cluster.Gone(t, cluster.Patience, w.Nonce)
	if d := c.Driver(t, supervised, deploy.DriverRunning); d.Attempt != 2 {
		t.Errorf("the second attempt was disturbed: %+v", d)
	}
	c.Muster(t, "kill", string(supervised)).Want(t, 0)
	c.Driver(t, supervised, deploy.DriverKilled)
	c.Quiet(t)
}

// A master that stands still for longer than the time after which a silent worker is lost takes nobody for lost: the silence was its own.
func TestMasterPaused(t *testing.T) {
	t.Parallel()
	c := start(t, 2)
	id := c.Submit(t, cluster.Script(t, tree))
	c.Driver(t, id, deploy.DriverRunning)
	cluster.Until(t, cluster.Patience, "all processes", func() bool { return len(cluster.Marked(t, c.Nonce)) == 3 })
	c.Master.Signal(t, syscall.SIGSTOP)
	longer := time.NewTimer(5 * time.Second) // than worker.timeout
	<-longer.C
	c.Master.Signal(t, syscall.SIGCONT)
	c.Registered(t, 2)
	c.Wait(t, cluster.Script(t, "exit 0")).Want(t, 0)
	if d := c.Driver(t, id, deploy.DriverRunning); d.Attempt != 1 {
		t.Errorf("the driver was disturbed: %+v", d)
	}
	if log := c.Master.Log(); strings.Contains(log, "to=DEAD") {
		t.Errorf("a worker was taken for lost:\n%s", log)
	}
	c.Muster(t, "kill", string(id)).Want(t, 0)
	c.Driver(t, id, deploy.DriverKilled)
	c.Quiet(t)
}

// kill -9 of a worker's keeper: the worker ends what is left of its children, reports it, and goes on with another keeper.
func TestKeeperKilled(t *testing.T) {
	t.Parallel()
	c := start(t, 1)
	id := c.Submit(t, cluster.Script(t, tree))
	c.Driver(t, id, deploy.DriverRunning)
	w := c.Workers[0]
	cluster.Until(t, cluster.Patience, "all processes", func() bool { return len(cluster.Marked(t, w.Nonce)) == 3 })
	keepers := cluster.Children(t, w.PID())
	if len(keepers) != 1 {
		t.Fatalf("the worker has children %v, want its keeper alone", keepers)
	}
	if err := syscall.Kill(keepers[0].PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	cluster.Gone(t, cluster.Patience, w.Nonce)
	d := c.DriverWhere(t, id, "ended", func(d deploy.DriverRow) bool { return d.State.Terminal() })
	if d.Message == "" || d.State == deploy.DriverFinished {
		t.Errorf("got %+v", d)
	}
	c.Registered(t, 1)
	c.Wait(t, cluster.Script(t, "exit 0")).Want(t, 0)
	c.Quiet(t)
}
