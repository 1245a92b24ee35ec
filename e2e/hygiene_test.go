//go:build linux

package e2e

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/musterproject/muster/e2e/cluster"
	"github.com/musterproject/muster/pkg/deploy"
)

// A child gets worker.env, what was asked for and the variables of its launch: nothing of the daemon's or the submitter's own.
func TestEnvironmentOfAChild(t *testing.T) {
	t.Parallel()
	c := start(t, 0, with("worker.env.SITE", "north"), with("worker.env.BOTH", "worker"))
	c.AddWorkerWith(t, []string{"DAEMON_SECRET=1", "MUSTER_DAEMON_SECRET=2", "LD_LIBRARY_PATH=/x"})
	submit := c.BeginWith(t, []string{"SUBMITTER_SECRET=3", "MUSTER_SUBMITTER_SECRET=4"}, "submit", "--deploy-mode", "cluster", "--wait",
		"--conf", "driver.env.ASKED=for {{DRIVER_ID}}", "--conf", "driver.env.BOTH=asked", "--conf", "cores.max=7",
		cluster.Script(t, "cat /proc/$$/environ"))
	id := strings.TrimSpace(submit.Wait(t).Want(t, 0).Out)
	env := map[string]string{}
	var names []string
	for _, v := range strings.Split(strings.TrimSuffix(c.Muster(t, "logs", id).Want(t, 0).Out, "\x00"), "\x00") {
		name, value, _ := strings.Cut(v, "=")
		env[name] = value
		names = append(names, name)
	}
	slices.Sort(names)
	want := []string{
		"ASKED", "BOTH", "HOME", "LANG", "MUSTER_ATTEMPT", "MUSTER_CORES", "MUSTER_CORES_MAX", "MUSTER_DRIVER_ID", "MUSTER_HOST", "MUSTER_LAUNCH_ID",
		"MUSTER_LAUNCH_NONCE", "MUSTER_MASTER", "MUSTER_MEMORY_MB", "MUSTER_SUBMIT_DEPLOYMODE", cluster.NonceName, "MUSTER_WORKER_ID", "PATH", "SITE",
	}
	if !slices.Equal(names, want) {
		t.Errorf("the environment has\n%q, want\n%q", names, want)
	}
	for name, value := range map[string]string{
		"ASKED": "for " + id, "BOTH": "asked", "SITE": "north", "MUSTER_DRIVER_ID": id, "MUSTER_ATTEMPT": "1", "MUSTER_CORES": "1",
		"MUSTER_MEMORY_MB": "1024", "MUSTER_CORES_MAX": "7", "MUSTER_WORKER_ID": c.Workers[0].ID, "MUSTER_MASTER": c.Master.URL,
	} {
		if env[name] != value {
			t.Errorf("%s is %q, want %q", name, env[name], value)
		}
	}
	c.Quiet(t)
}

// The first process of a launch has three descriptors, a session of its own, no signal blocked or ignored, and the usual umask.
func TestStateOfAChild(t *testing.T) {
	t.Parallel()
	c := start(t, 1)
	id := c.Submit(t, "/bin/sleep", "1000")
	c.Driver(t, id, deploy.DriverRunning)
	w := c.Workers[0]
	p := cluster.Await(t, cluster.Patience, "the one process", func() (p []cluster.Process, ok bool) {
		p = cluster.Marked(t, w.Nonce)
		return p, len(p) == 1
	})[0]
	dir := filepath.Join(w.Dir, "work", string(id))
	want := map[int]string{0: "/dev/null", 1: filepath.Join(dir, "stdout"), 2: filepath.Join(dir, "stderr")}
	if got := cluster.Descriptors(t, p.PID); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("descriptors %v, want %v", got, want)
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"Umask:\t0022", "SigBlk:\t0000000000000000", fmt.Sprintf("NSsid:\t%d", p.PID)} {
		if !strings.Contains(string(b), line+"\n") {
			t.Errorf("no %q in:\n%s", line, b)
		}
	}
	// Signals from 32 on belong to the C library; whoever started the tests may have them ignored.
	_, ignored, _ := strings.Cut(string(b), "SigIgn:\t")
	mask, err := strconv.ParseUint(strings.Fields(ignored)[0], 16, 64)
	if err != nil || mask&(1<<31-1) != 0 {
		t.Errorf("ignored signals %x, %v", mask, err)
	}
	c.Muster(t, "kill", string(id)).Want(t, 0)
	c.Driver(t, id, deploy.DriverKilled)
	c.Quiet(t)
}

