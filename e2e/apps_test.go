//go:build linux

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/musterproject/muster/e2e/cluster"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// application is a run of testdata/steps whose tasks wait until its gate is opened.
type application struct {
	*cluster.Running
	gate    string
	witness string
}

const stepCount = 40

// begin submits it in client mode; flags come before the program.
func begin(t *testing.T, c *cluster.Cluster, flags ...string) *application {
	t.Helper()
	a := &application{gate: filepath.Join(t.TempDir(), "gate"), witness: t.TempDir()}
	words := append([]string{"submit"}, flags...)
	words = append(words, program(t, steps), "-steps", strconv.Itoa(stepCount), "-gate", a.gate, "-witness", a.witness)
	a.Running = c.Begin(t, words...)
	return a
}

// id waits until the program has said what its application is called.
func (a *application) id(t *testing.T) deploy.AppID {
	t.Helper()
	return cluster.Await(t, cluster.Patience, "the application's id", func() (deploy.AppID, bool) { return appIn(a.Out()) })
}

func appIn(out string) (deploy.AppID, bool) {
	line, rest, _ := strings.Cut(out, "\n")
	id, ok := strings.CutPrefix(line, "app ")
	return deploy.AppID(id), ok && (rest != "" || strings.HasSuffix(out, "\n"))
}

// open lets the tasks end.
func (a *application) open(t *testing.T) {
	t.Helper()
	if err := os.WriteFile(a.gate, nil, 0o644); err != nil {
		t.Fatal(err)
	}
}

// right waits for the program's end and checks what it has computed.
func (a *application) right(t *testing.T) string {
	t.Helper()
	return a.Wait(t).Want(t, 0, rightSum()).Out
}

func rightSum() string {
	sum := 0
	for n := range stepCount {
		sum += n * n
	}
	return fmt.Sprintf("sum %d of %d results", sum, stepCount)
}

// The life of an application as its owner sees it: get, explain, logs, hold, target, kill of one executor, release, the right result.
func TestLifeOfAnApplication(t *testing.T) {
	t.Parallel()
	c := start(t, 3)
	a := begin(t, c, "--name", "my app", "--executor-cores", "1", "--executor-memory", "256m", "--total-executor-cores", "3")
	id := a.id(t)
	list := c.Executors(t, id, 3)
	hosts := map[deploy.WorkerID]bool{}
	for _, e := range list {
		hosts[e.Worker] = true
		if e.Need.Cores != 1 || e.Need.MemoryMiB != 256 {
			t.Errorf("executor %s got %s", e.ID, e.Need)
		}
	}
	if len(hosts) != 3 {
		t.Errorf("executors on %d workers, want them spread over 3", len(hosts))
	}
	c.Muster(t, "get", "apps").Want(t, 0, string(id), "my app", "RUNNING", "3/3")
	if got := cluster.Decode[[]deploy.AppRow](t, c.Muster(t, "get", "apps", "-o", "json").Want(t, 0)); len(got) != 1 || got[0].Running != 3 || got[0].Cores != 3 {
		t.Errorf("got %+v", got)
	}
	if got := cluster.Decode[[]deploy.ExecutorRow](t, c.Muster(t, "get", "executors", "--app", string(id), "-o", "json").Want(t, 0)); len(got) != 3 {
		t.Errorf("got %d executors, want 3", len(got))
	}
	c.Muster(t, "status", string(id), "-o", "yaml").Want(t, 0, "id: "+string(id)+"\n", "state: RUNNING\n")
	c.Muster(t, "explain", string(id)).Want(t, 0, "APP_CORES_MAX", "raise")
	cluster.Await(t, cluster.Patience, "the output of the executor that had the first step", func() (string, bool) {
		out := ""
		for _, e := range list {
			out += c.Muster(t, "logs", e.ID.String()).Want(t, 0).Out
		}
		return out, strings.Contains(out, "step 0 on executor")
	})

	c.Muster(t, "hold", string(id)).Want(t, 0)
	c.Muster(t, "kill", list[0].ID.String()).Want(t, 0, "is being ended")
	c.Executors(t, id, 2)
	c.Muster(t, "explain", string(id)).Want(t, 0, "HELD", "release")
	c.Muster(t, "release", string(id)).Want(t, 0)
	again := c.Executors(t, id, 3)
	for _, e := range again {
		if e.ID == list[0].ID {
			t.Errorf("executor number %s is used again", e.ID)
		}
	}
	c.Muster(t, "target", string(id), "2").Want(t, 0)
	c.Executors(t, id, 3) // lowering kills nothing
	c.Muster(t, "kill", again[0].ID.String()).Want(t, 0)
	c.Executors(t, id, 2)
	c.Muster(t, "explain", string(id)).Want(t, 0, "EXECUTOR_LIMIT")
	a.open(t)
	a.right(t)
	c.App(t, id, deploy.AppFinished)
	c.Quiet(t)
	if app := c.App(t, id, deploy.AppFinished); app.Running != 0 || app.Removed != 4 {
		t.Errorf("at its end: %+v", app)
	}
}

