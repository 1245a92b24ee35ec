//go:build linux

package proclauncher_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/musterproject/muster/internal/need"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
	"github.com/musterproject/muster/pkg/launcher/launchertest"
	"github.com/musterproject/muster/pkg/launcher/proclauncher"
)

const program = "/bin/true"

// BenchmarkLaunch launches a tiny program with its output captured and its exit reported, beside fork, exec and wait of the same program by
// bare system calls in the same run, turn by turn, with the same number under way. The ratio is what supervision leaves. Working directories
// are in memory (dir=shm): making three inodes for each launch takes ext4 from 0.1 ms to well over 1 ms, the latter for some minutes after many
// were removed, as by an earlier benchmark. dir=disk shows it.
func BenchmarkLaunch(b *testing.B) {
	memory := filepath.Join("/dev/shm", fmt.Sprintf("proclauncher-%d", os.Getpid()))
	err := os.Mkdir(memory, 0o700)
	need.Or(b, "shm", err == nil, "keeps working directories in memory")
	b.Cleanup(func() {
		if err := os.RemoveAll(memory); err != nil {
			b.Error(err)
		}
	})
	for _, c := range []struct {
		name, dir string
		use       proclauncher.CgroupUse
		window    int
	}{
		{"disk", b.TempDir(), proclauncher.CgroupAuto, 8},
		{"shm", memory, proclauncher.CgroupAlways, 1},
		{"shm", memory, proclauncher.CgroupAlways, 8},
		{"shm", memory, proclauncher.CgroupAlways, 64},
		{"shm", memory, proclauncher.CgroupNever, 1},
		{"shm", memory, proclauncher.CgroupNever, 8},
		{"shm", memory, proclauncher.CgroupNever, 64},
	} {
		kind := [...]string{proclauncher.CgroupAuto: "auto", proclauncher.CgroupNever: "never", proclauncher.CgroupAlways: "always"}[c.use]
		b.Run(fmt.Sprintf("dir=%s/cgroup=%s/window=%d", c.name, kind, c.window), func(b *testing.B) {
			if c.use == proclauncher.CgroupAlways {
				needCgroup(b)
			}
			benchmarkLaunch(b, filepath.Join(c.dir, b.Name(), fmt.Sprint(b.N)), c.use, c.window)
		})
	}
}

func benchmarkLaunch(b *testing.B, dirs string, use proclauncher.CgroupUse, window int) {
	b.ReportAllocs()
	cfg := proclauncher.DefaultConfig(b.TempDir())
	cfg.UseCgroup = use
	l := open(b, cfg)
	defer shut(b, l)
	turns := &launches{l: l, dirs: dirs, window: window}
	const turn = 250 // launches on each side before the other has its turn
	var bare, ours cost
	for left := b.N; left > 0; left -= turn {
		n := min(turn, left)
		bare.add(b, l, func() { forkExecWait(b, n, window) })
		ours.add(b, l, func() { turns.run(b, n) })
		turns.forget(b, n)
	}
	b.ReportMetric(float64(b.N)/ours.time.Seconds(), "launches/s")
	b.ReportMetric(float64(b.N)/bare.time.Seconds(), "bare/s")
	b.ReportMetric(bare.time.Seconds()/ours.time.Seconds(), "ratio")
	b.ReportMetric(bare.cpu.Seconds()/ours.cpu.Seconds(), "cpu-ratio")
}

// cost is what one side took. Processor time, of this process, the keeper and their children, is the opinion that a busy machine does not change.
type cost struct{ time, cpu time.Duration }

func (c *cost) add(b *testing.B, l *proclauncher.Launcher, work func()) {
	b.Helper()
	keeper := proclauncher.KeeperPID(l)
	begun, cpu := time.Now(), cpuOf(b, os.Getpid())+cpuOf(b, keeper)
	work()
	c.time += time.Since(begun)
	c.cpu += cpuOf(b, os.Getpid()) + cpuOf(b, keeper) - cpu
}

