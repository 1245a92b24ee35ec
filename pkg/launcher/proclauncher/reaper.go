//go:build linux

package proclauncher

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// reaper starts children and waits for them, and for the orphans that a subreaper inherits.
type reaper struct {
	forking sync.RWMutex // held for reading while a child exists whose pid may not be known yet; never taken under mu
	mu      sync.Mutex   // guards waiting, and taking an exit: until it is taken its pid is not given away
	waiting map[int]chan<- syscall.WaitStatus
	forked  chan struct{} // holds one token when there may be children again
}

func newReaper() *reaper {
	return &reaper{waiting: map[int]chan<- syscall.WaitStatus{}, forked: make(chan struct{}, 1)}
}

// start forks and executes. exit gets one status.
func (r *reaper) start(path string, argv []string, attr *syscall.ProcAttr) (pid int, exit <-chan syscall.WaitStatus, err error) {
	r.forking.RLock()
	defer r.forking.RUnlock()
	pid, err = syscall.ForkExec(path, argv, attr)
	if err != nil {
		return 0, nil, err
	}
	status := make(chan syscall.WaitStatus, 1)
	r.mu.Lock()
	r.waiting[pid] = status
	r.mu.Unlock()
	select {
	case r.forked <- struct{}{}:
	default:
	}
	return pid, status, nil
}

// waits tells whether pid is a child whose exit has not been taken.
func (r *reaper) waits(pid int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.waiting[pid] != nil
}

// orphans lists children that were not started here, or are just being: a subreaper inherits those whose parent died, and Linux gives them to its
// first thread. No exit is taken meanwhile: a child that leaves the list would hide its neighbour from who reads it.
func (r *reaper) orphans() ([]int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	me := unix.Getpid()
	all, err := childrenOf(me, strconv.Itoa(me))
	return slices.DeleteFunc(all, func(pid int) bool { return r.waiting[pid] != nil }), err
}

// killOrphans kills all children that were not started here.
func (r *reaper) killOrphans() error {
	r.forking.Lock() // so that none is one that is just being started
	defer r.forking.Unlock()
	left, err := r.orphans()
	return errors.Join(err, signalAll(left, unix.SIGKILL, func(pid int) bool {
		s, err := readStat(pid)
		return err == nil && s.parent == unix.Getpid() && !r.waits(pid)
	}))
}

// run takes exits until ctx ends and no child is left.
func (r *reaper) run(ctx context.Context) error {
	for {
		pid, err := nextDead(0)
		switch {
		case err == nil:
			if err := r.take(pid); err != nil {
				return err
			}
		case !errors.Is(err, unix.ECHILD):
			return fmt.Errorf("wait for children: %w", err)
		default:
			select {
			case <-r.forked:
			case <-ctx.Done():
				return nil
			}
		}
	}
}

func (r *reaper) take(pid int) error {
	if !r.waits(pid) { // an orphan, or the start of it has not come to an end
		r.forking.Lock()
		defer r.forking.Unlock()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var status syscall.WaitStatus
	dead, err := syscall.Wait4(pid, &status, syscall.WNOHANG, nil)
	if errors.Is(err, unix.ECHILD) || err == nil && dead != pid {
		return nil // it could not execute its program, and forking has waited for it meanwhile
	}
	if err != nil {
		return fmt.Errorf("wait for process %d: %w", pid, err)
	}
	if exit := r.waiting[pid]; exit != nil {
		exit <- status
		delete(r.waiting, pid)
	}
	return nil
}

// childSiginfo is the kernel's siginfo_t as waitid fills it; what follows the code is aligned as a pointer.
type childSiginfo struct {
	signo, errno, code int32
	_                  [unsafe.Sizeof(uintptr(0))/4 - 1]int32
	pid                int32
	_                  [128]byte
}

// nextDead waits, unless WNOHANG is among the options, until some child is dead, and leaves it so: until it is waited for, its pid is not given away.
func nextDead(options int) (int, error) {
	for {
		var info childSiginfo
		how := uintptr(unix.WEXITED | unix.WNOWAIT | options)
		//nolint:gosec // the pid in the answer cannot be read from the type that x/sys has for it
		_, _, errno := unix.Syscall6(unix.SYS_WAITID, unix.P_ALL, 0, uintptr(unsafe.Pointer(&info)), how, 0, 0)
		switch errno {
		case 0:
			return int(info.pid), nil
		case unix.EINTR:
		default:
			return 0, errno
		}
	}
}
