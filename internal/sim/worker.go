package sim

import (
	"fmt"
	"slices"
	"time"

	"github.com/musterproject/muster/internal/workercore"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// worker is a worker node: the real core, the little that is durable, and a launcher with its processes.
type worker struct {
	*node
	spec deploy.WorkerSpec
	core *workercore.Core
	out  workercore.Effects
	tick alarm
	proc processes

	incarnation deploy.Incarnation     // durable
	seen        []workercore.EpochSeen // durable
	resumedAt   time.Duration
}

func newWorker(w *World, i int) *worker {
	k := &worker{}
	k.node = w.addNode(fmt.Sprintf("w%d", i), 7000, k)
	k.node.hello = func() deploy.Hello {
		return deploy.Hello{Role: deploy.RoleWorker, Protocol: deploy.ProtocolVersion, ID: string(k.spec.ID), Address: k.addr}
	}
	k.spec = deploy.WorkerSpec{ID: deploy.WorkerID("worker-" + k.name), Address: k.addr, Cores: int32(2 + w.rng.IntN(5)), MemoryMiB: int64(1+w.rng.IntN(4)) * 1024,
		Adopts: w.chance(w.p.Adopt), Version: "sim"}
	if i%5 > 0 {
		k.spec.Labels = []deploy.Label{{Key: "rack", Value: fmt.Sprint("r", i%3)}}
	}
	if w.rng.IntN(3) == 0 {
		k.spec.Custom = []deploy.Addresses{{Name: "gpu", Units: []string{"0", "1"}}}
	}
	k.tick.n = k.node
	k.proc = processes{k: k, abandoned: map[deploy.LaunchID]bool{}}
	return k
}

// begin begins a life: a new incarnation with what was durable and what the launcher kept.
func (k *worker) begin() {
	w := k.w
	k.start()
	k.tick.off()
	k.incarnation++
	cfg := workercore.DefaultConfig()
	cfg.Worker, cfg.Incarnation, cfg.Masters = k.spec, k.incarnation, w.masterAddresses()
	cfg.Seen, cfg.Seed = slices.Clone(k.seen), w.seed<<8|uint64(k.index)
	cfg.RetryMax, cfg.MasterTimeout, cfg.ReportRetry = 3*time.Second, 8*time.Second, 2*time.Second
	if err := cfg.Validate(); err != nil {
		w.fail("setup", "%v", err)
		return
	}
	k.core = workercore.New(cfg)
	w.trace(k.node, "begins", uint64(k.incarnation), 0)
	k.step(workercore.Begun{Handles: k.proc.list()})
}

func (k *worker) step(ev workercore.Event) {
	w := k.w
	k.out.Reset()
	k.core.Step(k.time(), ev, &k.out)
	if err := k.core.Check(); err != nil {
		w.fail("worker books", "%v", err)
		return
	}
	w.book.workerDid(k, &k.out)
	k.seen = append(k.seen, k.out.Persist...)
	k.execute()
	if k.out.Done != "" {
		k.left()
		return
	}
	if at, ok := k.core.Deadline(); ok {
		k.tick.ring(k.when(at), func() { k.step(workercore.Tick{}) })
	} else {
		k.tick.off()
	}
}

// execute does what the core decided, in the order of doing.
func (k *worker) execute() {
	o := &k.out
	for _, a := range o.Dial {
		k.dial(a)
	}
	for i := 0; i < len(o.Send); {
		to, items := o.Send[i].To, []rpc.Item(nil)
		for ; i < len(o.Send) && o.Send[i].To == to; i++ {
			items = append(items, rpc.Item{Msg: o.Send[i].Msg})
			k.mayCrashRegistering(o.Send[i].Msg)
		}
		if e := k.end(to); e != nil {
			e.send(items)
		}
	}
	for _, h := range o.Hangup {
		if e := k.end(h.Peer); e != nil {
			e.hangUp(h.Reason)
		}
	}
	for _, l := range o.Start {
		k.proc.prepare(l)
	}
	for _, id := range o.Abandon {
		k.w.count("preparation abandoned")
		k.proc.abandoned[id] = true
	}
	for _, c := range o.Control {
		k.proc.control(c.Launch, c.Control)
	}
}

// mayCrashRegistering lets the process die between its registration and the answer: what is under way then comes from an incarnation that is gone.
func (k *worker) mayCrashRegistering(m deploy.Message) {
	w := k.w
	if _, registers := m.(deploy.RegisterWorker); !registers || w.healed || w.p.CrashWorker == 0 || !w.chance(.05) {
		return
	}
	k.after(w.between(0, 50*time.Millisecond), func() {
		w.count("worker crashed while registering")
		k.crash(w.between(0, time.Second))
	})
}

func (k *worker) opened(e *end) {
	k.step(workercore.Opened{Peer: e.peer, Hello: e.hello, Dialled: e.dialled})
}

func (k *worker) received(e *end, items []rpc.Item) {
	k.w.book.told(k, e, items)
	k.step(workercore.Received{Peer: e.peer, At: k.time(), Items: items})
}

func (k *worker) closed(e *end, reason string) {
	k.step(workercore.Closed{Peer: e.peer, Reason: reason})
}

func (k *worker) dialFailed(to deploy.Address, reason string) {
	k.step(workercore.DialFailed{Address: to, Reason: reason})
}

// crash ends the life of the worker's process. Its keeper ends what it ran, unless the launcher adopts; a new life begins after that.
func (k *worker) crash(down time.Duration) {
	w := k.w
	w.trace(k.node, "crash", 0, 0)
	k.stop("connection reset")
	k.again(down, k.proc.orphan())
}

// left ends the run by the worker's own word.
func (k *worker) left() {
	w := k.w
	w.count("worker left")
	w.trace(k.node, "left", 0, 0)
	for _, e := range slices.Clone(k.ends) {
		e.hangUp("goodbye")
	}
	k.stop("goodbye")
	k.again(w.between(0, w.p.Down), k.proc.orphan())
}

// again begins a new life after both times.
func (k *worker) again(down, keeper time.Duration) {
	boot := k.boot
	k.w.after(max(down, keeper), func() {
		if k.boot == boot && !k.up {
			k.begin()
		}
	})
}

// resumed is told when a pause ends: the processes were paused with their worker.
func (k *worker) resumed() { k.resumedAt = k.w.now }
