//go:build linux

package e2e

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/musterproject/muster/e2e/cluster"
)

// bad is a command line that must be refused: its code, and what the sentence names (the input, the rule, a way out).
type bad struct {
	line string // words between blanks; ~ in a word stands for a blank
	code int
	says []string
}

func refused(t *testing.T, list []bad, env ...string) {
	t.Helper()
	muster, dir := program(t, muster), t.TempDir()
	for _, b := range list {
		t.Run(b.line, func(t *testing.T) {
			words := strings.Fields(b.line)
			for i := range words {
				words[i] = strings.ReplaceAll(words[i], "~", " ")
			}
			r := cluster.Begin(t, muster, dir, env, words...).Wait(t).Want(t, b.code, b.says...)
			if r.Out != "" {
				t.Errorf("talk on standard output: %q", r.Out)
			}
			if strings.Contains(r.Err, "panic") || strings.Contains(r.Err, "goroutine ") {
				t.Errorf("not a sentence for people: %s", r.Err)
			}
		})
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("refused commands left %v behind (%v)", left, err)
	}
}

func TestBadMasterOptions(t *testing.T) {
	t.Parallel()
	refused(t, []bad{
		{"master --prot 1", 2, []string{"unknown flag --prot", "did you mean --port?", "muster master --help"}},
		{"master surplus", 2, []string{"surplus"}},
		{"mastr", 2, []string{"mastr", "master"}},
		{"master --conf worker.timout=1s", 2, []string{`"worker.timout"`, "did you mean worker.timeout?"}},
		{"master --conf worker.timeout", 2, []string{"key=value"}},
		{"master --conf worker.timeout=-5s", 2, []string{"worker.timeout", "-5s", "negative"}},
		{"master --port 0 --conf worker.timeout=0s", 2, []string{"WorkerTimeout", "0s", "SuspectAfter"}},
		{"master --conf worker.heartbeat=soon", 2, []string{"worker.heartbeat", "soon", "such as"}},
		{"master --port 0 --conf worker.heartbeat=20s --conf worker.timeout=10s", 2, []string{"20s", "SuspectAfter"}},
		{"master --port 70000", 2, []string{"flag --port", "70000", "from 0 to 65535"}},
		{"master --port http", 2, []string{"flag --port", "http"}},
		{"master --port 0 --recovery FILESYSTEMS", 2, []string{"FILESYSTEMS", "NONE"}},
		{"master --port 0 --conf recovery.mode=none-such", 2, []string{"recovery.mode", "--conf recovery.mode", "none-such", "NONE"}},
		{"master --port 0 --policy random", 2, []string{"random", "spread", "pack"}},
		{"master --port 0 --conf deploy.workerSelectionPolicy=LUCK", 2, []string{"LUCK", "CORES_FREE_DESC"}},
		{"master --port 0 --conf deploy.appIdPattern=app-%d-%s", 2, []string{"app-%d-%s"}},
		{"master --port 0 --conf deploy.maxDrivers=-3", 2, []string{"deploy.maxDrivers", "-3"}},
		{"master --port 0 --conf deploy.defaultCores=0", 2, []string{"deploy.defaultCores", "0"}},
		{"master --port 0 --log-level loud", 2, []string{"log.level", "loud", "debug, info, warn, error"}},
		{"master --port 0 --log-format xml", 2, []string{"log.format", "xml", "text", "json"}},
		{"master --properties-file /no/such/file", 2, []string{"/no/such/file", "no such file or directory"}},
		{"master --config /no/such/file", 2, []string{"/no/such/file", "no such file or directory"}},
		{"master --port 0 --host 0.0.0.0", 2, []string{"0.0.0.0", "--insecure", "127.0.0.1"}},
		{"master --port 0 --host no-such-host.invalid --insecure", 125, []string{"no-such-host.invalid"}},
	})
}

