//go:build linux

package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/musterproject/muster/e2e/cluster"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// What plan says becomes true: fits starts where it was said, waits names the cause and whose end helps, never names the largest worker. Each
// ends with its own code, and bad usage with another.
func TestPlan(t *testing.T) {
	t.Parallel()
	c := start(t, 2)
	c.Registered(t, 2)
	ask := func(code int, args ...string) deploy.Outlook {
		t.Helper()
		return cluster.Decode[deploy.Outlook](t, c.Muster(t, append([]string{"plan", "-o", "json"}, args...)...).Want(t, code))
	}
	c.Muster(t, "plan", "--num-executors", "2", "--executor-cores", "3", "--executor-memory", "512m").Want(t, 0, "fits now: 2 executors with 6 cores on 2 workers", c.Workers[0].ID, c.Workers[1].ID)
	c.Muster(t, "plan", "--driver", "--driver-memory", "100g").Want(t, 2, "never fits: the driver wants 100.0 GiB; the largest worker, worker-", "has 4.0 GiB")
	c.Muster(t, "plan", "--resource", "gpu=1").Want(t, 2, "1 gpu", "worker-")
	c.Muster(t, "plan", "--require", "disk=ssd").Want(t, 1, "must wait", "2 workers not matching disk=ssd")
	c.Muster(t, "plan", "--num-executors", "3", "--executor-cores", "1", "--apart", "host").Want(t, 1, "must wait: now start 1 executor", "same host")
	for _, bad := range [][]string{{"--executor-memory", "5"}, {"--no-such-flag"}, {"surplus"}, {"--resource", "gpu"}, {"--queue", "nowhere"}, {"--gang"}} {
		c.Muster(t, append([]string{"plan"}, bad...)...).Want(t, 64, "plan --help")
	}

	script := cluster.Script(t, `while [ ! -e "$1" ]; do sleep 0.05; done`)
	flag := c.Dir + "/go on"
	large := []string{"--driver-cores", "3", "--driver-memory", "512m"}
	said := ask(0, append([]string{"--driver"}, large...)...)
	if len(said.Parts) != 1 || len(said.Parts[0].Places) != 1 || said.Policy != "spread" {
		t.Fatalf("got %+v", said)
	}
	first := c.Submit(t, append(large, script, flag)...)
	c.Driver(t, first, deploy.DriverRunning)
	said = ask(0, append([]string{"--driver"}, large...)...)
	second := c.Submit(t, append(large, script, flag)...)
	if d := c.Driver(t, second, deploy.DriverRunning); d.Worker != said.Parts[0].Places[0].Worker {
		t.Errorf("it was to start on %s, the only one with room, and runs on %s", said.Parts[0].Places[0].Worker, d.Worker)
	}
	said = ask(1, append([]string{"--driver"}, large...)...)
	part := said.Parts[0]
	if part.Verdict != deploy.VerdictWaits || part.Decision.Code != deploy.ReasonInsufficientCores || part.Decision.Causes[0].Workers != 2 ||
		part.Decision.Causes[0].Have != 1 || len(part.Frees) != 1 || part.Frees[0].Subject != string(first) && part.Frees[0].Subject != string(second) {
		t.Errorf("got %+v", part)
	}
	c.Muster(t, "kill", part.Frees[0].Subject).Want(t, 0)
	cluster.Until(t, cluster.Patience, "room for one more", func() bool { return c.Muster(t, append([]string{"plan", "--driver"}, large...)...).Code == 0 })
	c.Muster(t, "kill", string(first), string(second))
	c.Quiet(t)
}

// explain says which workers are in the way of what, in words, as data and over HTTP; submit says at once what can never run.
func TestExplainNamesWorkers(t *testing.T) {
	t.Parallel()
	c := start(t, 2)
	small := c.AddWorker(t, "--cores", "1", "--labels", "disk=hdd")
	c.Registered(t, 3)
	r := c.Muster(t, "submit", "--deploy-mode", "cluster", "--driver-cores", "99", cluster.Script(t, "exit 0")).
		Want(t, 0, "INFEASIBLE", "99 cores", "the largest worker, worker-", "has 4 cores")
	never := strings.TrimSpace(r.Out)
	waiting := c.Begin(t, "submit", "--deploy-mode", "cluster", "--wait", "--driver-cores", "98", cluster.Script(t, "exit 0"))
	cluster.Until(t, cluster.Patience, "submit --wait to say why it waits", func() bool {
		return strings.Contains(waiting.Err(), "98 cores; the largest worker, worker-")
	})
	second := strings.TrimSpace(waiting.Out())
	c.Muster(t, "kill", second).Want(t, 0)
	waiting.Wait(t)

	// The application has the four cores of one worker, its next executor fits on none.
	a := begin(t, c, "--executor-cores", "3", "--executor-memory", "256m", "--num-executors", "3")
	id := a.id(t)
	c.Executors(t, id, 2)
	x := cluster.Await(t, cluster.Patience, "the third executor to be missed", func() (deploy.Explanation, bool) {
		list := cluster.Decode[[]deploy.Explanation](t, c.Muster(t, "explain", string(id), "--workers", "--history", "-o", "json").Want(t, 0))
		return list[0], list[0].Decision.Code == deploy.ReasonInsufficientCores
	})
	if x.Total != 3 || x.Fits != 0 || len(x.Causes) != 1 || x.Causes[0].Workers != 3 || x.Causes[0].Have != 1 || x.Causes[0].Want != 3 ||
		len(x.Causes[0].Examples) != 3 || len(x.Workers) != 3 || len(x.History) == 0 || x.Decision.Missing != 1 {
		t.Errorf("got %+v", x)
	}
	c.Muster(t, "explain", string(id), "--workers", "--history").Want(t, 0, "INSUFFICIENT_CORES (1 missing", "1 of 3", small.ID, "The last changed decisions")
	c.Muster(t, "explain", string(id), "--profile", "7").Want(t, 4, "profile 7", "it has 0")
	c.Muster(t, "explain", never, "--workers", "-o", "yaml").Want(t, 0, "code: INFEASIBLE", "worker: "+small.ID)

	pages := cluster.Rows[deploy.MasterRow](t, c, rpc.Query{Kind: deploy.RowMaster})[0].WebUI
	var twin deploy.Explanation
	if code := fetch(t, pages+"api/v1/apps/"+string(id)+"/why?workers=10", &twin); code != 200 || twin.Decision.Text != x.Decision.Text || len(twin.Workers) != 3 {
		t.Errorf("over HTTP: %d, %+v", code, twin)
	}
	var outlook deploy.Outlook
	if code := fetch(t, pages+"api/v1/plan?cores=9&executors=1", &outlook); code != 200 || outlook.Verdict != deploy.VerdictNever {
		t.Errorf("over HTTP: %d, %+v", code, outlook)
	}
	c.Muster(t, "kill", never, string(id)).Want(t, 0)
	a.Wait(t)
	c.Quiet(t)
}

// fetch reads JSON over HTTP.
func fetch(t *testing.T, url string, into any) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := new(http.Client).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil {
		t.Error(err)
	}
	if err := json.Unmarshal(body, into); err != nil {
		t.Fatalf("%s: %v\n%s", url, err, body)
	}
	return answer.StatusCode
}
