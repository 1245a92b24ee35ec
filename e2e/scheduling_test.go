//go:build linux

package e2e

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/musterproject/muster/e2e/cluster"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// small makes executors of one core of an application with this name.
func small(name string, more ...string) []string {
	return append([]string{"--name", name, "--executor-cores", "1", "--executor-memory", "64m"}, more...)
}

// appNamed waits until the application with this name is as wanted.
func appNamed(t *testing.T, c *cluster.Cluster, name, what string, ok func(deploy.AppRow) bool) deploy.AppRow {
	t.Helper()
	return cluster.Await(t, cluster.Patience, "application "+name+" to be "+what, func() (deploy.AppRow, bool) {
		for _, a := range cluster.Rows[deploy.AppRow](t, c, rpc.Query{Kind: deploy.RowApp}) {
			if a.Name == name && ok(a) {
				return a, true
			}
		}
		return deploy.AppRow{}, false
	})
}

func waits(a deploy.AppRow) bool { return a.Waiting != deploy.ReasonNone }

// Executors and drivers run where their rules let them, and nowhere else; what a rule keeps waiting says so.
func TestPlacementRules(t *testing.T) {
	t.Parallel()
	c := start(t, 0)
	c.AddWorker(t, "--labels", "zone=a,disk=ssd", "--host", "127.0.0.2")
	c.AddWorker(t, "--labels", "zone=a", "--host", "127.0.0.2")
	third := c.AddWorker(t, "--labels", "zone=b", "--host", "127.0.0.3")
	c.Registered(t, 3)

	a := begin(t, c, small("labelled", "--require", "zone=a", "--prefer", "10:disk=ssd", "--total-executor-cores", "4")...)
	for _, e := range c.Executors(t, a.id(t), 4) {
		if string(e.Worker) != c.Workers[0].ID {
			t.Errorf("executor %s is on %s although four fit on the worker preferred", e.ID, e.Worker)
		}
	}
	c.Muster(t, "status", string(a.id(t))).Want(t, 0, "requires", "zone=a", "10:disk=ssd")
	b := begin(t, c, small("also labelled", "--require", "zone notin (b)", "--total-executor-cores", "6")...)
	for _, e := range c.Executors(t, b.id(t), 4) {
		if string(e.Worker) != c.Workers[1].ID {
			t.Errorf("executor %s is on %s, where labels do not let it", e.ID, e.Worker)
		}
	}
	driver := c.Submit(t, "--conf", "driver.require=zone=b", "--conf", "driver.memory=64m", cluster.Script(t, "exec sleep 1000"))
	if d := c.Driver(t, driver, deploy.DriverRunning); string(d.Worker) != third.ID {
		t.Errorf("the driver runs on %s", d.Worker)
	}
	c.Muster(t, "kill", string(driver)).Want(t, 0)
	for _, app := range []*application{a, b} {
		app.open(t)
		app.right(t)
	}

	apart := begin(t, c, small("apart", "--apart", "host", "--num-executors", "3")...)
	hosts := map[string]bool{}
	for _, e := range c.Executors(t, apart.id(t), 2) {
		hosts[e.WorkerAddr.Host] = true
	}
	if len(hosts) != 2 {
		t.Errorf("two executors on the hosts %v", hosts)
	}
	row := appNamed(t, c, "apart", "kept waiting by its rule", func(a deploy.AppRow) bool { return a.Waiting == deploy.ReasonFilteredRule })
	c.Muster(t, "explain", string(row.ID)).Want(t, 0, "FILTERED_RULE")
	few := begin(t, c, small("few", "--max-per-worker", "1", "--num-executors", "5")...)
	at := map[deploy.WorkerID]bool{}
	for _, e := range c.Executors(t, few.id(t), 3) {
		at[e.Worker] = true
	}
	if len(at) != 3 {
		t.Errorf("three executors on the workers %v", at)
	}
	for _, app := range []*application{apart, few} {
		app.open(t)
		app.right(t)
	}
	c.Quiet(t)
}

// A gang takes nothing while it does not fit as a whole, and starts as a whole.
func TestGang(t *testing.T) {
	t.Parallel()
	c := start(t, 2, func(o *cluster.Options) { o.Cores = 2 })
	blocker := c.Submit(t, "--driver-memory", "64m", cluster.Script(t, "exec sleep 1000"))
	c.Driver(t, blocker, deploy.DriverRunning)
	a := begin(t, c, small("gang", "--gang", "--num-executors", "4")...)
	row := appNamed(t, c, "gang", "waiting", waits)
	for _, e := range cluster.Rows[deploy.ExecutorRow](t, c, rpc.Query{Kind: deploy.RowExecutor, App: row.ID}) {
		t.Errorf("executor %s of a gang that does not fit", e.ID)
	}
	c.Muster(t, "kill", string(blocker)).Want(t, 0)
	c.Executors(t, row.ID, 4)
	a.open(t)
	a.right(t)
	c.Quiet(t)
}

