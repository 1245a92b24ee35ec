package status

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/musterproject/muster/pkg/deploy"
)

func app(id string, state deploy.AppState) deploy.AppRow {
	return deploy.AppRow{ID: deploy.AppID(id), State: state}
}

func exec(id string, num int32) deploy.ExecutorRow {
	return deploy.ExecutorRow{ID: deploy.ExecutorID{App: deploy.AppID(id), Num: num}, State: deploy.ExecutorRunning}
}

func ids(rows []deploy.Row) string {
	s := ""
	for _, r := range rows {
		s += r.RowKey().ID + " "
	}
	return s
}

func TestPagesAreOrderedAndContinue(t *testing.T) {
	s := NewStore()
	s.Apply([]deploy.Row{exec("b", 1), exec("a", 10), exec("a", 9), exec("a", 2), exec("c", 0), exec("a-b", 3)})
	var got string
	q := Query{Kind: deploy.RowExecutor, Limit: 2}
	for {
		p := s.List(q)
		got += ids(p.Rows) + "| "
		if p.Next == "" {
			break
		}
		q.After = p.Next
	}
	if want := "a/2 a/9 | a/10 a-b/3 | b/1 c/0 | "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := ids(s.List(Query{Kind: deploy.RowExecutor, App: "a"}).Rows); got != "a/2 a/9 a/10 " {
		t.Errorf("of one application: %q", got)
	}
	s.Apply([]deploy.Row{deploy.GoneRow{Gone: deploy.RowKey{Kind: deploy.RowExecutor, ID: "a/9"}}})
	if got := ids(s.List(Query{Kind: deploy.RowExecutor, App: "a"}).Rows); got != "a/2 a/10 " || s.Count(deploy.RowExecutor) != 5 {
		t.Errorf("after one has gone: %q, %d rows", got, s.Count(deploy.RowExecutor))
	}
}

func TestEndedAndState(t *testing.T) {
	s := NewStore()
	s.Apply([]deploy.Row{app("a", deploy.AppRunning), app("b", deploy.AppFailed), app("c", deploy.AppWaiting)})
	for want, q := range map[string]Query{
		"a c ":   {Kind: deploy.RowApp},
		"a b c ": {Kind: deploy.RowApp, Ended: true},
		"b ":     {Kind: deploy.RowApp, State: "FAILED"},
		"c ":     {Kind: deploy.RowApp, ID: "c"},
		"":       {Kind: deploy.RowApp, ID: "x"},
	} {
		if got := ids(s.List(q).Rows); got != want {
			t.Errorf("%+v: got %q, want %q", q, got, want)
		}
	}
}

func TestWatchCoalescesForASlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewStore()
		s.Apply([]deploy.Row{app("a", deploy.AppWaiting)})
		ctx, cancel := context.WithCancel(context.Background())
		changes, next := make(chan Change), make(chan struct{})
		go func() {
			defer close(changes)
			for c := range s.Watch(ctx, Query{Kind: deploy.RowApp}) {
				changes <- c
				<-next
			}
		}()
		if c := <-changes; !c.Whole || ids(c.Rows) != "a " {
			t.Errorf("at first: %+v", c)
		}
		for range 100 {
			s.Apply([]deploy.Row{app("a", deploy.AppWaiting), app("b", deploy.AppRunning), app("a", deploy.AppRunning)})
		}
		s.Apply([]deploy.Row{app("c", deploy.AppFinished)}) // ended before the reader knew of it
		next <- struct{}{}
		c := <-changes
		if ids(c.Rows) != "a b " || c.Rows[0].(deploy.AppRow).State != deploy.AppRunning {
			t.Errorf("a slow reader saw %q", ids(c.Rows))
		}
		s.Apply([]deploy.Row{app("a", deploy.AppFinished)})
		next <- struct{}{}
		if c := <-changes; ids(c.Rows) != "a " || c.Rows[0].(deploy.AppRow).State != deploy.AppFinished {
			t.Errorf("the end of a known row did not arrive: %+v", c)
		}
		cancel()
		next <- struct{}{}
		if c, open := <-changes; open {
			t.Errorf("after its context: %+v", c)
		}
		if len(s.watchers) != 0 {
			t.Error("the watcher is still there")
		}
	})
}

func TestHistoryKeepsChangesOnly(t *testing.T) {
	s := NewStore()
	say := func(code deploy.ReasonCode, times int) {
		s.Apply([]deploy.Row{deploy.DecisionRow{Decision: deploy.Decision{Subject: "a", Code: code, Times: times}}})
	}
	say(deploy.ReasonNoWorkers, 1)
	say(deploy.ReasonNoWorkers, 2)
	say(deploy.ReasonHeld, 1)
	if h := s.History("a"); len(h) != 2 || h[0].Times != 2 || h[1].Code != deploy.ReasonHeld {
		t.Errorf("got %+v", h)
	}
	for i := range 200 {
		say(deploy.ReasonHeld+deploy.ReasonCode(i%2), 1)
	}
	if h := s.History("a"); len(h) != decisionsKept {
		t.Errorf("kept %d", len(h))
	}
	s.Apply([]deploy.Row{deploy.GoneRow{Gone: deploy.RowKey{Kind: deploy.RowApp, ID: "a"}}})
	if h := s.History("a"); len(h) != 0 {
		t.Errorf("an application that has gone left %d decisions", len(h))
	}
}

func ExampleStore() {
	s := NewStore()
	s.Apply([]deploy.Row{deploy.AppRow{ID: "app-1", State: deploy.AppRunning}})
	for _, r := range s.List(Query{Kind: deploy.RowApp}).Rows {
		fmt.Println(r.RowKey().ID, r.(deploy.AppRow).State)
	}
	// Output: app-1 RUNNING
}

func BenchmarkApply(b *testing.B) {
	for _, n := range []int{1_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := NewStore()
			rows := make([]deploy.Row, n)
			for i := range rows {
				rows[i] = exec("app", int32(i))
			}
			s.Apply(rows)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				s.Apply(rows[i%n : i%n+1])
			}
		})
	}
}
