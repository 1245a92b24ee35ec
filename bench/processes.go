package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
	"github.com/musterproject/muster/pkg/rpc/grpcrpc"
)

// daemon is one process of the program that a measure started.
type daemon struct {
	cmd  *exec.Cmd
	said []string // what followed the prefixes asked for
}

// start runs the program until it has printed a line of each prefix.
func (t *tools) start(ctx context.Context, prefixes []string, args ...string) (*daemon, error) {
	d := &daemon{cmd: exec.CommandContext(ctx, t.binary, args...)}
	out, err := d.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := d.cmd.Start(); err != nil {
		return nil, err
	}
	scan := bufio.NewScanner(out)
	for len(d.said) < len(prefixes) && scan.Scan() {
		if rest, ok := strings.CutPrefix(scan.Text(), prefixes[len(d.said)]); ok {
			d.said = append(d.said, strings.TrimSpace(rest))
		}
	}
	if len(d.said) < len(prefixes) {
		return nil, errors.Join(fmt.Errorf("%s did not start", strings.Join(args, " ")), d.end(syscall.SIGKILL))
	}
	return d, nil
}

func (d *daemon) end(sig syscall.Signal) error {
	if err := d.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	var exit *exec.ExitError
	if err := d.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		return err
	}
	return nil
}

func (t *tools) master(ctx context.Context, dir string, more ...string) (*daemon, deploy.Address, error) {
	d, err := t.start(ctx, []string{"master muster://"}, append([]string{"master", "--port", "0", "--webui-port", "0", "--dir", filepath.Join(dir, "master")}, more...)...)
	if err != nil {
		return nil, deploy.Address{}, err
	}
	at, err := deploy.ParseAddress(d.said[0])
	return d, at, err
}

// masterStart is T18: from the start of the process until it accepts a submission, beside the start of a bare program.
func masterStart(ctx context.Context, t *tools) ([]line, error) {
	var ours, bare []float64
	for i := range t.count * 2 {
		began := time.Now()
		if out, err := exec.CommandContext(ctx, t.binary, "version").CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%w: %s", err, out)
		}
		bare = append(bare, time.Since(began).Seconds())
		took, err := t.firstSubmit(ctx, i)
		if err != nil {
			return nil, err
		}
		ours = append(ours, took.Seconds())
	}
	o, b := median(ours), median(bare)
	return []line{{"T18", "start of the master to its first accepted submission", fmt.Sprintf("%.0f ms", 1e3*o), fmt.Sprintf("start alone %.0f ms", 1e3*b),
		fmt.Sprintf("%.1f", o/b), "<= 60 ms", o <= 0.060}}, nil
}

func (t *tools) firstSubmit(ctx context.Context, n int) (took time.Duration, err error) {
	dir, err := os.MkdirTemp("", "muster-bench-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	began := time.Now()
	d, at, err := t.master(ctx, dir)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, d.end(syscall.SIGTERM)) }()
	transport := grpcrpc.New(grpcrpc.DefaultConfig())
	defer func() { err = errors.Join(err, transport.Close()) }()
	_, err = rpc.NewCluster(transport, []deploy.Address{at}, 5*time.Second).Call(ctx, sleeper(deploy.RequestID("start-"+strconv.Itoa(n))))
	return time.Since(began), err
}

// sleeper is a supervised driver that runs until it is ended.
func sleeper(id deploy.RequestID) deploy.SubmitDriver {
	return deploy.SubmitDriver{Request: id, Spec: deploy.DriverSpec{
		Name: "sleeper", Supervise: true, MaxRestarts: -1, Need: deploy.Resources{Cores: 1, MemoryMiB: 16},
		Command: deploy.Command{Program: "/bin/sleep", Args: []string{"600"}},
	}}
}

