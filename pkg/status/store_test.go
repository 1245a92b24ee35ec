package status_test

import (
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/status"
)

func app(id string, state deploy.AppState) deploy.AppRow {
	return deploy.AppRow{ID: deploy.AppID(id), State: state}
}

func executor(id string, num int32, state deploy.ExecutorState) deploy.ExecutorRow {
	return deploy.ExecutorRow{ID: deploy.ExecutorID{App: deploy.AppID(id), Num: num}, State: state}
}

func gone(kind deploy.RowKind, id string) deploy.Row {
	return deploy.GoneRow{Gone: deploy.RowKey{Kind: kind, ID: id}}
}

func store(rows ...deploy.Row) *status.Store {
	s := status.NewStore()
	s.Apply(rows)
	return s
}

func ids(rows []deploy.Row) string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = r.RowKey().ID
		if _, is := r.(deploy.GoneRow); is {
			out[i] += "(gone)"
		}
	}
	return strings.Join(out, " ")
}

func TestPagesContinue(t *testing.T) {
	s := store(executor("b", 1, 0), executor("a", 10, 0), executor("a", 9, 0), executor("a", 2, 0), executor("c", 0, 0), executor("a-b", 3, 0))
	var pages []string
	q := status.Query{Kind: deploy.RowExecutor, Limit: 2}
	for {
		p := s.List(q)
		pages = append(pages, ids(p.Rows))
		if p.Whole != (p.Next == "") {
			t.Errorf("page %+v is the last or not", p)
		}
		if p.Whole {
			break
		}
		q.After = p.Next
		s.Apply([]deploy.Row{gone(deploy.RowExecutor, p.Next)}) // where it stood is gone: it goes on behind it
	}
	if got, want := strings.Join(pages, "|"), "a/2 a/9|a/10 a-b/3|b/1 c/0"; got != want {
		t.Errorf("pages %q, want %q", got, want)
	}
	if got := ids(s.List(status.Query{Kind: deploy.RowExecutor}).Rows); got != "a/2 a/10 b/1 c/0" || s.Count(deploy.RowExecutor) != 4 {
		t.Errorf("left are %q, %d rows", got, s.Count(deploy.RowExecutor))
	}
}

func TestQueries(t *testing.T) {
	s := store(
		app("a", deploy.AppRunning), app("b", deploy.AppFailed), app("c", deploy.AppWaiting), app("a1", deploy.AppKilled),
		executor("a", 1, deploy.ExecutorRunning), executor("a", 2, deploy.ExecutorExited), executor("a1", 1, deploy.ExecutorRunning), executor("b", 7, deploy.ExecutorLost),
		deploy.DriverRow{ID: "d1", State: deploy.DriverRunning}, deploy.DriverRow{ID: "d2", State: deploy.DriverError},
		deploy.WorkerRow{Spec: deploy.WorkerSpec{ID: "w1"}, State: deploy.WorkerDead}, deploy.WorkerRow{Spec: deploy.WorkerSpec{ID: "w2"}, State: deploy.WorkerAlive},
		deploy.MasterRow{Name: "m", State: deploy.MasterAlive},
		deploy.DecisionRow{Decision: deploy.Decision{Subject: "a", Code: deploy.ReasonHeld}}, deploy.DecisionRow{Decision: deploy.Decision{Subject: "d1"}},
	)
	for _, c := range []struct {
		want string
		q    status.Query
	}{
		{"a c", status.Query{Kind: deploy.RowApp}},
		{"a a1 b c", status.Query{Kind: deploy.RowApp, Ended: true}},
		{"b", status.Query{Kind: deploy.RowApp, State: "FAILED"}},
		{"", status.Query{Kind: deploy.RowApp, State: "failed"}},
		{"b", status.Query{Kind: deploy.RowApp, ID: "b"}},
		{"", status.Query{Kind: deploy.RowApp, ID: "x"}},
		{"", status.Query{Kind: deploy.RowApp, ID: "b", After: "b"}},
		{"a", status.Query{Kind: deploy.RowApp, App: "a", Ended: true}},
		{"c", status.Query{Kind: deploy.RowApp, After: "a"}},
		{"b c", status.Query{Kind: deploy.RowApp, After: "a2", Ended: true}},
		{"a/1", status.Query{Kind: deploy.RowExecutor, App: "a"}},
		{"a/1 a/2", status.Query{Kind: deploy.RowExecutor, App: "a", Ended: true}},
		{"a/2", status.Query{Kind: deploy.RowExecutor, App: "a", Ended: true, After: "a/1"}},
		{"", status.Query{Kind: deploy.RowExecutor, App: "a", Ended: true, After: "a1/1"}},
		{"a/2", status.Query{Kind: deploy.RowExecutor, State: "EXITED"}},
		{"a/1 a1/1", status.Query{Kind: deploy.RowExecutor}},
		{"d1", status.Query{Kind: deploy.RowDriver}},
		{"w1 w2", status.Query{Kind: deploy.RowWorker}},
		{"w2", status.Query{Kind: deploy.RowWorker, State: "ALIVE"}},
		{"m", status.Query{Kind: deploy.RowMaster, State: "ALIVE"}},
		{"a/0", status.Query{Kind: deploy.RowDecision, State: "HELD"}},
		{"d1/0", status.Query{Kind: deploy.RowDecision, App: "d1"}},
		{"", status.Query{Kind: 99}},
		{"", status.Query{Kind: 99, ID: "a"}},
	} {
		if got := ids(s.List(c.q).Rows); got != c.want {
			t.Errorf("%+v: %q, want %q", c.q, got, c.want)
		}
	}
	if _, ok := s.Get(deploy.RowKey{Kind: 99, ID: "a"}); ok || s.Count(99) != 0 {
		t.Error("rows of a kind that is none")
	}
}

