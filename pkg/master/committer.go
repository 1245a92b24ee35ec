package master

import (
	"context"
	"fmt"
	"time"

	"github.com/musterproject/muster/internal/mastercore"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// commit makes one batch after the other durable and only then lets it out. It reads until the loop closes the channel, so that the last
// batch of a polite end is not lost; after a failure everything later is dropped.
func (t *term) commit(ctx context.Context) error {
	var failed error
	for batch := range t.batches {
		if failed == nil {
			if failed = t.apply(ctx, batch); failed != nil {
				t.end(failed)
			}
		}
		select {
		case t.spent <- batch:
		default: // enough spares
		}
	}
	return failed
}

func (t *term) apply(ctx context.Context, batch *mastercore.Effects) error {
	if len(batch.Persist) > 0 {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.m.cfg.CommitTimeout)
		defer cancel()
		if err := t.journal.Append(ctx, batch.Persist); err != nil {
			return fmt.Errorf("make %d changes durable: %w", len(batch.Persist), err)
		}
	}
	if err := t.stillLeads(ctx, len(batch.Persist) > 0); err != nil {
		return err
	}
	t.deliver(ctx, batch)
	return nil
}

// stillLeads makes sure, at least once a heartbeat, that no newer epoch has begun: a batch that changes nothing durable would never find out, and
// the answers to heartbeats in it renew the leases of drivers.
func (t *term) stillLeads(ctx context.Context, wrote bool) error {
	now := time.Now()
	if !wrote {
		if now.Sub(t.verified) < t.m.cfg.Heartbeat {
			return nil
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.m.cfg.CommitTimeout)
		defer cancel()
		if err := t.journal.Verify(ctx); err != nil {
			return fmt.Errorf("verify epoch %d: %w", t.epoch, err)
		}
	}
	t.verified = now
	return nil
}

// deliver lets a durable batch out: messages in order for each peer, then answers to heartbeats, hang-ups, rows for readers, facts.
func (t *term) deliver(ctx context.Context, batch *mastercore.Effects) {
	t.m.deps.Status.Apply(batch.Rows)
	for i := 0; i < len(batch.Send); {
		to := batch.Send[i].To
		if to == 0 {
			t.answer(batch.Send[i])
			i++
			continue
		}
		end := i + 1
		for end < len(batch.Send) && batch.Send[end].To == to {
			end++
		}
		t.send(to, batch.Send[i:end])
		i = end
	}
	for _, a := range batch.Acks {
		t.send(a.To, []mastercore.Envelope{{To: a.To, Stamp: a.Stamp, Msg: a.Msg}})
	}
	for _, h := range batch.Hangup {
		t.hangUp(h.Peer, h.Reason)
	}
	t.plans.settled(batch)
	t.m.tell(ctx, batch.Facts)
}

func (t *term) send(to deploy.PeerID, envelopes []mastercore.Envelope) {
	t.mu.Lock()
	conn := t.conns[to]
	t.mu.Unlock()
	if conn == nil {
		return // it hung up; the core hears of it by Closed
	}
	items := make([]rpc.Item, len(envelopes))
	for i, e := range envelopes {
		items[i] = rpc.Item{Stamp: e.Stamp, Re: e.Re, Msg: e.Msg}
	}
	if err := conn.Send(items...); err != nil {
		t.m.log.Debug("cannot send", "peer", conn.Peer().Hello.ID, "error", err)
		conn.Close(err.Error()) // its reader ends, and the core hears Closed
	}
}

func (t *term) answer(e mastercore.Envelope) {
	t.mu.Lock()
	reply := t.calls[e.Re]
	delete(t.calls, e.Re)
	t.mu.Unlock()
	if reply != nil {
		reply <- e.Msg // has room for the one answer
	}
}
