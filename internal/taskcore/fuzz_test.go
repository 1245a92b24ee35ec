package taskcore

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// world is what surrounds a core: executors that hold what they were given, and what has been told.
type world struct {
	*play
	held    map[deploy.PeerID][]Order
	done    map[JobID]map[int]bool
	over    map[JobID]bool
	dropped map[JobID]bool
	closed  map[JobID]bool
	added   map[JobID]int
	late    []Order // of sessions that have ended
	job     JobID
	peer    deploy.PeerID
}

func newWorld(t testing.TB, ahead byte) *world {
	return &world{
		play: newPlay(t, func(c *Config) { c.MaxAhead = int32(ahead % 8) }),
		held: map[deploy.PeerID][]Order{}, done: map[JobID]map[int]bool{}, over: map[JobID]bool{}, dropped: map[JobID]bool{}, closed: map[JobID]bool{}, added: map[JobID]int{},
	}
}

// step does ev and holds what it led to to what a user and an executor may rely on.
func (w *world) step(ev Event) {
	w.do(ev)
	for _, o := range w.out.Run {
		held, ok := w.held[o.Peer]
		if !ok {
			w.t.Fatalf("task %d is given to %d, which has no session", o.Task.ID, o.Peer)
		}
		w.held[o.Peer] = append(held, o)
	}
	for _, c := range w.out.Cancel {
		if c.Unstarted || w.held[c.Peer] == nil {
			continue
		}
		if !slices.ContainsFunc(w.held[c.Peer], func(o Order) bool { return o.Task.ID == c.ID }) {
			w.t.Fatalf("task %d is taken back from %d, which does not have it", c.ID, c.Peer)
		}
	}
	for _, h := range w.out.Hangup {
		w.late = append(w.late, w.held[h.Peer]...)
		delete(w.held, h.Peer)
	}
	for _, d := range w.out.Done {
		switch {
		case w.done[d.Job][d.Index]:
			w.t.Fatalf("task %d of job %d is done twice", d.Index, d.Job)
		case w.over[d.Job] || w.dropped[d.Job]:
			w.t.Fatalf("task %d is done after job %d was over", d.Index, d.Job)
		case int(binary.LittleEndian.Uint32(d.Output)) != d.Index:
			w.t.Fatalf("task %d got the result %v", d.Index, d.Output)
		}
		w.done[d.Job][d.Index] = true
	}
	for _, o := range w.out.Over {
		if w.over[o.Job] || w.dropped[o.Job] {
			w.t.Fatalf("job %d is over twice", o.Job)
		}
		w.over[o.Job] = true
		if o.Failure == nil && len(w.done[o.Job]) != w.added[o.Job] {
			w.t.Fatalf("job %d is over with %d results of %d", o.Job, len(w.done[o.Job]), w.added[o.Job])
		}
	}
}

func (w *world) begin(attempts byte) {
	w.job++
	w.done[w.job] = map[int]bool{}
	w.step(JobBegun{Job: w.job, Func: "f", Attempts: int32(attempts%3) + 1})
}

func (w *world) add(job JobID, n int) {
	if w.done[job] == nil || w.over[job] || w.dropped[job] || w.closed[job] {
		return
	}
	inputs := make([][]byte, n)
	for i := range inputs {
		inputs[i] = binary.LittleEndian.AppendUint32(nil, uint32(w.added[job]+i))
	}
	w.added[job] += n
	w.step(TasksAdded{Job: job, Inputs: inputs})
}

func (w *world) open(num, cores int32) {
	w.peer++
	w.held[w.peer] = []Order{}
	w.step(ExecutorReady{Peer: w.peer, ID: executorID(num), Cores: cores})
}

// report lets an executor end one of the tasks it holds; sometimes it says so twice.
func (w *world) report(peer deploy.PeerID, which int, state deploy.TaskState, twice bool) {
	held := w.held[peer]
	if len(held) == 0 {
		return
	}
	which %= len(held)
	o := held[which]
	w.held[peer] = slices.Delete(held, which, which+1)
	r := deploy.TaskResult{ID: o.Task.ID, Attempt: o.Task.Attempt, State: state, Output: o.Task.Input, Took: time.Duration(which) * time.Millisecond}
	list := []deploy.TaskResult{r}
	if twice {
		list = append(list, r)
	}
	w.step(Results{Peer: peer, List: list})
}

