package master

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/musterproject/muster/internal/mastercore"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// session serves one session of a worker or an application from its first frame to its end.
func (m *Master) session(ctx context.Context, conn rpc.Conn) error {
	t := m.term.Load()
	if t == nil {
		return m.redirect(ctx, conn)
	}
	term, leave := t.within(context.WithoutCancel(ctx)) // the end of the session is told even when its own context has ended
	defer leave(nil)
	ctx, cancel := t.within(ctx)
	defer cancel(nil)
	id := deploy.PeerID(m.peers.Add(1))
	t.mu.Lock()
	t.conns[id] = conn
	t.mu.Unlock()
	peer := conn.Peer()
	err := t.inbox.put(ctx, mastercore.Opened{Peer: id, Hello: peer.Hello, From: peer.Principal, Remote: peer.Remote})
	for err == nil {
		var items []rpc.Item
		if items, err = conn.Recv(ctx); err == nil {
			msgs := make([]deploy.Message, len(items))
			for i := range items {
				msgs[i] = items[i].Msg
			}
			err = t.inbox.put(ctx, mastercore.Received{Peer: id, From: peer.Principal, At: time.Now(), Msgs: msgs})
		}
	}
	t.mu.Lock()
	delete(t.conns, id)
	t.mu.Unlock()
	conn.Close(err.Error())
	if putErr := t.inbox.put(term, mastercore.Closed{Peer: id, Reason: err.Error()}); putErr != nil {
		return nil // the term is over, and its books with it
	}
	if errors.Is(err, rpc.ErrClosed) || ctx.Err() != nil {
		return nil
	}
	return err
}

// redirect answers the first frame of a session at a standby: who leads.
func (m *Master) redirect(ctx context.Context, conn rpc.Conn) error {
	if _, err := conn.Recv(ctx); err != nil {
		return err
	}
	s := m.standby(ctx)
	err := conn.Send(rpc.Item{Msg: s})
	conn.Close((&rpc.NotLeader{Standby: s}).Error())
	return err
}

// call answers one question of a client: those that change nothing from what readers see, the others by the core.
func (m *Master) call(ctx context.Context, from deploy.Principal, req deploy.Message) (deploy.Message, error) {
	t := m.term.Load()
	if t == nil {
		return m.standby(ctx), nil
	}
	switch q := req.(type) {
	case deploy.Explain:
		return m.Explain(ctx, q)
	case deploy.Plan:
		return m.Plan(ctx, q)
	}
	id := deploy.CallID(m.calls.Add(1))
	reply := make(chan deploy.Message, 1)
	t.mu.Lock()
	t.calls[id] = reply
	t.mu.Unlock()
	defer func() {
		t.mu.Lock()
		delete(t.calls, id)
		t.mu.Unlock()
	}()
	ev := mastercore.Received{Call: id, From: from, At: time.Now(), Msgs: []deploy.Message{req}}
	if err := t.inbox.put(ctx, ev); err != nil {
		return nil, err
	}
	select {
	case msg := <-reply:
		return msg, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("master %s: no answer to %T: %w", m.cfg.Name, req, ctx.Err())
	case <-t.over:
		return nil, fmt.Errorf("master %s: its term ended before it answered; repeat the request with the same request id: %w", m.cfg.Name, deploy.ErrUnavailable)
	}
}

func (t *term) hangUp(id deploy.PeerID, reason string) {
	t.mu.Lock()
	conn := t.conns[id]
	t.mu.Unlock()
	if conn != nil {
		conn.Close(reason)
	}
}

func (t *term) hangUpAll(reason string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, conn := range t.conns {
		conn.Close(reason)
	}
}
