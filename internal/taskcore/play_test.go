package taskcore

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// play is a core, the virtual time it lives in, and what its last event led to, one line each.
type play struct {
	t    testing.TB
	core *Core
	now  time.Time
	out  Effects
	did  []string
	runs map[string]Order // by "job/index", the newest
}

func newPlay(t testing.TB, change ...func(*Config)) *play {
	cfg := DefaultConfig()
	for _, f := range change {
		f(&cfg)
	}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	return &play{t: t, core: New(cfg), now: time.Unix(1_000_000, 0), runs: map[string]Order{}}
}

func (p *play) do(ev Event) {
	p.t.Helper()
	p.out.Reset()
	p.core.Step(p.now, ev, &p.out)
	if err := p.core.Check(); err != nil {
		p.t.Fatalf("after %T: %v", ev, err)
	}
	p.did = p.did[:0]
	for _, o := range p.out.Run {
		p.runs[string(o.Task.Input)] = o
		p.did = append(p.did, fmt.Sprintf("run %s on %d attempt %d", o.Task.Input, o.Peer, o.Task.Attempt))
	}
	for _, w := range p.out.Cancel {
		p.did = append(p.did, fmt.Sprintf("cancel %s on %d unstarted=%t", p.input(w.ID), w.Peer, w.Unstarted))
	}
	for _, h := range p.out.Hangup {
		p.did = append(p.did, fmt.Sprintf("hangup %d: %s", h.Peer, h.Reason))
	}
	for _, id := range p.out.Kill {
		p.did = append(p.did, "kill "+id.String())
	}
	for _, d := range p.out.Done {
		p.did = append(p.did, fmt.Sprintf("done %d/%d %s by %s attempt %d", d.Job, d.Index, d.Output, d.Executor, d.Attempt))
	}
	for _, o := range p.out.Over {
		if o.Failure == nil {
			p.did = append(p.did, fmt.Sprintf("over %d", o.Job))
		} else {
			p.did = append(p.did, fmt.Sprintf("failed %d: task %d, %d times: %s", o.Job, o.Failure.Index, o.Failure.Attempts, o.Failure.Error))
		}
	}
	for _, f := range p.out.Facts {
		p.did = append(p.did, fmt.Sprintf("%T %+v", f, f))
	}
}

func (p *play) input(id uint64) string {
	for _, o := range p.runs {
		if o.Task.ID == id {
			return string(o.Task.Input)
		}
	}
	return fmt.Sprint(id)
}

// job begins a job of as many tasks as names, which are their inputs.
func (p *play) job(id JobID, attempts int32, names ...string) {
	p.t.Helper()
	p.do(JobBegun{Job: id, Func: "f", Attempts: attempts})
	inputs := make([][]byte, len(names))
	for i, n := range names {
		inputs[i] = []byte(n)
	}
	p.do(TasksAdded{Job: id, Inputs: inputs})
}

func executorID(num int32) deploy.ExecutorID { return deploy.ExecutorID{App: "app-1", Num: num} }

// join opens a session whose peer id is the executor's number.
func (p *play) join(num, cores int32) {
	p.t.Helper()
	p.do(ExecutorReady{Peer: deploy.PeerID(num), ID: executorID(num), Cores: cores})
}

// result reports the newest attempt of a task, as given to an executor.
func (p *play) result(input string, state deploy.TaskState, text string) {
	p.t.Helper()
	o, ok := p.runs[input]
	if !ok {
		p.t.Fatalf("task %s was never run", input)
	}
	p.report(o, state, text)
}

func (p *play) report(o Order, state deploy.TaskState, text string) {
	p.t.Helper()
	r := deploy.TaskResult{ID: o.Task.ID, Attempt: o.Task.Attempt, State: state, Took: time.Minute}
	if state == deploy.TaskFinished {
		r.Output = []byte(text)
	} else {
		r.Error = text
	}
	p.do(Results{Peer: o.Peer, List: []deploy.TaskResult{r}})
}

func (p *play) ended(num int32, state deploy.ExecutorState, code int32, workerLost bool) {
	p.t.Helper()
	p.do(ExecutorChanged{View: deploy.ExecutorView{Executor: executorID(num), State: state, Exit: deploy.Exit{Code: code}, WorkerLost: workerLost}})
}

func (p *play) wait(d time.Duration) {
	p.t.Helper()
	var all []string
	for until := p.now.Add(d); ; {
		at, ok := p.core.Deadline()
		if !ok || at.After(until) {
			p.now, p.did = until, all
			return
		}
		p.now = at
		p.do(Tick{})
		all = append(all, p.did...)
	}
}

func (p *play) expect(lines ...string) {
	p.t.Helper()
	text := strings.Join(p.did, "\n")
	for _, l := range lines {
		if !strings.Contains(text, l) {
			p.t.Errorf("expected %q; it did:\n%s", l, text)
		}
	}
}

func (p *play) never(lines ...string) {
	p.t.Helper()
	text := strings.Join(p.did, "\n")
	for _, l := range lines {
		if strings.Contains(text, l) {
			p.t.Errorf("never %q; it did:\n%s", l, text)
		}
	}
}
