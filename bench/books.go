package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"

	"github.com/musterproject/muster/internal/mastercore"
	"github.com/musterproject/muster/pkg/deploy"
)

// memory is T19: the idle master's resident memory, and what one more worker or application costs in its books.
func memory(ctx context.Context, t *tools) (lines []line, err error) {
	dir, err := os.MkdirTemp("", "muster-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	m, _, err := t.master(ctx, dir)
	if err != nil {
		return nil, err
	}
	idle, err := rss(m.cmd.Process.Pid)
	if err = errors.Join(err, m.end(syscall.SIGTERM)); err != nil {
		return nil, err
	}
	worker, app := perWorker(100_000), perApp(20_000)
	return []line{
		{"T19", "idle master, resident", fmt.Sprintf("%.1f MB", float64(idle)/1e6), "", "", "<= 40 MB", idle <= 40e6},
		{"T19", "one worker in the books of 100 000", fmt.Sprintf("%.0f B", worker), "", "", "<= 1 KB", worker <= 1024},
		{"T19", "one waiting application in the books of 20 000", fmt.Sprintf("%.0f B", app), "", "", "<= 2 KB", app <= 2048},
	}, nil
}

func books() (*mastercore.Core, *mastercore.Effects, time.Time) {
	cfg := mastercore.DefaultConfig()
	cfg.TokenSeed = []byte("0123456789abcdef")
	cfg.Address = deploy.Address{Host: "10.0.0.1", Port: 7077}
	out, now := &mastercore.Effects{}, time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	return mastercore.New(cfg, deploy.ClusterID{1}, 1, nil, now, out), out, now
}

// grown gives the heap that n calls of add leave behind, per call.
func grown(n int, core *mastercore.Core, out *mastercore.Effects, add func(i int)) float64 {
	before := heap()
	for i := range n {
		add(i)
		out.Reset()
	}
	*out = mastercore.Effects{}
	after := heap()
	runtime.KeepAlive(core)
	return float64(after-before) / float64(n)
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func perWorker(n int) float64 {
	core, out, now := books()
	return grown(n, core, out, func(i int) {
		at := deploy.Address{Host: fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255), Port: 4000}
		id := deploy.PeerID(i + 1)
		spec := deploy.WorkerSpec{ID: deploy.WorkerID(fmt.Sprintf("worker-20261120000000-%s-4000", at.Host)), Address: at, Cores: 8, MemoryMiB: 16384}
		core.Step(now, mastercore.Opened{Peer: id, Hello: deploy.Hello{Role: deploy.RoleWorker, ID: string(spec.ID), Address: at}}, out)
		core.Step(now, mastercore.Received{Peer: id, At: now, Msgs: []deploy.Message{deploy.RegisterWorker{Worker: spec, Incarnation: 1}}}, out)
	})
}

func perApp(n int) float64 {
	core, out, now := books()
	return grown(n, core, out, func(i int) {
		id := deploy.PeerID(i + 1)
		core.Step(now, mastercore.Opened{Peer: id, Hello: deploy.Hello{Role: deploy.RoleApp}}, out)
		core.Step(now, mastercore.Received{Peer: id, At: now, Msgs: []deploy.Message{deploy.RegisterApp{
			Request: deploy.RequestID(fmt.Sprint("request-", i)),
			Spec: deploy.AppSpec{Name: "app", Profiles: []deploy.Profile{{Cores: 1, MemoryMiB: 1024}}, Driver: deploy.Address{Host: "10.0.0.2", Port: 5000},
				Executor: deploy.Command{Program: "/bin/true"}},
		}}}, out)
	})
}
