package webui

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/status"
)

// shown is how many rows of a table a page holds.
const shown = 100

// kinds are the words of the API.
var kinds = map[string]deploy.RowKind{
	"masters": deploy.RowMaster, "workers": deploy.RowWorker, "apps": deploy.RowApp,
	"drivers": deploy.RowDriver, "executors": deploy.RowExecutor, "queues": deploy.RowQueue, "decisions": deploy.RowDecision,
}

// masterPages shows what a master's readers see.
type masterPages struct {
	*pages
	rows *status.Store
	name string
	ask  Questions
}

// Master gives the pages of a master. name is shown while it leads nothing.
func Master(rows *status.Store, name string, ask Questions) (http.Handler, error) {
	p, err := newPages()
	if err != nil {
		return nil, err
	}
	m := &masterPages{pages: p, rows: rows, name: name, ask: ask}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", m.overview)
	mux.HandleFunc("GET /style.css", style)
	mux.HandleFunc("GET /livez", livez)
	mux.HandleFunc("GET /api/v1/plan", m.plan)
	mux.HandleFunc("GET /api/v1/apps/{id}/why", m.why)
	mux.HandleFunc("GET /api/v1/drivers/{id}/why", m.why)
	mux.HandleFunc("GET /api/v1/{kind}", m.list)
	mux.HandleFunc("GET /api/v1/{kind}/{id...}", m.one)
	return guard(mux), nil
}

func (m *masterPages) overview(w http.ResponseWriter, _ *http.Request) {
	content := page{Title: "Muster", Heading: "Muster"}
	masters := m.rows.List(status.Query{Kind: deploy.RowMaster})
	content.Facts = []fact{{"master", m.name}, {"state", deploy.MasterStandby.String()}}
	for _, r := range masters.Rows {
		r := r.(deploy.MasterRow)
		content.Title = "Muster · " + r.State.String()
		content.Facts = []fact{{"url", "muster://" + r.Address.String()}, {"state", r.State.String()}, {"epoch", fmt.Sprint(r.Epoch)},
			{"policy", r.Policy}, {"recovery", r.Recovery}}
	}
	content.Tables = []grid{
		m.grid(deploy.RowWorker, "Workers", "No worker has registered. Start one: muster worker muster://…"),
		m.grid(deploy.RowApp, "Applications", "No application has registered yet."),
		m.grid(deploy.RowDriver, "Drivers", "No driver has been submitted."),
		m.grid(deploy.RowExecutor, "Executors", "No executor runs."),
		m.grid(deploy.RowQueue, "Queues", "Nobody leads, so nothing waits in line here."),
	}
	m.show(w, content)
}

func (m *masterPages) grid(kind deploy.RowKind, title, empty string) grid {
	got := m.rows.List(status.Query{Kind: kind, Limit: shown, Ended: true})
	g := grid{Title: title, Columns: heads[kind], Empty: empty, Link: "/api/v1/" + kind.String() + "s", Count: m.rows.Count(kind)}
	for _, r := range got.Rows {
		g.Rows = append(g.Rows, line(r))
	}
	g.More = g.Count - len(g.Rows)
	return g
}

var heads = map[deploy.RowKind][]string{
	deploy.RowWorker:   {"Id", "Address", "State", "Cores", "Memory", "Executors", "Drivers", "Heard"},
	deploy.RowApp:      {"Id", "Name", "User", "State", "Cores", "Executors", "Waiting", "Submitted"},
	deploy.RowDriver:   {"Id", "Name", "State", "Worker", "Attempt", "Message", "Submitted"},
	deploy.RowQueue:    {"Queue", "Weight", "Minimum", "Quota", "Used", "Share", "Applications", "Drivers"},
	deploy.RowExecutor: {"Id", "State", "Worker", "Cores", "Memory", "Message", "Started"},
}

