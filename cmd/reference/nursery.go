package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// demoCores is what each worker of a demo offers.
const demoCores = 2

// nursery keeps the daemons of a demo: it starts them from this very program, and ends every one it started.
type nursery struct {
	dir   string
	self  string
	procs []*daemon // in the order of their start
}

// daemon is one child and what it said at its start.
type daemon struct {
	name  string
	cmd   *exec.Cmd
	log   string
	ended error         // how; after done
	done  chan struct{} // closed when it has ended
}

func newNursery() (*nursery, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "muster-demo-")
	if err != nil {
		return nil, err
	}
	return &nursery{dir: dir, self: self}, nil
}

// cluster starts a master and its workers and waits until all say where they are.
func (n *nursery) cluster(ctx context.Context, workers int) (url, pages string, err error) {
	said, err := n.start(ctx, "master", []string{"master ", "pages "}, "master", "--port", "0", "--webui-port", "0", "--dir", filepath.Join(n.dir, "master"))
	if err != nil {
		return "", "", err
	}
	url, pages = said[0], said[1]
	for i := range workers {
		name := "worker" + strconv.Itoa(i+1)
		_, err := n.start(ctx, name, []string{"worker "}, "worker", "--webui-port", "0", "--work-dir", filepath.Join(n.dir, name), "--cores", strconv.Itoa(demoCores), "--memory", "2g", url)
		if err != nil {
			return "", "", err
		}
	}
	return url, pages, nil
}

// start runs one daemon and gives what follows each of the prefixes on its standard output.
func (n *nursery) start(ctx context.Context, name string, prefixes []string, args ...string) ([]string, error) {
	d := &daemon{name: name, log: filepath.Join(n.dir, name+".log"), done: make(chan struct{})}
	log, err := os.Create(d.log)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	out, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	d.cmd = exec.CommandContext(context.WithoutCancel(ctx), n.self, args...) // an interrupt ends them in close, in order
	d.cmd.Dir, d.cmd.Stdout, d.cmd.Stderr = n.dir, in, log
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a Ctrl-C in the terminal is the demo's to hand on
	err = d.cmd.Start()
	if err = errors.Join(err, in.Close()); err != nil {
		return nil, errors.Join(err, out.Close())
	}
	n.procs = append(n.procs, d)
	go func() {
		defer close(d.done)
		d.ended = d.cmd.Wait()
	}()
	lines := make(chan string)
	go func() {
		defer close(lines)
		scan := bufio.NewScanner(out)
		for scan.Scan() {
			lines <- scan.Text()
		}
	}()
	return d.hear(ctx, lines, prefixes)
}

// hear waits for a line of each prefix, in order, and then lets the rest pass.
func (d *daemon) hear(ctx context.Context, lines <-chan string, prefixes []string) ([]string, error) {
	var said []string
	deadline := time.NewTimer(startTimeout)
	defer deadline.Stop()
	for len(said) < len(prefixes) {
		select {
		case line, ok := <-lines:
			if !ok {
				return nil, fmt.Errorf("%s ended at its start:\n%s", d.name, tail(d.log))
			}
			if rest, ok := strings.CutPrefix(line, prefixes[len(said)]); ok {
				said = append(said, strings.TrimSpace(rest))
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-deadline.C:
			return nil, fmt.Errorf("%s did not start within %s:\n%s", d.name, startTimeout, tail(d.log))
		}
	}
	go func() {
		for range lines { // nothing more is expected; a full pipe must not stop the daemon
			continue
		}
	}()
	return said, nil
}

// tail is the end of a log, for an error.
func tail(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return err.Error()
	}
	b, err := io.ReadAll(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-2048):])
}

// close ends the daemons, the last one first, politely and then not, waits for each, and removes their folder.
func (n *nursery) close() error {
	var errs []error
	for i := len(n.procs) - 1; i >= 0; i-- {
		d := n.procs[i]
		if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
			errs = append(errs, fmt.Errorf("end %s: %w", d.name, err))
		}
	}
	deadline := time.After(30 * time.Second)
	for _, d := range n.procs {
		select {
		case <-d.done:
			if d.ended != nil {
				errs = append(errs, fmt.Errorf("%s: %w:\n%s", d.name, d.ended, tail(d.log)))
			}
		case <-deadline:
			errs = append(errs, fmt.Errorf("%s did not end when asked and is killed", d.name), d.cmd.Process.Kill())
			<-d.done
		}
	}
	return errors.Join(append(errs, os.RemoveAll(n.dir))...)
}
