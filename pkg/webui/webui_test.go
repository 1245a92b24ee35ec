package webui

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/status"
)

func get(t *testing.T, h http.Handler, method, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, nil))
	return w
}

func filled(t *testing.T) (http.Handler, *status.Store) {
	t.Helper()
	rows := status.NewStore()
	h, err := Master(rows, "m1", Questions{})
	if err != nil {
		t.Fatal(err)
	}
	rows.Apply([]deploy.Row{
		deploy.MasterRow{Name: "m1", State: deploy.MasterAlive, Epoch: 7, Policy: "spread"},
		deploy.WorkerRow{Spec: deploy.WorkerSpec{ID: "worker-1", Cores: 4, MemoryMiB: 2048}, State: deploy.WorkerAlive},
		deploy.AppRow{ID: "app-1", Name: "<script>alert(1)</script>", State: deploy.AppRunning},
		deploy.DriverRow{ID: "driver-1", Name: "d", State: deploy.DriverSubmitted, Waiting: deploy.ReasonNoWorkers},
	})
	return h, rows
}

func TestOverview(t *testing.T) {
	h, rows := filled(t)
	body := get(t, h, "GET", "/").Body.String()
	for _, want := range []string{"ALIVE", "worker-1", "app-1", "waits: NO_WORKERS", "&lt;script&gt;", "No executor runs."} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(body, "<script") {
		t.Error("a name became a script")
	}
	many := make([]deploy.Row, 10_000)
	for i := range many {
		many[i] = deploy.WorkerRow{Spec: deploy.WorkerSpec{ID: deploy.WorkerID(fmt.Sprintf("w%05d", i))}}
	}
	rows.Apply(many)
	if body := get(t, h, "GET", "/").Body.String(); !strings.Contains(body, "9901 more") || len(body) > 200_000 {
		t.Errorf("10 000 workers make a page of %d bytes", len(body))
	}
}

func TestAPI(t *testing.T) {
	h, _ := filled(t)
	for path, want := range map[string]int{
		"/api/v1/workers": 200, "/api/v1/workers/worker-1": 200, "/api/v1/workers/x": 404, "/api/v1/nonsense": 404, "/api/v1/apps?limit=0": 400,
		"/api/v1/apps?limit=x": 400, "/api/v1/decisions": 200, "/livez": 200, "/style.css": 200, "/etc/passwd": 404,
	} {
		w := get(t, h, "GET", path)
		if w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
		if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'self'") {
			t.Errorf("%s: policy %q", path, csp)
		}
	}
	var list struct {
		Items []deploy.WorkerRow
		Next  string
	}
	if err := json.Unmarshal(get(t, h, "GET", "/api/v1/workers").Body.Bytes(), &list); err != nil || len(list.Items) != 1 || list.Items[0].Spec.Cores != 4 {
		t.Errorf("got %+v, %v", list, err)
	}
	if w := get(t, h, "POST", "/"); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") == "" {
		t.Errorf("POST gave %d", w.Code)
	}
}

