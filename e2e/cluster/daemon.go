//go:build linux

package cluster

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Patience bounds every wait for something that ought to happen soon, on a slow machine that does other things too.
const Patience = 30 * time.Second

// Daemon is a master or a worker: one process with directories of its own.
type Daemon struct {
	Name  string
	Dir   string // its working directory; a worker's work directory is Dir/work
	ID    string // of a worker
	URL   string // of a master: muster://HOST:PORT
	Addr  string // HOST:PORT of its RPC port
	Pages string // URL of its pages
	Nonce string // in the environment of all that a worker starts

	cmd  *exec.Cmd
	done chan struct{} // closed when the process has been reaped
	err  error         // of the reaping, set before done
}

// launch starts a daemon and returns at once.
func launch(t testing.TB, d *Daemon, program string, env []string, args ...string) {
	t.Helper()
	if err := os.MkdirAll(d.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	d.cmd = exec.Command(program, args...)
	d.cmd.Dir, d.cmd.Env = d.Dir, env
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL} // a test that is cut short leaves no daemon
	out, err1 := os.Create(d.file("stdout"))
	log, err2 := os.Create(d.file("stderr"))
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	d.cmd.Stdout, d.cmd.Stderr = out, log
	err := d.cmd.Start()
	if err := errors.Join(err, out.Close(), log.Close()); err != nil {
		t.Fatal(err)
	}
	d.done = make(chan struct{})
	go func() {
		d.err = d.cmd.Wait()
		close(d.done)
	}()
	t.Cleanup(func() { d.end(t) })
}

// up waits for the addresses that a daemon prints once it serves.
func (d *Daemon) up(t testing.TB) {
	t.Helper()
	Await(t, Patience, d.Name+" to say where it is", func() (string, bool) {
		out := d.read("stdout")
		if d.Ended() {
			t.Fatalf("%s ended at its start: %v\n%s%s", d.Name, d.err, out, d.Log())
		}
		return out, d.learn(out)
	})
}

// learn reads the lines "master URL", "worker ID at HOST:PORT" and "pages URL"; the last one comes last.
func (d *Daemon) learn(out string) bool {
	for line := range strings.Lines(out) {
		switch words := strings.Fields(line); {
		case len(words) == 2 && words[0] == "master":
			d.URL, d.Addr = words[1], strings.TrimPrefix(words[1], "muster://")
		case len(words) == 4 && words[0] == "worker":
			d.ID, d.Addr = words[1], words[3]
		case len(words) == 2 && words[0] == "pages" && strings.HasSuffix(line, "\n"):
			d.Pages = words[1]
		}
	}
	return d.Addr != "" && d.Pages != ""
}

// PID is the process id.
func (d *Daemon) PID() int { return d.cmd.Process.Pid }

// Log gives what the daemon has written on its standard error.
func (d *Daemon) Log() string { return d.read("stderr") }

// Ended tells whether the process is gone.
func (d *Daemon) Ended() bool {
	select {
	case <-d.done:
		return true
	default:
		return false
	}
}

// Kill is kill -9.
func (d *Daemon) Kill(t testing.TB) {
	t.Helper()
	d.Signal(t, syscall.SIGKILL)
	d.Wait(t)
}

// Signal sends one signal.
func (d *Daemon) Signal(t testing.TB, s syscall.Signal) {
	t.Helper()
	if err := d.cmd.Process.Signal(s); err != nil {
		t.Fatalf("signal %s to %s: %v", s, d.Name, err)
	}
}

// Wait waits for the end and gives the exit code, -1 if a signal ended it.
func (d *Daemon) Wait(t testing.TB) int {
	t.Helper()
	select {
	case <-d.done:
		return d.cmd.ProcessState.ExitCode()
	case <-time.After(Patience):
		t.Fatalf("%s goes on after %s", d.Name, Patience)
		return 0
	}
}

// end is the cleanup: with grace, then without, and the logs if the test has failed.
func (d *Daemon) end(t testing.TB) {
	if t.Failed() {
		defer func() { t.Logf("---- %s (pid %d) said:\n%s%s", d.Name, d.PID(), d.read("stdout"), tail(d.Log())) }()
	}
	if d.Ended() {
		return
	}
	again := []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL}
	if strings.HasPrefix(d.Name, "worker") {
		again = []syscall.Signal{syscall.SIGTERM, syscall.SIGTERM, syscall.SIGKILL} // the second one asks it to be quick
	}
	for _, s := range again {
		if err := d.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Errorf("signal %s to %s: %v", s, d.Name, err)
		}
		select {
		case <-d.done:
			return
		case <-time.After(time.Second):
		}
	}
	<-d.done
}

func (d *Daemon) file(stream string) string { return filepath.Join(d.Dir, "daemon."+stream) }

func (d *Daemon) read(stream string) string {
	b, err := os.ReadFile(d.file(stream))
	if err != nil {
		return fmt.Sprintf("(%v)\n", err)
	}
	return string(b)
}

// tail keeps the end of a long log.
func tail(s string) string {
	const most = 20_000
	if len(s) <= most {
		return s
	}
	return "...\n" + s[len(s)-most:]
}