// The same program gives the same result in every mode, and leaves nothing behind in any.
func TestEveryMode(t *testing.T) {
	t.Parallel()
	binary := program(t, steps)
	words := []string{"-steps", strconv.Itoa(stepCount)}
	for _, url := range []string{"local", "local[3]", "local[*]", "local[2,3]", "local-cluster[2,1,1024]"} {
		t.Run(url, func(t *testing.T) {
			home := t.TempDir() // executors take it from the process that starts them: it marks them
			r := cluster.Begin(t, binary, home, []string{"HOME=" + home}, append(words, "-master", url)...).Wait(t)
			r.Want(t, 0, rightSum())
			if left := cluster.Marked(t, "HOME="+home); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
	t.Run("local-cluster, too much memory", func(t *testing.T) {
		cluster.Begin(t, binary, t.TempDir(), []string{"MUSTER_EXECUTOR_MEMORY=2g"}, append(words, "-master", "local-cluster[2,1,1024]")...).
			Wait(t).Want(t, 125, "1024", "2048")
	})
	c := start(t, 2)
	r := c.Wait(t, "--executor-cores", "1", "--executor-memory", "256m", "--total-executor-cores", "2", binary, "-steps", strconv.Itoa(stepCount)).Want(t, 0)
	c.Muster(t, "logs", strings.TrimSpace(r.Out)).Want(t, 0, "app app-", rightSum())
	c.Muster(t, append([]string{"submit", "--executor-memory", "256m", binary}, words...)...).Want(t, 0, rightSum())
	for _, app := range cluster.Rows[deploy.AppRow](t, c, rpc.Query{Kind: deploy.RowApp}) {
		if app.State != deploy.AppFinished {
			t.Errorf("%s is %s: %s", app.ID, app.State, app.Reason)
		}
	}
	c.Quiet(t)
}

// kill -9 of an executor: the job is right, its place is taken, and it is listed as ended by the signal.
func TestExecutorKilled(t *testing.T) {
	t.Parallel()
	c := start(t, 2)
	a := begin(t, c, "--executor-cores", "1", "--executor-memory", "256m", "--total-executor-cores", "2")
	id := a.id(t)
	victim := c.Executors(t, id, 2)[0]
	p := cluster.Marked(t, c.Nonce, "MUSTER_APP_ID="+string(id), fmt.Sprintf("MUSTER_EXECUTOR_ID=%d\x00", victim.ID.Num))
	if len(p) != 1 {
		t.Fatalf("executor %s has processes %v", victim.ID, p)
	}
	if err := syscall.Kill(p[0].PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	ended := cluster.Await(t, cluster.Patience, "the executor to be listed as ended", func() (e deploy.ExecutorRow, ok bool) {
		for _, e = range cluster.Rows[deploy.ExecutorRow](t, c, rpc.Query{Kind: deploy.RowExecutor, ID: victim.ID.String()}) {
		}
		return e, e.State.Terminal()
	})
	if ended.Exit.Signal != int32(syscall.SIGKILL) {
		t.Errorf("got %+v", ended)
	}
	for _, e := range c.Executors(t, id, 2) {
		if e.ID == victim.ID {
			t.Errorf("%s runs again under its number", e.ID)
		}
	}
	a.open(t)
	a.right(t)
	c.App(t, id, deploy.AppFinished)
	c.Quiet(t)
}

// kill -9 of a worker under an application: its executors run elsewhere, the job is right.
func TestWorkerKilledUnderApplication(t *testing.T) {
	t.Parallel()
	c := start(t, 3)
	a := begin(t, c, "--executor-cores", "1", "--executor-memory", "256m", "--total-executor-cores", "3")
	id := a.id(t)
	w := c.WorkerOf(t, c.Executors(t, id, 3)[0].Worker)
	w.Kill(t)
	c.WorkerState(t, w.ID, deploy.WorkerDead)
	for _, e := range c.Executors(t, id, 3) {
		if string(e.Worker) == w.ID {
			t.Errorf("executor %s runs on the dead worker", e.ID)
		}
	}
	a.open(t)
	a.right(t)
	c.App(t, id, deploy.AppFinished)
	c.Quiet(t)
}

// kill -9 of a driver in client mode: its application is FAILED with the reason, its executors are gone.
func TestClientDriverKilled(t *testing.T) {
	t.Parallel()
	c := start(t, 2)
	a := begin(t, c, "--executor-cores", "1", "--executor-memory", "256m", "--total-executor-cores", "2")
	id := a.id(t)
	c.Executors(t, id, 2)
	child := cluster.Children(t, a.PID())
	if len(child) != 1 {
		t.Fatalf("submit has the children %v, want the driver", child)
	}
	if err := syscall.Kill(child[0].PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	a.Wait(t).Want(t, 128+9)
	if app := c.App(t, id, deploy.AppFailed); !strings.Contains(app.Reason, "driver") {
		t.Errorf("the reason is %q", app.Reason)
	}
	c.Quiet(t)
}

// An interrupt of a driver in client mode is passed on: the application ends, and says why.
func TestClientDriverInterrupted(t *testing.T) {
	t.Parallel()
	c := start(t, 1)
	a := begin(t, c, "--executor-cores", "1", "--executor-memory", "256m")
	id := a.id(t)
	a.Signal(t, syscall.SIGINT)
	a.Wait(t).Want(t, 128+15)
	if app := c.App(t, id, deploy.AppFailed); !strings.Contains(app.Reason, "interrupted") {
		t.Errorf("the reason is %q", app.Reason)
	}
	c.Quiet(t)
}

// The only master dies for the rest of the application's life: tasks finish, the result is right, executors leave.
func TestMasterKilledUnderApplication(t *testing.T) {
	t.Parallel()
	c := start(t, 2)
	a := begin(t, c, "--executor-cores", "1", "--executor-memory", "256m", "--total-executor-cores", "2")
	c.Executors(t, a.id(t), 2)
	c.Master.Kill(t)
	a.open(t)
	a.right(t)
	cluster.Gone(t, cluster.Patience, c.Nonce)
	c.Restart(t)
	c.Registered(t, 2)
	c.Quiet(t)
}

// A master that keeps nothing comes back while the application runs: its executors are ended, it registers anew under another id and goes on.
func TestMasterForgetsApplication(t *testing.T) {
	t.Parallel()
	c := start(t, 2)
	a := begin(t, c, "--executor-cores", "1", "--executor-memory", "256m", "--total-executor-cores", "2")
	old := a.id(t)
	c.Executors(t, old, 2)
	c.Master.Kill(t)
	c.Restart(t)
	c.Registered(t, 2)
	id := cluster.Await(t, cluster.Patience, "the application to be taken in again", func() (id deploy.AppID, ok bool) {
		for _, app := range cluster.Rows[deploy.AppRow](t, c, rpc.Query{Kind: deploy.RowApp}) {
			id, ok = app.ID, app.Running == 2
		}
		return id, ok
	})
	if id == old {
		t.Errorf("%s is known to a cluster that knows nothing", old)
	}
	cluster.Until(t, cluster.Patience, "the executors that nobody knows to be gone", func() bool { return len(cluster.Marked(t, c.Nonce, "MUSTER_APP_ID="+string(old))) == 0 })
	a.open(t)
	a.right(t)
	c.App(t, id, deploy.AppFinished)
	c.Quiet(t)
}

// Executors that keep failing end the application with the reason; tasks that keep failing end the job.
func TestFailingApplications(t *testing.T) {
	t.Parallel()
	c := start(t, 2, with("deploy.maxExecutorRetries", "2"))
	binary := program(t, steps)
	one := []string{"submit", "--executor-cores", "1", "--executor-memory", "256m", "--total-executor-cores", "1"}
	c.Muster(t, append(one, binary, "-steps", "3", "-mode", "fail")...).Want(t, 1, "this step always fails", "4 ")
	c.Muster(t, append(one, "--conf", "task.maxFailures=100", binary, "-steps", "3", "-mode", "die")...).Want(t, 125, "exit")
	apps := cluster.Rows[deploy.AppRow](t, c, rpc.Query{Kind: deploy.RowApp})
	if len(apps) != 2 || apps[0].State != deploy.AppFailed || apps[1].State != deploy.AppFailed || apps[1].Removed != 2 {
		t.Errorf("got %+v", apps)
	}
	c.Quiet(t)
}

// An application that fits on no worker waits and says so; killed, its driver ends and says why.
func TestInfeasibleApplication(t *testing.T) {
	t.Parallel()
	c := start(t, 1)
	a := c.Begin(t, "submit", "--name", "too large", "--executor-memory", "100g", program(t, steps))
	id := cluster.Await(t, cluster.Patience, "the application to be there", func() (deploy.AppID, bool) {
		for _, app := range cluster.Rows[deploy.AppRow](t, c, rpc.Query{Kind: deploy.RowApp}) {
			return app.ID, app.Waiting == deploy.ReasonInfeasible
		}
		return "", false
	})
	c.Muster(t, "explain", string(id)).Want(t, 0, "INFEASIBLE", "100.0 GiB", "4.0 GiB", c.Workers[0].ID, "can never run here")
	c.Muster(t, "get", "apps").Want(t, 0, "INFEASIBLE")
	cluster.Until(t, cluster.Patience, "the driver to say so", func() bool { return strings.Contains(a.Err(), "INFEASIBLE") })
	c.Muster(t, "kill", string(id)).Want(t, 0)
	a.Wait(t).Want(t, 125, "killed by")
	c.App(t, id, deploy.AppKilled)
	c.Quiet(t)
}
