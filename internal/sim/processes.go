package sim

import (
	"cmp"
	"slices"
	"time"

	"github.com/musterproject/muster/internal/workercore"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
)

const (
	stopGrace   = 1500 * time.Millisecond // the launcher's own
	orphanGrace = 8 * time.Second         // how long an adopting launcher keeps processes without their worker
)

// process is one launch as the launcher of a worker knows it.
type process struct {
	order   deploy.Launch
	handle  launcher.Handle
	worker  *worker
	alive   bool // it runs, and takes its resources
	stopped bool // its end was asked for
}

// processes is a worker's launcher. It outlives the worker's process by a little, or for long if it adopts.
type processes struct {
	k         *worker
	held      []*process
	abandoned map[deploy.LaunchID]bool // while they were prepared
}

func (s *processes) find(id deploy.LaunchID) *process {
	for _, p := range s.held {
		if p.order.ID == id {
			return p
		}
	}
	return nil
}

// list is what a new life of the worker finds.
func (s *processes) list() (list []workercore.Held) {
	slices.SortFunc(s.held, func(a, b *process) int { return a.order.ID.Compare(b.order.ID) })
	for _, p := range s.held {
		list = append(list, workercore.Held{Order: p.order, Handle: p.handle})
	}
	if len(list) > 0 {
		s.k.w.count("processes adopted")
	}
	return list
}

// prepare fetches and makes directories, in the worker's process, and then hands the launch to the launcher, or fails.
func (s *processes) prepare(l deploy.Launch) {
	w, k := s.k.w, s.k
	w.book.ordered(k, l)
	d := w.between(time.Millisecond, 20*time.Millisecond)
	if !w.healed && w.p.Prepare > 0 {
		d = w.between(time.Millisecond, w.p.Prepare)
	}
	k.after(d, func() {
		if s.abandoned[l.ID] {
			delete(s.abandoned, l.ID)
			k.step(workercore.Prepared{Launch: l.ID, Failure: "abandoned"})
			return
		}
		if !w.healed && w.chance(w.p.StartFail) && w.chance(.5) {
			w.count("preparing failed")
			k.step(workercore.Prepared{Launch: l.ID, Failure: "no space left on device"})
			return
		}
		s.take(l)
		k.step(workercore.Prepared{Launch: l.ID})
	})
}

// take is Launch of the launcher, idempotent by id.
func (s *processes) take(l deploy.Launch) {
	if s.find(l.ID) != nil {
		return
	}
	w := s.k.w
	p := &process{order: l, worker: s.k, handle: launcher.Handle{Launch: l.ID, State: deploy.ExecutorLaunching}}
	s.held = append(s.held, p)
	w.after(w.between(time.Millisecond, 30*time.Millisecond), func() { s.launch(p) })
}

func (s *processes) launch(p *process) {
	w := s.k.w
	switch {
	case p.handle.State.Terminal():
	case s.k.paused:
		w.after(100*time.Millisecond, func() { s.launch(p) })
	case !w.healed && w.chance(w.p.StartFail) && w.chance(.5):
		w.count("start failed")
		p.handle.State, p.handle.Message = deploy.ExecutorFailed, "exec format error"
		s.tell(launcher.StartFailed{Launch: p.order.ID, Message: p.handle.Message, At: s.k.time()})
	default:
		p.alive = true
		p.handle.State, p.handle.StartedAt, p.handle.PID = deploy.ExecutorRunning, s.k.time(), 1
		w.trace(s.k.node, "process starts", uint64(p.order.ID.Epoch), p.order.ID.Seq)
		w.book.started(p)
		s.tell(launcher.Started{Launch: p.order.ID, PID: 1, At: s.k.time()})
		s.live(p)
	}
}

// live lets the process do what its program does.
func (s *processes) live(p *process) {
	w := s.k.w
	b := behaviours()[p.order.Command.Program]
	if w.healed || b.most == 0 {
		return // until it is killed
	}
	exit := deploy.Exit{}
	if w.chance(b.bad) {
		exit.Code = 1
		if w.chance(.2) {
			exit = deploy.Exit{Signal: 9}
		}
	}
	w.after(w.between(b.least, b.most), func() { s.ends(p, exit) })
}

// behaviour is what a program does when nobody interferes.
type behaviour struct {
	least, most time.Duration // of its life; 0: it goes on
	bad         float64       // ends with a failure
}

