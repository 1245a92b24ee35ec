//go:build linux

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/musterproject/muster/e2e/cluster"
	"github.com/musterproject/muster/internal/need"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// Programs of every kind run as drivers on workers; what they print can be read, and --wait ends as they did.
func TestDriverPrograms(t *testing.T) {
	t.Parallel()
	c := start(t, 3)
	python := cluster.File(t, "script.py", "import sys\nprint('python', sys.argv[1:])\n", 0o644)
	cases := []struct {
		name string
		args []string
		code int
		says []string // on the terminal
		out  string   // in the driver's own output
	}{
		{name: "script", args: []string{cluster.Script(t, `echo "hello $1"`), "world"}, out: "hello world\n"},
		{name: "python", args: []string{python, "a b", "c"}, out: "python ['a b', 'c']\n"},
		{name: "go", args: []string{program(t, muster), "version", "-o", "name"}, out: "dev\n"},
		{name: "exit code", args: []string{cluster.Script(t, "exit 3")}, code: 3, says: []string{"FAILED", "exit code 3"}},
		{name: "exit code 125", args: []string{cluster.Script(t, "exit 125")}, code: 125, says: []string{"exit code 125"}},
		{name: "signal", args: []string{cluster.Script(t, "kill -KILL $$")}, code: 128 + 9, says: []string{"FAILED"}},
		{name: "own signal", args: []string{cluster.Script(t, "kill -USR1 $$")}, code: 128 + int(syscall.SIGUSR1), says: []string{"FAILED"}},
		{
			name: "no interpreter", args: []string{cluster.File(t, "odd.sh", "#!/no/such/interpreter\n", 0o755)},
			code: 125, says: []string{"FAILED", "/no/such/interpreter", "no such file or directory"},
		},
		{
			name: "no program at all", args: []string{cluster.File(t, "text", "not a program\x00\x01", 0o755)},
			code: 125, says: []string{"FAILED", "exec format error"},
		},
	}
	t.Run("all", func(t *testing.T) {
		for _, k := range cases {
			t.Run(k.name, func(t *testing.T) {
				t.Parallel()
				r := c.Wait(t, append([]string{"--name", k.name}, k.args...)...).Want(t, k.code, k.says...)
				id := strings.TrimSpace(r.Out)
				if k.out != "" {
					if got := c.Muster(t, "logs", id).Want(t, 0); got.Out != k.out {
						t.Errorf("logs: got %q, want %q", got.Out, k.out)
					}
				}
			})
		}
	})
	c.Quiet(t)
}

func TestJarAsDriver(t *testing.T) {
	t.Parallel()
	_, noJava := exec.LookPath("java")
	_, noCompiler := exec.LookPath("javac")
	need.Or(t, "java", noJava == nil && noCompiler == nil, "compiles a class and runs it as a driver")
	jar := cluster.Jar(t, "Hello", `public class Hello {
	public static void main(String[] args) throws Exception {
		System.out.println("java " + String.join("|", args) + " " + System.getProperty("spark.speculation"));
		System.err.println("on the other stream");
		System.exit(args.length);
	}
}`)
	c := start(t, 1)
	r := c.Wait(t, "--class", "Hello", "--conf", "spark.speculation=true", jar, "one", "two words").
		Want(t, 2, "spark.speculation", "passed on to JVM drivers")
	id := strings.TrimSpace(r.Out)
	c.Muster(t, "logs", id).Want(t, 0, "java one|two words true\n")
	c.Muster(t, "logs", "--stderr", id).Want(t, 0, "on the other stream\n")
	c.Muster(t, "submit", "--deploy-mode", "cluster", jar).Want(t, 2, "--class")
	c.Quiet(t)
}

