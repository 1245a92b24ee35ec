package launchertest

import (
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
)

func testExitCodes(t *testing.T, b *bench) {
	news := b.follow(0)
	specs := map[int32]launcher.Spec{}
	for _, code := range []int32{0, 1, 2, 3, 42, 53, 124, 125, 126, 127, 128, 129, 137, 143, 254, 255} {
		s := b.spec("exit", strconv.Itoa(int(code)))
		specs[code] = s
		b.launch(s)
	}
	for code, s := range specs {
		end := news.exited(t, s.Launch)
		if end.Exit != (deploy.Exit{Code: code}) || end.Killed {
			t.Errorf("exit %d was told as %+v", code, end)
		}
		if h := b.handle(s.Launch); h.State != deploy.ExecutorExited || h.Exit != end.Exit {
			t.Errorf("exit %d is listed as %+v", code, h)
		}
	}
}

func testSignals(t *testing.T, b *bench) {
	news := b.follow(0)
	for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGALRM, 40} {
		s := b.spec("wait")
		s.Program, s.Args = "/bin/sh", []string{"-c", fmt.Sprintf("kill -%d $$", int(sig))}
		b.launch(s)
		end := news.exited(t, s.Launch)
		if end.Exit != (deploy.Exit{Signal: int32(sig)}) || end.Killed {
			t.Errorf("the end by signal %d was told as %+v", int(sig), end)
		}
	}
}

// testSignalOrder sends signals by Control: they reach the process, and an end by one is not a stop.
func testSignalOrder(t *testing.T, b *bench) {
	news := b.follow(0)
	s := b.spec("stubborn")
	b.launch(s)
	b.ready(news, s)
	b.control(s.Launch, launcher.Signal{Number: int(syscall.SIGTERM)})
	Eventually(t, "the signal has been heard", func() bool { return strings.Contains(b.read(s, "stdout"), "told terminated") })
	b.control(s.Launch, launcher.Signal{Number: int(syscall.SIGKILL)})
	if end := news.exited(t, s.Launch); end.Killed || end.Exit != (deploy.Exit{Signal: int32(syscall.SIGKILL)}) {
		t.Errorf("the end by an ordered signal was told as %+v", end)
	}
}

// ready waits until a child has said so: from then on it hears signals.
func (b *bench) ready(news *story, s launcher.Spec) launcher.Started {
	b.t.Helper()
	begun := news.started(b.t, s.Launch)
	Eventually(b.t, "the child is ready", func() bool { return strings.Contains(b.read(s, "stdout"), "ready") })
	return begun
}

func testStopGracefully(t *testing.T, b *bench) {
	news := b.follow(0)
	s := b.spec("graceful")
	s.Grace = patience
	b.launch(s)
	b.ready(news, s)
	b.control(s.Launch, launcher.Stop{})
	end := news.exited(t, s.Launch)
	if !end.Killed || end.Exit != (deploy.Exit{Code: 5}) {
		t.Errorf("the end by a stop was told as %+v", end)
	}
	if got := b.read(s, "stdout"); got != "ready\nbye\n" {
		t.Errorf("the child said %q", got)
	}
}

func testStopDeaf(t *testing.T, b *bench) {
	const grace = 300 * time.Millisecond
	for _, bySpec := range []bool{true, false} {
		news := b.follow(0)
		s := b.spec("stubborn")
		order := launcher.Stop{Grace: grace}
		if s.Grace = patience; bySpec {
			s.Grace, order.Grace = grace, 0
		}
		b.launch(s)
		b.ready(news, s)
		asked := time.Now()
		b.control(s.Launch, order)
		if took := time.Since(asked); took > grace {
			t.Errorf("stop waited %v for the end", took)
		}
		end := news.exited(t, s.Launch)
		if took := end.At.Sub(asked); took < grace || took > grace+2*time.Second {
			t.Errorf("grace %v: killed after %v", grace, took)
		}
		if !end.Killed || end.Exit != (deploy.Exit{Signal: int32(syscall.SIGKILL)}) {
			t.Errorf("the end of a deaf child was told as %+v", end)
		}
		if !strings.Contains(b.read(s, "stdout"), "told terminated") {
			t.Error("it was killed without having been told first")
		}
	}
}

// testStopNow stops without grace, also in the middle of a grace.
func testStopNow(t *testing.T, b *bench) {
	for _, first := range []time.Duration{0, patience} {
		news := b.follow(0)
		s := b.spec("stubborn")
		b.launch(s)
		b.ready(news, s)
		if first > 0 {
			b.control(s.Launch, launcher.Stop{Grace: first})
		}
		b.control(s.Launch, launcher.Stop{Grace: -1})
		if end := news.exited(t, s.Launch); !end.Killed || end.Exit.Signal != int32(syscall.SIGKILL) {
			t.Errorf("the end was told as %+v", end)
		}
		if heard := strings.Contains(b.read(s, "stdout"), "told"); heard && first == 0 {
			t.Error("a stop without grace asked first")
		}
	}
}

// testStopFamily: a daemon that left session and parents is of the tree.
func testStopFamily(t *testing.T, b *bench) {
	news := b.follow(0)
	s := b.spec("family", "stubborn")
	b.launch(s)
	b.ready(news, s)
	b.daemonReady(s)
	b.control(s.Launch, launcher.Stop{Grace: 50 * time.Millisecond})
	news.exited(t, s.Launch)
	if left := Alive(t, b.nonce); len(left) > 0 {
		t.Errorf("the end was told while %v were alive", left)
	}
	if !strings.Contains(b.read(s, "daemon"), "told terminated") {
		t.Error("the daemon was killed without having been told first")
	}
}

// testEndFamily: the end of the first process ends the rest.
func testEndFamily(t *testing.T, b *bench) {
	news := b.follow(0)
	s := b.spec("family", "graceful")
	b.launch(s)
	b.ready(news, s)
	b.daemonReady(s)
	b.control(s.Launch, launcher.Signal{Number: int(syscall.SIGTERM)})
	end := news.exited(t, s.Launch)
	if left := Alive(t, b.nonce); len(left) > 0 {
		t.Errorf("the end was told while %v were alive", left)
	}
	if end.Killed || end.Exit != (deploy.Exit{Code: 5}) {
		t.Errorf("the end was told as %+v", end)
	}
}

func (b *bench) daemonReady(s launcher.Spec) {
	b.t.Helper()
	Eventually(b.t, "the daemon is ready", func() bool { return strings.Contains(b.read(s, "daemon"), "ready") })
	if n := len(Alive(b.t, b.nonce)); n != 2 {
		b.t.Fatalf("%d processes are alive, want the child and its daemon", n)
	}
}
