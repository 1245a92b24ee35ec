//go:build linux

package e2e

import (
	"os"
	"strings"
	"testing"

	"github.com/musterproject/muster/e2e/cluster"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// A worker that cannot establish what it was told to offer does not start, and says which script did what.
func TestDiscoveryThatFails(t *testing.T) {
	t.Parallel()
	mark := t.TempDir() + "/child"
	cases := map[string]struct {
		script string
		amount string
		says   []string
	}{
		"hangs":         {`echo $$ >` + mark + `; sleep 1000 & sleep 1000`, "1", []string{"gave no answer within 500ms"}},
		"fails":         {`echo "no driver loaded" >&2; exit 7`, "1", []string{"exit status 7", "no driver loaded"}},
		"dies":          {`kill -9 $$`, "1", []string{"killed"}},
		"nonsense":      {`echo 42 GPUs`, "1", []string{"42 GPUs", `{"name": "gpu", "addresses": ["0", "1"]}`}},
		"nothing":       {`true`, "1", []string{"addresses"}},
		"endless":       {`yes`, "1", []string{"gave no answer within 500ms"}},
		"another name":  {`echo '{"name": "fpga", "addresses": ["0"]}'`, "1", []string{`answered for "fpga"`}},
		"too few":       {`echo '{"name": "gpu", "addresses": ["0"]}'`, "2", []string{"2 units are wanted but only 1", "lower the amount"}},
		"twice":         {`echo '{"name": "gpu", "addresses": ["0", "0"]}'`, "2", []string{`"0"`, "listed twice"}},
		"absurd amount": {`echo '{"name": "gpu", "addresses": ["0"]}'`, "-1", []string{"negative"}},
	}
	dir := t.TempDir()
	muster := program(t, muster)
	ask := func(t *testing.T, script, amount string) cluster.Result {
		return cluster.Begin(t, muster, dir, nil, "worker", "--port", "0", "--webui-port", "0", "--conf", "worker.discoveryTimeout=500ms",
			"--conf", "worker.resource.gpu.amount="+amount, "--conf", "worker.resource.gpu.discoveryScript="+script, "muster://127.0.0.1:7").Wait(t)
	}
	for name, k := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := ask(t, cluster.Script(t, k.script), k.amount)
			code := 125
			if k.amount == "-1" {
				code = 2
			}
			r.Want(t, code, append(k.says, "gpu")...)
		})
	}
	ask(t, "/no/such/script", "1").Want(t, 125, "/no/such/script", "no such file or directory")
	ask(t, cluster.File(t, "plain", "text", 0o644), "1").Want(t, 125, "permission denied")
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("workers that did not start left %v behind (%v)", left, err)
	}
}

// Units are granted whole, named to the process that got them, and come back.
func TestCustomResources(t *testing.T) {
	t.Parallel()
	c := start(t, 1)
	script := cluster.Script(t, `echo '{"name": "gpu", "addresses": ["0", "1", "7"]}'`)
	file := cluster.File(t, "offered.json", `[{"id": {"resourceName": "fpga", "componentName": "spark.worker"}, "addresses": ["f0"]}]`, 0o644)
	w := c.AddWorker(t, "--conf", "worker.resource.gpu.amount=2", "--conf", "worker.resource.gpu.discoveryScript="+script,
		"--conf", "worker.resource.fpga.amount=1", "--resources-file", file)
	row := c.WorkerState(t, w.ID, deploy.WorkerAlive)
	if len(row.Spec.Custom) != 2 || row.Spec.Custom[0].Name != "fpga" || strings.Join(row.Spec.Custom[1].Units, ",") != "0,1" {
		t.Fatalf("offered: %+v", row.Spec.Custom)
	}
	show := cluster.Script(t, `cat "$MUSTER_RESOURCES_FILE"; [ -n "$1" ] && while [ ! -e "$1" ]; do sleep 0.05; done`)
	flag := c.Dir + "/go on"
	gpu := []string{"--conf", "driver.resource.gpu.amount=1", show, flag}
	first, second, third := c.Submit(t, gpu...), c.Submit(t, gpu...), c.Submit(t, gpu...)
	a, b := c.Driver(t, first, deploy.DriverRunning), c.Driver(t, second, deploy.DriverRunning)
	if len(a.Addresses) != 1 || len(b.Addresses) != 1 || a.Addresses[0].Units[0] == b.Addresses[0].Units[0] {
		t.Errorf("two drivers share a unit: %+v, %+v", a.Addresses, b.Addresses)
	}
	cluster.Await(t, cluster.Patience, "the third to say what it waits for", func() (string, bool) {
		out := c.Muster(t, "explain", string(third)).Out
		return out, strings.Contains(out, "INSUFFICIENT_RESOURCE") && strings.Contains(out, "gpu")
	})
	if got := c.Muster(t, "logs", string(first)).Want(t, 0).Out; !strings.Contains(got, `"gpu"`) || !strings.Contains(got, a.Addresses[0].Units[0]) {
		t.Errorf("the file of granted units: %s", got)
	}
	if err := os.WriteFile(flag, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	c.Driver(t, third, deploy.DriverFinished)
	run := begin(t, c, "--conf", "executor.resource.gpu.amount=2", "--executor-cores", "1", "--executor-memory", "256m", "--total-executor-cores", "2", "--files", file)
	app := run.id(t)
	e := c.Executors(t, app, 1)[0]
	if string(e.Worker) != w.ID || len(e.Addresses) != 1 || strings.Join(e.Addresses[0].Units, ",") != "0,1" {
		t.Errorf("the executor got %+v on %s", e.Addresses, e.Worker)
	}
	for _, name := range []string{"resources.json", "offered.json", "steps"} {
		if _, err := os.Stat(w.Dir + "/work/" + e.ID.String() + "/" + name); err != nil {
			t.Errorf("the executor has no %s beside it: %v", name, err)
		}
	}
	run.open(t)
	run.right(t)
	never := c.Submit(t, "--conf", "driver.resource.gpu.amount=3", show)
	cluster.Await(t, cluster.Patience, "explain to say that it can never run", func() (string, bool) {
		out := c.Muster(t, "explain", string(never)).Out
		return out, strings.Contains(out, "INFEASIBLE") && strings.Contains(out, "gpu")
	})
	c.Muster(t, "kill", string(never)).Want(t, 0)
	c.Quiet(t)
	if rows := cluster.Rows[deploy.WorkerRow](t, c, rpc.Query{Kind: deploy.RowWorker, ID: w.ID}); len(rows[0].UsedAddresses) != 0 {
		t.Errorf("still taken: %+v", rows[0].UsedAddresses)
	}
}