// cpuOf is what a process and the children it has waited for have used, in steps of 10 ms.
func cpuOf(b *testing.B, pid int) time.Duration {
	b.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	f := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	ticks := 0
	for _, n := range f[11:15] {
		v, err := strconv.Atoi(n)
		if err != nil {
			b.Fatal(err)
		}
		ticks += v
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// BenchmarkStop stops a tree of ten processes at once: from the order until the end is told.
func BenchmarkStop(b *testing.B) {
	for name, use := range map[string]proclauncher.CgroupUse{"cgroup": proclauncher.CgroupAlways, "nocgroup": proclauncher.CgroupNever} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			s := newScene(b, use)
			l := s.open()
			b.StopTimer()
			for range b.N {
				spec := *s.child(0, "wait")
				shell(&spec, "for i in 1 2 3 4 5 6 7 8 9; do (setsid sleep 1000 &); done; echo ready; exec sleep 1000")
				if _, err := l.Launch(b.Context(), spec); err != nil {
					b.Fatal(err)
				}
				launchertest.Eventually(b, "ten are up", func() bool { return len(launchertest.Alive(b, s.nonce)) == 10 })
				b.StartTimer()
				if err := l.Control(b.Context(), spec.Launch, launcher.Stop{Grace: -1}); err != nil {
					b.Fatal(err)
				}
				exitOf(b, l, spec.Launch)
				b.StopTimer()
			}
		})
	}
}

// launches keeps a window of launches under way.
type launches struct {
	l      launcher.ExecutorLauncher
	dirs   string
	window int
	epoch  deploy.Epoch
	after  launcher.Cursor
}

func (r *launches) run(b *testing.B, n int) {
	b.Helper()
	r.epoch++
	specs := make([]launcher.Spec, n)
	for i := range specs {
		id := deploy.LaunchID{Epoch: r.epoch, Seq: uint64(i + 1)}
		specs[i] = launcher.Spec{
			Launch: id, Owner: "app-20261120223045-0007/1", Dir: filepath.Join(r.dirs, id.String()), Program: program,
			Env:     []deploy.EnvVar{{Name: "PATH", Value: "/usr/bin:/bin"}, {Name: "HOME", Value: "/"}, {Name: "LANG", Value: "C.UTF-8"}},
			Outputs: launcher.Outputs{Stdout: "stdout", Stderr: "stderr"},
		}
	}
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	next := 0
	launch := func() {
		if next < n {
			if _, err := r.l.Launch(ctx, specs[next]); err != nil {
				b.Fatal(err)
			}
			next++
		}
	}
	for range r.window {
		launch()
	}
	ended := 0
	for e, err := range r.l.Watch(ctx, r.after) {
		if err != nil {
			b.Fatal(err)
		}
		end, ok := e.(launcher.Exited)
		if !ok {
			continue
		}
		launch()
		r.after = end.Cursor
		if ended++; ended == n {
			break
		}
	}
}

// forget lets the launcher forget; directories stay until the end, because ext4 is slow to make new ones where many were just removed.
func (r *launches) forget(b *testing.B, n int) {
	b.Helper()
	for i := range n {
		if err := r.l.Control(b.Context(), deploy.LaunchID{Epoch: r.epoch, Seq: uint64(i + 1)}, launcher.Forget{}); err != nil {
			b.Fatal(err)
		}
	}
}

// forkExecWait is the bare work, with as many under way.
func forkExecWait(b *testing.B, n, window int) {
	b.Helper()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer null.Close()
	attr := &syscall.ProcAttr{Files: []uintptr{null.Fd(), null.Fd(), null.Fd()}}
	work := make(chan struct{}, n)
	for range n {
		work <- struct{}{}
	}
	close(work)
	var all sync.WaitGroup
	for range window {
		all.Go(func() {
			for range work {
				pid, err := syscall.ForkExec(program, []string{program}, attr)
				if err != nil {
					b.Error(err)
					return
				}
				var status syscall.WaitStatus
				if _, err := syscall.Wait4(pid, &status, 0, nil); err != nil || status != 0 {
					b.Error(err, status)
				}
			}
		})
	}
	all.Wait()
}