// TestRareAmongMany: what is wanted lies far behind what is not.
func TestRareAmongMany(t *testing.T) {
	var rows []deploy.Row
	for i := range int32(12_000) {
		state := deploy.ExecutorExited
		if i%1700 == 1699 && i < 4000 {
			state = deploy.ExecutorRunning
		}
		rows = append(rows, executor("app", i, state))
	}
	s := store(rows...)
	first := s.List(status.Query{Kind: deploy.RowExecutor, Limit: 1})
	second := s.List(status.Query{Kind: deploy.RowExecutor, Limit: 1, After: first.Next})
	if ids(first.Rows) != "app/1699" || first.Whole || ids(second.Rows) != "app/3399" || !second.Whole {
		t.Errorf("pages %+v, %+v", first, second)
	}
	for limit, want := range map[int]int{0: 1000, -1: 1000, 3000: 3000, 1 << 30: 10_000} {
		if p := s.List(status.Query{Kind: deploy.RowExecutor, Ended: true, Limit: limit}); len(p.Rows) != want || p.Whole {
			t.Errorf("limit %d: %d rows, whole %v", limit, len(p.Rows), p.Whole)
		}
	}
}

func TestGetAndGone(t *testing.T) {
	s := store(app("a", deploy.AppWaiting), app("a", deploy.AppRunning))
	key := deploy.RowKey{Kind: deploy.RowApp, ID: "a"}
	if row, ok := s.Get(key); !ok || row.(deploy.AppRow).State != deploy.AppRunning {
		t.Errorf("got %+v, %v", row, ok)
	}
	s.Apply([]deploy.Row{gone(deploy.RowApp, "a"), gone(deploy.RowApp, "a"), gone(deploy.RowApp, "never")})
	s.Apply(nil)
	if row, ok := s.Get(key); ok || s.Count(deploy.RowApp) != 0 {
		t.Errorf("after it has gone: %+v", row)
	}
}

