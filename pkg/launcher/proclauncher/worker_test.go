//go:build linux

package proclauncher_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
	"github.com/musterproject/muster/pkg/launcher/launchertest"
	"github.com/musterproject/muster/pkg/launcher/proclauncher"
)

// workerArg makes the test binary a worker that can be killed: it launches what it is told and waits.
const workerArg = "proclauncher-worker"

type workerOrder struct {
	Config proclauncher.Config
	Specs  []launcher.Spec
}

func workerMain(args []string) int {
	if err := work(args[0]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func work(text string) error {
	var o workerOrder
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return err
	}
	ctx := context.Background()
	l, err := proclauncher.Open(ctx, o.Config)
	if err != nil {
		return err
	}
	for _, s := range o.Specs {
		if _, err := l.Launch(ctx, s); err != nil {
			return err
		}
	}
	up := 0
	for e, err := range l.Watch(ctx, 0) {
		switch e := e.(type) {
		case launcher.Started:
			up++
		case launcher.StartFailed:
			return fmt.Errorf("%s", e.Message)
		}
		if err != nil {
			return err
		}
		if up == len(o.Specs) {
			fmt.Fprintln(os.Stdout, proclauncher.KeeperPID(l))
			up++
		}
	}
	return nil
}

// scene is a worker in a process of its own, with children.
type scene struct {
	t      testing.TB
	cfg    proclauncher.Config
	nonce  string
	specs  []launcher.Spec
	worker *exec.Cmd
	keeper int
}

func newScene(t testing.TB, use proclauncher.CgroupUse) *scene {
	t.Helper()
	if use == proclauncher.CgroupAlways {
		needCgroup(t)
	}
	cfg := proclauncher.DefaultConfig(filepath.Join(t.TempDir(), "state"))
	cfg.UseCgroup, cfg.DefaultGrace = use, 200*time.Millisecond
	return &scene{t: t, cfg: cfg, nonce: rand.Text()}
}

// child adds a spec of a child that plays a part.
func (s *scene) child(orphanGrace time.Duration, part ...string) *launcher.Spec {
	s.t.Helper()
	self, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	id := deploy.LaunchID{Epoch: 1, Seq: uint64(len(s.specs) + 1)}
	s.specs = append(s.specs, launcher.Spec{
		Launch: id, Owner: "app/" + id.String(), Dir: filepath.Join(filepath.Dir(s.cfg.StateDir), id.String()),
		Program: self, Args: append([]string{"launchertest-child"}, part...), Env: []deploy.EnvVar{{Name: "SCENE", Value: s.nonce}},
		Outputs: launcher.Outputs{Stdout: "stdout", Stderr: "stderr"}, OrphanGrace: orphanGrace,
	})
	return &s.specs[len(s.specs)-1]
}

// start starts the worker and waits until processes of the scene are alive: children, and daemons of them.
func (s *scene) start(alive int, inherited ...*os.File) {
	s.t.Helper()
	text, err := json.Marshal(workerOrder{s.cfg, s.specs})
	if err != nil {
		s.t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	s.worker = exec.Command(self, workerArg, string(text))
	s.worker.ExtraFiles, s.worker.Stderr = inherited, os.Stderr
	out, err := s.worker.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.worker.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(s.leave)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		s.t.Fatalf("the worker said %q: %v", line, err)
	}
	if _, err := fmt.Sscan(line, &s.keeper); err != nil {
		s.t.Fatal(err)
	}
	s.up(alive)
}

// up waits until every child is ready, and the daemon of each family.
func (s *scene) up(alive int) {
	s.t.Helper()
	for _, spec := range s.specs {
		part := spec.Args[1]
		launchertest.Eventually(s.t, part+" is ready", func() bool {
			return part == "exit" || said(s.t, spec.Dir, "stdout", "ready") && (part != "family" || said(s.t, spec.Dir, "daemon", "ready"))
		})
	}
	launchertest.Eventually(s.t, "all are up", func() bool { return len(launchertest.Alive(s.t, s.nonce)) == alive })
}

// said tells whether a word stands in an output, wherever it has been rolled to.
func said(t testing.TB, dir, name, word string) bool {
	t.Helper()
	log, err := proclauncher.OpenLog(dir, name)
	if errors.Is(err, os.ErrNotExist) {
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	return strings.Contains(readAll(t, log), word)
}

func (s *scene) killWorker() {
	if s.worker.ProcessState == nil {
		_ = s.worker.Process.Kill() // it may have ended
		_ = s.worker.Wait()
	}
}

// leave ends what a failed test left over.
func (s *scene) leave() {
	s.killWorker()
	if len(launchertest.Alive(s.t, s.nonce)) == 0 {
		return
	}
	l := open(s.t, s.cfg)
	for _, spec := range s.specs {
		_ = l.Control(context.Background(), spec.Launch, launcher.Stop{Grace: -1}) // it may not be known
	}
	shut(s.t, l)
}

func (s *scene) open() *proclauncher.Launcher {
	s.t.Helper()
	l := open(s.t, s.cfg)
	s.t.Cleanup(func() { shut(s.t, l) })
	return l
}

func kill(t testing.TB, pid int, sig syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, sig); err != nil {
		t.Fatalf("kill %d: %v", pid, err)
	}
}

func gone(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || launchertest.Dead(stat)
}

// bothWays runs a test with cgroups and without.
func bothWays(t *testing.T, test func(t *testing.T, use proclauncher.CgroupUse)) {
	t.Run("cgroup", func(t *testing.T) { test(t, proclauncher.CgroupAlways) })
	t.Run("nocgroup", func(t *testing.T) { test(t, proclauncher.CgroupNever) })
}

// until watches for an event that fits.
func until[E launcher.Event](t testing.TB, l *proclauncher.Launcher, fits func(E) bool) E {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var all []launcher.Event
	for e, err := range l.Watch(ctx, 0) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
		if e, ok := e.(E); ok && fits(e) {
			return e
		}
	}
	var none E
	t.Fatalf("no such %T among %+v", none, all)
	return none
}

func exitOf(t testing.TB, l *proclauncher.Launcher, id deploy.LaunchID) launcher.Exited {
	t.Helper()
	return until(t, l, func(e launcher.Exited) bool { return e.Launch == id })
}

func startOf(t testing.TB, l *proclauncher.Launcher, id deploy.LaunchID) launcher.Started {
	t.Helper()
	return until(t, l, func(e launcher.Started) bool { return e.Launch == id })
}