// Two queues whose weights are 1 and 2 share the cluster within one executor, whoever came first.
func TestFairSharesByWeight(t *testing.T) {
	t.Parallel()
	c := start(t, 0, with("scheduler.policy", "fair"), with("scheduler.queue.one.weight", "1"), with("scheduler.queue.two.weight", "2"))
	one := begin(t, c, small("first", "--queue", "one")...)
	appNamed(t, c, "first", "registered", waits)
	two := begin(t, c, small("second", "--queue", "two")...)
	appNamed(t, c, "second", "registered", waits)
	for range 3 {
		c.AddWorker(t)
	}
	first := appNamed(t, c, "first", "running", func(a deploy.AppRow) bool { return a.Running >= 3 })
	second := appNamed(t, c, "second", "running", func(a deploy.AppRow) bool { return a.Running >= 7 })
	n := c.Executors(t, first.ID, 4)
	if m := c.Executors(t, second.ID, 8); len(n)+len(m) != 12 {
		t.Errorf("%d and %d executors", len(n), len(m))
	}
	c.Muster(t, "get", "queues").Want(t, 0, "root", "one", "two", "33.3%", "66.7%", "cores=4", "cores=8")
	for _, app := range []*application{one, two} {
		app.open(t)
		app.right(t)
	}
	c.Quiet(t)
}

// A quota holds under every policy, also of the queues above, and is told; the default queue takes who names none.
func TestQuota(t *testing.T) {
	t.Parallel()
	c := start(t, 2, with("scheduler.queue.lab.quota", "cores=3"), with("scheduler.queue.lab.users.dynamic", "true"), with("scheduler.defaultQueue", "lab"))
	a := begin(t, c, small("greedy", "--queue", "lab.users.ada")...)
	row := appNamed(t, c, "greedy", "at its quota", func(a deploy.AppRow) bool { return a.Running == 3 && a.Waiting == deploy.ReasonQuota })
	c.Muster(t, "explain", string(row.ID)).Want(t, 0, "QUOTA", "lab")
	c.Muster(t, "get", "queues", "lab").Want(t, 0, "cores=3", "37.5%")
	c.Muster(t, "get", "queues").Want(t, 0, "lab.users.ada")
	waiting := c.Submit(t, "--driver-memory", "64m", cluster.Script(t, "exit 0"))
	c.DriverWhere(t, waiting, "kept waiting by the quota", func(d deploy.DriverRow) bool { return d.Waiting == deploy.ReasonQuota })
	c.Muster(t, "submit", "--deploy-mode", "cluster", "--queue", "lba", cluster.Script(t, "exit 0")).Want(t, 4, "lba", "did you mean lab?")
	a.open(t)
	a.right(t)
	c.Driver(t, waiting, deploy.DriverFinished)
	c.Quiet(t)
}

// Within a queue the higher priority comes first, then who came first.
func TestPriority(t *testing.T) {
	t.Parallel()
	c := start(t, 1, func(o *cluster.Options) { o.Cores = 1 })
	blocker := c.Submit(t, "--driver-memory", "64m", cluster.Script(t, "exec sleep 1000"))
	c.Driver(t, blocker, deploy.DriverRunning)
	order := filepath.Join(t.TempDir(), "order")
	script := cluster.Script(t, `echo "$1" >> `+order)
	var last deploy.DriverID
	for _, p := range []string{"-10", "0", "10"} {
		for _, who := range []string{"a", "b"} {
			last = c.Submit(t, "--driver-memory", "64m", "--priority", p, script, p+who)
		}
	}
	c.DriverWhere(t, last, "waiting", func(d deploy.DriverRow) bool { return d.Waiting != deploy.ReasonNone })
	c.Muster(t, "kill", string(blocker)).Want(t, 0)
	const want = "10a\n10b\n0a\n0b\n-10a\n-10b\n"
	cluster.Await(t, cluster.Patience, "all to have run, in order", func() (string, bool) {
		got, err := os.ReadFile(order)
		return string(got), err == nil && string(got) == want
	})
	c.Quiet(t)
}

// configured starts a cluster whose master reads this file.
func configured(t *testing.T, workers int, file string) *cluster.Cluster {
	t.Helper()
	c := start(t, 0)
	_, port, err := net.SplitHostPort(c.Master.Addr)
	if err != nil {
		t.Fatal(err)
	}
	c.Master.Kill(t)
	c.StartMaster(t, port, "--config", file)
	for range workers {
		c.AddWorker(t)
	}
	c.Registered(t, workers)
	return c
}