func TestCounts(t *testing.T) {
	alive := deploy.WorkerRow{Spec: deploy.WorkerSpec{ID: "w1", Cores: 8, MemoryMiB: 100}, State: deploy.WorkerAlive, Used: deploy.Resources{Cores: 3, MemoryMiB: 40}}
	dead := deploy.WorkerRow{Spec: deploy.WorkerSpec{ID: "w2", Cores: 8, MemoryMiB: 100}, State: deploy.WorkerAlive}
	s := store(alive, dead, executor("a", 1, deploy.ExecutorRunning), executor("a", 2, deploy.ExecutorRunning), deploy.DriverRow{ID: "d", Waiting: deploy.ReasonHeld},
		deploy.AppRow{ID: "a", State: deploy.AppWaiting, Waiting: deploy.ReasonNoWorkers}, deploy.AppRow{ID: "b", State: deploy.AppKilled, Waiting: deploy.ReasonNoWorkers})
	dead.State = deploy.WorkerDead
	s.Apply([]deploy.Row{dead, gone(deploy.RowExecutor, "a/2"), executor("a", 1, deploy.ExecutorLost)})
	want := status.Counts{
		Workers: map[deploy.WorkerState]int{deploy.WorkerAlive: 1, deploy.WorkerDead: 1}, Apps: map[deploy.AppState]int{deploy.AppWaiting: 1, deploy.AppKilled: 1},
		Drivers: map[deploy.DriverState]int{deploy.DriverSubmitted: 1}, Executors: map[deploy.ExecutorState]int{deploy.ExecutorLost: 1},
		Waiting: map[deploy.ReasonCode]int{deploy.ReasonNoWorkers: 1, deploy.ReasonHeld: 1}, Cores: 8, CoresUsed: 3, MemoryMiB: 100, MemoryUsedMiB: 40,
	}
	if got := s.Counts(); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	s.Reset()
	if got := s.Counts(); len(got.Workers)+len(got.Apps)+len(got.Drivers)+len(got.Executors)+len(got.Waiting) != 0 || got.Cores != 0 || s.Count(deploy.RowApp) != 0 {
		t.Errorf("after a reset: %+v", got)
	}
}

func decision(subject string, profile int32, code deploy.ReasonCode, times int, since time.Time) deploy.Row {
	return deploy.DecisionRow{Decision: deploy.Decision{Subject: subject, Profile: profile, Code: code, Times: times, Since: since}}
}

func TestHistory(t *testing.T) {
	start := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	s := store(app("a", deploy.AppWaiting), deploy.DriverRow{ID: "d"},
		decision("a", 0, deploy.ReasonNoWorkers, 1, start), decision("a", 1, deploy.ReasonHeld, 1, start.Add(1)), decision("a", 0, deploy.ReasonNoWorkers, 2, start),
		decision("a", 0, deploy.ReasonHeld, 1, start.Add(2)), decision("d", 0, deploy.ReasonQuota, 1, start), decision("nobody", 0, deploy.ReasonHeld, 1, start))
	say := func(subject string) (out []string) {
		for _, d := range s.History(subject) {
			out = append(out, fmt.Sprintf("%d:%s*%d", d.Profile, d.Code, d.Times))
		}
		return out
	}
	if got := strings.Join(say("a"), " "); got != "0:NO_WORKERS*2 1:HELD*1 0:HELD*1" {
		t.Errorf("history %s", got)
	}
	s.Apply([]deploy.Row{gone(deploy.RowDecision, "a/0")}) // nothing is missing any more: it can still be explained
	if got := say("a"); len(got) != 3 {
		t.Errorf("history once nothing is missing: %v", got)
	}
	for i := range 200 {
		s.Apply([]deploy.Row{decision("a", 0, deploy.ReasonHeld+deploy.ReasonCode(i%2), i, start.Add(time.Duration(i)*time.Second))})
	}
	if got := say("a"); len(got) != 50 || got[0] != "0:HELD*150" || got[49] != "0:INFEASIBLE*199" {
		t.Errorf("%d decisions are kept: %v", len(got), got)
	}
	s.Apply([]deploy.Row{gone(deploy.RowApp, "a")})
	if got := say("a"); len(got) > 0 {
		t.Errorf("an application that has gone left %v", got)
	}
	if got := append(say("d"), say("nobody")...); len(got) != 1 {
		t.Errorf("of the driver, and of nobody: %v", got)
	}
}

func TestRowsOfAPageAreTheReaders(t *testing.T) {
	s := store(app("a", 0), app("b", 0))
	p := s.List(status.Query{Kind: deploy.RowApp})
	clear(p.Rows)
	if got := ids(s.List(status.Query{Kind: deploy.RowApp}).Rows); got != "a b" {
		t.Errorf("a reader's change of its page changed the store: %q", got)
	}
}

// reader keeps a table by what a watch tells.
type reader map[deploy.RowKey]deploy.Row

func (r reader) take(p status.Page) {
	for _, row := range p.Rows {
		if _, is := row.(deploy.GoneRow); is {
			delete(r, row.RowKey())
		} else {
			r[row.RowKey()] = row
		}
	}
}

func (r reader) same(p status.Page) bool {
	other := reader{}
	other.take(p)
	return maps.EqualFunc(r, other, func(a, b deploy.Row) bool { return reflect.DeepEqual(a, b) })
}
