package task

import (
	"context"
	"errors"
	"fmt"

	"github.com/musterproject/muster/internal/taskcore"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

func (d *driver) hello() deploy.Hello {
	return deploy.Hello{Role: deploy.RoleApp, Protocol: deploy.ProtocolVersion, Version: d.cfg.Version, Cluster: d.cfg.Cluster, ID: d.appID()}
}

func (d *driver) appID() string {
	if app := d.app.Load(); app != nil {
		return string(app.App)
	}
	return ""
}

// admit tells whether a peer is an executor of this application.
func (d *driver) admit(h deploy.Hello) error {
	app := d.app.Load()
	switch {
	case h.Role != deploy.RoleExecutor:
		return deploy.Fault{Kind: deploy.ErrDenied, Text: fmt.Sprintf("this is a driver, which takes executors and no %s: dial a master", h.Role)}
	case app == nil:
		return deploy.Fault{Kind: deploy.ErrUnavailable, Text: "the driver is not registered yet: try again"}
	case app.Token.IsZero() || !app.Token.Equal(h.Token):
		return deploy.Fault{Kind: deploy.ErrDenied, Text: fmt.Sprintf("executor %q has not the token of application %s: it belongs to another one", h.ID, app.App)}
	}
	return nil
}

// session serves an executor from its hello to its end.
func (d *driver) session(ctx context.Context, conn rpc.Conn) error {
	hello := conn.Peer().Hello
	if err := d.admit(hello); err != nil {
		d.log.Warn("session refused", "peer", hello.ID, "remote", conn.Peer().Remote, "error", err)
		return err
	}
	items, err := conn.Recv(ctx)
	if err != nil {
		return err
	}
	ready, ok := items[0].Msg.(deploy.ExecutorReady)
	if !ok || ready.Executor.String() != hello.ID {
		return deploy.Fault{Kind: deploy.ErrInvalid, Text: fmt.Sprintf("executor %q says %T first: it says ExecutorReady of its own id", hello.ID, items[0].Msg)}
	}
	peer := deploy.PeerID(d.peers.Add(1))
	if !d.post(incoming{event: taskcore.ExecutorReady{Peer: peer, ID: ready.Executor, Cores: ready.Cores}, conn: conn}) {
		return ErrSessionOver
	}
	for items = items[1:]; err == nil; items, err = conn.Recv(ctx) {
		if err = d.items(conn, peer, items); err != nil {
			break
		}
	}
	d.post(incoming{event: taskcore.ExecutorClosed{Peer: peer, Reason: err.Error()}})
	if errors.Is(err, rpc.ErrClosed) || ended(ctx) {
		return nil
	}
	return err
}

func (d *driver) items(conn rpc.Conn, peer deploy.PeerID, items []rpc.Item) error {
	for i := range items {
		var ev taskcore.Event
		switch m := items[i].Msg.(type) {
		case deploy.TaskResults:
			ev = taskcore.Results{Peer: peer, List: m.Results}
		case deploy.Heartbeat:
			ev = taskcore.Heard{Peer: peer}
			if err := conn.Send(rpc.Item{Msg: deploy.HeartbeatAck{N: m.N}}); err != nil {
				return err
			}
		default:
			return deploy.Fault{Kind: deploy.ErrInvalid, Text: fmt.Sprintf("an executor says %T to its driver, which is nothing a driver is told", m)}
		}
		if !d.post(incoming{event: ev}) {
			return ErrSessionOver
		}
	}
	return nil
}
