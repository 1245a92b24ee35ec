//go:build linux

package cluster

import (
	"crypto/rand"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
	"github.com/musterproject/muster/pkg/rpc/grpcrpc"
)

// Options say what a cluster is made of.
type Options struct {
	Program string // the muster to run
	Workers int
	Cores   int               // of each worker; 4 if 0
	Memory  string            // of each worker; 4g if empty
	Conf    map[string]string // of all daemons, besides the short timings of tests
}

// Cluster is one master and its workers.
type Cluster struct {
	Master  *Daemon
	Workers []*Daemon
	Nonce   string // in the environment of all that its workers start
	Dir     string

	opts   Options
	client *rpc.Cluster
	hand   string // where command lines run
}

// timings make a test short. Nothing here is so short that a machine busy with other things takes the living for dead.
func timings() map[string]string {
	return map[string]string{
		"worker.heartbeat": "200ms", "worker.suspectAfter": "1s", "worker.timeout": "3s", "app.reconnectGrace": "1s",
		"driver.lease": "0s", "worker.grace": "2s", "log.level": "debug",
	}
}

// Start starts a master and workers and waits until all are registered. What they leave behind fails the test.
func Start(t testing.TB, o Options) *Cluster {
	t.Helper()
	if o.Cores == 0 {
		o.Cores = 4
	}
	if o.Memory == "" {
		o.Memory = "4g"
	}
	c := &Cluster{opts: o, Nonce: "nonce-" + rand.Text(), Dir: directory(t)}
	c.hand = filepath.Join(c.Dir, "hand")
	if err := os.Mkdir(c.hand, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sweep(t, c.Nonce) }) // runs after the daemons have ended
	c.StartMaster(t, "0")
	for range o.Workers {
		d := c.newWorker()
		launch(t, d, o.Program, plainEnv(), c.workerArgs(d)...)
	}
	for _, w := range c.Workers {
		w.up(t)
	}
	c.Registered(t, o.Workers)
	return c
}

// directory is t.TempDir with room for the short paths that unix sockets need, kept when the test fails.
func directory(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "muster-e2e-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("kept: %s", dir)
			return
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// Client asks the cluster over RPC.
func (c *Cluster) Client(t testing.TB) *rpc.Cluster {
	t.Helper()
	if c.client == nil {
		c.client = Dial(t, c.Master.Addr)
	}
	return c.client
}

// Dial gives a client of the masters at these addresses.
func Dial(t testing.TB, masters ...string) *rpc.Cluster {
	t.Helper()
	var list []deploy.Address
	for _, m := range masters {
		a, err := deploy.ParseAddress(m)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, a)
	}
	transport := grpcrpc.New(grpcrpc.DefaultConfig())
	t.Cleanup(func() {
		if err := transport.Close(); err != nil {
			t.Error(err)
		}
	})
	return rpc.NewCluster(transport, list, Patience)
}

// StartMaster starts a master on the port; args come last and win.
func (c *Cluster) StartMaster(t testing.TB, port string, args ...string) *Daemon {
	t.Helper()
	d := &Daemon{Name: "master", Dir: filepath.Join(c.Dir, "master")}
	words := append([]string{"master", "--port", port, "--webui-port", "0"}, c.conf(nil)...)
	launch(t, d, c.opts.Program, plainEnv(), append(words, args...)...)
	d.up(t)
	c.Master = d
	return d
}

// Restart starts a new master at the address of the one that has ended.
func (c *Cluster) Restart(t testing.TB) {
	t.Helper()
	_, port, err := net.SplitHostPort(c.Master.Addr)
	if err != nil {
		t.Fatal(err)
	}
	c.StartMaster(t, port)
}

// AddWorker starts one more worker and waits until it serves; args come last and win.
func (c *Cluster) AddWorker(t testing.TB, args ...string) *Daemon {
	t.Helper()
	return c.AddWorkerWith(t, nil, args...)
}

