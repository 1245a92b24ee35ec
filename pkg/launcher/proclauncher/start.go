//go:build linux

package proclauncher

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/musterproject/muster/pkg/launcher"
)

// process is a started child.
type process struct {
	pid     int
	fd      int // pidfd
	exit    <-chan syscall.WaitStatus
	at      time.Time
	tree    tree
	group   *cgroup // nil without cgroups
	streams streams
}

// start prepares what the order asks for and starts its process.
func (k *keeper) start(o *order) (p *process, err error) {
	who, err := findOwner(o.User)
	if err != nil {
		return nil, err
	}
	if err := prepare(o, who); err != nil {
		return nil, err
	}
	path, err := resolve(o)
	if err != nil {
		return nil, err
	}
	p = &process{}
	stdout, stderr, err := k.openStreams(o, who, &p.streams)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.streams.abandon())
		}
	}()
	if k.cgroups != nil {
		if p.group, err = k.cgroups.take(); err != nil {
			return nil, err
		}
	}
	err = k.fork(o, p, path, &syscall.ProcAttr{
		Dir: o.Dir, Env: environment(o, launcher.NonceEnv+"="+k.home.nonce(o.Launch)),
		Files: []uintptr{k.null.Fd(), stdout.Fd(), stderr.Fd()},
		Sys:   &syscall.SysProcAttr{Setsid: true, Credential: who.credential(), PidFD: &p.fd},
	})
	if err != nil && p.group != nil {
		err = errors.Join(err, k.cgroups.give(p.group))
	}
	return p, err
}

// busyTries and busyPause bound the wait for somebody who still writes the program: a process just being forked may hold its file for a moment.
const (
	busyTries = 10
	busyPause = 10 * time.Millisecond
)

func (k *keeper) fork(o *order, p *process, path string, attr *syscall.ProcAttr) error {
	if p.group != nil {
		attr.Sys.UseCgroupFD, attr.Sys.CgroupFD = true, int(p.group.dir.Fd())
	}
	argv := append([]string{o.Program}, o.Args...)
	var err error
	for range busyTries {
		p.pid, p.exit, err = k.reaper.start(path, argv, attr)
		if !errors.Is(err, unix.ETXTBSY) {
			break
		}
		time.Sleep(busyPause)
	}
	if err != nil {
		return explain(o, path, err)
	}
	p.at = time.Now()
	if p.group != nil {
		p.tree = p.group
	} else {
		p.tree = &kin{first: p.pid, nonce: k.home.nonce(o.Launch), reaper: k.reaper}
	}
	return nil
}

// prepare makes the working directory and what stands in it.
func prepare(o *order, who *owner) error {
	if err := makeDir(o.Dir, who); err != nil {
		return err
	}
	for _, f := range o.Files {
		if err := placeFile(o.Dir, f, who); err != nil {
			return fmt.Errorf("place file %s: %w", f.Name, err)
		}
	}
	for _, s := range o.Secrets {
		if err := placeSecret(o.Dir, s, who); err != nil {
			return fmt.Errorf("place secret %s: %w", s.Name, err)
		}
	}
	return nil
}

// streams are the outputs of a process while it lives.
type streams struct {
	child  []*os.File // what the process writes to: closed here once it has them
	pipes  []*os.File // what is copied from
	files  []*roller  // what is copied to, one for each pipe
	copies sync.WaitGroup
}

// openStreams opens the two outputs. Without rolling the process writes into the file itself; with it, into a pipe.
func (k *keeper) openStreams(o *order, who *owner, s *streams) (stdout, stderr *os.File, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, s.abandon())
		}
	}()
	out := &o.Outputs
	if stdout, err = k.openStream(o.Dir, out.Stdout, out.Rolling, who, s); err != nil {
		return nil, nil, err
	}
	if out.Stderr == out.Stdout {
		return stdout, stdout, nil
	}
	stderr, err = k.openStream(o.Dir, out.Stderr, out.Rolling, who, s)
	return stdout, stderr, err
}

func (k *keeper) openStream(dir, name string, rules launcher.Rolling, who *owner, s *streams) (*os.File, error) {
	if name == "" {
		return k.null, nil
	}
	f, err := openOutput(dir, name)
	if err != nil {
		return nil, err
	}
	if rules.By == launcher.RollNever {
		s.child = append(s.child, f)
		return f, who.own(f.Name())
	}
	to, err := newRoller(dir, name, rules, f)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		return nil, errors.Join(fmt.Errorf("pipe for %s: %w", name, err), to.close())
	}
	if err := unix.SetNonblock(ends[0], true); err != nil {
		return nil, errors.Join(err, to.close(), unix.Close(ends[0]), unix.Close(ends[1]))
	}
	s.files = append(s.files, to)
	s.pipes = append(s.pipes, os.NewFile(uintptr(ends[0]), name))
	write := os.NewFile(uintptr(ends[1]), name)
	s.child = append(s.child, write)
	return write, nil
}

// abandon closes everything where no process was started.
func (s *streams) abandon() error {
	faults := []error{s.handOver()}
	for i := range s.pipes {
		faults = append(faults, s.pipes[i].Close(), s.files[i].close())
	}
	return errors.Join(faults...)
}

// handOver closes the process's own ends.
func (s *streams) handOver() error {
	var faults []error
	for _, f := range s.child {
		faults = append(faults, f.Close())
	}
	s.child = nil
	return errors.Join(faults...)
}

// copy starts the copying; end waits for it.
func (k *keeper) copy(s *streams) {
	for i := range s.pipes {
		s.copies.Go(func() { k.note("copy output", k.drain(s.pipes[i], s.files[i])) })
	}
}

// lastBytes is how long an output is read when its process is gone but somebody outside of the tree holds the pipe.
const lastBytes = time.Second

// end waits until all that was written is in the files.
func (s *streams) end() {
	for _, p := range s.pipes {
		_ = p.SetReadDeadline(time.Now().Add(lastBytes)) // it fails where all has been read and the pipe is closed
	}
	s.copies.Wait()
}