func (w *world) play1(verb, arg byte) {
	switch verb % 12 {
	case 0:
		w.begin(arg)
	case 1, 2:
		w.add(JobID(arg>>5)+1, int(arg&15))
	case 3:
		job := JobID(arg&7) + 1
		if w.done[job] != nil && !w.over[job] && !w.dropped[job] {
			w.closed[job] = true
			w.step(JobClosed{Job: job})
		}
	case 4:
		w.open(int32(arg&7), int32(arg>>3&3))
	case 5, 6, 7:
		state := deploy.TaskFinished
		if verb%12 == 7 {
			state = deploy.TaskState(arg >> 6)
		}
		w.report(deploy.PeerID(arg&15), int(arg>>4), state, arg&1 == 0)
	case 8:
		peer := deploy.PeerID(arg & 15)
		w.late = append(w.late, w.held[peer]...)
		delete(w.held, peer)
		w.step(ExecutorClosed{Peer: peer})
	case 9:
		w.step(ExecutorChanged{Vanished: arg > 200, View: deploy.ExecutorView{Executor: executorID(int32(arg & 7)), State: deploy.ExecutorState(arg >> 3 % 7), WorkerLost: arg&64 != 0}})
	case 10:
		w.now = w.now.Add(time.Duration(arg) * 20 * time.Millisecond)
		w.step(Tick{})
	case 11:
		if job := JobID(arg&7) + 1; arg > 220 && w.done[job] != nil && !w.over[job] {
			w.dropped[job] = true
			w.step(JobCancelled{Job: job})
		} else if len(w.late) > 0 {
			o := w.late[int(arg)%len(w.late)]
			for peer := range w.peer + 1 {
				w.step(Results{Peer: peer, List: []deploy.TaskResult{{ID: o.Task.ID, Attempt: o.Task.Attempt, Output: []byte{255, 255, 255, 255}}}})
			}
		}
	}
}

// heal lets a fresh executor finish everything: each job that may still end must end.
func (w *world) heal() {
	for job := range w.done {
		if !w.over[job] && !w.dropped[job] {
			w.step(JobClosed{Job: job})
		}
	}
	w.open(100, 4)
	for range 100_000 {
		busy := false
		for peer := range w.peer + 1 {
			if len(w.held[peer]) > 0 {
				busy = true
				w.report(peer, 0, deploy.TaskFinished, false)
			}
		}
		if w.now = w.now.Add(time.Second); true {
			w.step(Heard{Peer: w.peer})
			w.step(Tick{})
		}
		if !busy && w.core.pending == 0 && len(w.core.jobs) == 0 {
			break
		}
	}
	for job := range w.done {
		if !w.over[job] && !w.dropped[job] {
			w.t.Fatalf("job %d never ends: %d of %d done", job, len(w.done[job]), w.added[job])
		}
	}
}

// FuzzCore steps a core through whatever users, executors and clusters can do; every task has one result, and every job one end.
func FuzzCore(f *testing.F) {
	f.Add([]byte{3, 0, 1, 1, 7, 4, 9, 5, 1, 5, 17, 8, 1, 4, 9, 5, 2, 3, 0})
	f.Add([]byte{7, 0, 2, 1, 31, 4, 9, 4, 18, 7, 129, 9, 33, 10, 255, 11, 230, 11, 3})
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) == 0 || len(script) > 600 {
			return
		}
		w := newWorld(t, script[0])
		for i := 1; i+1 < len(script); i += 2 {
			w.play1(script[i], script[i+1])
		}
		w.heal()
	})
}

// TestSeeds plays what the fuzz target plays, from seeds.
func TestSeeds(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		script := make([]byte, 1+r.IntN(600))
		for i := range script {
			script[i] = byte(r.Uint32())
		}
		w := newWorld(t, script[0])
		for i := 1; i+1 < len(script); i += 2 {
			w.play1(script[i], script[i+1])
		}
		w.heal()
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}