// AddWorkerWith is AddWorker with more in the daemon's own environment.
func (c *Cluster) AddWorkerWith(t testing.TB, env []string, args ...string) *Daemon {
	t.Helper()
	d := c.newWorker()
	launch(t, d, c.opts.Program, append(plainEnv(), env...), c.workerArgs(d, args...)...)
	d.up(t)
	return d
}

// AddWorkerInside is AddWorker in a mount namespace of its own, after the shell commands of setup have been carried out in it.
func (c *Cluster) AddWorkerInside(t testing.TB, setup string, args ...string) *Daemon {
	t.Helper()
	d := c.newWorker()
	words := append([]string{"-m", "sh", "-e", "-c", setup + "\nexec \"$0\" \"$@\"", c.opts.Program}, c.workerArgs(d, args...)...)
	launch(t, d, "unshare", plainEnv(), words...)
	d.up(t)
	return d
}

// RestartWorker starts a worker anew in the directories of the one that has ended.
func (c *Cluster) RestartWorker(t testing.TB, d *Daemon, args ...string) *Daemon {
	t.Helper()
	next := &Daemon{Name: d.Name, Dir: d.Dir, Nonce: d.Nonce}
	launch(t, next, c.opts.Program, plainEnv(), c.workerArgs(next, args...)...)
	next.up(t)
	for i := range c.Workers {
		if c.Workers[i] == d {
			c.Workers[i] = next
		}
	}
	return next
}

func (c *Cluster) newWorker() *Daemon {
	n := len(c.Workers)
	d := &Daemon{Name: fmt.Sprintf("worker %d", n), Dir: filepath.Join(c.Dir, fmt.Sprint("w", n)), Nonce: fmt.Sprintf("%s-w%d.", c.Nonce, n)}
	c.Workers = append(c.Workers, d)
	return d
}

func (c *Cluster) workerArgs(d *Daemon, args ...string) []string {
	words := []string{
		"worker", "--port", "0", "--webui-port", "0", "--cores", fmt.Sprint(c.opts.Cores), "--memory", c.opts.Memory, "--master", c.Master.URL,
	}
	words = append(words, c.conf(map[string]string{"worker.env." + NonceName: d.Nonce})...)
	return append(words, args...)
}

// conf writes the short timings, the cluster's own settings and more as --conf words, the later winning.
func (c *Cluster) conf(more map[string]string) []string {
	all := timings()
	maps.Copy(all, c.opts.Conf)
	maps.Copy(all, more)
	var words []string
	for _, key := range slices.Sorted(maps.Keys(all)) {
		words = append(words, "--conf", key+"="+all[key])
	}
	return words
}

// Muster runs one command line against this cluster and waits for its end.
func (c *Cluster) Muster(t testing.TB, args ...string) Result {
	t.Helper()
	return c.Begin(t, args...).Wait(t)
}

// Begin starts one command line against this cluster.
func (c *Cluster) Begin(t testing.TB, args ...string) *Running {
	t.Helper()
	return c.BeginWith(t, nil, args...)
}

// BeginWith is Begin with more in the command's environment.
func (c *Cluster) BeginWith(t testing.TB, env []string, args ...string) *Running {
	t.Helper()
	return Begin(t, c.opts.Program, c.hand, append(env, "MUSTER_MASTER="+c.Master.URL), args...)
}

// Submit submits a driver in cluster mode and gives its id.
func (c *Cluster) Submit(t testing.TB, args ...string) deploy.DriverID {
	t.Helper()
	out := c.Muster(t, append([]string{"submit", "--deploy-mode", "cluster"}, args...)...).Want(t, 0).Out
	return deploy.DriverID(strings.TrimSpace(out))
}

// Wait submits a driver in cluster mode and waits for its end.
func (c *Cluster) Wait(t testing.TB, args ...string) Result {
	t.Helper()
	return c.Muster(t, append([]string{"submit", "--deploy-mode", "cluster", "--wait"}, args...)...)
}