func TestQueues(t *testing.T) {
	h, rows := filled(t)
	rows.Apply([]deploy.Row{
		deploy.QueueRow{Queue: deploy.Queue{Weight: 1}, Share: 0.5, Apps: 2},
		deploy.QueueRow{Queue: deploy.Queue{Name: "prod.etl", Weight: 2.5, Quota: []deploy.Quantity{{Resource: "cores", Amount: 8}}}, Share: 1.0 / 3, Apps: 1},
		deploy.WorkerRow{Spec: deploy.WorkerSpec{ID: "worker-2"}, State: deploy.WorkerAlive, ReservedFor: "app-9"},
	})
	body := get(t, h, "GET", "/").Body.String()
	for _, want := range []string{"root", "prod.etl", "2.5", "cores=8", "33.3 %", "ALIVE, kept for app-9"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	var row deploy.QueueRow
	if err := json.Unmarshal(get(t, h, "GET", "/api/v1/queues/prod.etl").Body.Bytes(), &row); err != nil || row.Weight != 2.5 || row.Apps != 1 || row.Name != "prod.etl" {
		t.Errorf("got %+v, %v", row, err)
	}
	if w := get(t, h, "GET", "/api/v1/queues/root"); w.Code != http.StatusOK {
		t.Errorf("the root: %d", w.Code)
	}
}

func TestWorkerPage(t *testing.T) {
	h, err := Worker(func() WorkerView {
		return WorkerView{Spec: deploy.WorkerSpec{ID: "worker-1", Cores: 2}, Processes: []deploy.LaunchReport{
			{Executor: deploy.ExecutorID{App: "app-1", Num: 3}, State: deploy.ExecutorRunning}}}
	})
	if err != nil {
		t.Fatal(err)
	}
	if body := get(t, h, "GET", "/").Body.String(); !strings.Contains(body, "app-1/3") || !strings.Contains(body, "RUNNING") {
		t.Error("the page lacks its process")
	}
}

func TestListenTakesTheNextFreePort(t *testing.T) {
	first, err := Listen(t.Context(), "127.0.0.1", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = first.Close() }()
	taken := first.Addr().(*net.TCPAddr).Port
	second, err := Listen(t.Context(), "127.0.0.1", taken)
	if err != nil || second.Addr().(*net.TCPAddr).Port <= taken {
		t.Fatalf("got %v, %v", second, err)
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
	if _, err := Listen(t.Context(), "203.0.113.1", 80); err == nil || !strings.Contains(err.Error(), "--webui-port") {
		t.Errorf("an address that is not ours gave %v", err)
	}
}

func TestQuestions(t *testing.T) {
	var explain deploy.Explain
	var plan deploy.Plan
	fails := error(nil)
	h, err := Master(status.NewStore(), "m1", Questions{
		Explain: func(_ context.Context, q deploy.Explain) (deploy.Explanation, error) {
			explain = q
			return deploy.Explanation{Subject: q.ID}, fails
		},
		Plan: func(_ context.Context, p deploy.Plan) (deploy.Outlook, error) {
			plan = p
			return deploy.Outlook{Verdict: deploy.VerdictNever}, fails
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if body := get(t, h, "GET", "/api/v1/apps/app-1/why?profile=2&workers=7&after=w3&history=true").Body.String(); !strings.Contains(body, `"subject": "app-1"`) ||
		explain != (deploy.Explain{ID: "app-1", Profile: 2, Workers: 7, After: "w3", History: true}) {
		t.Errorf("asked %+v, got %s", explain, body)
	}
	if w := get(t, h, "GET", "/api/v1/drivers/driver-1/why"); w.Code != 200 || explain != (deploy.Explain{ID: "driver-1", Profile: deploy.FirstWaiting}) {
		t.Errorf("asked %+v, got %d", explain, w.Code)
	}
	body := get(t, h, "GET", "/api/v1/plan?cores=2&memory=4g&executors=3&resource=gpu=1&gang=1&queue=prod&require=zone%3Deu&apart=host").Body.String()
	want := deploy.AppSpec{
		Profiles: []deploy.Profile{{Cores: 2, MemoryMiB: 4096, Custom: []deploy.Amount{{Name: "gpu", Count: 1}}, Gang: true}}, Targets: []deploy.Target{{Total: 3}},
		Place: deploy.Placement{Queue: "prod", Require: []deploy.Requirement{{Key: "zone", Values: []string{"eu"}}}, Apart: "host"},
	}
	if !strings.Contains(body, `"verdict": "NEVER"`) || plan.App == nil || !reflect.DeepEqual(*plan.App, want) {
		t.Errorf("asked %+v, got %s", plan.App, body)
	}
	if get(t, h, "GET", "/api/v1/plan?driver=true"); plan.Driver == nil || plan.Driver.Need.Cores != 1 || plan.Driver.Need.MemoryMiB != 1024 {
		t.Errorf("asked %+v", plan.Driver)
	}
	for path, word := range map[string]string{
		"plan?cores=x": "whole number", "plan?cpu=1": "cpu", "plan?gang=yes": "true or false", "plan?resource=gpu": "NAME=AMOUNT", "plan?require=a": "key=value",
		"plan?memory=4q": "memory", "apps/a/why?workers=-1": "whole number",
	} {
		if w := get(t, h, "GET", "/api/v1/"+path); w.Code != 400 || !strings.Contains(w.Body.String(), word) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	for kind, code := range map[error]int{deploy.ErrNotFound: 404, deploy.ErrInvalid: 400, deploy.ErrNotLeader: 503, deploy.ErrRecovering: 503, errors.ErrUnsupported: 500} {
		fails = fmt.Errorf("so it is: %w", kind)
		if w := get(t, h, "GET", "/api/v1/plan"); w.Code != code || !strings.Contains(w.Body.String(), "so it is") {
			t.Errorf("%v: %d %s", kind, w.Code, w.Body)
		}
	}
}
