package master

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/musterproject/muster/internal/mastercore"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/election"
	"github.com/musterproject/muster/pkg/recovery"
	"github.com/musterproject/muster/pkg/rpc"
)

// term is one leadership: everything it owns dies with it.
type term struct {
	m       *Master
	over    <-chan struct{}                                                  // closed when the term ends
	within  func(context.Context) (context.Context, context.CancelCauseFunc) // a context that ends with the term too
	end     context.CancelCauseFunc                                          // for what ends it before its goroutines return
	epoch   deploy.Epoch
	cluster deploy.ClusterID
	journal *recovery.Journal
	core    *mastercore.Core // owned by loop

	scheduling *Scheduling   // that the core goes by; owned by loop
	reschedule chan struct{} // a newer one may be there

	verified time.Time // when the epoch last held; owned by commit

	inbox   inbox
	batches chan *mastercore.Effects // loop -> committer
	spent   chan *mastercore.Effects // committer -> loop, emptied
	placer  *placer
	plans   plans

	mu    sync.Mutex // guards the two tables; never held across a blocking call
	conns map[deploy.PeerID]rpc.Conn
	calls map[deploy.CallID]chan<- deploy.Message
}

// lead is one leadership, from the claim to the last session hung up.
func (m *Master) lead(ctx context.Context, claim election.Term) error {
	began := time.Now()
	journal, saved, err := recovery.OpenJournal(ctx, m.deps.Mode, claim.Claim, recovery.Options{})
	if err != nil {
		m.log.Error("cannot take up the records", "error", err)
		return &election.Rest{For: m.cfg.RestAfter, Reason: fmt.Errorf("open journal: %w", err)}
	}
	for _, d := range saved.Damaged {
		m.log.Error("record set aside", "damage", d)
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	g, ctx := errgroup.WithContext(ctx)
	t := &term{
		m: m, over: ctx.Done(), within: joining(ctx), end: end, epoch: saved.Epoch, cluster: saved.Cluster, journal: journal, inbox: newInbox(m.cfg.InboxEvents),
		batches: make(chan *mastercore.Effects), spent: make(chan *mastercore.Effects, 2),
		scheduling: m.scheduling.Load(), reschedule: make(chan struct{}),
		conns: map[deploy.PeerID]rpc.Conn{}, calls: map[deploy.CallID]chan<- deploy.Message{},
	}
	t.placer, t.plans.tracer = newPlacer(t), m.deps.Tracer
	m.deps.Status.Reset() // what another term told may be old
	first := &mastercore.Effects{}
	t.core = mastercore.New(t.scheduling.over(m.cfg.Rules), saved.Cluster, saved.Epoch, saved.Changes, time.Now(), first)
	m.log.Info("leading", "epoch", saved.Epoch, "cluster", saved.Cluster, "records", len(saved.Changes), "took", time.Since(began))

	m.term.Store(t) // from here on Reconfigure finds it; the loop looks for what came before
	g.Go(func() error { return t.loop(ctx, first) })
	g.Go(func() error { return t.commit(ctx) })
	g.Go(func() error { return t.placer.run(ctx) })
	err = g.Wait()
	t.plans.close()
	m.term.CompareAndSwap(t, nil)
	t.hangUpAll("the master's term is over")
	if errors.Is(err, context.Canceled) {
		return nil
	}
	m.log.Error("term over", "epoch", saved.Epoch, "error", err)
	return &election.Rest{For: m.cfg.RestAfter, Reason: err}
}

// joining makes contexts that end with a caller's own and with scope.
func joining(scope context.Context) func(context.Context) (context.Context, context.CancelCauseFunc) {
	return func(ctx context.Context) (context.Context, context.CancelCauseFunc) {
		ctx, cancel := context.WithCancelCause(ctx)
		stop := context.AfterFunc(scope, func() { cancel(context.Cause(scope)) })
		return ctx, func(cause error) {
			stop()
			cancel(cause)
		}
	}
}
