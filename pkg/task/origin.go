package task

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/musterproject/muster/pkg/app"
	"github.com/musterproject/muster/pkg/backend"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
	"github.com/musterproject/muster/pkg/rpc/grpcrpc"
	"github.com/musterproject/muster/pkg/rpc/memrpc"
)

// Limits between driver and executors: one input or output, and what may wait for one executor. A message is heard when it is there as a whole: one
// that takes longer than DriverTimeout on the way would look like silence.
const (
	maxTaskBytes  = 16 << 20
	maxQueueBytes = 1 << 30
)

// taskTransport carries sessions between driver and executors.
func taskTransport() *grpcrpc.Transport {
	c := grpcrpc.DefaultConfig()
	c.MaxMessage, c.QueueBytes, c.QueueItems = maxTaskBytes+(1<<20), maxQueueBytes, 1_000_000
	return grpcrpc.New(c)
}

// place is where executors come from and how they reach the driver.
type place struct {
	backend   backend.Backend
	transport rpc.Transport
	listener  net.Listener
	address   deploy.Address
	spec      backend.Application
	attempts  int
	closers   []func() error
}

// close ends the transports, the last one first.
func (o *place) close() error {
	var errs []error
	for _, c := range slices.Backward(o.closers) {
		errs = append(errs, c())
	}
	return errors.Join(errs...)
}

// open makes the backend that a master URL names, and the driver's door for its executors.
func open(ctx context.Context, p *Program, cfg Config, o options) (*place, error) {
	url, err := deploy.ParseMasterURL(cfg.Master)
	if err != nil {
		return nil, err
	}
	if url.Kind == deploy.KindLocal {
		return openLocal(p, cfg, url, o)
	}
	i := slices.IndexFunc(o.openers, func(b backend.Opener) bool { return b.Kind == url.Kind })
	switch {
	case i < 0 && url.Kind == deploy.KindStandalone:
		return openRemote(ctx, cfg, url, standalone(cfg.RegisterTimeout), o)
	case i < 0:
		return nil, fmt.Errorf("master URL %q: %w: this program is built without %s; import github.com/musterproject/muster/pkg/localcluster and pass "+
			"task.WithBackend(localcluster.Backend()), or write local[*] or muster://host:7077", cfg.Master, deploy.ErrInvalid, url.Kind)
	}
	return openRemote(ctx, cfg, url, o.openers[i], o)
}

// standalone is the backend of muster:// URLs.
func standalone(patience time.Duration) backend.Opener {
	return backend.Opener{Kind: deploy.KindStandalone, Open: func(o backend.Options) (backend.Backend, error) {
		cfg := app.DefaultConfig()
		cfg.Masters, cfg.Cluster, cfg.Version, cfg.RegisterTimeout = o.URL.Hosts, o.Cluster, o.Version, patience
		transport := grpcrpc.New(grpcrpc.DefaultConfig())
		a, err := app.New(cfg, app.Deps{Transport: transport, Log: o.Log})
		if err != nil {
			return nil, errors.Join(err, transport.Close())
		}
		return closing{Backend: a, close: transport.Close}, nil
	}}
}

// closing is a backend that has something of its own to close behind Run.
type closing struct {
	backend.Backend
	close func() error
}

// Run runs the backend, then closes.
func (c closing) Run(ctx context.Context, what backend.Application, tell func(backend.Event)) error {
	err := c.Backend.Run(ctx, what, tell)
	return errors.Join(err, c.close())
}