// What is missing on the worker only is said in the operating system's words, by the driver's state and on the terminal.
func TestDriverThatCannotStart(t *testing.T) {
	t.Parallel()
	c := start(t, 1, with("worker.env.PATH", "/nowhere"))
	python := cluster.File(t, "script.py", "print(1)\n", 0o644)
	r := c.Wait(t, python).Want(t, 125, "FAILED", "python3", "not found")
	d := c.Driver(t, deploy.DriverID(strings.TrimSpace(r.Out)), deploy.DriverFailed)
	if !strings.Contains(d.Message, "python3") {
		t.Errorf("the driver's message does not name the interpreter: %q", d.Message)
	}
	answer, err := c.Client(t).Call(t.Context(), deploy.SubmitDriver{Request: "missing", Spec: deploy.DriverSpec{
		Name: "missing", Need: deploy.Resources{Cores: 1, MemoryMiB: 64}, Command: deploy.Command{Program: "/no/such/program"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	d = c.Driver(t, deploy.DriverID(answer.(deploy.Accepted).ID), deploy.DriverFailed)
	if !strings.Contains(d.Message, "/no/such/program") || !strings.Contains(d.Message, "no such file or directory") {
		t.Errorf("message %q", d.Message)
	}
	c.Quiet(t)
}

// status, get, logs -f, kill: the life of one driver as its owner sees it.
func TestLifeOfADriver(t *testing.T) {
	t.Parallel()
	c := start(t, 3)
	flag := filepath.Join(c.Dir, "go on")
	script := cluster.Script(t, `echo one; while [ ! -e "$1" ]; do sleep 0.05; done; echo two; sleep 1000 & wait`)
	id := c.Submit(t, "--name", "my driver", "--driver-cores", "2", "--driver-memory", "512m", script, flag)
	d := c.Driver(t, id, deploy.DriverRunning)
	if d.Name != "my driver" || d.Need.Cores != 2 || d.Need.MemoryMiB != 512 || d.Attempt != 1 {
		t.Errorf("got %+v", d)
	}
	if got := cluster.Decode[deploy.DriverRow](t, c.Muster(t, "status", string(id), "-o", "json").Want(t, 0)); got.ID != id || got.State != deploy.DriverRunning {
		t.Errorf("status: %+v", got)
	}
	c.Muster(t, "status", string(id)).Want(t, 0, "RUNNING", "my driver", string(d.Worker))
	c.Muster(t, "get", "drivers").Want(t, 0, string(id), "RUNNING", "my driver")
	c.Muster(t, "get", "drivers", "-o", "yaml").Want(t, 0, "id: "+string(id)+"\n", "state: RUNNING\n")
	if got := c.Muster(t, "get", "drivers", "-o", "name").Want(t, 0).Out; got != string(id)+"\n" {
		t.Errorf("names: %q", got)
	}
	workers := cluster.Decode[[]deploy.WorkerRow](t, c.Muster(t, "get", "workers", "-o", "json").Want(t, 0))
	busy := 0
	for _, w := range workers {
		busy += int(w.Used.Cores)
	}
	if len(workers) != 3 || busy != 2 {
		t.Errorf("%d workers with %d cores taken, want 3 with 2", len(workers), busy)
	}
	c.Muster(t, "status").Want(t, 0, "ALIVE", "NONE", c.Master.Addr)
	for _, pages := range []string{c.Master.Pages, c.WorkerOf(t, d.Worker).Pages} {
		if page := get(t, pages); !strings.Contains(page, string(id)) || !strings.Contains(page, string(d.Worker)) {
			t.Errorf("%s shows neither %s nor %s:\n%s", pages, id, d.Worker, page)
		}
	}
	c.Muster(t, "explain", string(id)).Want(t, 0, "nothing of it waits")

	logs := c.Begin(t, "logs", "-f", string(id))
	cluster.Until(t, cluster.Patience, "the first line", func() bool { return logs.Out() == "one\n" })
	if err := os.WriteFile(flag, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	cluster.Until(t, cluster.Patience, "the second line", func() bool { return logs.Out() == "one\ntwo\n" })
	c.Muster(t, "kill", string(id)).Want(t, 0, string(id)+" is being ended")
	if r := logs.Wait(t).Want(t, 0); r.Out != "one\ntwo\n" {
		t.Errorf("followed: %q", r.Out)
	}
	d = c.Driver(t, id, deploy.DriverKilled)
	if d.Exit.Signal != int32(syscall.SIGTERM) {
		t.Errorf("a driver that obeys TERM ended with %+v", d.Exit)
	}
	if got := c.Muster(t, "logs", "--tail-bytes", "4", string(id)).Want(t, 0); got.Out != "two\n" {
		t.Errorf("tail: %q", got.Out)
	}
	c.Muster(t, "kill", string(id)).Want(t, 125, "KILLED already")
	c.Quiet(t)
}

// Somebody who waits for a driver that another one kills hears of it; an interrupt leaves the driver alone.
func TestWaitingForADriver(t *testing.T) {
	t.Parallel()
	c := start(t, 1)
	sleeper := cluster.Script(t, "sleep 1000 & wait")
	waiting := c.Begin(t, "submit", "--deploy-mode", "cluster", "--wait", sleeper)
	id := cluster.Await(t, cluster.Patience, "the driver's id", func() (string, bool) {
		out := strings.TrimSpace(waiting.Out())
		return out, out != ""
	})
	c.Driver(t, deploy.DriverID(id), deploy.DriverRunning)
	c.Muster(t, "kill", id).Want(t, 0)
	waiting.Wait(t).Want(t, 128+15, "KILLED")

	waiting = c.Begin(t, "submit", "--deploy-mode", "cluster", "--wait", sleeper)
	id = cluster.Await(t, cluster.Patience, "the driver to be shown as running", func() (string, bool) {
		return strings.TrimSpace(waiting.Out()), strings.Contains(waiting.Err(), "RUNNING")
	})
	waiting.Signal(t, syscall.SIGINT)
	waiting.Wait(t).Want(t, 130, "detached", "muster kill "+id)
	c.Driver(t, deploy.DriverID(id), deploy.DriverRunning)
	c.Muster(t, "submit", "--kill", id).Want(t, 0)
	c.Driver(t, deploy.DriverID(id), deploy.DriverKilled)
	c.Muster(t, "submit", "--status", id).Want(t, 0, "KILLED")
	c.Quiet(t)
}

// A driver that fits nowhere waits and says why; it can be held, released and killed while it waits.
func TestDriverThatWaits(t *testing.T) {
	t.Parallel()
	c := start(t, 2)
	script := cluster.Script(t, "exit 0")
	id := string(c.Submit(t, "--driver-memory", "100g", script))
	because := func(code string, words ...string) {
		t.Helper()
		cluster.Await(t, cluster.Patience, "explain to say "+code, func() (string, bool) {
			r := c.Muster(t, "explain", id)
			return r.Out, strings.Contains(r.Out, code)
		})
		c.Muster(t, "explain", id).Want(t, 0, append(words, code)...)
	}
	largest := cluster.Rows[deploy.WorkerRow](t, c, rpc.Query{Kind: deploy.RowWorker})[0].Spec
	because("INFEASIBLE", "100.0 GiB", deploy.FormatMemory(largest.MemoryMiB), "worker-")
	c.Muster(t, "hold", id).Want(t, 0, "is held")
	because("HELD")
	c.Muster(t, "release", id).Want(t, 0, "is released")
	because("INFEASIBLE")
	list := cluster.Decode[[]deploy.Explanation](t, c.Muster(t, "explain", id, "-o", "json").Want(t, 0))
	if len(list) != 1 || list[0].Subject != id || list[0].Decision.Code != deploy.ReasonInfeasible {
		t.Errorf("got %+v", list)
	}
	c.AddWorker(t, "--memory", "200g")
	c.Driver(t, deploy.DriverID(id), deploy.DriverFinished)

	id = string(c.Submit(t, "--driver-cores", "64", script))
	because("INFEASIBLE", "64")
	c.Muster(t, "kill", id).Want(t, 0)
	c.Driver(t, deploy.DriverID(id), deploy.DriverKilled)
	c.Quiet(t)
}
