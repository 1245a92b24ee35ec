package master

import (
	"context"
	"fmt"
	"iter"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
	"github.com/musterproject/muster/pkg/status"
)

// watch answers readers from the read model; the core is never asked.
func (m *Master) watch(ctx context.Context, _ deploy.Principal, q rpc.Query) iter.Seq2[rpc.Rows, error] {
	return func(yield func(rpc.Rows, error) bool) {
		t := m.term.Load()
		if t == nil {
			yield(rpc.Rows{}, &rpc.NotLeader{Standby: m.standby(ctx)})
			return
		}
		sq := status.Query{Kind: q.Kind, ID: q.ID, App: q.App, State: q.State, Limit: q.Limit, After: q.After, Ended: q.Ended}
		if !q.Follow {
			p := m.deps.Status.List(sq)
			yield(rpc.Rows{Rows: p.Rows, Next: p.Next, Whole: p.Next == ""}, nil)
			return
		}
		within, cancel := t.within(ctx)
		defer cancel(nil)
		for c := range m.deps.Status.Watch(within, sq) {
			if !yield(rpc.Rows{Rows: c.Rows, Whole: c.Whole}, nil) {
				return
			}
		}
		if ctx.Err() == nil {
			yield(rpc.Rows{}, fmt.Errorf("master %s: its term has ended; ask the next leader: %w", m.cfg.Name, deploy.ErrUnavailable))
		}
	}
}

// logs passes an output file on from the worker that keeps it.
func (m *Master) logs(ctx context.Context, _ deploy.Principal, q rpc.LogQuery) iter.Seq2[rpc.LogChunk, error] {
	return func(yield func(rpc.LogChunk, error) bool) {
		if m.term.Load() == nil {
			yield(rpc.LogChunk{}, &rpc.NotLeader{Standby: m.standby(ctx)})
			return
		}
		at, err := m.keeperOf(&q)
		if err != nil {
			yield(rpc.LogChunk{}, err)
			return
		}
		client, err := m.deps.Transport.Client(at)
		if err != nil {
			yield(rpc.LogChunk{}, fmt.Errorf("worker at %s: %w", at, err))
			return
		}
		for c, err := range client.Logs(ctx, q) {
			if !yield(c, err) {
				return
			}
		}
	}
}

// keeperOf finds the worker that has the output of an executor or driver, where it is now, and names the driver's newest attempt.
func (m *Master) keeperOf(q *rpc.LogQuery) (deploy.Address, error) {
	id, err := m.workerOf(q)
	if err != nil {
		return deploy.Address{}, err
	}
	r, ok := m.deps.Status.Get(deploy.RowKey{Kind: deploy.RowWorker, ID: string(id)})
	w, is := r.(deploy.WorkerRow)
	switch {
	case !ok || !is:
		return deploy.Address{}, fmt.Errorf("worker %s, which has this output, is not known any more: %w", id, deploy.ErrNotFound)
	case w.State == deploy.WorkerDead:
		return deploy.Address{}, fmt.Errorf("worker %s, which has this output, is DEAD (%s): start it again in its directories to read it: %w", id, w.Reason, deploy.ErrNotFound)
	}
	return w.Spec.Address, nil
}

func (m *Master) workerOf(q *rpc.LogQuery) (deploy.WorkerID, error) {
	if q.Driver != "" {
		r, ok := m.deps.Status.Get(deploy.RowKey{Kind: deploy.RowDriver, ID: string(q.Driver)})
		d, is := r.(deploy.DriverRow)
		switch {
		case !ok || !is:
			return "", fmt.Errorf("driver %q: %w: see `muster get drivers`", q.Driver, deploy.ErrNotFound)
		case d.Worker == "":
			return "", fmt.Errorf("driver %s is %s and has not run on any worker yet: %w", q.Driver, d.State, deploy.ErrNotFound)
		}
		if q.Attempt == 0 {
			q.Attempt = d.Attempt
		}
		return d.Worker, nil
	}
	r, ok := m.deps.Status.Get(deploy.RowKey{Kind: deploy.RowExecutor, ID: q.Executor.String()})
	e, is := r.(deploy.ExecutorRow)
	if !ok || !is {
		return "", fmt.Errorf("executor %q: %w: see `muster get executors`", q.Executor, deploy.ErrNotFound)
	}
	return e.Worker, nil
}