func rewrite(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// sleepers submits n drivers that sleep for so long and then write their number into the witness.
func sleepers(t *testing.T, c *cluster.Cluster, n int, prefix, witness string) {
	t.Helper()
	for i := range n {
		seconds := fmt.Sprintf("0.%d", 4+i%4)
		script := fmt.Sprintf("sleep %s; echo %s%d >> %s", seconds, prefix, i, witness)
		request := deploy.SubmitDriver{Request: deploy.RequestID(fmt.Sprint(prefix, i)), Spec: deploy.DriverSpec{
			Name: fmt.Sprint(prefix, i), Need: deploy.Resources{Cores: 1, MemoryMiB: 16}, Command: deploy.Command{Program: "sh", Args: []string{"-c", script}}}}
		ctx, cancel := context.WithTimeout(context.Background(), cluster.Patience)
		_, err := c.Client(t).Call(ctx, request)
		cancel()
		if err != nil {
			t.Fatal(err)
		}
	}
}

// SIGHUP changes the policy and the queues under load: everybody runs exactly once. A faulty file changes nothing.
func TestHangupChangesSchedulingUnderLoad(t *testing.T) {
	t.Parallel()
	file := cluster.File(t, "muster.yaml", "scheduler:\n  policy: spread\n", 0o644)
	c := configured(t, 2, file)
	policy := func(want string) {
		t.Helper()
		cluster.Until(t, cluster.Patience, "the policy to be "+want, func() bool {
			for _, m := range cluster.Rows[deploy.MasterRow](t, c, rpc.Query{Kind: deploy.RowMaster}) {
				return m.Policy == want
			}
			return false
		})
	}
	policy("spread")
	witness := filepath.Join(t.TempDir(), "witness")
	const rounds, each = 4, 12
	for round := range rounds {
		sleepers(t, c, each, fmt.Sprintf("r%d-", round), witness)
		name, queues := "fair", "  queue: {prod: {weight: 2}, dev: {quota: [cores=100]}}\n"
		if round%2 == 1 {
			name, queues = "pack", ""
		}
		rewrite(t, file, "scheduler:\n  policy: "+name+"\n"+queues)
		c.Master.Signal(t, syscall.SIGHUP)
		policy(name)
	}
	rewrite(t, file, "scheduler:\n  policy: fair\n  queue:\n    prod: {weight: -1}\n")
	c.Master.Signal(t, syscall.SIGHUP)
	cluster.Until(t, cluster.Patience, "the fault in the log", func() bool {
		return strings.Contains(c.Master.Log(), "muster.yaml:4") && strings.Contains(c.Master.Log(), "weight -1")
	})
	policy("pack")
	rewrite(t, file, "scheduler: {policy: fair}\ndeploy: {maxDrivers: 2}\n")
	c.Master.Signal(t, syscall.SIGHUP)
	policy("fair")
	cluster.Until(t, cluster.Patience, "the key that needs a restart in the log", func() bool {
		return strings.Contains(c.Master.Log(), "deploy.maxDrivers")
	})
	lines := cluster.Await(t, cluster.Patience, "all drivers to have run", func() ([]string, bool) {
		got, _ := os.ReadFile(witness) // not there before the first one
		lines := strings.Fields(string(got))
		return lines, len(lines) >= rounds*each
	})
	seen := map[string]bool{}
	for _, l := range lines {
		if seen[l] {
			t.Errorf("driver %s ran twice", l)
		}
		seen[l] = true
	}
	c.Quiet(t)
	if got, err := os.ReadFile(witness); err != nil || len(strings.Fields(string(got))) != rounds*each {
		t.Errorf("%d lines, %v", len(strings.Fields(string(got))), err)
	}
}

// Under fair a request that needs a whole worker is served although small ones never stop coming.
func TestLargeRequestIsServed(t *testing.T) {
	t.Parallel()
	c := start(t, 2, with("scheduler.policy", "fair"), with("scheduler.reserve.after", "500ms"), func(o *cluster.Options) { o.Cores = 3 })
	witness := filepath.Join(t.TempDir(), "witness")
	sleepers(t, c, 9, "early", witness)
	large := c.Submit(t, "--name", "large", "--driver-cores", "3", "--driver-memory", "64m", cluster.Script(t, "exit 0"))
	const stream = 150
	sleepers(t, c, stream, "small", witness)
	c.DriverWhere(t, large, "served", func(d deploy.DriverRow) bool {
		return d.State == deploy.DriverRunning || d.State == deploy.DriverFinished
	})
	left := 0
	for _, d := range cluster.Rows[deploy.DriverRow](t, c, rpc.Query{Kind: deploy.RowDriver}) {
		if d.State == deploy.DriverSubmitted {
			left++
		}
	}
	if left == 0 {
		t.Error("it was served only when nobody else was waiting")
	}
	c.Driver(t, large, deploy.DriverFinished)
	cluster.Until(t, cluster.Patience, "the stream to be over", func() bool {
		got, err := os.ReadFile(witness)
		return err == nil && len(strings.Fields(string(got))) == stream+9
	})
	c.Quiet(t)
}