func line(r deploy.Row) []string {
	switch r := r.(type) {
	case deploy.WorkerRow:
		heard := when(r.LastHeartbeat)
		if r.State == deploy.WorkerAlive {
			heard = "now" // that is what ALIVE means; the row changes when it is not so
		}
		state := r.State.String()
		if r.ReservedFor != "" {
			state += ", kept for " + r.ReservedFor
		}
		return []string{string(r.Spec.ID), r.Spec.Address.String(), state, fmt.Sprintf("%d / %d", r.Used.Cores, r.Spec.Cores),
			deploy.FormatMemory(r.Used.MemoryMiB) + " / " + deploy.FormatMemory(r.Spec.MemoryMiB), strconv.Itoa(r.Executors), strconv.Itoa(r.Drivers), heard}
	case deploy.AppRow:
		waiting := ""
		if r.Waiting != deploy.ReasonNone {
			waiting = r.Waiting.String()
		}
		return []string{string(r.ID), r.Name, dash(r.User), r.State.String(), strconv.Itoa(int(r.Cores)), strconv.Itoa(r.Running), dash(waiting), when(r.SubmittedAt)}
	case deploy.DriverRow:
		if r.Message == "" && r.Waiting != deploy.ReasonNone {
			r.Message = "waits: " + r.Waiting.String()
		}
		return []string{string(r.ID), r.Name, r.State.String(), dash(string(r.Worker)), strconv.Itoa(int(r.Attempt)), dash(r.Message), when(r.SubmittedAt)}
	case deploy.QueueRow:
		return []string{r.RowKey().ID, strconv.FormatFloat(r.Weight, 'g', -1, 64), dash(deploy.FormatQuantities(r.Min)), dash(deploy.FormatQuantities(r.Quota)),
			dash(deploy.FormatQuantities(r.Used)), fmt.Sprintf("%.1f %%", 100*r.Share), strconv.Itoa(r.Apps), strconv.Itoa(r.Drivers)}
	case deploy.ExecutorRow:
		return []string{r.ID.String(), r.State.String(), string(r.Worker), strconv.Itoa(int(r.Need.Cores)), deploy.FormatMemory(r.Need.MemoryMiB), dash(r.Message), when(r.StartedAt)}
	}
	return []string{r.RowKey().ID}
}

func when(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.Format(time.DateTime)
}

// list answers one page of rows. A reader goes on with ?after= of next.
func (m *masterPages) list(w http.ResponseWriter, r *http.Request) {
	kind, ok := kinds[r.PathValue("kind")]
	if !ok {
		m.fail(w, http.StatusNotFound, fmt.Errorf("no rows are called %q: %w", r.PathValue("kind"), deploy.ErrNotFound))
		return
	}
	v := r.URL.Query()
	q := status.Query{Kind: kind, App: deploy.AppID(v.Get("app")), State: v.Get("state"), After: v.Get("after"), Limit: 1000, Ended: true}
	if text := v.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 10_000 {
			m.fail(w, http.StatusBadRequest, fmt.Errorf("limit %q: give a number from 1 to 10000: %w", text, deploy.ErrInvalid))
			return
		}
		q.Limit = n
	}
	got := m.rows.List(q)
	rows := got.Rows
	if rows == nil {
		rows = []deploy.Row{}
	}
	m.json(w, http.StatusOK, map[string]any{"items": rows, "next": got.Next})
}

func (m *masterPages) one(w http.ResponseWriter, r *http.Request) {
	kind, ok := kinds[r.PathValue("kind")]
	if row, found := m.rows.Get(deploy.RowKey{Kind: kind, ID: r.PathValue("id")}); ok && found {
		m.json(w, http.StatusOK, row)
		return
	}
	m.fail(w, http.StatusNotFound, fmt.Errorf("%s %q: %w", r.PathValue("kind"), r.PathValue("id"), deploy.ErrNotFound))
}

func (m *masterPages) fail(w http.ResponseWriter, code int, err error) {
	m.json(w, code, map[string]string{"error": err.Error()})
}

func (m *masterPages) json(w http.ResponseWriter, code int, v any) {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		code, b = http.StatusInternalServerError, []byte(`{"error":`+strconv.Quote(errors.Join(err).Error())+`}`)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(code)
	write(w, append(b, '\n'))
}