func TestBadWorkerOptions(t *testing.T) {
	t.Parallel()
	const at = " muster://127.0.0.1:7"
	refused(t, []bad{
		{"worker", 2, []string{"no master is named", "muster://"}},
		{"worker --corse 2" + at, 2, []string{"did you mean --cores?"}},
		{"worker --cores 0" + at, 2, []string{"flag --cores", "zero", "1 or more"}},
		{"worker --cores -1" + at, 2, []string{"negative"}},
		{"worker --cores 99999999999999999999" + at, 2, []string{"absurdly large", "at most"}},
		{"worker --cores 1.5" + at, 2, []string{"1.5", "whole number"}},
		{"worker --cores two" + at, 2, []string{"two", "whole number"}},
		{"worker --memory 1024" + at, 2, []string{"flag --memory", "1024", "1024m"}},
		{"worker --memory 0m" + at, 2, []string{"zero"}},
		{"worker --memory -5g" + at, 2, []string{"negative"}},
		{"worker --memory 99999999p" + at, 2, []string{"too large"}},
		{"worker --memory lots" + at, 2, []string{"lots", "512m"}},
		{"worker --memory 1x" + at, 2, []string{"unknown unit", "512m"}},
		{"worker --labels zone" + at, 2, []string{"zone", "key=value"}},
		{"worker --labels =a" + at, 2, []string{"label"}},
		{"worker --id a/b" + at, 2, []string{"worker id", "a/b", "A-Z"}},
		{"worker --conf worker.idPattern=w-%d" + at, 2, []string{"w-%d"}},
		{"worker --conf worker.grace=0s" + at, 2, []string{"Grace 0s", "greater than zero"}},
		{"worker --conf worker.env.A:B=1" + at, 2, []string{"worker.env", "A:B"}},
		{"worker --conf worker.envFile=/no/such/file" + at, 2, []string{"/no/such/file", "no such file"}},
		{"worker --conf worker.log.rolling.strategy=often" + at, 2, []string{"often", "size", "time"}},
		{"worker --conf worker.resource.gpu.amout=1" + at, 2, []string{"worker.resource.gpu.amout", "amount"}},
		{"worker --host 0.0.0.0" + at, 2, []string{"0.0.0.0", "--insecure"}},
		{"worker local[2]", 2, []string{"local[2]", "cluster", "muster://"}},
		{"worker muster://127.0.0.1:7,127.0.0.1:7", 2, []string{"named twice"}},
		{"worker 127.0.0.1:7077", 2, []string{"muster://127.0.0.1:7077"}},
	})
}

// Other cluster managers' URLs are refused each with a sentence of its own: why, and what instead.
func TestUnsupportedMasters(t *testing.T) {
	t.Parallel()
	script := cluster.Script(t, "exit 0")
	var list []bad
	for _, url := range []string{"yarn", "yarn-client", "yarn-cluster", "yarn-standalone", "mesos://host:5050", "zk://host:2181/mesos",
		"simr://x", "k8s://https://host:6443", "nomad://host"} {
		list = append(list,
			bad{"submit --master " + url + " --deploy-mode cluster " + script, 2, []string{url, "muster://"}},
			bad{"worker " + url, 2, []string{url, "muster://"}})
	}
	refused(t, list)
	seen := map[string]string{}
	for _, url := range []string{"yarn", "mesos://h", "k8s://h", "nomad://h", "simr://h", "zk://h"} {
		r := cluster.Begin(t, program(t, muster), t.TempDir(), nil, "get", "apps", "--master", url).Wait(t).Want(t, 2)
		sentence := strings.ReplaceAll(r.Err, url, "")
		if other, ok := seen[sentence]; ok {
			t.Errorf("%s and %s are refused with the same words: %s", url, other, r.Err)
		}
		seen[sentence] = url
	}
}

func TestBadSubmissions(t *testing.T) {
	t.Parallel()
	script := cluster.Script(t, "exit 0")
	plain := cluster.File(t, "plain.txt", "no program", 0o644)
	refused(t, []bad{
		{"submit --deploy-mode cluster " + script, 2, []string{"no master is named", "MUSTER_MASTER"}},
		{"submit --master muster://127.0.0.1:7 --deploy-mode cluster", 2, []string{"no program is named"}},
		{"submit --master muster://127.0.0.1:7 --deploy-mode cluster /no/such/program", 2, []string{"/no/such/program", "no such file or directory"}},
		{"submit --master muster://127.0.0.1:7 --deploy-mode cluster /tmp", 2, []string{"/tmp", "not a file"}},
		{"submit --master muster://127.0.0.1:7 --deploy-mode cluster " + plain, 2, []string{"not executable", "chmod +x"}},
		{"submit --master muster://127.0.0.1:7 --deploy-mode wherever " + script, 2, []string{"wherever", "client", "cluster"}},
		{"submit --packages a:b:1 " + script, 2, []string{"--packages", "not supported", "--jars"}},
		{"submit --driver-memory 1024 " + script, 2, []string{"--driver-memory", "1024m"}},
		{"submit --executor-memory -1g " + script, 2, []string{"--executor-memory", "negative"}},
		{"submit --executor-memory 0g " + script, 2, []string{"--executor-memory", "zero"}},
		{"submit --executor-cores 0 --master muster://127.0.0.1:7 " + script, 2, []string{"--executor-cores", "zero"}},
		{"submit --total-executor-cores -4 --master muster://127.0.0.1:7 " + script, 2, []string{"--total-executor-cores", "negative"}},
		{"submit --driver-cores 9999999999 --master muster://127.0.0.1:7 " + script, 2, []string{"--driver-cores", "absurdly large"}},
		{"submit --supervice --master muster://127.0.0.1:7 " + script, 2, []string{"did you mean --supervise?"}},
		{"submit --conf driver.memroy=1g --master muster://127.0.0.1:7 " + script, 2, []string{"did you mean driver.memory?"}},
		{"submit --max-restarts -7 --master muster://127.0.0.1:7 " + script, 2, []string{"--max-restarts", "-7"}},
		{"submit --files /no/such/file --deploy-mode cluster --master muster://127.0.0.1:7 " + script, 2, []string{"/no/such/file"}},
		{"get thing --master muster://127.0.0.1:7", 2, []string{"thing", "workers"}},
		{"get aps --master muster://127.0.0.1:7", 2, []string{"did you mean apps?"}},
		{"get apps -o xml --master muster://127.0.0.1:7", 2, []string{"xml", "table, json, yaml, name"}},
		{"target app-1 -2 --master muster://127.0.0.1:7", 2, []string{"-2"}},
		{"target app-1 some --master muster://127.0.0.1:7", 2, []string{"some", "unlimited"}},
		{"logs driver-1 --tail-bytes -1 --master muster://127.0.0.1:7", 2, []string{"--tail-bytes", "-1"}},
		{"sbumit", 2, []string{"sbumit", "submit"}},
		{"config shwo", 2, []string{"shwo"}},
	})
	twoLines := cluster.File(t, "a\nb", "#!/bin/sh\n", 0o755)
	cluster.Begin(t, program(t, muster), t.TempDir(), nil, "submit", "--master", "muster://127.0.0.1:7", "--deploy-mode", "cluster", twoLines).
		Wait(t).Want(t, 2, `a\nb`, "line break")
}