// openRemote is for executors that are processes of their own: they get the program as a file and dial the driver over the network.
func openRemote(ctx context.Context, cfg Config, url deploy.MasterURL, opener backend.Opener, o options) (_ *place, err error) {
	host, err := driverHost(ctx, cfg, url)
	if err != nil {
		return nil, err
	}
	bind := cfg.BindAddress
	if bind == "" {
		bind = host
	}
	at := net.JoinHostPort(bind, strconv.Itoa(int(cfg.DriverPort)))
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", at)
	if err != nil {
		return nil, fmt.Errorf("the driver cannot listen on %s, where executors are to reach it: %w: set driver.bindAddress or driver.port", at, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.Close())
		}
	}()
	address := deploy.Address{Host: host, Port: uint16(l.Addr().(*net.TCPAddr).Port)}
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the program that executors run: %w", err)
	}
	b, err := opener.Open(backend.Options{URL: url, Cluster: cfg.Cluster, Version: cfg.Version, Log: o.log})
	if err != nil {
		return nil, err
	}
	t := taskTransport()
	name := filepath.Base(program)
	if deploy.CheckName("program", name, 255) != nil {
		name = "program"
	}
	return &place{
		backend: b, transport: t, listener: l, address: address, attempts: attempts(cfg, defaultAttempts), closers: []func() error{t.Close},
		spec: backend.Application{Spec: spec(cfg, name, address), Files: append([]backend.File{{Path: program, Name: name, Executable: true}}, files(cfg)...)},
	}, nil
}

const defaultAttempts = 4

func attempts(cfg Config, otherwise int) int {
	if cfg.Attempts > 0 {
		return cfg.Attempts
	}
	return otherwise
}

// spec says what the application asks of a cluster.
func spec(cfg Config, program string, driver deploy.Address) deploy.AppSpec {
	s := deploy.AppSpec{
		Name: cfg.Name, User: cfg.User, CoresMax: cfg.CoresMax, Driver: driver, Place: cfg.Place, Reports: true,
		Profiles: []deploy.Profile{{Cores: cfg.ExecutorCores, MemoryMiB: cfg.ExecutorMemoryMiB, Custom: cfg.ExecutorResources, Gang: cfg.Gang}},
		Executor: deploy.Command{Program: program, Args: []string{executorWord}, Env: append(slices.Clone(cfg.Env), executorEnv(cfg, driver)...)},
	}
	if cfg.Executors > 0 {
		s.Targets = []deploy.Target{{Total: cfg.Executors}}
	}
	return s
}

// driverHost is where executors will find this process: as configured, else this machine's address on the way to the first master.
func driverHost(ctx context.Context, cfg Config, url deploy.MasterURL) (string, error) {
	loopback := !slices.ContainsFunc(url.Hosts, func(a deploy.Address) bool { return !a.IsLoopback() })
	switch {
	case cfg.DriverHost != "":
		return cfg.DriverHost, nil
	case loopback: // no hosts at all: a cluster in this process
		return "127.0.0.1", nil
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var errs []error
	for _, m := range url.Hosts {
		c, err := (&net.Dialer{}).DialContext(ctx, "udp", m.String()) // sends nothing: asks for the route
		if err != nil {
			errs = append(errs, err)
			continue
		}
		host := c.LocalAddr().(*net.UDPAddr).IP.String()
		return host, c.Close()
	}
	return "", fmt.Errorf("find the address at which executors reach the driver: %w: set driver.host if the masters' names are right", errors.Join(errs...))
}

// openLocal is for executors that are goroutines of this process.
func openLocal(p *Program, cfg Config, url deploy.MasterURL, o options) (*place, error) {
	threads := url.Threads
	if threads == 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	network := &memrpc.Network{}
	t := network.Transport(memrpc.Options{QueueItems: 1_000_000})
	l, err := network.Listen(deploy.Address{Host: "local"})
	if err != nil {
		return nil, err
	}
	address, err := deploy.ParseAddress(l.Addr().String())
	if err != nil {
		return nil, err
	}
	b := &localBackend{program: p, cfg: cfg, transport: t, threads: threads, log: o.log}
	return &place{
		backend: b, transport: t, listener: l, address: address, attempts: attempts(cfg, max(1, url.MaxFailures)), closers: []func() error{t.Close},
		spec: backend.Application{Spec: spec(cfg, p.name, address)},
	}, nil
}
