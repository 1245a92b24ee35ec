//go:build linux

package e2e

import (
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/musterproject/muster/e2e/cluster"
	"github.com/musterproject/muster/pkg/deploy"
)

// deadPort gives an address where nobody listens.
func deadPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}()
	return l.Addr().String()
}

const nowhere = "no-such-host.invalid:7077"

// Of several masters one is dead and one has no address: workers and commands find the one that lives.
func TestListOfMasters(t *testing.T) {
	t.Parallel()
	c := start(t, 0)
	list := "muster://" + deadPort(t) + ", " + nowhere + "," + c.Master.Addr
	w := c.AddWorker(t, "--master", list)
	c.WorkerState(t, w.ID, deploy.WorkerAlive)
	c.Muster(t, "get", "workers", "--master", list, "-o", "name").Want(t, 0, w.ID)
	c.Muster(t, "submit", "--master", strings.Replace(list, "muster:", "spark:", 1), "--deploy-mode", "cluster", "--wait", cluster.Script(t, "exit 4")).Want(t, 4)
	c.Quiet(t)
}

// When no master can be reached, a submission fails, names every address it tried and says why each failed.
func TestAllMastersDead(t *testing.T) {
	t.Parallel()
	dead, muster := deadPort(t), program(t, muster)
	r := cluster.Begin(t, muster, t.TempDir(), nil, "submit", "--master", "muster://"+dead+","+nowhere, "--deploy-mode", "cluster", cluster.Script(t, "exit 0")).
		Wait(t).Want(t, 125, dead, nowhere, "connection refused")
	if strings.Count(r.Err, "connection refused") > 2 {
		t.Errorf("says the same thing again and again: %s", r.Err)
	}
}

// A worker never gives up by itself; told to, it does.
func TestWorkerWithoutMaster(t *testing.T) {
	t.Parallel()
	c := start(t, 0)
	patient := c.AddWorker(t, "--master", "muster://"+nowhere)
	brief := c.AddWorker(t, "--master", "muster://"+deadPort(t), "--exit-when-unregistered", "2s")
	began := time.Now()
	if code := brief.Wait(t); code != 125 {
		t.Errorf("it ended with %d, want 125", code)
	}
	if !strings.Contains(brief.Log(), "connection refused") {
		t.Errorf("it does not say why no master took it in: %s", brief.Log())
	}
	t.Logf("gave up after %s", time.Since(began))
	cluster.Until(t, cluster.Patience, "the patient one to name the host it cannot find", func() bool { return strings.Contains(patient.Log(), "no-such-host.invalid") })
	patient.Signal(t, syscall.SIGTERM)
	if code := patient.Wait(t); code != 0 {
		t.Errorf("the patient one ended with %d, want 0", code)
	}
}

// Two workers claim one id: the one at work stays at work, the other one is told who holds the id; a newer incarnation takes over.
func TestTwoWorkersOfOneID(t *testing.T) {
	t.Parallel()
	c := start(t, 0)
	first := c.AddWorker(t, "--id", "w-1")
	id := c.Submit(t, cluster.Script(t, tree))
	c.Driver(t, id, deploy.DriverRunning)
	second := c.AddWorker(t, "--id", "w-1", "--conf", "worker.exitWhenUnregistered=3s")
	if code := second.Wait(t); code != 125 {
		t.Errorf("the second one ended with %d, want 125", code)
	}
	for _, word := range []string{"w-1", first.Addr} {
		if !strings.Contains(second.Log(), word) {
			t.Errorf("the second one was not told of %s:\n%s", word, second.Log())
		}
	}
	if d := c.Driver(t, id, deploy.DriverRunning); d.Attempt != 1 {
		t.Errorf("the driver of the first one was disturbed: %+v", d)
	}
	c.RestartWorker(t, second, "--id", "w-1") // its second incarnation
	c.DriverWhere(t, id, "lost with the first one", func(d deploy.DriverRow) bool { return d.State == deploy.DriverError })
	cluster.Until(t, cluster.Patience, "the first one to be told", func() bool {
		return strings.Contains(first.Log(), "a newer process (incarnation 2) has registered under this id")
	})
	c.Registered(t, 1)
	first.Signal(t, syscall.SIGTERM)
	if code := first.Wait(t); code != 0 {
		t.Errorf("the first one ended with %d, want 0", code)
	}
	c.Quiet(t)
}
