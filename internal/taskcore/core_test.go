package taskcore

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

func TestFirstInFirstOut(t *testing.T) {
	p := newPlay(t)
	p.job(1, 4, "a", "b", "c")
	p.job(2, 4, "x")
	p.join(1, 2)
	p.expect("run a on 1", "run b on 1")
	p.never("run c", "run x")
	p.result("a", deploy.TaskFinished, "A")
	p.expect("done 1/0 A by app-1/1", "run c on 1")
	p.do(JobClosed{Job: 1})
	p.result("c", deploy.TaskFinished, "C")
	p.expect("run x on 1")
	p.never("over")
	p.result("b", deploy.TaskFinished, "B")
	p.expect("done 1/1 B", "over 1")
	p.result("x", deploy.TaskFinished, "X")
	p.never("over") // more may come
	p.do(JobClosed{Job: 2})
	p.expect("over 2")
}

func TestSpreadsOverExecutors(t *testing.T) {
	p := newPlay(t)
	p.join(1, 4)
	p.join(2, 4)
	p.job(1, 4, "a", "b", "c", "d")
	counts := map[deploy.PeerID]int{}
	for _, o := range p.out.Run {
		counts[o.Peer]++
	}
	if counts[1] != 2 || counts[2] != 2 {
		t.Errorf("not spread: %v", counts)
	}
}

func TestResultsCountOnce(t *testing.T) {
	p := newPlay(t)
	p.join(1, 1)
	p.job(1, 4, "a", "b")
	first := p.runs["a"]
	p.report(first, deploy.TaskFinished, "A")
	p.expect("done 1/0 A")
	p.report(first, deploy.TaskFinished, "A")
	p.never("done")
	// A slot is used again with another generation.
	p.job(2, 4, "z")
	p.report(first, deploy.TaskFailed, "late")
	p.never("done", "TaskFailed")
}

func TestLateResultOfASupersededAttempt(t *testing.T) {
	p := newPlay(t)
	p.join(1, 1)
	p.job(1, 4, "a")
	old := p.runs["a"]
	p.ended(1, deploy.ExecutorLost, 0, true)
	p.expect("hangup 1")
	p.join(2, 1)
	p.expect("run a on 2 attempt 1")
	p.report(old, deploy.TaskFinished, "old")
	p.never("done")
	p.do(Results{Peer: 2, List: []deploy.TaskResult{{ID: old.Task.ID, Attempt: 0, State: deploy.TaskFinished}}})
	p.never("done")
	p.result("a", deploy.TaskFinished, "new")
	p.expect("done 1/0 new by app-1/2 attempt 1")
}

func TestFailures(t *testing.T) {
	p := newPlay(t)
	p.join(1, 1)
	p.job(1, 3, "a", "b")
	p.result("a", deploy.TaskFailed, "first")
	p.expect("run a on 1 attempt 1")
	p.result("a", deploy.TaskKilled, "") // nobody's fault
	p.expect("run a on 1 attempt 2")
	p.result("a", deploy.TaskFailed, "second")
	p.never("failed 1")
	p.result("a", deploy.TaskFailed, "third")
	p.expect("failed 1: task 0, 3 times: third")
	p.never("run b")
}

func TestFailedJobTakesItsTasksBack(t *testing.T) {
	p := newPlay(t)
	p.join(1, 1)
	p.join(2, 1)
	p.job(1, 1, "a", "b")
	p.job(2, 1, "c")
	running := p.runs["b"]
	p.result("a", deploy.TaskFailed, "bad")
	p.expect("failed 1: task 0, 1 times: bad", "cancel b on "+fmt.Sprint(running.Peer)+" unstarted=false", "run c")
	p.report(running, deploy.TaskFinished, "B")
	p.never("done")
}

