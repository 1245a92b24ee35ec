//go:build linux

package proclauncher

import (
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/musterproject/muster/pkg/deploy"
)

// run is one launch in the keeper, from the order to the end of its tree. Its goroutine is live; others ask it for something and wake it.
type run struct {
	launch      deploy.LaunchID
	owner       string
	grace       time.Duration
	orphanGrace time.Duration
	wake        chan struct{} // holds one token

	mu       sync.Mutex
	process  *process  // nil before the start and after the end
	stopAt   time.Time // when to begin stopping; zero: nobody asked
	killAt   time.Time // when stopping becomes killing
	orphanAt time.Time // when stopping begins for want of a worker; zero: there is one
	why      string    // of a stop that nobody asked for
}

// stop asks for the end: at once with a negative grace, else TERM and after grace KILL. Of several the earliest kill counts.
func (r *run) stop(grace time.Duration, why string) {
	r.mu.Lock()
	r.stopLocked(time.Now(), grace, why)
	r.mu.Unlock()
	r.rouse()
}

func (r *run) stopLocked(now time.Time, grace time.Duration, why string) {
	if r.stopAt.IsZero() {
		r.stopAt, r.why = now, why
		r.killAt = now.Add(max(grace, 0))
		return
	}
	if at := now.Add(max(grace, 0)); at.Before(r.killAt) {
		r.killAt = at
	}
}

// leave says that the worker has gone; from then on the order's OrphanGrace runs. rejoin says that another has come.
func (r *run) leave(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.orphanAt.IsZero() {
		r.orphanAt = now.Add(r.orphanGrace)
		r.rouse()
	}
}

func (r *run) rejoin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.orphanAt = time.Time{}
}

func (r *run) rouse() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// signal sends one signal to the first process.
func (r *run) signal(number int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.process == nil {
		return fmt.Errorf("signal launch %s: %w: it has no process", r.launch, deploy.ErrIllegalTransition)
	}
	err := unix.PidfdSendSignal(r.process.fd, unix.Signal(number), nil, 0)
	if errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("signal launch %s: %w", r.launch, deploy.ErrAlreadyFinished)
	}
	if err != nil {
		return fmt.Errorf("signal launch %s: %w", r.launch, err)
	}
	return nil
}

// phase is what stopping has come to.
type phase uint8

const (
	running phase = iota
	terminating
	killing
)

// phase tells where the run stands at now and when that changes; zero: not by itself.
func (r *run) phase(now time.Time) (phase, time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopAt.IsZero() && !r.orphanAt.IsZero() && !now.Before(r.orphanAt) {
		grace := r.grace
		if r.orphanGrace == 0 {
			grace = -1
		}
		r.stopLocked(now, grace, "its worker was gone")
	}
	switch {
	case r.stopAt.IsZero():
		return running, r.orphanAt
	case now.Before(r.killAt):
		return terminating, r.killAt
	}
	return killing, time.Time{}
}

func (r *run) stopped() (bool, string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.stopAt.IsZero(), r.why
}

func (r *run) set(p *process) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p == nil && r.process != nil {
		_ = unix.Close(r.process.fd)
	}
	r.process = p
}

// tree gives the living tree, for a look at what it uses.
func (r *run) tree() tree {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.process == nil {
		return nil
	}
	return r.process.tree
}

// live is the life of a launch. taken is called when the order will not be forgotten.
func (k *keeper) live(r *run, o *order, taken func()) {
	defer k.drop(r)
	id := r.launch
	var err error
	if r.orphanGrace > 0 {
		err = k.record(id)
	}
	taken()
	if err != nil {
		k.tell(entry{Kind: startFailed, Launch: id, Message: err.Error(), At: time.Now()})
		return
	}
	k.slots <- struct{}{}
	if stopped, why := r.stopped(); stopped || k.ending() {
		<-k.slots
		k.tell(entry{Kind: exited, Launch: id, Killed: true, Message: why, At: time.Now()})
		return
	}
	p, err := k.start(o)
	<-k.slots
	if err != nil {
		k.tell(entry{Kind: startFailed, Launch: id, Message: err.Error(), At: time.Now()})
		return
	}
	r.set(p)
	k.tell(entry{Kind: started, Launch: id, PID: p.pid, At: p.at})
	k.note("hand over output", p.streams.handOver())
	k.copy(&p.streams)
	status := k.attend(r, p)
	p.streams.end()
	r.set(nil)
	k.tellEnd(r, p, status)
	if p.group != nil {
		k.note("give back cgroup", k.cgroups.give(p.group))
	}
}

// attend waits for the end of the whole tree and carries out what is asked for meanwhile. What outlives the first process is killed at
// once, or, while a stop's grace lasts, may use the rest of it.
func (k *keeper) attend(r *run, p *process) (status syscall.WaitStatus) {
	var look pause
	exit, done := p.exit, running
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		now := time.Now()
		at, next := r.phase(now)
		if exit == nil {
			gone, err := p.tree.empty()
			if gone {
				return status
			}
			k.note("look at what is left", err)
			if at == running {
				at = killing
			}
		}
		k.press(r, p, at, &done)
		wait := time.Hour
		if !next.IsZero() {
			wait = next.Sub(now)
		}
		if exit == nil || at == killing {
			wait = min(wait, look.next())
		}
		timer.Reset(max(wait, 0))
		select {
		case status = <-exit:
			exit, look = nil, 0
		case <-r.wake:
		case <-timer.C:
		}
	}
}

// press signals what the phase asks for: TERM once, KILL until nobody is left.
func (k *keeper) press(r *run, p *process, at phase, done *phase) {
	switch at {
	case running:
	case terminating:
		if *done < terminating {
			k.note("terminate "+r.owner, p.tree.signal(unix.SIGTERM))
			k.note("terminate "+r.owner, p.tree.signal(unix.SIGCONT)) // a stopped process cannot end by itself
		}
	case killing:
		k.note("kill "+r.owner, p.tree.signal(unix.SIGKILL))
	}
	*done = max(*done, at)
}

func (k *keeper) tellEnd(r *run, p *process, status syscall.WaitStatus) {
	now := time.Now()
	end := entry{Kind: exited, Launch: r.launch, Lived: now.Sub(p.at), At: now}
	end.Killed, end.Message = r.stopped()
	if status.Signaled() {
		end.Exit.Signal = int32(status.Signal())
	} else {
		end.Exit.Code = int32(status.ExitStatus())
	}
	if k.ranOutOfMemory(p, !end.Killed && end.Exit.Signal == int32(unix.SIGKILL)) {
		end.Exit.OOM = end.Exit.Signal == int32(unix.SIGKILL)
		k.tell(entry{Kind: oomKilled, Launch: r.launch, At: now})
	}
	k.tell(end)
}