// workerDeath is T10: a worker is killed with -9; how long until what it ran is placed on another. The lease is off, as for work that needs no fence.
func workerDeath(ctx context.Context, t *tools) (lines []line, err error) {
	dir, err := os.MkdirTemp("", "muster-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	m, at, err := t.master(ctx, dir, "--conf", "driver.lease=0s")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.end(syscall.SIGTERM)) }()
	transport := grpcrpc.New(grpcrpc.DefaultConfig())
	defer func() { err = errors.Join(err, transport.Close()) }()
	f := &farm{t: t, dir: dir, at: at, cluster: rpc.NewCluster(transport, []deploy.Address{at}, 5*time.Second), workers: map[deploy.Address]*daemon{}}
	defer func() { err = errors.Join(err, f.close()) }()
	var times []float64
	for range 10 * t.count {
		took, err := f.kill(ctx)
		if err != nil {
			return nil, err
		}
		times = append(times, took.Seconds()*1e3)
	}
	p50, p99 := median(times), quantile(times, 0.99)
	return []line{{"T10", fmt.Sprintf("worker killed to its work placed again, p99 of %d", len(times)), fmt.Sprintf("%.1f ms", p99), fmt.Sprintf("p50 %.1f ms", p50), "", "<= 20 ms", p99 <= 20}}, nil
}

// farm keeps two workers alive and one driver on one of them.
type farm struct {
	t       *tools
	dir     string
	at      deploy.Address
	cluster *rpc.Cluster
	workers map[deploy.Address]*daemon
	started int
	driver  deploy.DriverID
}

func (f *farm) fill(ctx context.Context) error {
	for len(f.workers) < 2 {
		f.started++
		dir := filepath.Join(f.dir, "worker"+strconv.Itoa(f.started))
		d, err := f.t.start(ctx, []string{"worker "}, "worker", "--webui-port", "0", "--cores", "1", "--memory", "64m", "--work-dir", dir, "muster://"+f.at.String())
		if err != nil {
			return err
		}
		_, where, _ := strings.Cut(d.said[0], " at ")
		at, err := deploy.ParseAddress(where)
		if err != nil {
			return err
		}
		f.workers[at] = d
	}
	return nil
}

// kill ends the worker that has the driver and times until the driver is on the other.
func (f *farm) kill(ctx context.Context) (time.Duration, error) {
	if err := f.fill(ctx); err != nil {
		return 0, err
	}
	if f.driver == "" {
		got, err := f.cluster.Call(ctx, sleeper("death"))
		if err != nil {
			return 0, err
		}
		f.driver = deploy.DriverID(got.(deploy.Accepted).ID)
	}
	if err := f.await(ctx, deploy.RowWorker, "", func(r deploy.Row) bool { return f.alive(ctx) }); err != nil {
		return 0, err
	}
	var on deploy.Address
	err := f.await(ctx, deploy.RowDriver, string(f.driver), func(r deploy.Row) bool {
		d := r.(deploy.DriverRow)
		on = d.WorkerAddr
		return d.State == deploy.DriverRunning
	})
	if err != nil {
		return 0, err
	}
	victim := f.workers[on]
	if victim == nil {
		return 0, fmt.Errorf("the driver is on %s, which nobody started", on)
	}
	var began time.Time
	placed := func(r deploy.Row) bool {
		d := r.(deploy.DriverRow)
		return !d.WorkerAddr.IsZero() && d.WorkerAddr != on
	}
	armed := make(chan error, 1)
	go func() { armed <- f.await(ctx, deploy.RowDriver, string(f.driver), placed) }()
	began = time.Now()
	if err := victim.end(syscall.SIGKILL); err != nil {
		return 0, err
	}
	delete(f.workers, on)
	err = <-armed
	return time.Since(began), err
}

// alive tells whether all workers of the farm are registered.
func (f *farm) alive(ctx context.Context) bool {
	n := 0
	for rows, err := range f.cluster.Watch(ctx, rpc.Query{Kind: deploy.RowWorker, State: deploy.WorkerAlive.String()}) {
		if err != nil {
			return false
		}
		for _, r := range rows.Rows {
			if w, ok := r.(deploy.WorkerRow); ok && f.workers[w.Spec.Address] != nil {
				n++
			}
		}
	}
	return n == len(f.workers)
}

// await watches rows until one of them is as wanted.
func (f *farm) await(ctx context.Context, kind deploy.RowKind, id string, as func(deploy.Row) bool) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for rows, err := range f.cluster.Watch(ctx, rpc.Query{Kind: kind, ID: id, Follow: true, Ended: true}) {
		if err != nil {
			return err
		}
		for _, r := range rows.Rows {
			if r.RowKey().Kind == kind && as(r) {
				return nil
			}
		}
	}
	return fmt.Errorf("waiting for a %s: %w", kind, ctx.Err())
}

func (f *farm) close() error {
	var errs []error
	for _, d := range f.workers {
		errs = append(errs, d.end(syscall.SIGTERM))
	}
	return errors.Join(errs...)
}

// rss is the resident memory of a process, bytes.
func rss(pid int) (int64, error) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return 0, err
	}
	words := strings.Fields(string(b))
	pages, err := strconv.ParseInt(words[1], 10, 64)
	return pages * int64(os.Getpagesize()), err
}