func behaviours() map[string]behaviour {
	const s = time.Second
	return map[string]behaviour{
		"long":    {},
		"short":   {s / 2, 8 * s, .1},
		"flaky":   {s, 15 * s, .6},
		"failing": {s / 50, 2 * s, 1},
	}
}

// ends lets a process end by itself; a paused one does nothing.
func (s *processes) ends(p *process, exit deploy.Exit) {
	if s.k.paused && p.alive {
		s.k.w.after(200*time.Millisecond, func() { s.ends(p, exit) })
		return
	}
	s.gone(p, exit, false)
}

// gone is the end of the whole tree.
func (s *processes) gone(p *process, exit deploy.Exit, killed bool) {
	w := s.k.w
	if p.handle.State.Terminal() {
		return
	}
	was := p.alive
	p.alive = false
	p.handle.State, p.handle.Exit, p.handle.EndedAt = deploy.ExecutorExited, exit, s.k.time()
	if killed {
		p.handle.State = deploy.ExecutorKilled
	}
	w.trace(s.k.node, "process ends", uint64(p.order.ID.Epoch), p.order.ID.Seq)
	if was {
		w.book.ended(p)
	}
	lived := time.Duration(0)
	if was {
		lived = p.handle.EndedAt.Sub(p.handle.StartedAt)
	}
	s.tell(launcher.Exited{Launch: p.order.ID, Exit: exit, Killed: killed, Lived: lived, At: s.k.time()})
}

// tell passes an event on to the worker, sometimes twice; a worker that is dead learns it from the list.
func (s *processes) tell(ev launcher.Event) {
	k := s.k
	if !k.up {
		return
	}
	k.run(k.boot, func() { k.step(workercore.Process{Event: ev}) })
	if k.w.chance(.02) {
		k.after(k.w.between(0, time.Second), func() { k.step(workercore.Process{Event: ev}) })
	}
}

func (s *processes) control(id deploy.LaunchID, c launcher.Control) {
	p := s.find(id)
	if p == nil {
		return // unknown launch
	}
	switch c := c.(type) {
	case launcher.Stop:
		s.stop(p, c.Grace)
	case launcher.Forget:
		if !p.handle.State.Terminal() {
			s.k.w.fail("S10", "%s is told to forget launch %s, which is %s", s.k.name, id, p.handle.State)
		}
		s.held = slices.DeleteFunc(s.held, func(o *process) bool { return o == p })
	}
}

// stop sends TERM, which some processes obey at once, and after the grace KILL.
func (s *processes) stop(p *process, grace time.Duration) {
	w := s.k.w
	p.stopped = true
	exit := deploy.Exit{Signal: 15}
	d := w.between(5*time.Millisecond, 50*time.Millisecond)
	switch {
	case grace < 0:
		exit.Signal = 9
	case w.chance(.4):
		exit.Signal = 9
		d += cmp.Or(grace, stopGrace)
		w.count("process ignored TERM")
	}
	w.after(d, func() { s.killed(p, exit) })
}

func (s *processes) killed(p *process, exit deploy.Exit) {
	if s.k.paused {
		s.k.w.after(50*time.Millisecond, func() { s.killed(p, exit) })
		return
	}
	s.gone(p, exit, true)
}

// orphan is called when the worker's process has ended. It gives the time after which a new one may begin. Nobody watches the lease of a
// supervised driver any more, so it is ended at once.
func (s *processes) orphan() time.Duration {
	w := s.k.w
	clear(s.abandoned)
	if s.k.spec.Adopts {
		for _, p := range s.held {
			if p.order.Leased {
				s.stop(p, -1)
			}
		}
		boot := s.k.boot
		w.after(orphanGrace, func() {
			if s.k.boot == boot && !s.k.up {
				for _, p := range slices.Clone(s.held) {
					w.count("orphan ended after its grace")
					s.gone(p, deploy.Exit{Signal: 9}, true)
				}
			}
		})
		return 0
	}
	d := w.between(10*time.Millisecond, 800*time.Millisecond)
	for _, p := range slices.Clone(s.held) {
		w.after(w.between(time.Millisecond, d), func() { s.gone(p, deploy.Exit{Signal: 9}, true) })
	}
	w.after(d, func() { s.held = nil })
	return d + time.Millisecond
}