// Output rolls by size, keeps as many files as asked for, and is read as one stream whose beginning is said to be gone.
func TestRollingOutput(t *testing.T) {
	t.Parallel()
	c := start(t, 1, with("worker.log.rolling.strategy", "size"), with("worker.log.rolling.maxSize", "1m"), with("worker.log.rolling.maxRetainedFiles", "2"))
	const lines = 500_000
	flag := filepath.Join(c.Dir, "go on")
	id := c.Submit(t, cluster.Script(t, fmt.Sprintf(`seq 1 %d; while [ ! -e "$1" ]; do sleep 0.05; done; echo end`, lines)), flag)
	c.Driver(t, id, deploy.DriverRunning)
	follow := c.Begin(t, "logs", "-f", "--tail-bytes", "100", string(id))
	cluster.Until(t, cluster.Patience, "the last number", func() bool { return strings.Contains(follow.Out(), fmt.Sprintf("\n%d\n", lines)) })
	if err := os.WriteFile(flag, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	follow.Wait(t).Want(t, 0, fmt.Sprintf("\n%d\nend\n", lines))
	c.Driver(t, id, deploy.DriverFinished)

	files, err := filepath.Glob(filepath.Join(c.Workers[0].Dir, "work", string(id), "stdout*"))
	if err != nil {
		t.Fatal(err)
	}
	var total int64
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > 1<<20+64<<10 {
			t.Errorf("%s has %d bytes", f, info.Size())
		}
		total += info.Size()
	}
	if len(files) != 3 {
		t.Errorf("files: %v, want the live one and two rolled ones", files)
	}
	r := c.Muster(t, "logs", string(id)).Want(t, 0, "have been rolled away")
	if int64(len(r.Out)) != total {
		t.Errorf("logs give %d bytes, the files have %d", len(r.Out), total)
	}
	consecutive(t, r.Out, lines)
	c.Quiet(t)
}

// consecutive checks that the text is the end of the numbers up to last and the word end, without a gap.
func consecutive(t *testing.T, text string, last int) {
	t.Helper()
	if i := strings.IndexByte(text, '\n'); i >= 0 {
		text = text[i+1:] // the first line may be cut
	}
	in := bufio.NewScanner(strings.NewReader(text))
	before := 0
	for in.Scan() {
		if in.Text() == "end" {
			break
		}
		var n int
		if _, err := fmt.Sscan(in.Text(), &n); err != nil || before != 0 && n != before+1 {
			t.Fatalf("line %q follows %d", in.Text(), before)
		}
		before = n
	}
	if before != last || in.Scan() {
		t.Errorf("the numbers end with %d, want %d", before, last)
	}
}

// An executor gets the same and its own numbers: nothing of the driver that asked for it but what was asked for.
func TestEnvironmentOfAnExecutor(t *testing.T) {
	t.Parallel()
	c := start(t, 1)
	a := begin(t, c, "--executor-cores", "1", "--executor-memory", "256m", "--total-executor-cores", "1", "--conf", "executorEnv.ASKED=for {{EXECUTOR_ID}}")
	id := a.id(t)
	c.Executors(t, id, 1)
	p := cluster.Marked(t, c.Nonce, "MUSTER_APP_ID="+string(id))
	if len(p) != 1 {
		t.Fatalf("processes %v, want one", p)
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", p[0].PID))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, v := range strings.Split(strings.TrimSuffix(string(b), "\x00"), "\x00") {
		name, _, _ := strings.Cut(v, "=")
		names = append(names, name)
	}
	slices.Sort(names)
	want := []string{
		"ASKED", "HOME", "LANG", "MUSTER_APP_ID", "MUSTER_APP_TOKEN_FILE", "MUSTER_CORES", "MUSTER_DRIVER", "MUSTER_DRIVER_HEARTBEAT", "MUSTER_DRIVER_TIMEOUT",
		"MUSTER_EXECUTOR_CLUSTER", "MUSTER_EXECUTOR_ID", "MUSTER_EXECUTOR_PROGRAM", "MUSTER_HOST", "MUSTER_LAUNCH_ID", "MUSTER_LAUNCH_NONCE",
		"MUSTER_MEMORY_MB", "MUSTER_PROFILE_ID", cluster.NonceName, "MUSTER_WORKER_ID", "PATH",
	}
	if !slices.Equal(names, want) {
		t.Errorf("the environment has\n%q, want\n%q", names, want)
	}
	if !strings.Contains("\x00"+string(b), "\x00ASKED=for 0\x00") {
		t.Errorf("executorEnv does not arrive, or not with its placeholders filled in: %q", b)
	}
	if got := cluster.Descriptors(t, p[0].PID); got[0] != "/dev/null" || !strings.HasSuffix(got[1], "/stdout") || !strings.HasSuffix(got[2], "/stderr") {
		t.Errorf("descriptors %v", got)
	}
	a.open(t)
	a.right(t)
	c.Quiet(t)
}