// Questions about what does not exist end with a code of their own.
func TestAskingForTheAbsent(t *testing.T) {
	t.Parallel()
	c := start(t, 0)
	for _, words := range [][]string{
		{"status", "driver-20260101000000-0001"}, {"get", "drivers", "driver-20260101000000-0001"}, {"kill", "driver-20260101000000-0001"},
		{"kill", "app-20260101000000-0001/3"}, {"explain", "app-20260101000000-0001"}, {"logs", "driver-20260101000000-0001"},
		{"logs", "app-20260101000000-0001/0"}, {"hold", "app-20260101000000-0001"}, {"target", "app-20260101000000-0001", "3"},
	} {
		c.Muster(t, words...).Want(t, 4, "20260101000000-0001", "not found")
	}
	for _, odd := range []string{"../../etc/passwd", "a\nb", "", "driver-\x00"[:7] + "\t", strings.Repeat("x", 5000)} {
		if r := c.Muster(t, "status", odd); r.Code != 4 && r.Code != 2 && r.Code != 125 || strings.Contains(r.Err, "panic") {
			t.Errorf("status %.40q: %+v", odd, r)
		}
	}
	c.Muster(t, "status").Want(t, 0, "ALIVE")
}

// A port in use is an error that names the port and who holds it.
func TestPortInUse(t *testing.T) {
	t.Parallel()
	c := start(t, 0)
	_, port, err := net.SplitHostPort(c.Master.Addr)
	if err != nil {
		t.Fatal(err)
	}
	muster, dir := program(t, muster), t.TempDir()
	second := cluster.Begin(t, muster, dir, nil, "master", "--port", port, "--webui-port", "0").Wait(t).Want(t, 125, port, "address already in use")
	if !strings.Contains(second.Err, "muster") {
		t.Errorf("the holder is not named: %s", second.Err)
	}
	cluster.Begin(t, muster, dir, nil, "worker", "--port", port, "--webui-port", "0", c.Master.URL).Wait(t).Want(t, 125, port, "address already in use")
	c.Muster(t, "status").Want(t, 0, "ALIVE")

	// The pages' port gives way instead.
	_, pages, err := net.SplitHostPort(strings.TrimSuffix(strings.TrimPrefix(c.Master.Pages, "http://"), "/"))
	if err != nil {
		t.Fatal(err)
	}
	w := c.AddWorker(t, "--webui-port", pages)
	if w.Pages == c.Master.Pages {
		t.Errorf("two daemons claim the pages at %s", w.Pages)
	}
}

// The configuration that is in force can be shown, with where it comes from.
func TestConfigShow(t *testing.T) {
	t.Parallel()
	muster, dir := program(t, muster), t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "conf"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "conf", "muster-defaults.conf"), []byte("spark.worker.timeout 45\nmaster.port 7000\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	show := func(words ...string) cluster.Result {
		return cluster.Begin(t, muster, dir, []string{"MUSTER_MASTER_PORT=7001"}, append([]string{"config", "show"}, words...)...).Wait(t).Want(t, 0)
	}
	show("--origin", "worker.timeout").Want(t, 0, "45", "conf/muster-defaults.conf:1", "default=10s")
	show("--origin", "master.port").Want(t, 0, "7001", "env MUSTER_MASTER_PORT", "conf/muster-defaults.conf:2=7000")
	show("--origin", "master.port", "--conf", "master.port=7002").Want(t, 0, "7002", "--conf master.port")
	type row struct{ Key, Value, Origin string }
	if rows := cluster.Decode[[]row](t, show("master.port", "-o", "json")); len(rows) != 1 || rows[0].Value != "7001" {
		t.Errorf("got %+v", rows)
	}
}
