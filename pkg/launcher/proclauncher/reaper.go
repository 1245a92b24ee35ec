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
	mu      sync.Mutex // held while forking and while taking an exit, so that a pid is known before its exit is seen and not reused before it is
	waiting map[int]chan<- syscall.WaitStatus
	forked  chan struct{} // holds one token when there may be children again
}

func newReaper() *reaper {
	return &reaper{waiting: map[int]chan<- syscall.WaitStatus{}, forked: make(chan struct{}, 1)}
}

// start forks and executes. exit gets one status.
func (r *reaper) start(path string, argv []string, attr *syscall.ProcAttr) (pid int, exit <-chan syscall.WaitStatus, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	pid, err = syscall.ForkExec(path, argv, attr)
	if err != nil {
		return 0, nil, err
	}
	status := make(chan syscall.WaitStatus, 1)
	r.waiting[pid] = status
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

// orphans lists children that were not started here: a subreaper inherits those whose parent died, and Linux gives them to its first thread.
// No exit is taken meanwhile: a child that leaves the list would hide its neighbour from who reads it.
func (r *reaper) orphans() ([]int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	me := unix.Getpid()
	all, err := childrenOf(me, strconv.Itoa(me))
	return slices.DeleteFunc(all, func(pid int) bool { return r.waiting[pid] != nil }), err
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
		_, _, errno := unix.Syscall6(unix.SYS_WAITID, unix.P_ALL, 0, uintptr(unsafe.Pointer(&info)), uintptr(unix.WEXITED|unix.WNOWAIT|options), 0, 0)
		switch errno {
		case 0:
			return int(info.pid), nil
		case unix.EINTR:
		default:
			return 0, errno
		}
	}
}
