//go:build linux

package proclauncher_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/musterproject/muster/internal/need"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
	"github.com/musterproject/muster/pkg/launcher/launchertest"
	"github.com/musterproject/muster/pkg/launcher/proclauncher"
)

func shell(spec *launcher.Spec, script string) {
	spec.Program, spec.Args = "/bin/sh", []string{"-c", script}
	spec.Env = append(spec.Env, deploy.EnvVar{Name: "PATH", Value: "/usr/bin:/bin"})
}

// smallDisk mounts a file system of its own.
func smallDisk(t *testing.T, options string) string {
	t.Helper()
	need.Or(t, "mount", os.Geteuid() == 0, "mounts a small file system to fill it")
	dir := t.TempDir()
	if err := unix.Mount("none", dir, "tmpfs", 0, options); err != nil {
		need.Or(t, "mount", false, "mounts a small file system to fill it: "+err.Error())
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func failure(t *testing.T, l *proclauncher.Launcher, spec launcher.Spec) string {
	t.Helper()
	if _, err := l.Launch(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	return until(t, l, func(e launcher.StartFailed) bool { return e.Launch == spec.Launch }).Message
}

func TestDiskFull(t *testing.T) {
	s := newScene(t, proclauncher.CgroupAuto)
	noInodes := s.child(0, "exit", "0")
	noInodes.Dir = filepath.Join(smallDisk(t, "nr_inodes=1"), "work")
	l := s.open()
	if got := failure(t, l, *noInodes); !strings.Contains(got, "no space left on device") || !strings.Contains(got, noInodes.Dir) {
		t.Errorf("without room for the directory: %s", got)
	}
	disk := smallDisk(t, "nr_inodes=2")
	noFiles := s.child(0, "exit", "0")
	noFiles.Dir = filepath.Join(disk, "work")
	if got := failure(t, l, *noFiles); !strings.Contains(got, "no space left on device") || !strings.Contains(got, "stdout") {
		t.Errorf("without room for the outputs: %s", got)
	}
	noBytes := s.child(0, "exit", "0")
	noBytes.Dir = filepath.Join(smallDisk(t, "size=8k"), "work")
	noBytes.Secrets = []launcher.Secret{{Name: "key", Value: deploy.NewSecret(strings.Repeat("x", 100_000))}}
	if got := failure(t, l, *noBytes); !strings.Contains(got, "no space left on device") || !strings.Contains(got, "key") {
		t.Errorf("without room for a secret: %s", got)
	}
}

// A full disk costs output that rolls, not the process, and the output says so when there is room again.
func TestDiskFullWhileWriting(t *testing.T) {
	s := newScene(t, proclauncher.CgroupAuto)
	spec := s.child(0, "wait")
	spec.Dir = filepath.Join(smallDisk(t, "size=256k"), "work")
	ballast := filepath.Join(filepath.Dir(spec.Dir), "ballast")
	if err := os.WriteFile(ballast, make([]byte, 200_000), 0o600); err != nil {
		t.Fatal(err)
	}
	spec.Outputs.Rolling = launcher.Rolling{By: launcher.RollBySize, MaxBytes: 1 << 20, Retain: -1}
	shell(spec, `head -c 300000 /dev/zero; echo; echo full >&2; read go < go; echo after`)
	l := s.open()
	if err := os.MkdirAll(spec.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(filepath.Join(spec.Dir, "go"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Launch(t.Context(), *spec); err != nil {
		t.Fatal(err)
	}
	startOf(t, l, spec.Launch)
	gate, err := os.OpenFile(filepath.Join(spec.Dir, "go"), os.O_WRONLY, 0) // opens when the child has written all and reads
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if _, err := gate.WriteString("go\n"); err != nil {
		t.Fatal(err)
	}
	if end := exitOf(t, l, spec.Launch); !end.Exit.OK() {
		t.Errorf("the child ended with %+v", end.Exit)
	}
	got := readAll(t, openLog(t, spec.Dir, "stdout"))
	if !strings.Contains(got, "bytes of this output could not be written]") || !strings.HasSuffix(got, "after\n") {
		t.Errorf("the output of %d bytes ends with %q", len(got), got[max(0, len(got)-100):])
	}
}

// What a limit of the machine forbids is said in its words, and the launcher goes on when there is room again.
func TestTooManyOpenFiles(t *testing.T) {
	s := newScene(t, proclauncher.CgroupNever)
	l := s.open()
	keeper := proclauncher.KeeperPID(l)
	var old unix.Rlimit
	if err := unix.Prlimit(keeper, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 3, Max: 20000}, &old); err != nil {
		t.Fatal(err)
	}
	if got := failure(t, l, *s.child(0, "exit", "0")); !strings.Contains(got, "too many open files") {
		t.Errorf("without descriptors: %s", got)
	}
	if err := unix.Prlimit(keeper, unix.RLIMIT_NOFILE, &old, nil); err != nil {
		t.Fatal(err)
	}
	spec := s.child(0, "exit", "0")
	if _, err := l.Launch(t.Context(), *spec); err != nil {
		t.Fatal(err)
	}
	exitOf(t, l, spec.Launch)
}

// The kernel ends a process for want of memory in the keeper's own group of the v1 hierarchy.
func TestOutOfMemory(t *testing.T) {
	group := filepath.Join("/sys/fs/cgroup/memory", "muster-test-"+strconv.Itoa(os.Getpid()))
	err := os.Mkdir(group, 0o755)
	need.Or(t, "memory-cgroup", err == nil, "makes a memory cgroup (v1) to run out of its memory")
	t.Cleanup(func() {
		launchertest.Eventually(t, "the group can be removed", func() bool { return unix.Rmdir(group) == nil })
	})
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(group, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("memory.limit_in_bytes", "64M")
	s := newScene(t, proclauncher.CgroupAuto)
	l := open(t, s.cfg)
	defer shut(t, l)
	write("cgroup.procs", strconv.Itoa(proclauncher.KeeperPID(l)))

	s.child(0, "hog", "1024")
	killed := s.child(0, "wait")
	for _, spec := range s.specs {
		if _, err := l.Launch(t.Context(), spec); err != nil {
			t.Fatal(err)
		}
	}
	if end := exitOf(t, l, s.specs[0].Launch); end.Exit != (deploy.Exit{Signal: 9, OOM: true}) || end.Killed {
		t.Errorf("a process that wanted too much ended as %+v", end)
	}
	until(t, l, func(e launcher.OOMKilled) bool { return e.Launch == s.specs[0].Launch })
	if err := l.Control(t.Context(), killed.Launch, launcher.Signal{Number: 9}); err != nil {
		t.Fatal(err)
	}
	if end := exitOf(t, l, killed.Launch); end.Exit != (deploy.Exit{Signal: 9}) {
		t.Errorf("one that was killed by somebody ended as %+v", end)
	}
}

func TestUsage(t *testing.T) {
	bothWays(t, func(t *testing.T, use proclauncher.CgroupUse) {
		s := newScene(t, use)
		s.cfg.UsageEvery = 100 * time.Millisecond
		l := s.open()
		s.child(0, "wait")
		calm := s.child(0, "wait")
		busy := &s.specs[0]
		shell(busy, "while :; do :; done")
		for _, spec := range s.specs {
			if _, err := l.Launch(t.Context(), spec); err != nil {
				t.Fatal(err)
			}
		}
		first := until(t, l, func(e launcher.Usage) bool { return e.Launch == busy.Launch && e.CPU > 0 && e.RSSBytes > 0 })
		until(t, l, func(e launcher.Usage) bool { return e.Launch == busy.Launch && e.CPU > first.CPU+50*time.Millisecond })
		if e := until(t, l, func(e launcher.Usage) bool { return e.Launch == calm.Launch }); e.CPU > first.CPU+5*time.Second {
			t.Errorf("one that waits is said to have used %v", e.CPU)
		}
	})
}

// The keeper's descriptors and the dead do not add up.
func TestNothingAddsUp(t *testing.T) {
	bothWays(t, func(t *testing.T, use proclauncher.CgroupUse) {
		s := newScene(t, use)
		l := s.open()
		keeper := proclauncher.KeeperPID(l)
		batch := func(first, n int) {
			for i := range n {
				spec := s.child(0, "exit", "0")
				shell(spec, "(setsid sh -c 'exit 3' &) ; exit 1")
				spec.Launch.Seq = uint64(first + i)
				if i%2 == 0 {
					spec.Outputs.Rolling = launcher.Rolling{By: launcher.RollBySize, MaxBytes: 1000}
				}
				if _, err := l.Launch(t.Context(), *spec); err != nil {
					t.Fatal(err)
				}
			}
			for i := range n {
				id := deploy.LaunchID{Epoch: 1, Seq: uint64(first + i)}
				exitOf(t, l, id)
				if err := l.Control(t.Context(), id, launcher.Forget{}); err != nil {
					t.Fatal(err)
				}
			}
		}
		before := descriptors(t, keeper)
		batch(1, 100)
		batch(1001, 100)
		const pooled = 2 * 64 // empty cgroups that wait for a launch
		if after := descriptors(t, keeper); after > before+pooled+10 {
			t.Errorf("the keeper had %d descriptors and has %d", before, after)
		}
		launchertest.Eventually(t, "no dead child of the keeper is left", func() bool { return children(t, keeper) == 0 })
	})
}

func descriptors(t *testing.T, pid int) int {
	t.Helper()
	names, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil || len(names) == 0 {
		t.Fatalf("descriptors of %d: %v", pid, err)
	}
	return len(names)
}

// children counts living and dead ones.
func children(t *testing.T, pid int) int {
	t.Helper()
	paths, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil || len(paths) == 0 {
		t.Fatalf("children of %d: %v", pid, err)
	}
	n := 0
	for _, p := range paths {
		if text, err := os.ReadFile(p); err == nil {
			n += len(strings.Fields(string(text)))
		}
	}
	return n
}

// A process that keeps starting others while it is being killed does not get away.
func TestRespawningTree(t *testing.T) {
	bothWays(t, func(t *testing.T, use proclauncher.CgroupUse) {
		s := newScene(t, use)
		spec := s.child(0, "wait")
		shell(spec, `trap "" TERM; echo ready; while :; do (sleep 1 & sleep 1 &) ; sleep 0.01; done`)
		l := s.open()
		if _, err := l.Launch(t.Context(), *spec); err != nil {
			t.Fatal(err)
		}
		launchertest.Eventually(t, "there are many", func() bool { return len(launchertest.Alive(t, s.nonce)) > 20 })
		if err := l.Control(t.Context(), spec.Launch, launcher.Stop{Grace: time.Millisecond}); err != nil {
			t.Fatal(err)
		}
		exitOf(t, l, spec.Launch)
		if left := launchertest.Alive(t, s.nonce); len(left) > 0 {
			t.Errorf("the end was told while %v were alive", left)
		}
	})
}

// What hides from a launcher without cgroups, by leaving its session and its environment, dies with the last launch.
func TestStrays(t *testing.T) {
	s := newScene(t, proclauncher.CgroupNever)
	spec := s.child(0, "wait")
	shell(spec, `(setsid env -i /bin/sh -c 'echo $$; exec sleep 1000' > hidden &); while ! [ -s hidden ]; do :; done`)
	l := s.open()
	if _, err := l.Launch(t.Context(), *spec); err != nil {
		t.Fatal(err)
	}
	exitOf(t, l, spec.Launch)
	text, err := os.ReadFile(filepath.Join(spec.Dir, "hidden"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	launchertest.Eventually(t, "the stray is dead", func() bool { return gone(pid) })
}

const python = "/usr/bin/python3"

// Another user who reaches the socket all the same is refused.
func TestOtherUserIsRefused(t *testing.T) {
	need.Or(t, "root", os.Geteuid() == 0, "calls the socket as another user")
	_, err := os.Stat(python)
	need.Or(t, "python3", err == nil, "calls the socket as another user")
	dir := filepath.Join("/tmp", "proclauncher-"+strconv.Itoa(os.Getpid()))
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	path := filepath.Join(dir, "sock")
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if err := os.Chmod(path, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, uid := range []int{0, 65534} {
		called := make(chan error, 1)
		go func() { called <- callAs(uid, path) }()
		conn, err := listener.AcceptUnix()
		if err != nil {
			t.Fatal(err)
		}
		if err := proclauncher.CheckPeer(conn); (err == nil) != (uid == 0) {
			t.Errorf("user %d: %v", uid, err)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		if err := <-called; err != nil {
			t.Fatal(err)
		}
	}
}

// callAs connects to a socket from a process of a user and waits for the end of the line.
func callAs(uid int, path string) error {
	const script = `import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.recv(1)`
	pid, err := syscall.ForkExec(python, []string{"python3", "-c", script, path}, &syscall.ProcAttr{
		Env: []string{}, Files: []uintptr{0, 1, 2}, Sys: &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}},
	})
	if err != nil {
		return err
	}
	var status syscall.WaitStatus
	_, err = syscall.Wait4(pid, &status, 0, nil)
	return err
}