func TestLostExecutor(t *testing.T) {
	for _, c := range []struct {
		name       string
		state      deploy.ExecutorState
		code       int32
		workerLost bool
		counts     bool
	}{
		{"exited with its worker", deploy.ExecutorExited, 1, true, false},
		{"lost with its worker", deploy.ExecutorLost, 0, true, false},
		{"killed by request", deploy.ExecutorKilled, 0, false, false},
		{"could not reach its driver", deploy.ExecutorExited, ExitDriverLost, false, false},
		{"crashed", deploy.ExecutorExited, 2, false, true},
		{"a task ended the process", deploy.ExecutorExited, 0, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlay(t)
			p.join(1, 1)
			p.job(1, 1, "a")
			p.ended(1, c.state, c.code, c.workerLost)
			if c.counts {
				p.expect("failed 1: task 0, 1 times: executor app-1/1 ended while it ran the task: " + c.state.String())
				return
			}
			p.never("failed")
			p.join(2, 1)
			p.expect("run a on 2 attempt 1")
		})
	}
}

func TestOnlyWhatRanIsBlamed(t *testing.T) {
	p := newPlay(t, func(c *Config) { c.Ahead = time.Hour })
	p.join(1, 1)
	p.job(1, 1, "a", "b", "c", "d")
	p.result("a", deploy.TaskFinished, "A") // the average is known now: more are held
	p.expect("run b", "run c", "run d")
	p.job(2, 4, "x")
	p.do(JobCancelled{Job: 1})
	p.expect("cancel b", "cancel c", "cancel d")
	p.ended(1, deploy.ExecutorExited, 1, false)
	p.never("failed")
	p.join(2, 2)
	p.expect("run x on 2")
}

func TestBrokenSession(t *testing.T) {
	p := newPlay(t)
	p.join(1, 1)
	p.job(1, 1, "a")
	p.do(ExecutorClosed{Peer: 1, Reason: "reset"})
	p.expect("ExecutorAway")
	p.wait(4 * time.Second)
	p.never("ExecutorGone")
	p.do(ExecutorReady{Peer: 7, ID: executorID(1), Cores: 1})
	p.expect("run a on 7 attempt 1", "Again:true") // what it held died with the session
	p.do(ExecutorClosed{Peer: 7, Reason: "reset"})
	p.wait(5 * time.Second)
	p.expect("kill app-1/1", "failed 1: task 0, 1 times: executor app-1/1 ended while it ran the task: its session broke")
	p.do(ExecutorReady{Peer: 8, ID: executorID(1), Cores: 1})
	p.expect("hangup 8: executor app-1/1 has been given up")
}

func TestSilentExecutor(t *testing.T) {
	p := newPlay(t)
	p.join(1, 1)
	p.wait(9 * time.Second)
	p.do(Heard{Peer: 1})
	p.wait(9900 * time.Millisecond)
	p.never("kill")
	p.wait(200 * time.Millisecond)
	p.expect("kill app-1/1", "hangup 1", "silent for 10s")
}

func TestSleepingDriverBlamesNobody(t *testing.T) {
	p := newPlay(t)
	p.join(1, 1)
	p.now = p.now.Add(time.Hour)
	p.do(Tick{})
	p.never("kill")
	p.wait(9 * time.Second)
	p.never("kill")
	p.wait(2 * time.Second)
	p.expect("kill")
}

func TestNewerSessionReplacesTheOld(t *testing.T) {
	p := newPlay(t)
	p.join(1, 1)
	p.job(1, 4, "a")
	p.do(ExecutorReady{Peer: 9, ID: executorID(1), Cores: 1})
	p.expect("hangup 1: replaced", "run a on 9 attempt 1")
	p.do(ExecutorClosed{Peer: 1})
	p.never("ExecutorAway")
}

