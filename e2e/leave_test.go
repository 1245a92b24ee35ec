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
)

// exists waits for a file that a program writes.
func exists(t *testing.T, path string) {
	t.Helper()
	cluster.Until(t, cluster.Patience, path, func() bool {
		_, err := os.Stat(path)
		return err == nil
	})
}

// SIGTERM of a worker: its children get TERM, grace, KILL; their ends are reported; then it leaves.
func TestWorkerLeaves(t *testing.T) {
	t.Parallel()
	c := start(t, 1)
	dir := t.TempDir()
	polite := c.Submit(t, cluster.Script(t, `trap 'echo told; exit 0' TERM; touch "$1"; while :; do sleep 0.05; done`), filepath.Join(dir, "polite"))
	deaf := c.Submit(t, cluster.Script(t, `trap '' TERM; touch "$1"; while :; do sleep 0.05; done`), filepath.Join(dir, "deaf"))
	supervised := c.Submit(t, "--supervise", cluster.Script(t, `touch "$1"; sleep 1000`), filepath.Join(dir, "supervised"))
	for _, name := range []string{"polite", "deaf", "supervised"} {
		exists(t, filepath.Join(dir, name))
	}
	w := c.Workers[0]
	began := time.Now()
	w.Signal(t, syscall.SIGTERM)
	if code := w.Wait(t); code != 0 {
		t.Errorf("the worker ended with %d, want 0", code)
	}
	if took := time.Since(began); took < 2*time.Second {
		t.Errorf("it left after %s, before the grace of what does not listen was over", took)
	}
	if left := cluster.Marked(t, w.Nonce); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if b, err := os.ReadFile(filepath.Join(w.Dir, "work", string(polite), "stdout")); err != nil || string(b) != "told\n" {
		t.Errorf("the polite one said %q (%v)", b, err)
	}
	for _, id := range []deploy.DriverID{polite, deaf} {
		if d := c.Driver(t, id, deploy.DriverError); !strings.Contains(d.Message, "the worker is leaving") {
			t.Errorf("%s: the reason does not say that its worker left: %q", id, d.Message)
		}
	}
	row := c.WorkerState(t, w.ID, deploy.WorkerDead)
	if row.Reason == "" {
		t.Errorf("no reason is given for %+v", row)
	}
	c.DriverWhere(t, supervised, "waiting for another worker", func(d deploy.DriverRow) bool { return d.State != deploy.DriverRunning && !d.State.Terminal() })
	c.AddWorker(t)
	if d := c.Driver(t, supervised, deploy.DriverRunning); d.Attempt != 2 {
		t.Errorf("relaunched as attempt %d, want 2", d.Attempt)
	}
	c.Muster(t, "kill", string(supervised)).Want(t, 0)
	c.Driver(t, supervised, deploy.DriverKilled)
	c.Quiet(t)
}

// A second SIGTERM does not wait for anybody.
func TestWorkerLeavesNow(t *testing.T) {
	t.Parallel()
	c := start(t, 1, with("worker.grace", "50s"))
	flag := filepath.Join(t.TempDir(), "told")
	id := c.Submit(t, cluster.Script(t, `trap 'touch "$1"' TERM; echo up; while :; do sleep 0.05; done`), flag)
	c.Driver(t, id, deploy.DriverRunning)
	cluster.Until(t, cluster.Patience, "the driver to be ready", func() bool { return c.Muster(t, "logs", string(id)).Out == "up\n" })
	w := c.Workers[0]
	w.Signal(t, syscall.SIGTERM)
	exists(t, flag)
	if w.Ended() {
		t.Fatal("the worker did not wait for the grace")
	}
	began := time.Now()
	w.Signal(t, syscall.SIGTERM)
	w.Wait(t)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the second TERM took %s", took)
	}
	cluster.Gone(t, time.Second, w.Nonce)
	c.Driver(t, id, deploy.DriverError)
	c.Quiet(t)
}

// SIGTERM of a master: it ends well, and what runs goes on.
func TestMasterLeaves(t *testing.T) {
	t.Parallel()
	c := start(t, 1)
	id := c.Submit(t, cluster.Script(t, tree))
	c.Driver(t, id, deploy.DriverRunning)
	cluster.Until(t, cluster.Patience, "all processes", func() bool { return len(cluster.Marked(t, c.Nonce)) == 3 })
	c.Master.Signal(t, syscall.SIGTERM)
	if code := c.Master.Wait(t); code != 0 {
		t.Errorf("the master ended with %d, want 0", code)
	}
	w := c.Workers[0]
	cluster.Until(t, cluster.Patience, "the worker to miss its leader", func() bool { return strings.Contains(w.Log(), "without a leader") })
	if n := len(cluster.Marked(t, c.Nonce)); n != 3 {
		t.Errorf("%d processes outlive the master, want 3", n)
	}
	c.Restart(t)
	c.Registered(t, 1)
	c.Quiet(t)
}