func TestVanishedExecutorThatStillTalksStays(t *testing.T) {
	p := newPlay(t)
	p.join(1, 1)
	p.job(1, 4, "a")
	gone := ExecutorChanged{View: deploy.ExecutorView{Executor: executorID(1), State: deploy.ExecutorLost}, Vanished: true}
	p.do(gone)
	p.never("ExecutorGone")
	p.do(ExecutorClosed{Peer: 1})
	p.do(gone)
	p.expect("ExecutorGone", "Blamed:false")
}

func TestEndReportedBeforeTheSession(t *testing.T) {
	p := newPlay(t)
	p.ended(3, deploy.ExecutorExited, 1, false)
	p.join(3, 1)
	p.expect("hangup 3: executor app-1/3 has been given up")
}

func TestAheadFollowsTheLengthOfTasks(t *testing.T) {
	for _, c := range []struct {
		took time.Duration
		held int
	}{{time.Minute, 1}, {51 * time.Millisecond, 1}, {25 * time.Millisecond, 3}, {10 * time.Millisecond, 6}, {time.Microsecond, 1025}, {0, 1025}} {
		p := newPlay(t)
		p.join(1, 1)
		names := make([]string, 2000)
		for i := range names {
			names[i] = fmt.Sprint(i)
		}
		p.job(1, 4, names...)
		if len(p.out.Run) != 1 {
			t.Fatalf("%d tasks are given before any is known", len(p.out.Run))
		}
		o := p.out.Run[0]
		p.do(Results{Peer: 1, List: []deploy.TaskResult{{ID: o.Task.ID, Took: c.took}}})
		if len(p.out.Run) != c.held {
			t.Errorf("of tasks of %s it holds %d, want %d", c.took, len(p.out.Run), c.held)
		}
	}
}

func TestTasksBehindALongOneAreTakenBack(t *testing.T) {
	p := newPlay(t)
	p.join(1, 1)
	p.job(1, 4, "a", "b", "c")
	p.do(Results{Peer: 1, List: []deploy.TaskResult{{ID: p.runs["a"].Task.ID, Took: time.Millisecond}}})
	p.expect("run b on 1", "run c on 1")
	p.join(2, 1)
	p.wait(100 * time.Millisecond)
	p.expect("cancel c on 1 unstarted=true")
	p.wait(time.Second)
	p.never("cancel") // once is enough
	p.result("c", deploy.TaskKilled, "")
	p.expect("run c on 2 attempt 1")
}

func TestHeldBytes(t *testing.T) {
	p := newPlay(t, func(c *Config) { c.MaxHeldBytes = 3 })
	p.join(1, 8)
	p.job(1, 4, "long one", "b", "c", "d", "e", "f")
	p.expect("run long one")
	p.never("run b")
	p.result("long one", deploy.TaskFinished, "")
	p.expect("run b", "run c", "run d")
	p.never("run e")
	p.result("c", deploy.TaskFinished, "")
	p.expect("run e")
	p.never("run f")
}

func TestDrainingExecutorGetsNothing(t *testing.T) {
	p := newPlay(t)
	p.join(1, 1)
	p.ended(1, deploy.ExecutorDecommissioned, 0, false)
	p.job(1, 4, "a")
	p.never("run")
	p.join(2, 1)
	p.expect("run a on 2")
}

func TestEmptyJob(t *testing.T) {
	p := newPlay(t)
	p.do(JobBegun{Job: 1, Func: "f", Attempts: 1})
	p.do(JobClosed{Job: 1})
	p.expect("over 1")
	p.do(TasksAdded{Job: 1, Inputs: [][]byte{{1}}})
	p.never("run")
}

func TestExecutorWithoutCores(t *testing.T) {
	p := newPlay(t)
	p.join(1, 0)
	p.expect("hangup 1: executor app-1/1 says it has 0 cores")
}

func TestConfigValidate(t *testing.T) {
	err := Config{Ahead: -1, MaxAhead: -1}.Validate()
	for _, name := range []string{"Ahead is", "MaxAhead", "LostGrace", "ExecutorTimeout", "Patrol"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named in %v", name, err)
		}
	}
}
